package keys

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/sluicerun/sluice/vt"
)

// Decode tells which key a unit of input is: one unit that a [Splitter] gave, as
// a terminal with the modes m sends it. ok is false for what is no press of a
// key: text of several characters, the mouse, replies, a release.
//
// All forms are read whatever the modes are: control characters and xterm's
// sequences, CSI 27 ; m ; c ~ of modifyOtherKeys, CSI code ; m u, the kitty
// protocol with its alternate keys, event types and text. The modes only decide
// where one sequence has two meanings. What several keys send is taken for the
// usual one: 0d is Enter and not Ctrl+M, 08 is Ctrl+H. [Key.Matches] is for
// finding a certain key.
func Decode(unit []byte, m vt.Modes) (k Key, ok bool) {
	k, e, ok := DecodeEvent(unit, m)
	if !ok || e == Release {
		return Key{}, false
	}
	return k, true
}

// DecodeEvent is Decode for those who want repeats and releases told apart.
func DecodeEvent(unit []byte, m vt.Modes) (k Key, e Event, ok bool) {
	if len(unit) > 0 && unit[0] == 0x1b && len(unit) > 1 {
		switch {
		case unit[1] == '[' && len(unit) > 2:
			return decodeCSI(unit[2:], m)
		case unit[1] == 'O' && len(unit) > 2:
			k, ok = decodeSS3(unit[2:])
			return k, Press, ok
		case unit[1] == 0x1b && len(unit) > 2 && unit[2] != '[' && unit[2] != 'O':
			return Key{}, Press, false
		}
		if k, e, ok = DecodeEvent(unit[1:], m); !ok {
			return Key{}, Press, false
		}
		return plain(k, k.Mods|Alt), e, true
	}
	if m.Newline && string(unit) == "\r\n" {
		return Key{Code: Enter}, Press, true
	}
	r, n := utf8.DecodeRune(unit)
	if n == 0 || n != len(unit) || r == utf8.RuneError && n == 1 {
		return Key{}, Press, false
	}
	swapped := m.BackarrowBS && !kittyOn(m) // that protocol knows no DECBKM
	switch {
	case r == 0x08 && swapped:
		return Key{Code: Backspace}, Press, true
	case r == 0x7f && swapped:
		return Key{Backspace, Ctrl}, Press, true
	}
	k = Char(r)
	return k, Press, k.Code != 0
}

// Matches tells whether a unit of input is a press of k in any form. Unlike with
// Decode, a control character matches every key that sends it: 1f is Ctrl+_ and
// Ctrl+/ alike.
func (k Key) Matches(unit []byte, m vt.Modes) bool {
	if d, ok := Decode(unit, m); ok && d == k {
		return true
	}
	if k.Code <= 0 || k.Code > lastCode || k.Code >= KP0 && k.Code <= KPDelete {
		return false
	}
	b, _ := legacy(k, m)
	return len(b) > 0 && bytes.Equal(b, unit)
}

// numbered are the keys of CSI number ~.
func numbered(n int) Code {
	switch {
	case n >= 11 && n <= 15:
		return F1 + Code(n-11)
	case n >= 17 && n <= 21:
		return F1 + 5 + Code(n-17)
	case n >= 23 && n <= 26:
		return F1 + 10 + Code(n-23)
	case n >= 31 && n <= 34:
		return F1 + 16 + Code(n-31)
	case n >= 42 && n <= 56:
		return F1 + 20 + Code(n-42)
	}
	switch n {
	case 1, 7: // the Linux console and rxvt
		return Home
	case 4, 8:
		return End
	case 2:
		return Insert
	case 3:
		return Delete
	case 5:
		return PageUp
	case 6:
		return PageDown
	case 28:
		return F1 + 14
	case 29:
		return Menu // or F16, which keyboards have less often
	case int(KPBegin-firstCode) + kittyFirst:
		return KPBegin
	}
	return 0
}

// lettered are the keys of CSI letter and SS3 letter.
func lettered(c byte) Code {
	switch c {
	case 'A':
		return Up
	case 'B':
		return Down
	case 'C':
		return Right
	case 'D':
		return Left
	case 'E':
		return KPBegin
	case 'F':
		return End
	case 'H':
		return Home
	case 'P', 'Q', 'R', 'S':
		return F1 + Code(c-'P')
	case 'Z':
		return Tab
	}
	return 0
}

func decodeSS3(s []byte) (Key, bool) {
	p, _, final, ok := csiParams(s)
	if !ok || len(p) > 1 {
		return Key{}, false
	}
	var mods Mods
	if len(p) == 1 {
		// Old xterms and Konsole put the modifiers here: SS3 5 P.
		if mods, ok = reported(p[0].first(), false); !ok || p[0].n != 1 {
			return Key{}, false
		}
	}
	if c := lettered(final); c != 0 && final != 'Z' {
		return Key{c, mods}, true
	}
	if i := bytes.IndexByte([]byte(keypadFinals), final); i >= 0 {
		return Key{KP0 + Code(i), mods}, true
	}
	return Key{}, false
}

// reported turns the number in a sequence into modifiers. Caps Lock and Num Lock
// are dropped: they do not make another key.
func reported(n int, kitty bool) (Mods, bool) {
	if n < 0 || n > 256 {
		return 0, false
	}
	if n > 0 {
		n--
	}
	m := Mods(n) & (Shift | Alt | Ctrl | Hyper)
	const super, meta = 8, 32
	if n&super != 0 {
		if kitty {
			m |= Super
		} else {
			m |= Alt // it is xterm's Meta
		}
	}
	if n&meta != 0 {
		m |= Alt
	}
	return m, true
}

// character is the key of a character's number in a sequence.
func character(r int, m Mods) (Key, bool) {
	switch {
	case r == 0x08:
		return Key{Backspace, m}, true
	case r <= 0 || r > unicode.MaxRune:
		return Key{}, false
	}
	k := char(rune(r), m)
	return k, k.Code != 0
}

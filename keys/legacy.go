package keys

import (
	"strconv"

	"github.com/sluicerun/sluice/vt"
)

// legacy returns what xterm sends for k. Where that is the same as for another
// key, which is then what a program takes it for, near is that key; the bytes
// are nil then. Both are nothing if no terminal ever had bytes for k.
func legacy(k Key, m vt.Modes) (b []byte, near Key) {
	if k.Mods&(Super|Hyper) != 0 {
		return nil, plain(k, k.Mods&^(Super|Hyper))
	}
	alt := k.Mods&Alt != 0
	switch {
	case k.Code == Enter, k.Code == Escape, k.Code == Tab, k.Code == Backspace:
		b, near = legacyControl(k, m)
	case k.IsChar():
		b, near = legacyChar(k)
	case isKeypad(k.Code):
		b, near = legacyKeypad(k, m)
	default:
		return legacyFunction(k, m), Key{}
	}
	if alt && b != nil {
		b = append([]byte{0x1b}, b...)
	}
	return b, near
}

// plain is k with other modifiers, in the form that Key promises.
func plain(k Key, m Mods) Key {
	if k.IsChar() {
		return char(rune(k.Code), m)
	}
	return Key{k.Code, m}
}

// legacyControl is for the keys that have a control character of their own.
func legacyControl(k Key, m vt.Modes) ([]byte, Key) {
	mods := k.Mods &^ Alt
	switch {
	case k.Code == Backspace && mods&^Ctrl == 0:
		// DECBKM swaps the two: Ctrl gives the other one.
		if m.BackarrowBS != (mods == Ctrl) {
			return []byte{0x08}, Key{}
		}
		return []byte{0x7f}, Key{}
	case k.Code == Backspace:
		return nil, Key{k.Code, k.Mods &^ Shift}
	case k.Code == Tab && mods == Shift:
		return []byte("\x1b[Z"), Key{}
	case k.Code == Tab && mods&Shift != 0:
		return nil, Key{k.Code, k.Mods & (Alt | Shift)}
	case mods != 0:
		return nil, Key{k.Code, k.Mods &^ mods}
	case k.Code == Enter && m.Newline:
		return []byte("\r\n"), Key{}
	case k.Code == Enter:
		return []byte("\r"), Key{}
	case k.Code == Tab:
		return []byte("\t"), Key{}
	}
	return []byte{0x1b}, Key{}
}

// legacyChar is for keys that type a character.
func legacyChar(k Key) ([]byte, Key) {
	r := rune(k.Code)
	if k.Mods&Ctrl == 0 {
		t, ok := Key{k.Code, k.Mods & Shift}.text()
		if !ok {
			return nil, Key{k.Code, k.Mods &^ Shift}
		}
		return []byte(string(t)), Key{}
	}
	c, ok := control(r)
	switch {
	case !ok:
		return nil, char(r, k.Mods&^Ctrl)
	case k.Mods&Shift != 0:
		return nil, Key{k.Code, k.Mods &^ Shift}
	}
	return []byte{c}, Key{}
}

// control is the control character that Ctrl makes of r. Besides the columns of
// ASCII that lie 64 apart, X11 has kept what the digits gave on DEC's VT220.
func control(r rune) (byte, bool) {
	switch {
	case r >= '@' && r <= '~':
		return byte(r) & 0x1f, true
	case r >= '3' && r <= '7':
		return byte(r-'3') + 0x1b, true
	}
	switch r {
	case ' ', '2':
		return 0, true
	case '/':
		return 0x1f, true
	case '8', '?':
		return 0x7f, true
	}
	return 0, false
}

func isKeypad(c Code) bool { return c >= KP0 && c <= KPSeparator }

// keypadChars and keypadFinals are, from KP0 to KPSeparator, what the keypad
// types and the letter after SS3 in application mode (DECKPAM).
const (
	keypadChars  = "0123456789./*-+\r=,"
	keypadFinals = "pqrstuvwxynojmkMXl"
)

// legacyKeypad is for the numeric keypad.
func legacyKeypad(k Key, m vt.Modes) ([]byte, Key) {
	if k.Mods&^Alt != 0 {
		return nil, Key{k.Code, k.Mods & Alt}
	}
	i := k.Code - KP0
	switch {
	case m.AppKeypad:
		return []byte{0x1b, 'O', keypadFinals[i]}, Key{}
	case k.Code == KPEnter && m.Newline:
		return []byte("\r\n"), Key{}
	}
	return []byte{keypadChars[i]}, Key{}
}

// function gives the number and the last byte of the CSI sequence of a key. The
// number is 1 for those that end in a letter of their own.
func function(c Code) (num int, final byte) {
	switch {
	case c >= F1+4 && c < F1+20:
		// F5 to F20, by their places in a VT220's rows of keys.
		return [...]int{15, 17, 18, 19, 20, 21, 23, 24, 25, 26, 28, 29, 31, 32, 33, 34}[c-F1-4], '~'
	case c >= F1+20 && c <= F35:
		return int(c-F1) + 22, '~' // as xterm goes on: F21 is 42
	case c >= F1 && c <= F1+3:
		return 1, "PQRS"[c-F1]
	}
	switch c {
	case Up, KPUp:
		return 1, 'A'
	case Down, KPDown:
		return 1, 'B'
	case Right, KPRight:
		return 1, 'C'
	case Left, KPLeft:
		return 1, 'D'
	case KPBegin:
		return 1, 'E'
	case End, KPEnd:
		return 1, 'F'
	case Home, KPHome:
		return 1, 'H'
	case Insert, KPInsert:
		return 2, '~'
	case Delete, KPDelete:
		return 3, '~'
	case PageUp, KPPageUp:
		return 5, '~'
	case PageDown, KPPageDown:
		return 6, '~'
	case Menu:
		return 29, '~'
	}
	return 0, 0
}

// legacyFunction is for cursor, editing and function keys; nil if k is none.
func legacyFunction(k Key, m vt.Modes) []byte {
	num, final := function(k.Code)
	switch {
	case final == 0:
		return nil
	case k.Mods != 0:
		return csi(num, 1+int(k.Mods), final)
	case final == '~':
		return []byte("\x1b[" + strconv.Itoa(num) + "~")
	case final >= 'P', m.AppCursor: // F1 to F4 always have SS3
		return []byte{0x1b, 'O', final}
	}
	return []byte{0x1b, '[', final}
}

func csi(a, b int, final byte) []byte {
	s := append([]byte("\x1b["), strconv.Itoa(a)...)
	s = append(s, ';')
	return append(strconv.AppendInt(s, int64(b), 10), final)
}

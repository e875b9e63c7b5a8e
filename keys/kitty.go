package keys

import (
	"strconv"

	"github.com/sluicerun/sluice/vt"
)

// kitty returns what the kitty keyboard protocol sends for k under the flags in
// m, or nil where it leaves the key as it was without the protocol; for a
// release nil means that nothing is sent.
//
// https://sw.kovidgoyal.net/kitty/keyboard-protocol
func kitty(k Key, m vt.Modes, e Event) []byte {
	all := m.Kitty&vt.KittyAllKeys != 0
	if m.Kitty&vt.KittyEvents == 0 {
		e = Press
	}
	if !all && k.Mods == 0 && (k.Code == Enter || k.Code == Tab || k.Code == Backspace) {
		// So that a shell left in this mode can still be told "reset". Of these
		// keys no release is told either.
		if e == Release {
			return nil
		}
		return legacyText(k)
	}
	if k.Code >= kittyFirst && k.Code <= kittyFirst+(lastCode-firstCode) {
		// The protocol's numbers of keys are those of private characters, such as
		// icons; these can only be text.
		return nil
	}
	num, final, mods := kittyCode(k.Code), byte('u'), k.Mods
	var up rune // the character with Shift
	switch {
	case k.IsChar():
		if t, ok := k.text(); ok && !all && e != Release {
			return []byte(string(t))
		}
		r := rune(k.Code)
		if low := unshifted(r); low != 0 {
			up, num, mods = r, int(low), mods|Shift
		} else if mods&Shift != 0 {
			up = capital(r)
		}
		// Shift that only types blank or a character of the layout has no
		// other bytes unless all keys are told.
		if !all && k.Mods == Shift && up == 0 && e != Release {
			return nil
		}
	case isKeypad(k.Code) && k.Code != KPEnter && !all && e != Release && k.Mods == 0:
		return []byte{keypadChars[k.Code-KP0]}
	case isModifier(k.Code) && !all:
		return nil
	case num == 0:
		num, final = function(k.Code)
		if k.Code == F1+2 {
			num, final = 13, '~' // CSI R is the report of the cursor's place
		}
	}
	return kittySequence(k, m, e, kittyParts{num, final, mods, up})
}

// kittyParts are the parts of a sequence before it is written.
type kittyParts struct {
	num   int
	final byte
	mods  Mods
	up    rune
}

// kittySequence writes CSI num:shifted ; mods:event ; text final, leaving out
// what says nothing.
func kittySequence(k Key, m vt.Modes, e Event, p kittyParts) []byte {
	var text rune
	if m.Kitty&vt.KittyText != 0 && m.Kitty&vt.KittyAllKeys != 0 && e != Release {
		text, _ = k.text()
		if isKeypad(k.Code) && k.Code != KPEnter && k.Mods == 0 {
			text = rune(keypadChars[k.Code-KP0])
		}
	}
	second := p.mods != 0 || e != Press
	b := []byte("\x1b[")
	if p.final == 'u' || p.final == '~' || second {
		b = strconv.AppendInt(b, int64(p.num), 10)
	}
	if p.up != 0 && m.Kitty&vt.KittyAlternates != 0 {
		b = strconv.AppendInt(append(b, ':'), int64(p.up), 10)
	}
	if second || text != 0 {
		b = append(b, ';')
	}
	if second {
		b = strconv.AppendInt(b, 1+int64(p.mods), 10)
	}
	if e != Press {
		b = strconv.AppendInt(append(b, ':'), 1+int64(e), 10)
	}
	if text != 0 {
		b = strconv.AppendInt(append(b, ';'), int64(text), 10)
	}
	return append(b, p.final)
}

// kittyCode is the number of a key before "u", or 0 if it has another form.
func kittyCode(c Code) int {
	switch {
	case c < firstCode:
		return int(c)
	case c == Enter:
		return '\r'
	case c == Tab:
		return '\t'
	case c == Escape:
		return 0x1b
	case c == Backspace:
		return 0x7f
	case c == KPBegin:
		return 0 // CSI E
	case c < CapsLock, c >= F1 && c < F1+12:
		return 0
	}
	return int(c-firstCode) + kittyFirst
}

func isModifier(c Code) bool {
	return c == CapsLock || c == ScrollLock || c == NumLock || c >= LeftShift
}

// legacyText is for the three keys that keep their control characters.
func legacyText(k Key) []byte {
	switch k.Code {
	case Enter:
		return []byte("\r")
	case Tab:
		return []byte("\t")
	}
	return []byte{0x7f}
}

package keys

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Mods are the modifiers held down, numbered as in xterm's and kitty's reports.
type Mods uint8

// The modifiers. Meta is Alt here: keyboards that have both are gone, and what
// people call Meta in a terminal is what its programs call Alt.
const (
	Shift Mods = 1 << iota
	Alt
	Ctrl
	Super
	Hyper

	// chords are the modifiers with which the case of a letter means nothing:
	// Ctrl+c and Ctrl+C are the same key.
	chords = Ctrl | Super | Hyper
)

var modNames = [...]string{"Ctrl", "Alt", "Shift", "Super", "Hyper"}
var modOrder = [...]Mods{Ctrl, Alt, Shift, Super, Hyper}

// Code is a key without modifiers: a character, or one of the constants of this
// package for a key that types none.
type Code rune

// Key is one key with modifiers. Two keys are the same if they are equal with
// ==; for that the parts follow rules, which [Char], [Parse] and [Decode] keep:
//
//   - a letter is stored small, with Shift where it is capital;
//   - another ASCII character is stored as typed and without Shift: ! and not
//     Shift+1;
//   - control characters are stored as the keys that give them: Tab, Ctrl+A.
//
// The zero Key is none.
type Key struct {
	Code Code
	Mods Mods
}

// Char returns the key that types r, also for control characters. Invalid
// characters give the zero Key.
func Char(r rune) Key { return char(r, 0) }

// char brings a character and modifiers into the form that Key promises.
func char(r rune, m Mods) Key {
	switch {
	case !utf8.ValidRune(r), r >= 0x80 && r < 0xa0:
		return Key{}
	case r == 0:
		return Key{' ', m | Ctrl}
	case r == '\t':
		return Key{Tab, m}
	case r == '\r':
		return Key{Enter, m}
	case r == 0x1b:
		return Key{Escape, m}
	case r == 0x7f:
		return Key{Backspace, m}
	case r <= 26:
		return Key{Code(r + 'a' - 1), m | Ctrl}
	case r < 0x20:
		return char(r+'@', m|Ctrl)
	}
	if low := unicode.ToLower(r); low != r && unicode.ToUpper(low) == r {
		if m&chords == 0 {
			m |= Shift
		}
		return Key{Code(low), m}
	}
	if m&Shift != 0 && r < 0x7f && r != ' ' && !isLetter(r) {
		m &^= Shift
		if up := shifted(r); up != 0 {
			r = up
		}
	}
	return Key{Code(r), m}
}

func isLetter(r rune) bool { return r|0x20 >= 'a' && r|0x20 <= 'z' }

// capital is the other case of a small letter, or 0 if r has none that leads
// back to it.
func capital(r rune) rune {
	if up := unicode.ToUpper(r); up != r && unicode.ToLower(up) == r {
		return up
	}
	return 0
}

const usPlain, usShift = "`1234567890-=[]\\;',./", "~!@#$%^&*()_+{}|:\"<>?"

// shifted is the character that an ASCII key which is no letter gives with
// Shift, and unshifted goes back; 0 where there is none.
func shifted(r rune) rune {
	if i := strings.IndexRune(usPlain, r); i >= 0 {
		return rune(usShift[i])
	}
	return 0
}

func unshifted(r rune) rune {
	if i := strings.IndexRune(usShift, r); i >= 0 {
		return rune(usPlain[i])
	}
	return 0
}

// IsChar tells whether the key types a character (perhaps with modifiers).
func (k Key) IsChar() bool { return k.Code > 0 && k.Code <= unicode.MaxRune }

// text is the character that the key types when no modifier but Shift is down;
// ok is false if it types none, or if the layout would decide which.
func (k Key) text() (r rune, ok bool) {
	if !k.IsChar() || k.Mods&^Shift != 0 {
		return 0, false
	}
	if k.Mods&Shift == 0 {
		return rune(k.Code), true
	}
	up := capital(rune(k.Code))
	return up, up != 0
}

// String is the name of the key in the form that [Parse] gives back unchanged:
// Ctrl+Alt+Shift+Super+Name.
func (k Key) String() string {
	var b strings.Builder
	if k.Code == 0 {
		return ""
	}
	up := rune(0)
	if k.IsChar() {
		up = capital(rune(k.Code))
	}
	if k.Mods == Shift && up != 0 {
		return string(up)
	}
	for i, m := range modOrder {
		if k.Mods&m != 0 {
			b.WriteString(modNames[i] + "+")
		}
	}
	switch {
	case k.IsChar() && up != 0 && k.Mods&(chords|Shift) != 0:
		b.WriteRune(up)
	case k.Code == ' ':
		b.WriteString("Space")
	case k.IsChar() && (!unicode.IsPrint(rune(k.Code)) || unicode.Is(unicode.M, rune(k.Code))):
		fmt.Fprintf(&b, "U+%04X", rune(k.Code))
	case k.IsChar():
		b.WriteRune(rune(k.Code))
	default:
		b.WriteString(codeName(k.Code))
	}
	return b.String()
}

package keys

import (
	"strconv"

	"github.com/sluicerun/sluice/vt"
)

// otherKeys returns xterm's CSI 27 ; modifiers ; code ~ for keys that have it at
// the level of modifyOtherKeys that the program has set, and nil for all others.
//
// Level 1 is for chords that have no bytes otherwise; what has a control
// character keeps it, and Alt alone stays an ESC before. Level 2 is for all
// chords. Two things differ from xterm: a character with nothing but Shift is
// sent as text at level 2 as well, as newer terminals do and every program
// understands; and Alt is not lost at level 1 from a chord that is sent so.
func otherKeys(k Key, m vt.Modes) []byte {
	if m.ModifyOtherKeys == 0 || k.Mods == 0 || k.Mods&(Super|Hyper) != 0 {
		return nil
	}
	all := m.ModifyOtherKeys > 1
	switch {
	case k.Code == Enter:
		if k.Mods != Alt || all {
			return other(k.Mods, '\r')
		}
	case k.Code == Tab:
		if k.Mods == Shift || !all && k.Mods != Ctrl {
			return nil
		}
		return other(k.Mods, '\t')
	case k.Code == Escape:
		// At level 1 xterm tells this key only when Alt is one of several.
		if all || k.Mods&Alt != 0 && k.Mods != Alt {
			return other(k.Mods, 0x1b)
		}
	case k.Code == Backspace:
		switch {
		case !all || k.Mods == Ctrl:
		case k.Mods&Ctrl != 0:
			return other(k.Mods, 0x08)
		default:
			return other(k.Mods, 0x7f)
		}
	case k.IsChar():
		return otherChar(k, all)
	}
	return nil
}

func otherChar(k Key, all bool) []byte {
	r, mods := rune(k.Code), k.Mods
	if _, ok := k.text(); ok {
		return nil
	}
	if !all {
		_, ok := control(r)
		if r == ' ' && mods == Ctrl|Alt|Shift {
			ok = false // the same oddity as with Escape
		}
		if mods&Ctrl == 0 || ok && r != '?' {
			return nil
		}
	}
	// The code is that of the character which the chord types, and Shift tells
	// that it was needed for it.
	if unshifted(r) != 0 {
		mods |= Shift
	} else if up := capital(r); up != 0 && mods&Shift != 0 {
		r = up
	}
	return other(mods, int(r))
}

func other(mods Mods, code int) []byte {
	return []byte("\x1b[27;" + strconv.Itoa(1+int(mods)) + ";" + strconv.Itoa(code) + "~")
}

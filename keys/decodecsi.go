package keys

import "github.com/sluicerun/sluice/vt"

// param is one parameter of a CSI sequence with up to three parts between
// colons; -1 is a part that is empty.
type param struct {
	v [3]int
	n int
}

func (p param) first() int { return p.v[0] }

// csiParams takes s, what follows CSI, apart. private is its first byte if that
// is one of < = > ?. ok is false where the form is not that of a key's or a
// report's sequence: too many parameters, intermediates, other bytes.
func csiParams(s []byte) (p []param, private, final byte, ok bool) {
	const most, largest = 32, 1 << 24
	if len(s) == 0 {
		return nil, 0, 0, false
	}
	s, final = s[:len(s)-1], s[len(s)-1]
	if final < 0x40 || final > 0x7e {
		return nil, 0, 0, false
	}
	if len(s) > 0 && s[0] >= '<' && s[0] <= '?' {
		private, s = s[0], s[1:]
	}
	if len(s) == 0 {
		return nil, private, final, true
	}
	cur := param{v: [3]int{-1, -1, -1}, n: 1}
	for _, c := range s {
		switch {
		case c >= '0' && c <= '9':
			if cur.n > len(cur.v) {
				continue
			}
			v := &cur.v[cur.n-1]
			*v = max(*v, 0)*10 + int(c-'0')
			if *v > largest {
				return nil, 0, 0, false
			}
		case c == ':':
			cur.n++
		case c == ';':
			if p = append(p, cur); len(p) == most {
				return nil, 0, 0, false
			}
			cur = param{v: [3]int{-1, -1, -1}, n: 1}
		default:
			return nil, 0, 0, false
		}
	}
	return append(p, cur), private, final, true
}

// decodeCSI reads what follows CSI.
func decodeCSI(s []byte, m vt.Modes) (Key, Event, bool) {
	if len(s) == 2 && s[0] == '[' && s[1] >= 'A' && s[1] <= 'E' {
		return Key{Code: F1 + Code(s[1]-'A')}, Press, true // the Linux console
	}
	p, private, final, ok := csiParams(s)
	if !ok || private != 0 {
		return Key{}, Press, false
	}
	num, n, ev := -1, 0, -1
	if len(p) > 0 {
		num = p[0].first()
	}
	if len(p) > 1 {
		n, ev = max(p[1].first(), 0), p[1].v[1]
	}
	e := Press
	if ev >= 1 && ev <= 3 {
		e = Event(ev - 1)
	} else if ev != -1 {
		return Key{}, Press, false
	}
	mods, ok := reported(n, m.Kitty != 0 || final == 'u' || ev > 0)
	if !ok {
		return Key{}, Press, false
	}
	var k Key
	switch {
	case final == 'u' && len(p) > 0 && len(p) <= 3:
		k, ok = decodeU(p, mods)
	case final == '~' && num == 27 && len(p) == 3:
		k, ok = character(p[2].first(), mods)
	case final == '~' && len(p) > 0 && len(p) <= 3:
		k = Key{numbered(num), mods}
	case len(p) == 0 || num == 1 && len(p) <= 3 && (final != 'R' || n != 1):
		// CSI 1;1R is no key: a modifier's number is at least 2.
		k = Key{lettered(final), mods}
		if final == 'Z' {
			k.Mods |= Shift
		}
	}
	return k, e, ok && k.Code != 0
}

// decodeU reads CSI code:shifted:base ; modifiers ; text u.
func decodeU(p []param, mods Mods) (Key, bool) {
	code, up, base := p[0].v[0], p[0].v[1], p[0].v[2]
	if code >= kittyFirst && code <= kittyFirst+int(lastCode-firstCode) {
		return Key{Code(code-kittyFirst) + firstCode, mods}, true
	}
	if code <= 0 && len(p) == 3 && p[2].n == 1 {
		return character(p[2].first(), mods) // text from an input method
	}
	if code > 0x7f && base > 0x20 && base < 0x7f && mods&(chords|Alt) != 0 {
		// On a layout with other letters a shortcut is meant by the place of
		// its key, which the protocol gives as on a PC's Latin layout.
		return character(base, mods)
	}
	k, ok := character(code, mods)
	if ok && mods&Shift != 0 && up > 0x20 && capital(rune(code)) == 0 && k.IsChar() {
		return character(up, mods&^Shift)
	}
	return k, ok
}

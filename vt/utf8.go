package vt

import "unicode/utf8"

// utf8State is a character of which some bytes have come. The limits of the next
// byte are those of table 3-7 of the Unicode Standard, which keep overlong forms,
// surrogates and numbers above 10FFFF out byte by byte: so each U+FFFD stands for
// a maximal subpart, as the standard recommends (D93b).
type utf8State struct {
	cp     rune
	need   uint8 // bytes still to come
	lo, hi byte  // limits of the next
	raw    [3]byte
	n      uint8 // bytes in raw
}

func (u *utf8State) first(b byte) bool {
	u.lo, u.hi = 0x80, 0xbf
	switch {
	case b >= 0xc2 && b <= 0xdf:
		u.need, u.cp = 1, rune(b&0x1f)
	case b >= 0xe0 && b <= 0xef:
		u.need, u.cp = 2, rune(b&0x0f)
		if b == 0xe0 {
			u.lo = 0xa0
		} else if b == 0xed {
			u.hi = 0x9f
		}
	case b >= 0xf0 && b <= 0xf4:
		u.need, u.cp = 3, rune(b&0x07)
		if b == 0xf0 {
			u.lo = 0x90
		} else if b == 0xf4 {
			u.hi = 0x8f
		}
	default:
		return false
	}
	return true
}

// printUTF8 takes characters beyond ASCII from the start of p, which begins with
// a byte from 80 on.
func (t *Terminal) printUTF8(p []byte) []byte {
	for len(p) > 0 && p[0] >= utf8.RuneSelf {
		r, n := utf8.DecodeRune(p)
		if n == 1 { // invalid, or cut
			u := &t.p.u8
			if !u.first(p[0]) {
				t.count.Invalid++
				t.printRune(utf8.RuneError)
				p = p[1:]
				continue
			}
			t.p.state = utf8Tail
			t.p.u8.raw[0], t.p.u8.n = p[0], 1
			return t.utf8Tail(p[1:])
		}
		p = p[n:]
		if r < 0xa0 {
			t.c1(byte(r))
			if t.p.state != ground {
				return p
			}
			continue
		}
		t.printRune(r)
	}
	return p
}

// utf8Tail takes the bytes of a character that did not come in one piece, or that
// is none.
func (t *Terminal) utf8Tail(p []byte) []byte {
	u := &t.p.u8
	for i, b := range p {
		if b < u.lo || b > u.hi {
			t.p.state = ground
			t.count.Invalid++
			t.printRune(utf8.RuneError)
			return p[i:]
		}
		u.lo, u.hi = 0x80, 0xbf
		u.cp = u.cp<<6 | rune(b&0x3f)
		if u.need--; u.need > 0 {
			u.raw[u.n] = b
			u.n++
		} else {
			t.p.state = ground
			if u.cp < 0xa0 {
				t.c1(byte(u.cp))
			} else {
				t.printRune(u.cp)
			}
			return p[i+1:]
		}
	}
	return nil
}

// c1 obeys a control of 80 to 9f. They come only as characters of UTF-8: a lone
// byte in that range is part of no character here, and so no control either.
func (t *Terminal) c1(b byte) {
	switch b {
	case 0x84, 0x85, 0x88, 0x8d, 0x8e, 0x8f, 0x96, 0x97, 0x9a,
		0x90, 0x98, 0x9b, 0x9d, 0x9e, 0x9f:
		t.enterEscape()
		t.escape([]byte{b - 0x40})
	default:
		t.open = false
	}
}

package web

import "unicode/utf8"

// decoder makes valid UTF-8 of bytes that come in pieces: a character that has
// not come whole is held back, and each maximal subpart of what is none becomes
// U+FFFD, as in the emulator.
type decoder struct{ held []byte }

func (d *decoder) text(p []byte) string {
	if len(d.held) > 0 {
		p = append(d.held, p...)
		d.held = d.held[:0]
	}
	cut := len(p)
	for i := max(len(p)-utf8.UTFMax+1, 0); i < len(p); i++ {
		// A start that already has a wrong byte after it counts as full.
		if utf8.RuneStart(p[i]) && !utf8.FullRune(p[i:]) {
			cut = i
			break
		}
	}
	s := valid(p[:cut])
	d.held = append([]byte(nil), p[cut:]...)
	return s
}

// flush is what stands for a character whose end did not come.
func (d *decoder) flush() string {
	if len(d.held) == 0 {
		return ""
	}
	d.held = nil
	return string(utf8.RuneError)
}

func valid(p []byte) string {
	if utf8.Valid(p) {
		return string(p)
	}
	b := make([]byte, 0, len(p)+16)
	for len(p) > 0 {
		r, n := utf8.DecodeRune(p)
		if r == utf8.RuneError && n == 1 {
			n = subpart(p)
		}
		b = utf8.AppendRune(b, r)
		p = p[n:]
	}
	return string(b)
}

// subpart is the length of the maximal subpart (Unicode, D93b) that p begins with.
func subpart(p []byte) int {
	for n := min(len(p), utf8.UTFMax-1); n > 1; n-- {
		if !utf8.FullRune(p[:n]) {
			return n
		}
	}
	return 1
}

// pieces cuts s into pieces of at most n bytes, between characters.
func pieces(s string, n int) []string {
	var all []string
	for len(s) > n {
		cut := n
		for cut > n-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
			cut--
		}
		all = append(all, s[:cut])
		s = s[cut:]
	}
	return append(all, s)
}

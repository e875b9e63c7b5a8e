package cast

import "unicode/utf8"

// decoder makes text of bytes that come in pieces. It holds back a character
// that has not come whole.
type decoder struct {
	held [utf8.UTFMax]byte
	n    int
}

// append appends the JSON escapes of what p makes whole to b, and says whether
// there was anything.
func (d *decoder) append(b []byte, p []byte) ([]byte, bool) {
	before := len(b)
	for d.n > 0 && len(p) > 0 {
		d.held[d.n] = p[0]
		switch got := d.held[:d.n+1]; {
		case !utf8.FullRune(got):
			d.n++
			p = p[1:]
		case utf8.Valid(got):
			b = append(b, got...)
			d.n = 0
			p = p[1:]
		default: // what was held is over, and p begins something else
			b = append(b, replacement...)
			d.n = 0
		}
	}
	b, rest := appendText(b, p)
	d.n += copy(d.held[d.n:], rest)
	return b, len(b) > before
}

// flush appends what stands for a character that will not come whole any more.
func (d *decoder) flush(b []byte) ([]byte, bool) {
	if d.n == 0 {
		return b, false
	}
	d.n = 0
	return append(b, replacement...), true
}

// replacement is U+FFFD.
const replacement = "\uFFFD"

// appendText appends p with the escapes that serde_json makes, without quotes:
// short ones where there are, \u00xx for the other controls below 0x20, and
// nothing else. Bytes that are no UTF-8 become U+FFFD, one for each maximal
// subpart (Unicode, section 3.9). rest is the begin of a character at p's end.
func appendText(b, p []byte) (out, rest []byte) {
	from := 0
	for i := 0; i < len(p); {
		c := p[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' {
				i++
				continue
			}
			b = appendEscape(append(b, p[from:i]...), c)
			i++
			from = i
			continue
		}
		r, n := utf8.DecodeRune(p[i:])
		if r != utf8.RuneError || n > 1 {
			i += n
			continue
		}
		b = append(b, p[from:i]...)
		if !utf8.FullRune(p[i:]) {
			return b, p[i:]
		}
		b = append(b, replacement...)
		i += subpart(p[i:])
		from = i
	}
	return append(b, p[from:]...), nil
}

// subpart is the length of the maximal subpart that p, which is no character,
// begins with.
func subpart(p []byte) int {
	for n := min(len(p), utf8.UTFMax-1); n > 1; n-- {
		if !utf8.FullRune(p[:n]) {
			return n
		}
	}
	return 1
}

func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\b':
		return append(b, `\b`...)
	case '\t':
		return append(b, `\t`...)
	case '\n':
		return append(b, `\n`...)
	case '\f':
		return append(b, `\f`...)
	case '\r':
		return append(b, `\r`...)
	}
	const hex = "0123456789abcdef"
	return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// appendString appends s as a string of JSON.
func appendString(b []byte, s string) []byte {
	b, rest := appendText(append(b, '"'), []byte(s))
	if len(rest) > 0 {
		b = append(b, replacement...)
	}
	return append(b, '"')
}

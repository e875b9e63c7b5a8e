package session

import "bytes"

// plain returns how many bytes at the start of p only change what is on the
// screen: text, ends of lines, colours, and a few movements of the cursor. They
// ask nothing and set no mode. cut tells that the rest is the beginning of a
// sequence which may turn out to be one of those.
//
// It errs on one side only: what it does not know is not plain.
func plain(p []byte) (n int, cut bool) {
	end := len(p)
	if i, half := findC1(p); i >= 0 {
		end, cut = i, half
	}
	if i := bytes.IndexByte(p[:end], enq); i >= 0 {
		end, cut = i, false
	}
	for n < end {
		i := bytes.IndexByte(p[n:end], esc)
		if i < 0 {
			break
		}
		n += i
		k, half := plainCSI(p[n:end])
		if k == 0 {
			// A sequence that goes on behind end has something odd in it.
			return n, half && end == len(p)
		}
		n += k
	}
	return end, cut
}

const (
	enq = 0x05
	esc = 0x1b
	// maxPlain bounds the control sequences that are looked into.
	maxPlain = 64
)

// findC1 finds the first of the controls 80 to 9f, which are characters of two
// bytes in UTF-8; half tells that only its first byte has come, if it is one.
func findC1(p []byte) (i int, half bool) {
	for at := 0; ; at++ {
		k := bytes.IndexByte(p[at:], 0xc2)
		if k < 0 {
			return -1, false
		}
		at += k
		if at+1 == len(p) {
			return at, true
		}
		if c := p[at+1]; c >= 0x80 && c < 0xa0 {
			return at, false
		}
	}
}

// plainCSI is the length of the control sequence that p begins with; 0: it is
// none that is plain, but if half is set it may become one.
func plainCSI(p []byte) (n int, half bool) {
	for i, c := range p {
		switch {
		case i == 0:
		case i == maxPlain || i == 1 && c != '[':
			return 0, false
		case i == 1 || c >= '0' && c <= ';':
		case c == 'm' || c == 'K' || c == 'J' || c == 'H' || c >= 'A' && c <= 'G':
			return i + 1, false
		default:
			return 0, false
		}
	}
	return 0, true
}

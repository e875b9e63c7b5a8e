package cast

import "unicode/utf8"

// replacement is U+FFFD.
const replacement = "\uFFFD"

// decoder makes text of bytes that come in pieces. It holds back a character
// that has not come whole.
type decoder struct {
	held [utf8.UTFMax]byte
	n    int

	src, text []byte
	patches   []patch
}

// patch tells what U+FFFDs in a text stand for: bytes, skip bytes of the text
// behind the patch before.
type patch struct {
	skip  int
	bytes []byte
}

// decode is the text of what was held and p, and what its U+FFFDs stand for, one
// for each maximal subpart (Unicode, section 3.9). Both are valid until the next
// call.
func (d *decoder) decode(p []byte) (text []byte, patches []patch) {
	if d.n == 0 && utf8.Valid(p) {
		return p, nil
	}
	if cap(d.src) > keptBuffer {
		d.src, d.text = nil, nil
	}
	src := append(append(d.src[:0], d.held[:d.n]...), p...)
	d.src, d.n = src, 0
	text, patches = d.text[:0], d.patches[:0]
	end := 0 // of what the last patch, or nothing, has left in text
	for i := 0; i < len(src); {
		from := i
		for i < len(src) {
			r, n := rune(src[i]), 1
			if r >= utf8.RuneSelf {
				if r, n = utf8.DecodeRune(src[i:]); r == utf8.RuneError && n == 1 {
					break
				}
			}
			i += n
		}
		text = append(text, src[from:i]...)
		if i == len(src) {
			break
		}
		if !utf8.FullRune(src[i:]) {
			d.n = copy(d.held[:], src[i:])
			break
		}
		n := subpart(src[i:])
		if len(patches) > 0 && end == len(text) {
			last := &patches[len(patches)-1]
			last.bytes = src[i-len(last.bytes) : i+n]
		} else {
			patches = append(patches, patch{len(text) - end, src[i : i+n]})
		}
		text = append(text, replacement...)
		end = len(text)
		i += n
	}
	d.text, d.patches = text, patches
	return text, patches
}

// flush appends what stands for a character that will not come whole any more,
// and gives its bytes.
func (d *decoder) flush(b []byte) (text, held []byte) {
	if d.n == 0 {
		return b, nil
	}
	held = d.held[:d.n]
	d.n = 0
	return append(b, replacement...), held
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

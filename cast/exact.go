package cast

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"unicode/utf8"
)

// exactCode is the code of the event that tells what the text of the next one
// does not; its data is described in the package's comment.
const exactCode = "b"

// exact is what such an event tells.
type exact struct {
	code    Code
	size    int     // of the text
	patches []patch // what stands as U+FFFD in the text
	fresh   bool    // what was held before is not gone on with
	held    []byte  // the bytes behind the text: those of a cut character
}

// append appends the data of the event.
func (x *exact) append(b []byte) []byte {
	b = strconv.AppendInt(append(b, x.code...), int64(x.size), 10)
	for _, p := range x.patches {
		b = strconv.AppendInt(append(b, ' '), int64(p.skip), 10)
		b = base64.RawStdEncoding.AppendEncode(append(b, ':'), p.bytes)
	}
	if x.fresh {
		b = append(b, " -"...)
	}
	if len(x.held) > 0 {
		b = base64.RawStdEncoding.AppendEncode(append(b, " +"...), x.held)
	}
	return b
}

// parseExact reads the data of the event. What is not of that shape is somebody
// else's event.
func parseExact(data []byte) (x exact, ok bool) {
	if len(data) < 2 || data[0] != 'o' && data[0] != 'i' {
		return x, false
	}
	x.code = Output
	if data[0] == 'i' {
		x.code = Input
	}
	size, rest, more := bytes.Cut(data[1:], []byte{' '})
	if x.size, ok = natural(size); !ok {
		return x, false
	}
	for more {
		var item []byte
		item, rest, more = bytes.Cut(rest, []byte{' '})
		switch {
		case len(item) == 0 || x.held != nil:
			return x, false
		case item[0] == '+':
			held, err := base64.RawStdEncoding.AppendDecode(nil, item[1:])
			if err != nil || len(held) == 0 || len(held) >= utf8.UTFMax {
				return x, false
			}
			x.held = held
		case item[0] == '-' && len(item) == 1:
			x.fresh = true
		default:
			skip, text, found := bytes.Cut(item, []byte{':'})
			var p patch
			if p.skip, ok = natural(skip); !ok || !found {
				return x, false
			}
			var err error
			if p.bytes, err = base64.RawStdEncoding.AppendDecode(nil, text); err != nil || len(p.bytes) == 0 {
				return x, false
			}
			x.patches = append(x.patches, p)
		}
	}
	return x, true
}

func natural(b []byte) (int, bool) {
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' || n > maxLine {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, len(b) > 0
}

// bytes appends what text stands for to b. It is false if text is not what the
// event was made for.
func (x *exact) bytes(b, text []byte) ([]byte, bool) {
	if len(text) != x.size {
		return b, false
	}
	var d decoder
	for _, p := range x.patches {
		if p.skip > len(text) {
			return b, false
		}
		b = append(b, text[:p.skip]...)
		text = text[p.skip:]
		marks, _ := d.decode(p.bytes)
		marks, _ = d.flush(marks)
		if !bytes.HasPrefix(text, marks) || len(bytes.ReplaceAll(marks, []byte(replacement), nil)) > 0 {
			return b, false
		}
		b = append(b, p.bytes...)
		text = text[len(marks):]
	}
	return append(b, text...), true
}

// held are the bytes of a cut character that were given with an event before.
type held [utf8.UTFMax]byte // their number first

func (h *held) get() []byte { return h[1 : 1+h[0]] }

// add is false if they are no begin of a character.
func (h *held) add(p []byte) bool {
	if int(h[0])+len(p) >= utf8.UTFMax {
		return false
	}
	h[0] += byte(copy(h[1+h[0]:], p))
	return true
}

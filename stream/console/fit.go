package console

import (
	"bytes"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

// fit appends as much of line as fits into width columns and returns the
// columns it takes. line has text and SGR sequences; everything else that would
// move the cursor becomes a blank.
func fit(dst, line []byte, width int) ([]byte, int) {
	used := 0
	for len(line) > 0 {
		if line[0] == 0x1b {
			end := bytes.IndexByte(line, 'm')
			if end < 0 {
				break
			}
			dst = append(dst, line[:end+1]...)
			line = line[end+1:]
			continue
		}
		text := line
		if k := bytes.IndexByte(line, 0x1b); k >= 0 {
			text = line[:k]
		}
		line = line[len(text):]
		for g := displaywidth.BytesGraphemes(text); g.Next() && used < width; {
			b, w := g.Value(), g.Width()
			switch {
			case len(b) == 1 && b[0] >= utf8.RuneSelf:
				b, w = []byte("\uFFFD"), 1
			case b[0] < 0x20 || b[0] == 0x7f:
				b, w = []byte(" "), 1
			}
			if used+w > width {
				used = width // colours that follow still pass
				break
			}
			dst = append(dst, b...)
			used += w
		}
	}
	return dst, used
}

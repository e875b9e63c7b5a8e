package edit

import (
	"slices"

	"github.com/clipperhouse/displaywidth"
)

// wideMask stands for a character of two columns: one of two columns itself, so
// that a line breaks where it did.
const wideMask = '＊'

// mask is what a character is replaced with: a star for each column, nothing for
// what joins the character before. Tabs and line feeds stay.
func mask(r rune) string {
	switch {
	case r == '\t' || r == '\n' || r == '\r':
		return string(r)
	case r < 0x300 || r >= 0x1f1e6 && r <= 0x1f1ff: // halves of flags
		return "*"
	}
	switch displaywidth.Rune(r) {
	case 0:
		return ""
	case 2:
		return string(wideMask)
	}
	return "*"
}

// columns is how many columns a character takes, and never none.
func columns(r rune) int {
	if r < 0x300 {
		return 1
	}
	return max(displaywidth.Rune(r), 1)
}

// patch replaces n bytes of a stream.
type patch struct {
	at   int64
	n    int
	with string
}

// patches are in the order of the stream, none overlaps another, and none begins
// before floor: what lies there has gone out.
type patches struct {
	list  []patch
	floor int64
}

// put adds a patch if there is none at its place.
func (s *patches) put(p patch) {
	if p.at < s.floor {
		return
	}
	i := len(s.list)
	for i > 0 && s.list[i-1].at > p.at {
		i--
	}
	if i > 0 && s.list[i-1].at == p.at {
		return
	}
	s.list = slices.Insert(s.list, i, p)
}

// apply appends the bytes b of a stream, which lie at the position at, as the
// patches want them. A patch that begins before b has said its text there.
func (s *patches) apply(dst, b []byte, at int64) []byte {
	end, from := at+int64(len(b)), at
	for _, p := range s.list {
		if p.at >= end {
			break
		}
		if p.at+int64(p.n) <= at {
			continue
		}
		if p.at >= at {
			dst = append(append(dst, b[from-at:p.at-at]...), p.with...)
		}
		from = min(p.at+int64(p.n), end)
	}
	return append(dst, b[from-at:]...)
}

// touches tells whether a patch lies before the position.
func (s *patches) touches(end int64) bool { return len(s.list) > 0 && s.list[0].at < end }

// drop forgets what lies before the position, which has gone out.
func (s *patches) drop(at int64) {
	s.floor = at
	n := 0
	for n < len(s.list) && s.list[n].at+int64(s.list[n].n) <= at {
		n++
	}
	if s.list = s.list[n:]; len(s.list) == 0 {
		s.list = nil
	}
}

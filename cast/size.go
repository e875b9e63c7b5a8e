package cast

import (
	"bytes"
	"strconv"
)

// appendSize appends the sequence that gives a terminal its size, with which raw
// recordings begin, and which stands for a resize in ttyrec's.
func appendSize(b []byte, cols, rows int) []byte {
	b = strconv.AppendInt(append(b, "\x1b[8;"...), int64(rows), 10)
	b = strconv.AppendInt(append(b, ';'), int64(cols), 10)
	return append(b, 't')
}

// parseSize reads the sequence that p begins with, if it is as appendSize writes
// it. n is its length, 0 if there is none.
func parseSize(p []byte) (cols, rows, n int) {
	rest, found := bytes.CutPrefix(p, []byte("\x1b[8;"))
	end := bytes.IndexByte(rest[:min(len(rest), 12)], 't')
	if !found || end < 0 {
		return 0, 0, 0
	}
	r, c, _ := bytes.Cut(rest[:end], []byte{';'})
	var ok1, ok2 bool
	rows, ok1 = natural(r)
	cols, ok2 = natural(c)
	if !ok1 || !ok2 || checkSize(cols, rows) != nil {
		return 0, 0, 0
	}
	var scratch [24]byte
	if s := appendSize(scratch[:0], cols, rows); bytes.HasPrefix(p, s) {
		return cols, rows, len(s)
	}
	return 0, 0, 0
}

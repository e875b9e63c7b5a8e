package pty

import (
	"fmt"
	"strconv"
	"strings"
)

// Size is the size of a terminal: in cells, and in pixels where the terminal
// tells (0 otherwise). Programs that draw images divide the two.
type Size struct {
	Cols, Rows     uint16
	XPixel, YPixel uint16
}

// DefaultSize is what a terminal has that nobody looks at: the size of a VT100,
// and what most programs assume when they are told 0x0.
var DefaultSize = Size{Cols: 80, Rows: 24}

// String is "80x24": columns first, as in X geometry. ParseSize reads it.
func (s Size) String() string {
	return strconv.Itoa(int(s.Cols)) + "x" + strconv.Itoa(int(s.Rows))
}

// ParseSize reads COLUMNSxROWS, both between 1 and 65535. A terminal of no
// columns or rows is refused, for programs divide by them.
func ParseSize(text string) (Size, error) {
	cols, rows, found := strings.Cut(strings.ToLower(text), "x")
	if !found {
		return Size{}, fmt.Errorf("terminal size %q: want COLUMNSxROWS, like 80x24", text)
	}
	var s Size
	for _, part := range []struct {
		what, text string
		to         *uint16
	}{{"columns", cols, &s.Cols}, {"rows", rows, &s.Rows}} {
		n, err := strconv.ParseUint(part.text, 10, 16)
		if err != nil || n == 0 {
			return Size{}, fmt.Errorf("terminal size %q: %s must be a number from 1 to 65535, not %q", text, part.what, part.text)
		}
		*part.to = uint16(n)
	}
	return s, nil
}

// shrunk is a size that differs from s in its rows, and that fits on the same
// screen where there is room.
func (s Size) shrunk() Size {
	if s.Rows > 1 {
		s.Rows--
	} else {
		s.Rows++
	}
	return s
}

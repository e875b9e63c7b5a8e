package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// tailChunk is how much is read first; then as much again as there is already,
// so that the bytes are not moved over and over.
const tailChunk = 16 << 10

// cutMark stands where maxBytes cut the first line's beginning off.
const cutMark = "..."

// Tail gives the last lines of a log of size bytes, looking at no more than
// maxBytes of it: at most that many lines, each ended by \n, as a terminal may
// safely show them. Of a line that was rewritten with \r (a progress bar) the
// last state is kept; control sequences are dropped apart from colours, which
// are reset at the line's end; what is not UTF-8 shows as \xNN. A line whose
// beginning lies more than maxBytes back begins with "...".
//
// Reads that fail are an error; a log that has become shorter is not.
func Tail(r io.ReaderAt, size int64, lines int, maxBytes int64) ([]byte, error) {
	if lines <= 0 || size <= 0 || maxBytes <= 0 {
		return nil, nil
	}
	raw, cut, err := lastLines(r, size, lines, maxBytes)
	if err != nil {
		return nil, fmt.Errorf("reading the end of the log: %w", err)
	}
	if len(raw) == 0 {
		return nil, nil
	}
	var out []byte
	for i, line := range bytes.Split(bytes.TrimSuffix(raw, []byte("\n")), []byte("\n")) {
		state, rewritten := lastState(line)
		if i == 0 && cut && !rewritten {
			out = append(out, cutMark...)
		}
		out = appendPrintable(out, state, true)
		out = append(out, '\n')
	}
	return out, nil
}

// lastLines reads backwards until it has the lines, the beginning of the log, or
// maxBytes (cut: the first line is then not whole).
func lastLines(r io.ReaderAt, size int64, lines int, maxBytes int64) (raw []byte, cut bool, err error) {
	floor := max(0, size-maxBytes)
	// One newline more than lines: the one before the first of them. The one
	// that ends the log ends the last of them.
	want := lines
	for pos := size; pos > floor; {
		n := min(max(tailChunk, int64(len(raw))), pos-floor)
		chunk := make([]byte, n)
		got, err := r.ReadAt(chunk, pos-n)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, false, err
		}
		chunk = chunk[:got]
		end := len(chunk)
		if pos == size && bytes.HasSuffix(chunk, []byte("\n")) {
			end--
		}
		pos -= n
		for i := bytes.LastIndexByte(chunk[:end], '\n'); i >= 0; i = bytes.LastIndexByte(chunk[:i], '\n') {
			if want--; want == 0 {
				return append(chunk[i+1:], raw...), false, nil
			}
		}
		raw = append(chunk, raw...)
	}
	if len(raw) == 0 || floor == 0 {
		return raw, false, nil
	}
	// Cutting exactly behind a line end cuts no line.
	before := make([]byte, 1)
	if _, err := r.ReadAt(before, floor-1); err != nil && !errors.Is(err, io.EOF) {
		return nil, false, err
	}
	return raw, before[0] != '\n', nil
}

// lastState is what a line rewritten with \r showed last. A \r at the end only
// moved the cursor.
func lastState(line []byte) (state []byte, rewritten bool) {
	line = bytes.TrimRight(line, "\r")
	i := bytes.LastIndexByte(line, '\r')
	return line[i+1:], i >= 0
}

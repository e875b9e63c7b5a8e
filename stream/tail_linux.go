package stream

import (
	"bytes"
	"errors"
	"io"
)

// TailOffset is the logical offset at which the last lines of the log dir/name
// begin, in archives if need be. What follows the last line end counts as a line.
// With lines 0 it is the end. If fewer are kept, it is the first byte kept.
func TailOffset(dir, name string, lines int) (int64, error) {
	v := view{dir: dir, name: name}
	defer v.close()
	if err := v.mustExist(); err != nil {
		return 0, err
	}
	end, err := v.end()
	if err != nil || lines <= 0 {
		return end, err
	}
	buf := make([]byte, 64<<10)
	// A line end as the very last byte belongs to the last line.
	for at, first := end, true; at > 0; {
		lo := max(0, at-int64(len(buf)))
		b, err := v.readFull(buf[:at-lo], lo)
		var skip *SkippedError
		if errors.As(err, &skip) {
			// What is behind the gap is what is kept; look there again, closer.
			if skip.To >= at {
				return at, nil
			}
			if b, err = v.readFull(buf[:at-skip.To], skip.To); err == nil {
				if i, ok := countBack(b, &lines, first); ok {
					return skip.To + int64(i), nil
				}
				return skip.To, nil
			}
		}
		if err != nil {
			return 0, err
		}
		if i, ok := countBack(b, &lines, first); ok {
			return lo + int64(i), nil
		}
		at, first = lo, false
	}
	return 0, nil
}

// countBack counts lines from the end of b; ok if the last one wanted begins at i.
func countBack(b []byte, lines *int, first bool) (i int, ok bool) {
	end := len(b)
	if first && end > 0 && b[end-1] == '\n' {
		end--
	}
	for {
		i := bytes.LastIndexByte(b[:end], '\n')
		if i < 0 {
			return 0, false
		}
		if *lines--; *lines == 0 {
			return i + 1, true
		}
		end = i
	}
}

func (v *view) readFull(p []byte, off int64) ([]byte, error) {
	n := 0
	for n < len(p) {
		k, err := v.readAt(p[n:], off+int64(n))
		n += k
		if err == io.EOF {
			return p[:n], nil
		}
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

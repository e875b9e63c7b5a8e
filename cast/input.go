package cast

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// input reads bytes and lines, and knows where it is. What it gives is valid until
// the next call.
type input struct {
	r    io.Reader
	buf  []byte // buf[from:] has been read and not been given
	from int
	// offset is that of buf[from] in the file, whose begin is at base of r.
	offset, base int64
	err          error // of r, io.EOF at its end
}

// maxLine is the longest line. It is bounded only so that a file that is no
// recording cannot take all of the memory.
const maxLine = 1 << 30

func newInput(r io.Reader) *input {
	in := &input{r: r}
	if s, is := r.(io.Seeker); is {
		if at, err := s.Seek(0, io.SeekCurrent); err == nil {
			in.base = at
		}
	}
	return in
}

// fill reads once. It fails only if nothing came.
func (in *input) fill() error {
	if in.err != nil {
		return in.err
	}
	if in.from > 0 && in.from == len(in.buf) && cap(in.buf) > keptBuffer {
		in.buf, in.from = nil, 0
	}
	if in.from > 0 {
		in.buf = in.buf[:copy(in.buf, in.buf[in.from:])]
		in.from = 0
	}
	if len(in.buf) == cap(in.buf) {
		in.buf = append(make([]byte, 0, max(64<<10, 2*cap(in.buf))), in.buf...)
	}
	for range 100 {
		n, err := in.r.Read(in.buf[len(in.buf):cap(in.buf)])
		in.buf = in.buf[:len(in.buf)+n]
		in.err = err
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	in.err = io.ErrNoProgress
	return in.err
}

// peek gives up to n bytes without taking them; fewer only at the end.
func (in *input) peek(n int) ([]byte, error) {
	for len(in.buf)-in.from < n {
		if err := in.fill(); err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
	}
	return in.buf[in.from:min(len(in.buf), in.from+n)], nil
}

func (in *input) skip(n int) {
	in.from += n
	in.offset += int64(n)
}

// line takes a line, without its end; whole tells whether it had one. At the end
// it is io.EOF.
func (in *input) line() (line []byte, whole bool, err error) {
	for searched := 0; ; {
		if i := bytes.IndexByte(in.buf[in.from+searched:], '\n'); i >= 0 {
			line = in.buf[in.from : in.from+searched+i]
			in.skip(len(line) + 1)
			return line, true, nil
		}
		searched = len(in.buf) - in.from
		if searched > maxLine {
			return nil, false, fmt.Errorf("it is longer than %d bytes", maxLine)
		}
		if err := in.fill(); err == io.EOF {
			line = in.buf[in.from:]
			in.skip(len(line))
			if len(line) == 0 {
				return nil, false, io.EOF
			}
			return line, false, nil
		} else if err != nil {
			return nil, false, err
		}
	}
}

// read takes n bytes, or, at the end, those that there are. They lie in b.
func (in *input) read(b []byte, n int64) ([]byte, error) {
	b = b[:0]
	for n > 0 {
		if in.from == len(in.buf) {
			if err := in.fill(); err == io.EOF {
				break
			} else if err != nil {
				return b, err
			}
		}
		some := in.buf[in.from:]
		if int64(len(some)) > n {
			some = some[:n]
		}
		b = append(b, some...)
		in.skip(len(some))
		n -= int64(len(some))
	}
	return b, nil
}

// errNoSeek is for readers that cannot go elsewhere.
var errNoSeek = errors.New("it is not in a file, where one can go elsewhere")

func (in *input) seek(offset int64) error {
	s, is := in.r.(io.Seeker)
	if !is {
		return errNoSeek
	}
	if offset < 0 {
		return fmt.Errorf("the position %d is before its begin", offset)
	}
	if _, err := s.Seek(in.base+offset, io.SeekStart); err != nil {
		return fmt.Errorf("%w: %w", errNoSeek, err)
	}
	in.buf, in.from, in.offset, in.err = in.buf[:0], 0, offset, nil
	return nil
}

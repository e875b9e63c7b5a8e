package cast

import (
	"bytes"
	"io"
	"strconv"
)

// rest reads the bytes up to the end of an input, in pieces. Of a typescript the
// last line, which tells of its end, is not among them.
type rest struct {
	in         *input
	typescript bool
}

// trailerSize is more than script's last line has.
const trailerSize = 4 << 10

// next is a piece, or the exit status that the last line has, or io.EOF.
func (r *rest) next() (p []byte, status *int, err error) {
	const piece = 32 << 10
	b, err := r.in.peek(piece + trailerSize)
	if err != nil {
		return nil, nil, err
	}
	if len(b) == 0 {
		return nil, nil, io.EOF
	}
	n := min(len(b), piece)
	if r.typescript && len(b) < piece+trailerSize { // all that there is
		if at := trailer(b); at == 0 {
			status = trailerStatus(b)
			r.in.skip(len(b))
			if status == nil {
				return nil, nil, io.EOF
			}
			return nil, status, nil
		} else if at > 0 {
			n = min(n, at)
		}
	}
	r.in.skip(n)
	return b[:n], nil, nil
}

// trailer is the index of script's last line, with the end of the one before, or
// -1. It may be in another language.
func trailer(b []byte) int {
	i := bytes.LastIndexByte(bytes.TrimSuffix(b, []byte{'\n'}), '\n')
	if i >= 0 && len(b)-i < trailerSize && (bytes.HasPrefix(b[i:], []byte("\nScript done on ")) || bytes.Contains(b[i:], []byte(` [COMMAND_EXIT_CODE="`))) {
		return i
	}
	return -1
}

func trailerStatus(b []byte) *int {
	_, s, found := bytes.Cut(b, []byte(` [COMMAND_EXIT_CODE="`))
	s, _, _ = bytes.Cut(s, []byte{'"'})
	if n, err := strconv.ParseInt(string(s), 10, 32); found && err == nil {
		status := int(n)
		return &status
	}
	return nil
}

// rawSource reads bytes without times.
type rawSource struct {
	rest
}

func (s *rawSource) position() Position { return Position{Offset: s.in.offset} }

func (s *rawSource) seek(p Position) error { return s.in.seek(p.Offset) }

func (s *rawSource) next(e *Event) error {
	p, status, err := s.rest.next()
	if err != nil {
		return err
	}
	if status != nil {
		*e = Event{Code: Exit, Status: *status}
		return nil
	}
	*e = Event{Code: Output, Data: p}
	return nil
}

package cast

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
	"unicode/utf8"
)

// v1Source reads the events of an asciicast of version 1, all of which is in
// memory: the format is one object, and its keys may come in any order.
type v1Source struct {
	b       []byte // from the list of events on, whose begin is at offset
	offset  int64
	lenient bool
	warn    *warnings

	i    int // of the next event, or what stands before it
	time time.Duration
	line int
	buf  []byte
}

func (s *v1Source) position() Position {
	return Position{Offset: s.offset + int64(s.i), Time: s.time, Line: s.line}
}

func (s *v1Source) seek(p Position) error {
	i := p.Offset - s.offset
	if i < 1 || i > int64(len(s.b)) {
		return errors.New("it is no position of this recording")
	}
	s.i, s.time, s.line = int(i), p.Time, p.Line
	return nil
}

// to goes to the byte at i, counting lines.
func (s *v1Source) to(i int) {
	if i = min(i, len(s.b)); i > s.i {
		s.line += bytes.Count(s.b[s.i:i], []byte{'\n'})
		s.i = i
	}
}

func (s *v1Source) next(e *Event) error {
	for {
		s.to(blanks(s.b, s.i))
		if s.i < len(s.b) && s.b[s.i] == ',' {
			s.to(blanks(s.b, s.i+1))
		}
		if s.i == len(s.b) || s.b[s.i] == ']' {
			return io.EOF
		}
		from := s.i
		end, err := s.event(e)
		if err == nil {
			s.time = e.Time
			s.to(end)
			return nil
		}
		line := s.line + 1
		if end, skip := value(s.b, from); skip == nil {
			s.to(end)
		} else {
			s.to(len(s.b))
		}
		switch {
		case err == errCut:
			s.warn.add(line, "the last event is cut, and left out")
		case s.lenient && s.i > from:
			s.warn.add(line, "it is left out: %v", err)
		default:
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
}

// event makes an event of a list of a delay and a text.
func (s *v1Source) event(e *Event) (end int, err error) {
	b, i := s.b, s.i
	if b[i] != '[' {
		return i, errors.New("it is no event, which is a list of a delay and a text")
	}
	at, i, err := seconds(b, blanks(b, i+1))
	if err != nil {
		return i, err
	}
	if i, err = comma(b, i); err != nil {
		return i, err
	}
	if i == len(b) {
		return i, errCut
	}
	if b[i] != '"' {
		return i, errors.New("its text is no string")
	}
	if cap(s.buf) > keptBuffer {
		s.buf = nil
	}
	var o odd
	if s.buf, i, o, err = unquote(s.buf[:0], b, i+1); err != nil {
		return i, err
	}
	if i = blanks(b, i); i == len(b) {
		return i, errCut
	}
	if b[i] != ']' {
		return i, errors.New("it has more than a delay and a text")
	}
	if at < 0 {
		s.warn.add(s.line+1, "the delay %v is taken as 0: time does not go back", at)
		at = 0
	}
	if at > math.MaxInt64-s.time {
		return i, errors.New("its time is more than a recording can have")
	}
	if o != 0 || !utf8.Valid(s.buf) {
		(&lineSource{warn: s.warn, line: s.line + 1}).odd(o)
	}
	*e = Event{Time: s.time + at, Code: Output, Data: s.buf}
	return i + 1, nil
}

// openV1 reads version 1 from b, all of the file, whose first byte is at offset. It
// is false if it is something else.
func openV1(b []byte, offset int64, lenient bool, w *warnings) (Header, source, bool) {
	fields, end, err := object(b, 0)
	if version(fields) != 1 || err != nil && err != errCut {
		return Header{}, nil, false
	}
	src := &v1Source{lenient: lenient, warn: w}
	found := false
	keep := fields[:0]
	for _, f := range fields {
		if f.Name != "stdout" {
			keep = append(keep, f)
			continue
		}
		// The field shares the memory of b.
		begin := cap(b) - cap(f.Value)
		if len(f.Value) == 0 || f.Value[0] != '[' {
			return Header{}, nil, false
		}
		found = true
		src.b, src.offset, src.line = f.Value, offset+int64(begin), bytes.Count(b[:begin], []byte{'\n'})
		src.i = 1
	}
	if !found {
		return Header{}, nil, false
	}
	if err == errCut {
		w.add(0, "the recording is cut: it has no end")
	} else if len(bytes.Trim(b[end:], " \t\r\n\x00")) > 0 {
		w.add(0, "what is behind the recording's end is left out")
	}
	r := headerReader{v: 1, line: 1, warn: w}
	return r.read(keep), src, true
}

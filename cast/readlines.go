package cast

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// lineSource reads asciicasts of versions 2 and 3, a line at a time.
type lineSource struct {
	in      *input
	v       int
	lenient bool
	warn    *warnings

	time  time.Duration
	line  int
	held  [2]held
	codes map[string]Code
	told  *exact // by the line before this one
	buf   []byte
}

func (s *lineSource) position() Position {
	return Position{Offset: s.in.offset, Time: s.time, Line: s.line, Held: [2][4]byte{s.held[0], s.held[1]}}
}

func (s *lineSource) seek(p Position) error {
	s.time, s.line, s.held, s.told = p.Time, p.Line, [2]held{p.Held[0], p.Held[1]}, nil
	return s.in.seek(p.Offset)
}

func (s *lineSource) next(e *Event) error {
	if cap(s.buf) > keptBuffer {
		s.buf = nil
	}
	for {
		line, whole, err := s.in.line()
		if err != nil {
			if err != io.EOF {
				return fmt.Errorf("line %d: %w", s.line+1, err)
			}
			s.untold()
			return err
		}
		s.line++
		skip, err := s.event(e, line, whole)
		switch {
		case err == nil && !skip:
			return nil
		case err == nil:
		case s.lenient:
			s.warn.add(s.line, "it is left out: %v", err)
		default:
			return fmt.Errorf("line %d: %w", s.line, err)
		}
	}
}

// event makes an event of a line. skip: there is none in it.
func (s *lineSource) event(e *Event, line []byte, whole bool) (skip bool, err error) {
	line = bytes.TrimLeft(bytes.TrimSuffix(line, []byte{'\r'}), " \t")
	if len(line) > 0 && line[0] == 0 { // a file system has these after a loss of power
		s.warn.add(s.line, "it begins with NULs, which are left out")
		line = bytes.TrimLeft(line, "\x00 \t")
	}
	if len(line) == 0 {
		return true, nil
	}
	if line[0] == '#' {
		s.untold()
		if s.v == 2 {
			s.warn.add(s.line, "it is left out: version 2 has no comments")
			return true, nil
		}
		s.buf = append(s.buf[:0], line[1:]...)
		*e = Event{Time: s.time, Code: Comment, Data: s.buf}
		return false, nil
	}
	if whole {
		return s.parse(e, line)
	}
	// The last line has no end. Before it is parsed in its place, see what is left.
	if !json.Valid(line) {
		mended, ok := mend(line)
		if !ok {
			s.warn.add(s.line, "the last line is cut, and left out")
			return true, nil
		}
		s.warn.add(s.line, "the last line is cut: what is left of its text is taken")
		line = mended
	}
	return s.parse(e, line)
}

// parse makes an event of a line that is to be one, in its place.
func (s *lineSource) parse(e *Event, line []byte) (skip bool, err error) {
	at, code, i, err := begin(line)
	if err != nil {
		return false, err
	}
	if i == len(line) {
		return false, errCut
	}
	*e = Event{Code: s.code(code)}
	from := i
	if line[i] == '"' {
		var o odd
		if e.Data, i, o, err = unquote(line[i+1:i+1], line, i+1); err != nil {
			return false, err
		}
		if o != 0 || !utf8.Valid(e.Data) {
			s.odd(o)
		}
	} else {
		if i, err = value(line, i); err != nil {
			return false, err
		}
		e.Data, e.Raw = line[from:i], true
		if !json.Valid(e.Data) {
			return false, errors.New("its data is no JSON")
		}
	}
	if i = blanks(line, i); i == len(line) {
		return false, errCut
	}
	if line[i] != ']' || blanks(line, i+1) != len(line) {
		return false, errors.New("it has more than a time, a code and data")
	}
	if e.Time, err = s.at(at); err != nil {
		return false, err
	}
	skip, err = s.fill(e)
	if err == nil {
		s.time = e.Time
	}
	return skip, err
}

func (s *lineSource) odd(o odd) {
	switch {
	case o&oddSurrogate != 0:
		s.warn.add(s.line, "a half of a surrogate pair is taken as U+FFFD")
	case o&oddControl != 0:
		s.warn.add(s.line, "a control character is not escaped")
	default:
		s.warn.add(s.line, "the text is not UTF-8: its bytes are taken as they are")
	}
}

// code is a Code that costs no memory each time.
func (s *lineSource) code(b []byte) Code {
	if len(b) == 1 {
		switch b[0] {
		case 'o':
			return Output
		case 'i':
			return Input
		}
	}
	if c, known := s.codes[string(b)]; known {
		return c
	}
	c := Code(b)
	if s.codes == nil {
		s.codes = map[string]Code{}
	}
	if len(s.codes) < 100 {
		s.codes[string(c)] = c
	}
	return c
}

// at is the time of an event that has at in its line.
func (s *lineSource) at(at time.Duration) (time.Duration, error) {
	if s.v == 3 {
		if at < 0 {
			s.warn.add(s.line, "the interval %v is taken as 0: time does not go back", at)
			at = 0
		}
		if at > math.MaxInt64-s.time {
			return 0, errors.New("its time is more than a recording can have")
		}
		return s.time + at, nil
	}
	if at < s.time {
		s.warn.add(s.line, "the time %v is taken as %v: time does not go back", at, s.time)
		at = s.time
	}
	return at, nil
}

// fill makes of data what the code tells.
func (s *lineSource) fill(e *Event) (skip bool, err error) {
	switch e.Code {
	case Output, Input:
		if e.Raw {
			return false, errors.New("its text is no string")
		}
		return s.exactly(e)
	case exactCode:
		if x, ok := parseExact(e.Data); ok && !e.Raw {
			s.untold()
			s.told = &x
			return true, nil
		}
	}
	s.untold()
	switch e.Code {
	case Resize, Exit, Marker:
		if e.Raw {
			return false, errors.New("its data is no string")
		}
	}
	switch e.Code {
	case Resize:
		cols, rows, _ := bytes.Cut(e.Data, []byte{'x'})
		c, err1 := strconv.ParseUint(string(cols), 10, 16)
		r, err2 := strconv.ParseUint(string(rows), 10, 16)
		if err1 != nil || err2 != nil {
			return false, fmt.Errorf("%.40q is no size: it is columns x rows, each 0 to %d", e.Data, maxSize)
		}
		e.Cols, e.Rows, e.Data = int(c), int(r), nil
	case Exit:
		n, err := strconv.ParseInt(string(e.Data), 10, 32)
		if err != nil {
			return false, fmt.Errorf("%.40q is no exit status", e.Data)
		}
		e.Status, e.Data = int(n), nil
	}
	return false, nil
}

package cast

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// scriptSource reads a typescript by its timing file.
type scriptSource struct {
	rest          // of the typescript, behind the last entry
	timing, input *input
	// The files' names, as the timing file has them, "" if it does not.
	inputName, outputName string
	classic               bool
	lenient               bool
	warn                  *warnings

	time time.Duration
	line int
	buf  []byte
}

func (s *scriptSource) position() Position {
	p := Position{Offset: s.in.offset, Timing: s.timing.offset, Time: s.time, Line: s.line}
	if s.input != nil && s.input != s.in {
		p.Input = s.input.offset
	}
	return p
}

func (s *scriptSource) seek(p Position) error {
	s.time, s.line = p.Time, p.Line
	if s.input != nil && s.input != s.in {
		if err := s.input.seek(p.Input); err != nil {
			return err
		}
	}
	return errors.Join(s.in.seek(p.Offset), s.timing.seek(p.Timing))
}

// open reads the timing file's first lines, which tell of the recording.
func (s *scriptSource) open(h *Header) error {
	first, err := s.timing.peek(1)
	if err != nil {
		return err
	}
	s.classic = len(first) > 0 && first[0] >= '0' && first[0] <= '9'
	full := false
	for !s.classic {
		// Only a peek: what is no header is for next.
		n := 256
		b, err := s.timing.peek(n)
		for err == nil && len(b) == n && bytes.IndexByte(b, '\n') < 0 && n < maxLine {
			n *= 2
			b, err = s.timing.peek(n)
		}
		if err != nil {
			return err
		}
		line, _, whole := bytes.Cut(b, []byte{'\n'})
		at, name, v, ok := headerEntry(line)
		if !whole || !ok || at != 0 || name == "DURATION" || name == "EXIT_CODE" || name == eventName {
			return nil
		}
		switch name {
		case "INPUT_LOG":
			s.inputName = v
		case "OUTPUT_LOG":
			s.outputName = v
		}
		if fields, _, err := object([]byte(v), 0); name == headerName && err == nil {
			all := headerReader{v: 3, line: s.line + 1, warn: s.warn}
			*h, full = all.read(fields), true
		} else if !full { // which is all that the others tell, and more
			h.set(name, v)
		}
		s.timing.skip(len(line) + 1)
		s.line++
	}
	return nil
}

// headerEntry reads a line of the timing file that gives a name a value.
func headerEntry(line []byte) (at time.Duration, name, v string, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte("H "))
	if !ok {
		return 0, "", "", false
	}
	at, i, err := seconds(rest, 0)
	if err != nil || i == len(rest) || rest[i] != ' ' {
		return 0, "", "", false
	}
	name, v, _ = strings.Cut(string(rest[i+1:]), " ")
	return at, name, v, true
}

func (s *scriptSource) next(e *Event) error {
	for {
		line, whole, err := s.timing.line()
		if err == io.EOF {
			return s.end(e)
		}
		if err != nil {
			return fmt.Errorf("the timing file: line %d: %w", s.line+1, err)
		}
		s.line++
		line = bytes.Trim(line, "\r\x00")
		if len(line) == 0 {
			continue
		}
		skip, err := s.entry(e, line, whole)
		var b badEntry
		switch {
		case err == nil && !skip:
			return nil
		case err == nil:
		case errors.As(err, &b) && !whole:
			s.warn.add(s.line, "the timing file's last line is cut, and left out")
		case errors.As(err, &b) && s.lenient:
			s.warn.add(s.line, "the timing file's line is left out: %v", err)
		default:
			return fmt.Errorf("the timing file: line %d: %w", s.line, err)
		}
	}
}

// badEntry is a line of a timing file that makes no sense.
type badEntry struct{ text string }

func (b badEntry) Error() string { return b.text }

func (s *scriptSource) entry(e *Event, line []byte, whole bool) (skip bool, err error) {
	code, rest := byte('O'), line
	if !s.classic {
		if len(line) < 2 || line[1] != ' ' {
			return false, badEntry{fmt.Sprintf("%.40q is no entry: it is O, I, S or H, and a time", line)}
		}
		code, rest = line[0], line[2:]
	}
	at, i, err := seconds(rest, 0)
	if err != nil || i == len(rest) || rest[i] != ' ' {
		return false, badEntry{fmt.Sprintf("%.40q has no time", line)}
	}
	rest = rest[i+1:]
	if at < 0 {
		s.warn.add(s.line, "the delay %v is taken as 0: time does not go back", at)
		at = 0
	}
	if at > math.MaxInt64-s.time {
		return false, badEntry{"its time is more than a recording can have"}
	}
	*e = Event{Time: s.time + at}
	switch code {
	case 'O', 'I':
		n, ok := natural(bytes.TrimSpace(rest))
		if !ok {
			return false, badEntry{fmt.Sprintf("%.40q has no number of bytes", line)}
		}
		if !whole { // the number may have lost digits: the data tells
			return false, badEntry{"it is cut"}
		}
		s.time = e.Time
		return s.data(e, code, n)
	case 'S':
		s.time = e.Time
		return false, s.signal(e, string(rest))
	case 'H':
		name, v, _ := strings.Cut(string(rest), " ")
		return s.header(e, name, v)
	}
	return false, badEntry{fmt.Sprintf("%.40q is no entry: it is O, I, S or H, and a time", line)}
}

// data is n bytes of the file that the code is for.
func (s *scriptSource) data(e *Event, code byte, n int) (skip bool, err error) {
	e.Code = Output
	in := s.in
	if code == 'I' {
		e.Code = Input
		if in = s.input; in == nil {
			s.warn.add(s.line, "what was typed is left out: its file %q is not there", s.inputName)
			return true, nil
		}
	}
	if cap(s.buf) > keptBuffer {
		s.buf = nil
	}
	if s.buf, err = in.read(s.buf, int64(n)); err != nil {
		return false, err
	}
	e.Data = s.buf
	if len(e.Data) < n {
		s.warn.add(s.line, "the timing file tells of %d bytes, of which the typescript has %d", n, len(e.Data))
		return len(e.Data) == 0, nil
	}
	return false, nil
}

func (s *scriptSource) signal(e *Event, rest string) error {
	name, v, _ := strings.Cut(rest, " ")
	e.Code, e.Data = Signal, []byte(rest)
	if name != "SIGWINCH" {
		return nil
	}
	var cols, rows int
	if n, err := fmt.Sscanf(v, "ROWS=%d COLS=%d", &rows, &cols); n == 2 && err == nil && cols >= 0 && rows >= 0 && cols <= maxSize && rows <= maxSize {
		e.Code, e.Data, e.Cols, e.Rows = Resize, nil, cols, rows
	}
	return nil
}

// header is an entry that gives a name a value: the end of the recording, or an
// event for which script has no entry (see scriptEncoder).
func (s *scriptSource) header(e *Event, name, v string) (skip bool, err error) {
	switch name {
	case "DURATION":
		d, i, err := seconds([]byte(v), 0)
		if err == nil && i == len(v) && d > s.time {
			s.time = d
		}
		return true, nil
	case "EXIT_CODE":
		n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 32)
		if err != nil {
			return false, badEntry{fmt.Sprintf("%.40q is no exit status", v)}
		}
		s.time = e.Time
		e.Code, e.Status = Exit, int(n)
		return false, nil
	case eventName:
		l := lineSource{v: 3, warn: s.warn, line: s.line, time: s.time, lenient: s.lenient}
		skip, err := l.event(e, append(appendSeconds([]byte{'['}, e.Time-s.time), ", "+v+"]"...), true)
		if err != nil {
			return false, badEntry{err.Error()}
		}
		s.time = l.time
		return skip, nil
	}
	s.time = e.Time
	return true, nil
}

// end is what comes behind the last entry: what has no time, and, in the classic
// format, the exit status.
func (s *scriptSource) end(e *Event) error {
	p, status, err := s.rest.next()
	switch {
	case err != nil:
		return err
	case status != nil:
		if !s.classic { // the timing file has told it
			return io.EOF
		}
		*e = Event{Time: s.time, Code: Exit, Status: *status}
	default:
		s.warn.add(0, "the end of the typescript has no times: it comes at once")
		*e = Event{Time: s.time, Code: Output, Data: p}
	}
	return nil
}

package cast

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// fileNames are those that a timing file has of the files that it is for, "" if
// they are not known.
type fileNames struct{ typescript, timing string }

// For what script has no entry, the advanced timing file has headers of our own,
// which script's tools pass over: one with the header as version 3 has it, and one
// for each such event, with its code and data as there.
const (
	headerName = "HEADER"
	eventName  = "EVENT"
)

// scriptEncoder writes typescripts.
type scriptEncoder struct {
	classic bool
	names   fileNames
	start   time.Time
	written time.Duration
	exit    *Event
}

// scriptTime is how script writes the date.
const scriptTime = "2006-01-02 15:04:05-07:00"

// maxEntry is the longest line of a timing file that scriptreplay reads, about.
const maxEntry = 8000

func (s *scriptEncoder) begin(o *output, h *Header) {
	s.start = time.Unix(0, 0).UTC()
	if !h.Timestamp.IsZero() {
		s.start = h.Timestamp
	}
	start := s.start.Format(scriptTime)
	var more map[string]string
	for _, f := range h.Extra {
		if f.Name == scriptKey && json.Unmarshal(f.Value, &more) != nil {
			more = nil
		}
	}
	fields := [][2]string{
		{"TERM", h.TermType}, {"TTY", more["TTY"]}, {"COLUMNS", strconv.Itoa(h.Width)}, {"LINES", strconv.Itoa(h.Height)},
		{"SHELL", h.Env["SHELL"]}, {"COMMAND", h.Command}, {"TIMING_LOG", s.names.timing}, {"OUTPUT_LOG", s.names.typescript}, {"INPUT_LOG", s.names.typescript},
	}
	if h.TermType == "" {
		fields[0][1] = h.Env["TERM"]
	}
	b := append(o.data, typescriptMark+start+" ["...)
	if h.Command != "" {
		b = append(b, `COMMAND="`+oneLine(h.Command)+`" `...)
	}
	for _, f := range fields[:4] {
		if f[1] != "" {
			b = append(b, f[0]+`="`+oneLine(f[1])+`" `...)
		}
	}
	b[len(b)-1] = ']'
	o.data = append(b, '\n')
	if s.classic {
		return
	}
	s.header(o, "START_TIME", start)
	w := jsonHeader{Header: h}
	w.v3()
	s.header(o, headerName, strings.TrimSpace(string(w.b)))
	for _, f := range fields {
		s.header(o, f[0], f[1])
	}
}

// oneLine is what of s can stand in a line of a timing file.
func oneLine(s string) string { return strings.Map(lineRune, s) }

func lineRune(r rune) rune {
	if r == '\n' || r == '\r' {
		return ' '
	}
	return r
}

func (s *scriptEncoder) header(o *output, name, v string) {
	if v = oneLine(v); v != "" && len(v) < maxEntry {
		o.timing = append(o.timing, "H 0.000000 "+name+" "+v+"\n"...)
	}
}

func (s *scriptEncoder) event(o *output, e *Event) {
	if s.classic {
		switch {
		case e.Code == Output && len(e.Data) > 0:
			o.timing = s.delay(o.timing, e.Time)
			s.bytes(o, e.Data)
		case e.Code == Exit:
			c := *e
			s.exit = &c
		}
		return
	}
	if s.exit != nil { // it was not the end: a recording was joined to another one
		s.other(o, s.exit)
		s.exit = nil
	}
	switch {
	case (e.Code == Output || e.Code == Input) && len(e.Data) > 0:
		code := "O "
		if e.Code == Input {
			code = "I "
		}
		o.timing = s.delay(append(o.timing, code...), e.Time)
		s.bytes(o, e.Data)
	case e.Code == Resize:
		o.timing = s.delay(append(o.timing, "S "...), e.Time)
		o.timing = fmt.Appendf(o.timing, "SIGWINCH ROWS=%d COLS=%d\n", e.Rows, e.Cols)
	case e.Code == Signal && bytes.HasPrefix(e.Data, []byte("SIG")) && !bytes.HasPrefix(e.Data, []byte("SIGWINCH")) && len(e.Data) < maxEntry && bytes.IndexFunc(e.Data, unprintable) < 0:
		o.timing = s.delay(append(o.timing, "S "...), e.Time)
		o.timing = append(append(o.timing, e.Data...), '\n')
	case e.Code == Exit:
		c := *e
		s.exit = &c
	default:
		s.other(o, e)
	}
}

func unprintable(r rune) bool { return r <= ' ' || r > '~' }

// other writes an event for which script has no entry, if scriptreplay can read
// its line.
func (s *scriptEncoder) other(o *output, e *Event) {
	line := appendData(append(appendString(nil, string(e.Code)), ", "...), e)
	if len(line) > maxEntry {
		return
	}
	o.timing = s.delay(append(o.timing, "H "...), e.Time)
	o.timing = append(append(append(o.timing, eventName+" "...), line...), '\n')
}

// delay appends the time since the last entry, and a blank.
func (s *scriptEncoder) delay(b []byte, t time.Duration) []byte {
	t = t.Truncate(time.Microsecond)
	b = appendFixed(b, t-s.written, time.Microsecond)
	s.written = t
	return append(b, ' ')
}

func (s *scriptEncoder) bytes(o *output, p []byte) {
	o.timing = append(strconv.AppendInt(o.timing, int64(len(p)), 10), '\n')
	o.data = append(o.data, p...)
}

func (*scriptEncoder) forget() {}

func (s *scriptEncoder) end(o *output, t time.Duration) {
	if s.exit != nil {
		t = max(t, s.exit.Time)
	}
	o.data = append(o.data, "\nScript done on "+s.start.Add(t).Format(scriptTime)...)
	if s.exit != nil {
		o.data = fmt.Appendf(o.data, " [COMMAND_EXIT_CODE=\"%d\"]", s.exit.Status)
	}
	o.data = append(o.data, '\n')
	if s.classic {
		return
	}
	o.timing = append(appendFixed(append(o.timing, "H 0.000000 DURATION "...), t, time.Microsecond), '\n')
	if s.exit != nil {
		o.timing = fmt.Appendf(o.timing, "H 0.000000 EXIT_CODE %d\n", s.exit.Status)
	}
}

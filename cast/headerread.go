package cast

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"time"
)

// termField marks the keys of Header.Extra that version 3 has below term.
const termField = "term."

// version is that of an asciicast whose header has the fields, 0 if there is none.
func version(fields []Field) int {
	v := 0
	for _, f := range fields {
		if f.Name == "version" && json.Unmarshal(f.Value, &v) != nil {
			return 0
		}
	}
	return v
}

// headerReader makes a header of fields.
type headerReader struct {
	h    Header
	v    int
	line int
	warn *warnings
}

// read takes all fields. What is not as it should be is left out, with a warning.
func (r *headerReader) read(fields []Field) Header {
	for _, f := range fields {
		r.field(f)
	}
	if r.h.TermType == "" && r.v < 3 {
		r.h.TermType = r.h.Env["TERM"]
	}
	return r.h
}

func (r *headerReader) field(f Field) {
	h, isNull := &r.h, string(f.Value) == "null"
	switch {
	case f.Name == "version":
	case f.Name == "term" && r.v >= 2:
		r.term(f)
	case f.Name == "width" && r.v < 3:
		h.Width = r.side(f)
	case f.Name == "height" && r.v < 3:
		h.Height = r.side(f)
	case f.Name == "duration" && r.v < 3:
		h.Duration = r.seconds(f)
	case f.Name == "theme" && r.v == 2:
		h.Theme = r.theme(f.Value)
	case f.Name == "idle_time_limit" && r.v >= 2:
		h.IdleTimeLimit = r.seconds(f)
	case f.Name == "timestamp" && r.v >= 2:
		var at float64
		if !isNull && r.unmarshal(f, &at) {
			if math.Abs(at) > 1<<53 {
				r.bad(f)
			} else if at != 0 {
				h.Timestamp = time.Unix(int64(at), 0)
			}
		}
	case f.Name == "command":
		r.unmarshal(f, &h.Command)
	case f.Name == "title":
		r.unmarshal(f, &h.Title)
	case f.Name == "tags" && r.v >= 2:
		r.unmarshal(f, &h.Tags)
	case f.Name == "env":
		r.env(f)
	default:
		r.extra(f.Name, f.Value)
	}
}

func (r *headerReader) bad(f Field) {
	r.warn.add(r.line, "the header's %s is left out: %.60s is none", f.Name, f.Value)
}

// unmarshal is false if the value is not of v's kind. null leaves v as it is.
func (r *headerReader) unmarshal(f Field, v any) bool {
	if err := json.Unmarshal(f.Value, v); err != nil {
		r.bad(f)
		return false
	}
	return true
}

func (r *headerReader) extra(name string, v json.RawMessage) {
	if !json.Valid(v) {
		r.bad(Field{name, v})
		return
	}
	if bytes.ContainsAny(v, "\n\r") { // of version 1, whose values may have lines
		var b bytes.Buffer
		if json.Compact(&b, v) == nil {
			v = b.Bytes()
		}
	}
	r.h.Extra = append(r.h.Extra, Field{name, bytes.Clone(v)})
}

func (r *headerReader) side(f Field) int {
	n := 0
	if r.unmarshal(f, &n) && (n < 0 || n > maxSize) {
		r.bad(f)
		return 0
	}
	return n
}

func (r *headerReader) seconds(f Field) time.Duration {
	if string(f.Value) == "null" {
		return 0
	}
	d, next, err := seconds(f.Value, 0)
	if err != nil || next != len(f.Value) || d < 0 {
		r.bad(f)
		return 0
	}
	return d
}

// term is that of version 3. Version 2 has of it what has no place there.
func (r *headerReader) term(f Field) {
	fields, end, err := object(f.Value, 0)
	if err != nil || end != len(f.Value) {
		if r.v == 3 {
			r.bad(f)
			return
		}
		r.extra(f.Name, f.Value)
		return
	}
	for _, f := range fields {
		switch {
		case f.Name == "type":
			r.unmarshal(f, &r.h.TermType)
		case f.Name == "version":
			r.unmarshal(f, &r.h.TermVersion)
		case f.Name == "cols" && r.v == 3:
			r.h.Width = r.side(f)
		case f.Name == "rows" && r.v == 3:
			r.h.Height = r.side(f)
		case f.Name == "theme" && r.v == 3:
			r.h.Theme = r.theme(f.Value)
		default:
			r.extra(termField+f.Name, f.Value)
		}
	}
}

func (r *headerReader) env(f Field) {
	if string(f.Value) == "null" {
		return
	}
	var env map[string]json.RawMessage
	if !r.unmarshal(f, &env) {
		return
	}
	for k, v := range env {
		var s *string
		if err := json.Unmarshal(v, &s); err != nil {
			r.warn.add(r.line, "the header's env is without %q: its value is no string", k)
		} else if s != nil { // some writers have null for what was not set
			if r.h.Env == nil {
				r.h.Env = map[string]string{}
			}
			r.h.Env[k] = *s
		}
	}
}

// theme is nil if there is none, or none that is whole.
func (r *headerReader) theme(v json.RawMessage) *Theme {
	if string(v) == "null" {
		return nil
	}
	var t struct{ FG, BG, Palette string }
	err := json.Unmarshal(v, &t)
	theme := &Theme{FG: t.FG, BG: t.BG}
	for c := range strings.SplitSeq(t.Palette, ":") {
		if isColour(c) {
			theme.Palette = append(theme.Palette, c)
		}
	}
	if len(theme.Palette) == 8 {
		theme.Palette = append(theme.Palette, theme.Palette...)
	}
	if err != nil || !theme.whole() {
		r.warn.add(r.line, "the header's theme is left out: it is not fg, bg and palette, of 8 or 16 colours, each #rrggbb")
		return nil
	}
	return theme
}

func (t *Theme) whole() bool {
	for _, c := range t.Palette {
		if !isColour(c) {
			return false
		}
	}
	return isColour(t.FG) && isColour(t.BG) && len(t.Palette) == 16
}

func isColour(c string) bool {
	if len(c) != 7 || c[0] != '#' {
		return false
	}
	_, err := hex4([]byte("0" + c[1:4]))
	_, err2 := hex4([]byte("0" + c[4:]))
	return err == nil && err2 == nil
}

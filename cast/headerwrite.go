package cast

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// maxSize is the largest side of a terminal: readers keep 16 bits.
const maxSize = math.MaxUint16

func checkSize(cols, rows int) error {
	if cols < 1 || rows < 1 || cols > maxSize || rows > maxSize {
		return fmt.Errorf("the size %dx%d is not one of a terminal: columns and rows are 1 to %d", cols, rows, maxSize)
	}
	return nil
}

// jsonHeader appends the keys of a header, in the order of asciinema.
type jsonHeader struct {
	b []byte
	*Header
}

// key appends a key that is not the first one.
func (w *jsonHeader) key(name string) {
	w.b = append(appendString(append(w.b, ','), name), ':')
}

func (w *jsonHeader) text(name, s string) {
	if s != "" {
		w.key(name)
		w.b = appendString(w.b, s)
	}
}

func (w *jsonHeader) number(name string, n int64) {
	w.key(name)
	w.b = strconv.AppendInt(w.b, n, 10)
}

// v1 appends what comes before the events.
func (w *jsonHeader) v1() {
	cols, rows := w.Size()
	w.b = append(w.b, `{"version":1`...)
	w.number("width", int64(cols))
	w.number("height", int64(rows))
	w.text("command", w.Command)
	w.text("title", w.Title)
	w.env()
	w.extra()
	w.b = append(w.b, `,"stdout":[`...)
}

func (w *jsonHeader) v2() {
	cols, rows := w.Size()
	w.b = append(w.b, `{"version":2`...)
	w.number("width", int64(cols))
	w.number("height", int64(rows))
	w.times(true)
	w.text("command", w.Command)
	w.text("title", w.Title)
	w.env()
	w.theme()
	w.tags()
	term := jsonHeader{Header: w.Header}
	if w.TermType != w.Env["TERM"] {
		term.text("type", w.TermType)
	}
	term.text("version", w.TermVersion)
	term.nested()
	if len(term.b) > 0 {
		w.key("term")
		term.b[0] = '{'
		w.b = append(append(w.b, term.b...), '}')
	}
	w.extra()
	w.b = append(w.b, "}\n"...)
}

func (w *jsonHeader) v3() {
	cols, rows := w.Size()
	w.b = append(w.b, `{"version":3,"term":{"cols":`...)
	w.b = strconv.AppendInt(w.b, int64(cols), 10)
	w.number("rows", int64(rows))
	w.text("type", w.TermType)
	w.text("version", w.TermVersion)
	w.theme()
	w.nested()
	w.b = append(w.b, '}')
	w.times(false)
	w.text("command", w.Command)
	w.text("title", w.Title)
	w.env()
	w.tags()
	w.extra()
	w.b = append(w.b, "}\n"...)
}

func (w *jsonHeader) times(duration bool) {
	if !w.Timestamp.IsZero() {
		w.number("timestamp", w.Timestamp.Unix())
	}
	if duration && w.Duration > 0 {
		w.key("duration")
		w.b = appendSeconds(w.b, w.Duration)
	}
	if w.IdleTimeLimit > 0 {
		w.key("idle_time_limit")
		w.b = appendSeconds(w.b, w.IdleTimeLimit)
	}
}

func (w *jsonHeader) env() {
	if len(w.Env) == 0 {
		return
	}
	w.key("env")
	sep := byte('{')
	for _, k := range slices.Sorted(maps.Keys(w.Env)) {
		w.b = append(appendString(append(w.b, sep), k), ':')
		w.b = appendString(w.b, w.Env[k])
		sep = ','
	}
	w.b = append(w.b, '}')
}

func (w *jsonHeader) theme() {
	if w.Theme == nil {
		return
	}
	w.key("theme")
	w.b = appendString(append(w.b, `{"fg":`...), w.Theme.FG)
	w.b = appendString(append(w.b, `,"bg":`...), w.Theme.BG)
	w.b = appendString(append(w.b, `,"palette":`...), strings.Join(w.Theme.Palette, ":"))
	w.b = append(w.b, '}')
}

func (w *jsonHeader) tags() {
	if len(w.Tags) == 0 {
		return
	}
	w.key("tags")
	sep := byte('[')
	for _, t := range w.Tags {
		w.b = appendString(append(w.b, sep), t)
		sep = ','
	}
	w.b = append(w.b, ']')
}

// extra appends the keys that are not known, nested those of them below term.
func (w *jsonHeader) extra() {
	for _, f := range w.Extra {
		if !strings.HasPrefix(f.Name, termField) {
			w.key(f.Name)
			w.b = appendRaw(w.b, f.Value)
		}
	}
}

func (w *jsonHeader) nested() {
	for _, f := range w.Extra {
		if name, is := strings.CutPrefix(f.Name, termField); is {
			w.key(name)
			w.b = appendRaw(w.b, f.Value)
		}
	}
}

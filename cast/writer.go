package cast

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Writer writes a recording. Times count from its begin; one that lies before
// that of an event which was written counts as that, as time in a recording never
// goes back.
//
// Every event is one Write (of a typescript, one to each file), so that what an
// interrupted program leaves is whole: who writes many short events puts a
// bufio.Writer between. After an error of Write nothing more is written, and every
// method returns it. A Writer is for one goroutine.
type Writer struct {
	w, timing io.Writer
	enc       encoder
	out       output
	last      time.Duration
	offset    time.Duration // of the times that are given
	files     []io.Closer
	e         Event // that is written
	err       error
}

// output is what an event becomes: bytes of the recording and, if it is a
// typescript, of its timing file.
type output struct{ data, timing []byte }

// encoder writes one format. Events come with times that do not go back.
type encoder interface {
	begin(o *output, h *Header)
	event(o *output, e *Event)
	// forget drops a cut character.
	forget()
	// end is the end of the recording, whose last event was at t.
	end(o *output, t time.Duration)
}

// errClosed is for events that come after Close.
var errClosed = errors.New("writing a recording: it is closed already")

// NewWriter writes the header of a recording in the format f; a size that is 0 is
// 80 columns, 24 rows. The error is that of w, or says what of f or h is wrong.
// What a format cannot hold is left out: the package's comment has the list. A
// typescript has two files, and so a function of its own.
func NewWriter(w io.Writer, f Format, h Header) (*Writer, error) {
	if f == Script || f == ScriptClassic {
		return nil, fmt.Errorf("beginning a recording: the format %v has two files: it needs NewScriptWriter", f)
	}
	return newWriter(&Writer{w: w}, f, h, fileNames{})
}

// NewScriptWriter writes the header of a typescript, with its timing in the
// advanced format (Script) or the classic one (ScriptClassic). What is typed lies
// in the typescript with the output, as script --log-io does it, and so it is
// played by scriptreplay --log-timing TIMING --log-io TYPESCRIPT.
func NewScriptWriter(typescript, timing io.Writer, f Format, h Header) (*Writer, error) {
	if f != Script && f != ScriptClassic {
		return nil, fmt.Errorf("beginning a typescript: %v is no format of script", f)
	}
	return newWriter(&Writer{w: typescript, timing: timing}, f, h, fileNames{})
}

// newWriter begins a recording of c, whose writers are set.
func newWriter(c *Writer, f Format, h Header, names fileNames) (*Writer, error) {
	h.Width, h.Height = h.Size()
	if err := h.check(); err != nil {
		return nil, fmt.Errorf("beginning a recording: %w", err)
	}
	var err error
	if c.enc, err = newEncoder(f, names); err != nil {
		return nil, fmt.Errorf("beginning a recording: %w", err)
	}
	c.enc.begin(&c.out, &h)
	if err := c.flush(); err != nil {
		return nil, err
	}
	return c, nil
}

// newEncoder is that of a format.
func newEncoder(f Format, names fileNames) (encoder, error) {
	switch f {
	case V1:
		return &v1Encoder{}, nil
	case V2:
		return &lineEncoder{v: 2}, nil
	case V3:
		return &lineEncoder{v: 3}, nil
	case Script, ScriptClassic:
		return &scriptEncoder{classic: f == ScriptClassic, names: names}, nil
	case TTYRec:
		return &ttyrecEncoder{}, nil
	case Raw:
		return &rawEncoder{}, nil
	}
	return nil, fmt.Errorf("%v is no format of recordings", f)
}

func (h *Header) check() error {
	if err := checkSize(h.Width, h.Height); err != nil {
		return err
	}
	if h.Theme != nil && !h.Theme.whole() {
		return errors.New("the theme is not fg, bg and 16 colours, each #rrggbb")
	}
	for _, f := range h.Extra {
		if !json.Valid(f.Value) {
			return fmt.Errorf("the value of the header's key %q is no JSON", f.Name)
		}
	}
	return nil
}

// SetExact makes the recording say where characters were cut, so that a Reader
// gives exactly the events that were written. Without it a character comes whole,
// with the event that ends it. Bytes that are no UTF-8 are kept either way. It is
// set before the first event, and matters to asciicasts of versions 2 and 3 alone.
func (c *Writer) SetExact(on bool) {
	if l, is := c.enc.(*lineEncoder); is {
		l.exact = on
	}
}

// Write writes an event. An error that is not of the file says what is wrong with
// the event; the next one may be right.
func (c *Writer) Write(e Event) error {
	if c.err != nil {
		return c.err
	}
	switch {
	case e.Code == "":
		return errors.New("writing a recording: an event has no code")
	case e.Code == Resize && (e.Cols < 0 || e.Rows < 0 || e.Cols > maxSize || e.Rows > maxSize):
		return fmt.Errorf("writing a recording: the size %dx%d is not one of a terminal: columns and rows are 0 to %d", e.Cols, e.Rows, maxSize)
	case e.Raw && (textual(e.Code) || !json.Valid(e.Data)):
		return fmt.Errorf("writing a recording: the raw data of an event of code %q is not what the code or JSON has", e.Code)
	}
	if e.Time > 0 {
		e.Time += c.offset
		if e.Time < 0 { // more than there is
			e.Time = c.last
		}
	}
	e.Time = max(e.Time, c.last)
	c.e = e // which does not escape then
	c.enc.event(&c.out, &c.e)
	c.e.Data = nil
	if len(c.out.data) == 0 && len(c.out.timing) == 0 {
		return nil // it comes with another one, or this format does not have it
	}
	c.last = e.Time
	return c.flush()
}

// textual tells whether a code's data is never raw.
func textual(c Code) bool {
	switch c {
	case Output, Input, Resize, Marker, Exit, Signal, Source, Comment:
		return true
	}
	return false
}

// Output is something that the program wrote. A character whose end is missing
// comes with the output that brings it. Nothing is no event.
func (c *Writer) Output(t time.Duration, p []byte) error { return c.text(t, Output, p) }

// Input is something that was typed.
func (c *Writer) Input(t time.Duration, p []byte) error { return c.text(t, Input, p) }

func (c *Writer) text(t time.Duration, code Code, p []byte) error {
	if len(p) == 0 {
		return c.err
	}
	return c.Write(Event{Time: t, Code: code, Data: p})
}

// Forget drops a character of the output of which only the begin has come: what
// is written next does not go on where the output before ended.
func (c *Writer) Forget() { c.enc.forget() }

// Resize tells that the terminal has another size, in cells, 1 to 65535.
func (c *Writer) Resize(t time.Duration, cols, rows int) error {
	if c.err != nil {
		return c.err
	}
	if err := checkSize(cols, rows); err != nil {
		return fmt.Errorf("recording a resize: %w", err)
	}
	return c.Write(Event{Time: t, Code: Resize, Cols: cols, Rows: rows})
}

// Marker is a place that players can go to; the label may be empty.
func (c *Writer) Marker(t time.Duration, label string) error {
	return c.Write(Event{Time: t, Code: Marker, Data: []byte(label)})
}

// Exit tells how the program ended: its status as shells give it, 128+n for
// signal n. Nothing but Close is expected after it.
func (c *Writer) Exit(t time.Duration, status int) error {
	return c.Write(Event{Time: t, Code: Exit, Status: status})
}

// Close ends the recording. What has come of a character without its end is
// written as U+FFFD. The writers are not closed, but files that Create has made
// are.
func (c *Writer) Close() error {
	if c.err == nil {
		c.enc.end(&c.out, c.last)
		c.flush()
	}
	err := c.err
	if err == errClosed {
		err = nil
	}
	for _, f := range c.files {
		if e := f.Close(); e != nil && err == nil {
			err = fmt.Errorf("writing a recording: %w", e)
		}
	}
	c.files = nil
	if c.err == nil {
		c.err = errClosed
	}
	return err
}

// keptBuffer is the most memory that is kept from one event to the next.
const keptBuffer = 256 << 10

// flush writes what is there: the bytes first, so that no timing tells of what is
// not there.
func (c *Writer) flush() error {
	for _, f := range []struct {
		w io.Writer
		b *[]byte
	}{{c.w, &c.out.data}, {c.timing, &c.out.timing}} {
		if len(*f.b) == 0 || c.err != nil {
			continue
		}
		n, err := f.w.Write(*f.b)
		if err == nil && n < len(*f.b) { // a writer that breaks its promise must not lose bytes in silence
			err = io.ErrShortWrite
		}
		if err != nil {
			c.err = fmt.Errorf("writing a recording: %w", err)
		}
		if *f.b = (*f.b)[:0]; cap(*f.b) > keptBuffer {
			*f.b = nil
		}
	}
	return c.err
}

package cast

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Writer writes a recording. Times count from its begin; one that lies before
// that of an event which was written counts as that, as time in a recording never
// goes back.
//
// Every line is one Write, so that what an interrupted program leaves is whole
// lines: who writes many short events puts a bufio.Writer between. After an error
// nothing more is written, and every method returns it. A Writer is for one
// goroutine.
type Writer struct {
	w       io.Writer
	last    time.Duration
	out, in decoder
	buf     []byte
	err     error
}

// errClosed is for events that come after Close.
var errClosed = errors.New("writing a recording: it is closed already")

// NewWriter writes the header of a recording in version 2. The error is that of
// w, or says that the size is not one of a terminal.
func NewWriter(w io.Writer, h Header) (*Writer, error) {
	if err := checkSize(h.Width, h.Height); err != nil {
		return nil, fmt.Errorf("beginning a recording: %w", err)
	}
	c := &Writer{w: w}
	c.buf = h.append(c.buf)
	if err := c.flush(); err != nil {
		return nil, err
	}
	return c, nil
}

// Output is something that the program wrote. A character whose end is missing
// comes with the output that brings it.
func (c *Writer) Output(t time.Duration, p []byte) error { return c.text(t, 'o', &c.out, p) }

// Input is something that was typed.
func (c *Writer) Input(t time.Duration, p []byte) error { return c.text(t, 'i', &c.in, p) }

// Forget drops a character of the output of which only the begin has come: what
// is written next does not go on where the output before ended.
func (c *Writer) Forget() { c.out.n = 0 }

// Resize tells that the terminal has another size, in cells, 1 to 65535.
func (c *Writer) Resize(t time.Duration, cols, rows int) error {
	if c.err != nil {
		return c.err
	}
	if err := checkSize(cols, rows); err != nil {
		return fmt.Errorf("recording a resize: %w", err)
	}
	return c.event(t, 'r', strconv.Itoa(cols)+"x"+strconv.Itoa(rows))
}

// Marker is a place that players can go to; the label may be empty.
func (c *Writer) Marker(t time.Duration, label string) error { return c.event(t, 'm', label) }

// Exit tells how the program ended: its status as shells give it, 128+n for
// signal n. Nothing but Close is expected after it.
func (c *Writer) Exit(t time.Duration, status int) error {
	c.tails(t)
	return c.event(t, 'x', strconv.Itoa(status))
}

// Close ends the recording; w is not closed. What has come of a character without
// its end is written as U+FFFD.
func (c *Writer) Close() error {
	c.tails(c.last)
	if c.err == nil {
		c.err = errClosed
		return nil
	}
	if c.err == errClosed {
		return nil
	}
	return c.err
}

// tails writes what stands for characters without an end.
func (c *Writer) tails(t time.Duration) {
	for _, s := range []struct {
		code byte
		d    *decoder
	}{{'i', &c.in}, {'o', &c.out}} {
		if s.d.n > 0 && c.err == nil {
			c.begin(t, s.code)
			c.buf, _ = s.d.flush(c.buf)
			c.end()
		}
	}
}

// text writes an event whose text comes in pieces, if p makes any of it whole.
func (c *Writer) text(t time.Duration, code byte, d *decoder, p []byte) error {
	if c.err != nil {
		return c.err
	}
	last := c.last
	c.begin(t, code)
	var any bool
	if c.buf, any = d.append(c.buf, p); !any {
		c.buf, c.last = c.buf[:0], last
		return nil
	}
	return c.end()
}

func (c *Writer) event(t time.Duration, code byte, text string) error {
	if c.err != nil {
		return c.err
	}
	c.begin(t, code)
	b, rest := appendText(c.buf, []byte(text))
	if len(rest) > 0 {
		b = append(b, replacement...)
	}
	c.buf = b
	return c.end()
}

// begin puts down a line up to the text of its event.
func (c *Writer) begin(t time.Duration, code byte) {
	c.last = max(t, c.last)
	c.buf = append(appendSeconds(append(c.buf, '['), c.last), `, "`...)
	c.buf = append(append(c.buf, code), `", "`...)
}

func (c *Writer) end() error {
	c.buf = append(c.buf, "\"]\n"...)
	return c.flush()
}

// keptBuffer is the most memory that is kept from one event to the next.
const keptBuffer = 256 << 10

func (c *Writer) flush() error {
	if _, err := c.w.Write(c.buf); err != nil {
		c.err = fmt.Errorf("writing a recording: %w", err)
	}
	c.buf = c.buf[:0]
	if cap(c.buf) > keptBuffer {
		c.buf = nil
	}
	return c.err
}

package cast

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// ReadOptions say how a recording is read. The zero value works.
type ReadOptions struct {
	// Format is that of the file; 0: what its content shows. Bytes that do not begin
	// with a size are read as Raw only if asked for.
	Format Format
	// Timing is the timing file of a typescript, and Input the file that has what was
	// typed, if that is another one than the typescript. Without them Open looks
	// beside the typescript.
	Timing, Input string
	// Lenient: a line that makes no sense is a warning, not an error.
	Lenient bool
}

// Position is a place in a recording: that of an event, and what is needed to go
// on reading there.
type Position struct {
	// Offset is that of the event's line, frame or bytes. Of typescripts, Timing is
	// that of the line in the timing file, and Input that in the file of what was
	// typed.
	Offset int64 `json:"offset"`
	Timing int64 `json:"timing,omitempty"`
	Input  int64 `json:"input,omitempty"`
	// Time is that of the event before, and Line the number of lines before this one.
	Time time.Duration `json:"time"`
	Line int           `json:"line,omitempty"`
	// Held are the bytes of cut characters which events before have given and which
	// come again, of output and of input, their number first.
	Held [2][4]byte `json:"held,omitzero"`
}

// source reads one format. next sets all of e, whose data is valid until it is
// called again, and returns io.EOF at the end, again and again.
type source interface {
	next(e *Event) error
	position() Position
	seek(p Position) error
}

// Reader reads a recording, event by event. It is for one goroutine.
type Reader struct {
	name   string
	header Header
	format Format
	src    source
	warn   *warnings
	files  []io.Closer
	e      Event
	err    error
}

// Header is what the recording says of itself.
func (r *Reader) Header() Header { return r.header }

// Format is the format that is read.
func (r *Reader) Format() Format { return r.format }

// Next is the next event; io.EOF at the end. Data is valid until the next call.
// Other errors name the recording and the line, and there is nothing after them.
func (r *Reader) Next() (Event, error) {
	if r.err != nil {
		return Event{}, r.err
	}
	if err := r.src.next(&r.e); err != nil {
		if err != io.EOF {
			err = fmt.Errorf("reading %s: %w", r.name, err)
		}
		r.err = err
		return Event{}, err
	}
	return r.e, nil
}

// All are the events from here on.
func (r *Reader) All() Events {
	return func(yield func(Event, error) bool) {
		for {
			e, err := r.Next()
			if err == io.EOF || !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Warnings are what was not as it should be, as far as it was read. Of a hundred
// there are no more.
func (r *Reader) Warnings() []Warning { return r.warn.all }

// Position is that of the event that Next will give.
func (r *Reader) Position() Position { return r.src.position() }

// Seek goes to what Position has given, also of another Reader of the same
// recording. It is an error where there is no going back: in what is no file.
func (r *Reader) Seek(p Position) error {
	if errors.Is(r.err, errReaderClosed) {
		return r.err
	}
	for _, h := range p.Held {
		if int(h[0]) >= len(h) {
			return fmt.Errorf("going to a place in %s: it is no position of a recording", r.name)
		}
	}
	if p.Time < 0 || p.Line < 0 {
		return fmt.Errorf("going to a place in %s: it is no position of a recording", r.name)
	}
	if err := r.src.seek(p); err != nil {
		r.err = fmt.Errorf("going to a place in %s: %w", r.name, err)
		return r.err
	}
	r.err = nil
	return nil
}

var errReaderClosed = errors.New("it is closed already")

// Close closes the files that Open has opened.
func (r *Reader) Close() error {
	var errs []error
	for _, f := range r.files {
		errs = append(errs, f.Close())
	}
	r.files = nil
	r.err = fmt.Errorf("reading %s: %w", r.name, errReaderClosed)
	return errors.Join(errs...)
}

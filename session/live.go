package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/stream"
)

// Live tells what happens in a session as it happens, from the logs alone: in any
// process, also in one that the session does not know of, and without hindering
// anybody. What has happened already is told first.
type Live struct {
	dir    string
	logs   *logs
	timing *stream.Follower
	line   []byte // that has not come whole
	buf    []byte
}

// Follow follows the session whose logs are, or will be in a moment, in dir.
// Without input, what was typed is not told.
func Follow(dir string, input bool) (*Live, error) {
	l, err := openLogs(dir, input)
	if err != nil {
		return nil, fmt.Errorf("following a session: %w", err)
	}
	f, err := stream.OpenFollower(dir, TimingFile, 0)
	if err != nil {
		l.Close()
		return nil, fmt.Errorf("following a session: %w", err)
	}
	return &Live{dir: dir, logs: l, timing: f, buf: make([]byte, 64<<10)}, nil
}

// Finish tells that nothing will be written any more: who wrote the logs is gone.
// It may be called from any goroutine.
func (v *Live) Finish() { v.timing.Finish() }

// Close lets go of the logs. Events must have returned.
func (v *Live) Close() error {
	v.logs.Close()
	return v.timing.Close()
}

// errExit ends a walk at the end of the program.
var errExit = errors.New("the program has ended")

// Events tells everything, in its order, until the program has ended or, after
// Finish, the logs have. It gives ctx's error when ctx ends. It may be called
// once.
func (v *Live) Events(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if err := v.run(ctx, func(e Event) error {
			if !yield(e, nil) {
				return errStopped
			}
			if e.Kind == EventExit {
				return errExit
			}
			return nil
		}); err != nil && !errors.Is(err, errStopped) && !errors.Is(err, errExit) {
			yield(Event{}, err)
		}
	}
}

// Record is Events for who wants a recording of the session: its header, and then
// its events, as it goes. An error of theirs ends it.
func (v *Live) Record(ctx context.Context, o CastOptions, header func(cast.Header) error, event func(cast.Event) error) error {
	r := recorderOf(v.dir, o, header, event)
	for e, err := range v.Events(ctx) {
		if err == nil {
			err = r.Event(e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// errStopped is that nobody wants to hear more.
var errStopped = errors.New("stopped")

func (v *Live) run(ctx context.Context, f func(Event) error) error {
	w := walk{out: v.logs.out, size: v.logs.size, f: f}
	if v.logs.in != nil {
		w.in, w.inSize = v.logs.in, v.logs.inSize
	}
	w.grow = func() {
		w.size = max(w.size, v.logs.out.Size())
		if v.logs.in != nil {
			if fi, err := v.logs.in.Stat(); err == nil {
				w.inSize = fi.Size()
			}
		}
	}
	for {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		n, err := v.timing.Read(v.buf)
		if err := v.entries(&w, v.buf[:n]); err != nil {
			return err
		}
		if n > 0 || err == nil {
			continue
		}
		if !errors.Is(err, io.EOF) {
			return fmt.Errorf("following the timing of a session: %w", err)
		}
		switch err := v.timing.Wait(ctx); {
		case errors.Is(err, io.EOF):
			return w.rest()
		case err != nil:
			return err
		}
	}
}

// entries gives the walk the lines that are whole.
func (v *Live) entries(w *walk, p []byte) error {
	for {
		line, rest, whole := bytes.Cut(p, []byte("\n"))
		if !whole {
			v.line = append(v.line, p[:min(len(p), max(maxEntry-len(v.line), 0))]...)
			return nil
		}
		p = rest
		if len(v.line) > 0 {
			v.line = append(v.line, line[:min(len(line), max(maxEntry-len(v.line), 0))]...)
			line = v.line
		}
		err := w.entry(line)
		v.line = v.line[:0]
		if err != nil {
			return err
		}
	}
}

package record

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/session"
)

// Recorder makes one recording, of one worker, through all of its lives.
type Recorder struct {
	o    job.Record
	note func(string)
	out  *output
	stop context.CancelFunc
	ctx  context.Context

	mu   sync.Mutex
	live *session.Live // that is followed now
	over bool          // nothing will be written to the logs any more

	base, last time.Duration // of the lives before, and the latest event
	exit       *cast.Event   // of a life that may not have been the last
	cols, rows int
	dirs       []string
}

// Check tells what is wrong with a recording that is asked for, as far as it can
// be told before.
func Check(o job.Record) error {
	f, _, err := rules(o)
	if err != nil {
		return err
	}
	return check(o, f)
}

// Open begins the recording's file. h is what is known of the terminal. note is
// told what a person should know.
func Open(o job.Record, h cast.Header, note func(string)) (*Recorder, error) {
	h.Width, h.Height = h.Size()
	h.Title, h.IdleTimeLimit, h.Env = o.Title, time.Duration(o.IdleLimit), o.Env
	r := &Recorder{o: o, note: note, cols: h.Width, rows: h.Height}
	r.ctx, r.stop = context.WithCancel(context.Background())
	var err error
	if r.out, err = create(r.ctx, o, h, note); err != nil {
		r.stop()
		return nil, err
	}
	return r, nil
}

// Run records the sessions that next gives, one life after the other, until it
// gives nil. What goes wrong is told by note: the sessions go on.
func (r *Recorder) Run(next func(after *session.Session) *session.Session) {
	if r.out.mended != "" { // Open may be called where nobody listens yet
		r.note(r.out.mended)
	}
	for s := next(nil); s != nil; s = next(s) {
		if err := r.follow(s.Dir()); err != nil {
			r.fail(err)
			return
		}
	}
}

// End tells that no log will be written any more: what a session that was killed
// has not said, nobody will. It may be called from any goroutine.
func (r *Recorder) End() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
	if r.live != nil {
		r.live.Finish()
	}
}

// Abandon ends the recording where it is, also one that waits for room.
func (r *Recorder) Abandon() { r.stop() }

// Close completes the file. Run must have returned.
func (r *Recorder) Close() {
	defer r.stop()
	if r.exit != nil {
		if err := r.out.write(*r.exit); err != nil {
			r.fail(err)
		}
	}
	if err := r.out.close(); err != nil {
		r.fail(err)
		return
	}
	if len(r.o.Redact) > 0 && !r.out.failed {
		r.dropLogs()
	}
}

// Whole tells, after Close, that everything is in the file.
func (r *Recorder) Whole() bool { return !r.out.failed }

func (r *Recorder) fail(err error) {
	if r.out.failed {
		return
	}
	r.out.failed = true
	r.note(fmt.Sprintf("the recording %s ends here: %v; the logs have the rest: sluice cast convert RUN FILE", r.o.File, err))
}

func (r *Recorder) follow(dir string) error {
	live, err := session.Follow(dir, r.o.Input)
	if err != nil {
		return err
	}
	defer live.Close()
	r.mu.Lock()
	r.live = live
	if r.over {
		live.Finish()
	}
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		r.live = nil
		r.mu.Unlock()
	}()
	r.dirs = append(r.dirs, dir)
	r.base = r.last
	return live.Record(r.ctx, session.CastOptions{Input: r.o.Input}, r.header, r.event)
}

// header begins a life. The file's own header is written.
func (r *Recorder) header(h cast.Header) error {
	if e := r.exit; e != nil {
		r.exit = nil
		if err := r.out.write(cast.Event{Time: e.Time, Code: cast.Marker, Data: fmt.Appendf(nil, "ended with %d, started anew", e.Status)}); err != nil {
			return err
		}
		// A new terminal for a new program.
		if err := r.out.write(cast.Event{Time: e.Time, Code: cast.Output, Data: []byte("\x1bc")}); err != nil {
			return err
		}
	}
	if h.Width == r.cols && h.Height == r.rows {
		return nil
	}
	return r.event(cast.Event{Code: cast.Resize, Cols: h.Width, Rows: h.Height})
}

func (r *Recorder) event(e cast.Event) error {
	e.Time += r.base
	r.last = e.Time
	switch e.Code {
	case cast.Exit:
		r.exit = &e // the last life's is written
		return nil
	case cast.Resize:
		r.cols, r.rows = e.Cols, e.Rows
	}
	return r.out.write(e)
}

package session

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/vt"
)

// CastOptions say what a recording has. The zero value works.
type CastOptions struct {
	// Format is how it is written; 0 means cast.V2.
	Format cast.Format
	// Title is what the recording is called, and Command what it says was run;
	// without one, what was.
	Title, Command string
	// Env is what it says of the environment beside TERM.
	Env map[string]string
	// Input adds what was typed, but for what was typed while the terminal did not
	// show it and for secrets: no log has these.
	Input bool
	// Hidden tells that the session began hidden (see Session.Hide).
	Hidden bool
	// Screen is asked for the screen as it was when so many bytes of output had
	// come, when something is hidden for the first time (see ReplayTo). Without it
	// nothing can be hidden later on.
	Screen func(off int64) (*vt.Terminal, error)
	// IdleTimeLimit is the longest pause that players are to make; 0: as it was.
	IdleTimeLimit time.Duration
}

// WriteCast writes a recording of the session whose logs are in dir to w, as
// Record makes it. The session may go on: the recording ends where the logs do.
func WriteCast(dir string, w io.Writer, o CastOptions) error {
	b := bufio.NewWriterSize(w, 64<<10)
	f := o.Format
	if f == 0 {
		f = cast.V2
	}
	var c *cast.Writer
	err := Record(dir, o, func(h cast.Header) (err error) {
		c, err = cast.NewWriter(b, f, h.In(f))
		return err
	}, func(e cast.Event) error { return c.Write(e) })
	if err == nil {
		err = c.Close()
	}
	if err == nil {
		err = b.Flush()
	}
	if err != nil {
		return fmt.Errorf("making a recording: %w", err)
	}
	return nil
}

// Record tells a recording of the session whose logs are in dir: its header, and
// then its events. An error of theirs ends it.
func Record(dir string, o CastOptions, header func(cast.Header) error, event func(cast.Event) error) error {
	l, err := openLogs(dir, o.Input)
	if err != nil {
		return err
	}
	defer l.Close()
	return l.events(recorderOf(dir, o, header, event).Event)
}

// recorderOf is a recorder that may replay the logs in dir.
func recorderOf(dir string, o CastOptions, header func(cast.Header) error, event func(cast.Event) error) *Recorder {
	o.Screen = func(off int64) (*vt.Terminal, error) { return ReplayTo(dir, off) }
	return NewRecorder(o, header, event)
}

// OpenCast is Record for who wants to take the events himself: the header, and
// the events, which may be ranged over again and again.
func OpenCast(dir string, o CastOptions) (cast.Header, cast.Events, error) {
	var h cast.Header
	// The header is told before any output is read.
	err := Record(dir, o, func(got cast.Header) error { h = got; return errStopped }, nil)
	if !errors.Is(err, errStopped) {
		return h, nil, fmt.Errorf("reading a session: %w", err)
	}
	return h, func(yield func(cast.Event, error) bool) {
		err := Record(dir, o, func(cast.Header) error { return nil }, func(e cast.Event) error {
			if !yield(e, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(cast.Event{}, fmt.Errorf("reading a session: %w", err))
		}
	}, nil
}

// Recorder makes a recording of the events of a session.
//
// What is between Hide and Show is left out and takes no time, an end of the
// program too; at Show the screen is drawn as it is then. Markers in between are
// kept, at the time of Hide.
type Recorder struct {
	o      CastOptions
	header func(cast.Header) error
	to     func(cast.Event) error

	// vt is shown everything from the first Hide on, to know the screen at Show.
	vt  *vt.Terminal
	off int64 // of the output

	hidden     bool
	since      time.Duration // when it was hidden
	left       time.Duration // the time that was left out before
	wrote      bool          // the program wrote something in hiding
	source     string        // of the input
	told       string        // the source that is recorded
	cols, rows int           // as recorded
	toC, toR   int           // as they are
}

// NewRecorder makes a recorder that tells header of the header, once, and then
// event of each event. Their errors are returned by Event.
func NewRecorder(o CastOptions, header func(cast.Header) error, event func(cast.Event) error) *Recorder {
	return &Recorder{o: o, header: header, to: event, hidden: o.Hidden}
}

// Event takes the next event of the session.
func (r *Recorder) Event(e Event) error {
	at := e.Time - r.left
	if r.hidden {
		at = r.since - r.left
	}
	switch e.Kind {
	case EventBegin:
		return r.begin(e)
	case EventLost:
		r.off += e.N
	case EventOutput:
		r.off += int64(len(e.Data))
		if r.vt != nil {
			r.vt.Write(e.Data)
		}
		if r.hidden {
			r.wrote = true
			return nil
		}
		return r.to(cast.Event{Time: at, Code: cast.Output, Data: e.Data})
	case EventInput, EventSource:
		if e.Kind == EventSource {
			r.source = e.Text
		}
		if e.Kind == EventSource || r.hidden || !r.o.Input || r.source == replySource {
			return nil
		}
		if r.source != r.told {
			r.told = r.source
			if err := r.to(cast.Event{Time: at, Code: cast.Source, Data: []byte(r.source)}); err != nil {
				return err
			}
		}
		return r.to(cast.Event{Time: at, Code: cast.Input, Data: e.Data})
	case EventResize:
		if r.vt != nil {
			r.vt.Resize(e.Cols, e.Rows)
		}
		r.toC, r.toR = e.Cols, e.Rows
		if r.hidden {
			return nil
		}
		return r.resize(at)
	case EventMark:
		return r.to(cast.Event{Time: at, Code: cast.Marker, Data: []byte(e.Text)})
	case EventHide:
		return r.hide(e.Time)
	case EventShow:
		if r.hidden {
			return r.show(e.Time)
		}
	case EventExit:
		if r.hidden {
			return nil
		}
		return r.to(cast.Event{Time: at, Code: cast.Exit, Status: e.Status})
	}
	return nil
}

func (r *Recorder) begin(e Event) error {
	h := cast.Header{Width: e.Cols, Height: e.Rows, Timestamp: e.Head.Start, IdleTimeLimit: r.o.IdleTimeLimit,
		Command: e.Head.Command, Title: r.o.Title, Env: maps.Clone(r.o.Env), TermType: e.Head.Term}
	if r.o.Command != "" {
		h.Command = r.o.Command
	}
	r.cols, r.rows, r.toC, r.toR = e.Cols, e.Rows, e.Cols, e.Rows
	if r.o.Hidden {
		r.vt = vt.New(e.Cols, e.Rows, vt.Options{})
	}
	return r.header(h)
}

// hide leaves out what follows.
func (r *Recorder) hide(now time.Duration) (err error) {
	if r.hidden || r.o.Screen == nil {
		return nil
	}
	r.hidden, r.since = true, now
	if r.vt != nil {
		return nil
	}
	if r.vt, err = r.o.Screen(r.off); err == nil {
		r.vt.Resize(r.toC, r.toR) // of a change since the last output
	}
	return err
}

// resize records the size, if it is another one.
func (r *Recorder) resize(at time.Duration) error {
	if r.cols == r.toC && r.rows == r.toR {
		return nil
	}
	r.cols, r.rows = r.toC, r.toR
	return r.to(cast.Event{Time: at, Code: cast.Resize, Cols: r.cols, Rows: r.rows})
}

// show goes on with the recording, with the screen as it is.
func (r *Recorder) show(now time.Duration) error {
	at := r.since - r.left
	r.left += now - r.since
	r.hidden = false
	if err := r.resize(at); err != nil {
		return err
	}
	if !r.wrote {
		return nil
	}
	r.wrote = false
	// CAN ends a sequence whose rest was hidden. The main screen too, for when the
	// program leaves the alternate one. What has come of a sequence that is not
	// complete goes on in the output that follows.
	p := append([]byte{0x18}, r.vt.Redraw(vt.RedrawOptions{Main: true})...)
	return r.to(cast.Event{Time: at, Code: cast.Output, Data: append(p, r.vt.Pending()...)})
}

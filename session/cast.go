package session

import (
	"bufio"
	"fmt"
	"io"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/vt"
)

// CastOptions say what a recording has. The zero value works.
type CastOptions struct {
	// Title is what the recording is called, and Command what it says was run;
	// without one, what was.
	Title, Command string
	// Input adds what was typed, but for what was typed while the terminal did not
	// show it and for secrets: no log has these.
	Input bool
	// Hidden tells that the session began hidden (see Session.Hide).
	Hidden bool
	// IdleTimeLimit is the longest pause that players are to make; 0: as it was.
	IdleTimeLimit time.Duration
}

// WriteCast writes a recording of the session whose logs are in dir to w, in the
// format of asciinema, version 2 (see package cast). The session may go on: the
// recording ends where the logs do.
//
// What is between Hide and Show is left out and takes no time, an end of the
// program too; at Show the screen is drawn as it is then. Markers in between are
// kept, at the time of Hide.
func WriteCast(dir string, w io.Writer, o CastOptions) error {
	l, err := openLogs(dir, o.Input)
	if err != nil {
		return fmt.Errorf("making a recording: %w", err)
	}
	defer l.Close()
	hides, err := l.hides()
	if err != nil {
		return fmt.Errorf("making a recording: %w", err)
	}
	b := bufio.NewWriterSize(w, 64<<10)
	r := recorder{o: o, w: b, follows: hides || o.Hidden, hidden: o.Hidden}
	if err := l.events(r.event); err != nil {
		return fmt.Errorf("making a recording: %w", err)
	}
	if err := r.cast.Close(); err != nil {
		return fmt.Errorf("making a recording: %w", err)
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("making a recording: %w", err)
	}
	return nil
}

// recorder makes a recording of events.
type recorder struct {
	o    CastOptions
	w    io.Writer
	cast *cast.Writer

	// follows: something is hidden, and so vt is shown everything, to know the
	// screen afterwards.
	follows bool
	vt      *vt.Terminal

	hidden     bool
	since      time.Duration // when it was hidden
	left       time.Duration // the time that was left out before
	wrote      bool          // the program wrote something in hiding
	cols, rows int           // as recorded
	toC, toR   int           // as they are
}

func (r *recorder) event(e Event) error {
	at := e.Time - r.left
	if r.hidden {
		at = r.since - r.left
	}
	switch e.Kind {
	case EventBegin:
		return r.begin(e)
	case EventOutput:
		if r.vt != nil {
			r.vt.Write(e.Data)
		}
		if r.hidden {
			r.wrote = true
			return nil
		}
		return r.cast.Output(at, e.Data)
	case EventInput:
		if r.hidden {
			return nil
		}
		return r.cast.Input(at, e.Data)
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
		return r.cast.Marker(at, e.Text)
	case EventHide:
		if !r.hidden {
			r.hidden, r.since = true, e.Time
		}
	case EventShow:
		if r.hidden {
			return r.show(e.Time)
		}
	case EventExit:
		if r.hidden {
			return nil
		}
		return r.cast.Exit(at, e.Status)
	}
	return nil
}

func (r *recorder) begin(e Event) (err error) {
	h := cast.Header{Width: e.Cols, Height: e.Rows, Timestamp: e.Head.Start, IdleTimeLimit: r.o.IdleTimeLimit, Command: e.Head.Command, Title: r.o.Title}
	if r.o.Command != "" {
		h.Command = r.o.Command
	}
	if e.Head.Term != "" {
		h.Env = map[string]string{"TERM": e.Head.Term}
	}
	r.cols, r.rows, r.toC, r.toR = e.Cols, e.Rows, e.Cols, e.Rows
	if r.follows {
		r.vt = vt.New(e.Cols, e.Rows, vt.Options{})
	}
	r.cast, err = cast.NewWriter(r.w, h)
	return err
}

// resize records the size, if it is another one.
func (r *recorder) resize(at time.Duration) error {
	if r.cols == r.toC && r.rows == r.toR {
		return nil
	}
	r.cols, r.rows = r.toC, r.toR
	return r.cast.Resize(at, r.cols, r.rows)
}

// show goes on with the recording, with the screen as it is.
func (r *recorder) show(now time.Duration) error {
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
	r.cast.Forget() // the rest of the character was hidden
	// The main screen too, for when the program leaves the alternate one. What has
	// come of a sequence that is not complete goes on in the output that follows.
	return r.cast.Output(at, append(r.vt.Redraw(vt.RedrawOptions{Main: true}), r.vt.Pending()...))
}

package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sluicerun/sluice/job"
)

// maxLag is how far a client may fall behind the log before it is given the
// screen instead of the bytes.
const maxLag = 1 << 20

// AttachOptions say what a client is.
type AttachOptions struct {
	// ReadOnly: it watches; what it sends but its end is dropped.
	ReadOnly bool `json:"read_only,omitempty"`
	// Terminal: it shows the program to a person on a terminal. Else it is a
	// pipe, which is given the bytes and never a redrawn screen.
	Terminal bool `json:"terminal,omitempty"`
	// JobControl: the client is the job of a shell that would continue it, and
	// so is the program through it: it is told when that is stopped.
	JobControl bool `json:"job_control,omitempty"`
	// FromStart: it is given everything from the first byte, and its terminal is
	// not brought to any state before. Else it begins with the screen as it is.
	FromStart bool `json:"from_start,omitempty"`
	// Size is that of its terminal.
	Size Size `json:"size,omitzero"`
	// PID is the client's process, and Name what it is called in the journal;
	// empty: "keyboard", or "stdin" without a terminal.
	PID  int    `json:"pid,omitempty"`
	Name string `json:"name,omitempty"`
	// Scrollback is how many lines that scrolled off it is given first.
	Scrollback int `json:"scrollback,omitempty"`
}

// client is one attachment of a line.
type client struct {
	s    *Session
	opt  AttachOptions
	line *Line
	id   int
	grew chan struct{}
	kick chan frame      // for the writer: notices and the like
	ctx  context.Context // of this attachment
	cut  context.CancelFunc

	cutTold bool // piped has told that lines are too long

	// below the session's mu
	size     Size
	since    time.Time
	active   time.Time
	sent     int64  // of the log
	base     int64  // of the log, where what it shows began: see FrameResume
	strays   int    // questions that its terminal was shown though the emulator has answered them
	idle     bool   // it has everything, and its writer waits: see Grew
	unsent   []byte // of a frame that Grew began
	resyncs  int
	repaint  bool  // it asked for what it has covered
	redraw   bool  // it asked for the screen
	shown    int64 // of the bytes since base, when it did
	parting  bool  // in the middle of a unit, and so it has the turn
	replying bool  // that unit is an answer of its terminal

	hadInput  bool // of a pipe; only whoever hears its frames asks
	reminding sync.WaitGroup
}

// source is the client's name in the journal.
func (c *client) source() string {
	name := c.opt.Name
	if name == "" {
		name = "keyboard"
		if !c.opt.Terminal {
			name = "stdin"
		}
	}
	if c.opt.PID != 0 {
		name = fmt.Sprintf("%s@%d", name, c.opt.PID)
	}
	return name
}

// tell puts a small frame on the writer's list; a client that has stopped
// reading misses it.
func (c *client) tell(kind FrameKind, p []byte) {
	select {
	case c.kick <- frame{kind, p}:
	default:
	}
}

// Attach serves a client until the program has ended and everything is shown, or
// the client goes, or ctx ends. The End it returns has not been sent: who called
// knows whether another life follows. left tells that the client went.
func (s *Session) Attach(ctx context.Context, l *Line, o AttachOptions) (end End, left bool) {
	c := &client{s: s, opt: o, line: l, grew: make(chan struct{}, 1), kick: make(chan frame, 16), since: time.Now(), active: time.Now()}
	c.ctx, c.cut = context.WithCancel(ctx)
	defer c.cut()
	s.join(c)
	defer s.leave(c)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-l.gone:
			left = true
			c.cut()
		case <-c.ctx.Done():
		}
	}()
	l.hand(c.hears)
	err := c.serve()
	c.cut()
	l.let()
	c.reminding.Wait()
	<-watched
	left = left || err != nil && !errors.Is(err, errCut)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgetAsked(time.Now())
	end = End{Status: s.status, Text: s.endText, Ended: s.ended}
	end.Replies = c.strays
	if s.primary == c || s.primary == nil {
		end.Replies += len(s.asked)
	}
	return end, left
}

// join adds a client.
func (s *Session) join(c *client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastID++
	c.id, c.size = s.lastID, c.opt.Size
	if c.opt.FromStart && c.opt.Terminal {
		c.strays = int(min(s.queries, maxAsked))
	}
	s.clients = append(s.clients, c)
	s.chooseSize()
	s.notify()
}

func (s *Session) leave(c *client) {
	s.mu.Lock()
	s.clients = slices.DeleteFunc(s.clients, func(o *client) bool { return o == c })
	if s.keyboard == c {
		s.keyboard = nil
	}
	if s.primary == c {
		s.unseen()
		s.asked = nil // what comes late must not become keys
		s.primary = nil
	}
	s.chooseSize()
	parting := c.parting
	c.parting = false
	s.notify()
	s.mu.Unlock()
	if parting {
		s.giveTurn()
	}
}

// choosePrimary keeps or finds the client whose terminal answers the program.
// The caller holds mu.
func (s *Session) choosePrimary() {
	if s.primary != nil && !s.primary.fits() {
		// It is not shown the program's bytes any more, nor its questions.
		s.unseen()
		s.asked, s.primary = nil, nil
	}
	if s.primary != nil {
		return
	}
	for _, c := range s.clients {
		if c.opt.Terminal && !c.opt.ReadOnly && c.fits() && (s.primary == nil || c.active.After(s.primary.active)) {
			s.primary = c
		}
	}
}

// chooseSize gives the terminal the size that the policy asks for. The caller
// holds mu.
func (s *Session) chooseSize() {
	var want Size
	var latest time.Time
	for _, c := range s.clients {
		if c.opt.ReadOnly || c.size.Cols == 0 || c.size.Rows == 0 {
			continue
		}
		switch s.opt.Policy {
		case job.SizeFixed:
		case job.SizeSmallest:
			want = each(want, c.size, func(a, b uint16) uint16 { return min(a, b) })
		case job.SizeLargest:
			want = each(want, c.size, func(a, b uint16) uint16 { return max(a, b) })
		default:
			if c.active.After(latest) {
				want, latest = c.size, c.active
			}
		}
	}
	if want.Cols != 0 && !s.ended {
		s.resizeTo(want) // a terminal that is gone has no size
	}
	s.choosePrimary() // who fits is another now
}

func each(a, b Size, f func(a, b uint16) uint16) Size {
	if a.Cols == 0 {
		return b
	}
	return Size{Cols: f(a.Cols, b.Cols), Rows: f(a.Rows, b.Rows), XPixel: f(a.XPixel, b.XPixel), YPixel: f(a.YPixel, b.YPixel)}
}

var errCut = errors.New("cut off")

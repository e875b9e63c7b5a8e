package session

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/keys"
	"github.com/sluicerun/sluice/vt"
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

// A Line is the connection to a client. It outlives an attachment: when a worker
// is started anew its client is attached to the new session.
type Line struct {
	conn   net.Conn
	frames chan frame
	done   chan struct{} // closed when nobody takes frames any more
	wmu    sync.Mutex
	once   sync.Once
}

type frame struct {
	kind    FrameKind
	payload []byte
}

// NewLine begins to read what the client sends.
func NewLine(conn net.Conn) *Line {
	l := &Line{conn: conn, frames: make(chan frame), done: make(chan struct{})}
	go l.read()
	return l
}

func (l *Line) read() {
	defer close(l.frames)
	r := NewFrameReader(bufio.NewReaderSize(l.conn, 4<<10))
	for {
		kind, p, err := r.Read()
		if err != nil {
			return
		}
		select {
		case l.frames <- frame{kind, append([]byte(nil), p...)}:
		case <-l.done:
			return
		}
	}
}

func (l *Line) write(kind FrameKind, p []byte) error {
	l.wmu.Lock()
	defer l.wmu.Unlock()
	return WriteFrame(l.conn, kind, p)
}

// Notice sends a line of text for the person at the client.
func (l *Line) Notice(text string) error { return l.write(FrameNotice, []byte(text)) }

// End sends the last frame. The client hangs up when it has taken its leave:
// Gone tells.
func (l *Line) End(e End) error {
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return l.write(FrameEnd, b)
}

// Gone waits for the client to hang up, at most for limit.
func (l *Line) Gone(limit time.Duration) bool {
	t := time.NewTimer(limit)
	defer t.Stop()
	for {
		select {
		case _, more := <-l.frames:
			if !more {
				return true
			}
		case <-t.C:
			return false
		}
	}
}

// Close hangs up.
func (l *Line) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.conn.Close()
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

	// below the session's mu
	size    Size
	since   time.Time
	active  time.Time
	sent    int64 // of the log
	resyncs int
	redraw  bool // it asked for the screen
	parting bool // in the middle of a unit, and so it has the turn
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
	readerDone := make(chan struct{})
	go func() {
		defer close(readerDone)
		if c.listen() {
			left = true
			c.cut()
		}
	}()
	err := c.serve()
	c.cut()
	<-readerDone
	left = left || err != nil && !errors.Is(err, errCut)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgetAsked(time.Now())
	end = End{Status: s.status, Text: s.endText, Ended: s.ended}
	if s.primary == c || s.primary == nil {
		end.Replies = len(s.asked)
	}
	return end, left
}

// join adds a client.
func (s *Session) join(c *client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastID++
	c.id, c.size = s.lastID, c.opt.Size
	s.clients = append(s.clients, c)
	s.choosePrimary()
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
	s.choosePrimary()
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
	if s.primary != nil {
		return
	}
	for _, c := range s.clients {
		if c.opt.Terminal && !c.opt.ReadOnly && (s.primary == nil || c.active.After(s.primary.active)) {
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
			return
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
}

func each(a, b Size, f func(a, b uint16) uint16) Size {
	if a.Cols == 0 {
		return b
	}
	return Size{Cols: f(a.Cols, b.Cols), Rows: f(a.Rows, b.Rows), XPixel: f(a.XPixel, b.XPixel), YPixel: f(a.YPixel, b.YPixel)}
}

var errCut = errors.New("cut off")

// serve writes what the program writes to the client, from the log.
func (c *client) serve() error {
	s := c.s
	off, err := c.begin()
	if err != nil {
		return err
	}
	buf := make([]byte, 4096)
	for {
		select {
		case f := <-c.kick:
			if err := c.line.write(f.kind, f.payload); err != nil {
				return err
			}
			continue
		case <-c.ctx.Done():
			return errCut
		default:
		}
		end := s.opt.Log.Size()
		s.mu.Lock()
		again := c.redraw
		c.redraw = false
		lag := c.opt.Terminal && end-off > maxLag
		s.mu.Unlock()
		if again || lag {
			to, err := c.resync(off, again)
			if err != nil {
				return err
			}
			off = to
			continue
		}
		if off < end {
			if end-off > int64(len(buf)) && len(buf) < feedMax {
				buf = make([]byte, feedMax)
			}
			n, err := s.opt.Log.ReadAt(buf[:min(int64(len(buf)), end-off)], off)
			if n == 0 && err != nil {
				off = c.advance(end) // the log no longer has it
				continue
			}
			if err := c.line.write(FrameOutput, buf[:n]); err != nil {
				return err
			}
			off = c.advance(off + int64(n))
			continue
		}
		select {
		case <-c.grew:
		case f := <-c.kick:
			if err := c.line.write(f.kind, f.payload); err != nil {
				return err
			}
		case <-c.ctx.Done():
			return errCut
		case <-s.shown:
			if s.opt.Log.Size() == off {
				return nil
			}
		}
	}
}

// advance notes how far the client is.
func (c *client) advance(off int64) int64 {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.sent = off
	if c == c.s.primary {
		c.s.seen(off)
	}
	return off
}

// begin brings the client to where its bytes begin.
func (c *client) begin() (int64, error) {
	s := c.s
	s.mu.Lock()
	off := s.off
	s.mu.Unlock()
	switch {
	case c.opt.FromStart:
		return c.advance(0), nil
	case !c.opt.Terminal:
		return c.advance(off), nil
	}
	return c.draw(c.below(), c.opt.Scrollback)
}

// below moves what is on the client's screen now to where the person can scroll
// back to it.
func (c *client) below() string { return "\r" + strings.Repeat("\n", int(c.opt.Size.Rows)) }

// resync gives the client the screen in place of the bytes up to it; back tells
// that it had another screen meanwhile, a shell's.
func (c *client) resync(off int64, back bool) (int64, error) {
	s := c.s
	s.mu.Lock()
	if s.off < off && !back { // it is ahead of the emulator
		s.mu.Unlock()
		return off, nil
	}
	first := ""
	if back && !s.vt.Modes().AltScreen {
		first = c.below()
	}
	if !back {
		c.resyncs++
	}
	if c == s.primary {
		s.seen(off)
		s.unseen()
	}
	s.mu.Unlock()
	return c.draw(first, 0)
}

func (c *client) draw(first string, scrollback int) (int64, error) {
	s := c.s
	s.mu.Lock()
	screen := append([]byte(nil), first...)
	screen = append(screen, s.vt.Redraw(vt.RedrawOptions{Scrollback: scrollback})...)
	screen = append(screen, s.vt.Pending()...)
	off := s.off
	s.mu.Unlock()
	for len(screen) > maxFrame {
		if err := c.line.write(FrameRedraw, screen[:maxFrame]); err != nil {
			return off, err
		}
		screen = screen[maxFrame:]
	}
	if err := c.line.write(FrameRedraw, screen); err != nil {
		return off, err
	}
	return c.advance(off), nil
}

// listen takes what the client sends. It returns true when the client has gone.
func (c *client) listen() bool {
	for {
		select {
		case f, more := <-c.line.frames:
			if !more {
				return true
			}
			if err := c.heard(f); err != nil && !errors.Is(err, io.EOF) {
				c.tell(FrameNotice, []byte(err.Error()))
			}
		case <-c.ctx.Done():
			return false
		case <-c.s.shown:
			<-c.ctx.Done() // serve has the rest to show
			return false
		}
	}
}

// heard does what a frame asks.
func (c *client) heard(f frame) error {
	s := c.s
	if f.kind == FrameResume {
		s.goOn()
		s.mu.Lock()
		c.redraw = true
		s.mu.Unlock()
		wake(c.grew)
		return nil
	}
	if c.opt.ReadOnly {
		return nil
	}
	switch f.kind {
	case FrameKeys, FrameKeysPart:
		return c.typed(f.payload, f.kind == FrameKeysPart)
	case FrameStdin:
		return s.Send(c.ctx, Input{Source: c.source(), Steps: []Step{{Data: f.payload}}, Timeout: job.Forever})
	case FrameEOF:
		err := s.SendEOF(c.ctx, c.source())
		var no *RefusedError
		if errors.As(err, &no) {
			return nil // the end of a pipe means nothing to a program that reads keys
		}
		return err
	case FrameInput:
		var in Input
		if err := json.Unmarshal(f.payload, &in); err != nil {
			return fmt.Errorf("reading a client's input: %w", err)
		}
		in.Source = c.source()
		return s.Send(c.ctx, in)
	case FrameSize:
		var size Size
		if err := json.Unmarshal(f.payload, &size); err != nil {
			return fmt.Errorf("reading a client's size: %w", err)
		}
		s.mu.Lock()
		c.size = size
		s.chooseSize()
		s.mu.Unlock()
	case FrameTake:
		s.mu.Lock()
		s.keyboard = c
		s.notify()
		s.mu.Unlock()
	case FrameGive:
		s.mu.Lock()
		if s.keyboard == c {
			s.keyboard = nil
		}
		s.notify()
		s.mu.Unlock()
	}
	return nil
}

// typed writes what the keyboard sent: whole units, or the part of a long one.
func (c *client) typed(p []byte, part bool) error {
	s := c.s
	if !part && !c.parting { // else it is a paste, which may hold anything
		p = c.withoutStrayReplies(p)
	}
	if len(p) == 0 && !c.parting {
		return nil
	}
	s.mu.Lock()
	c.active = time.Now()
	if s.opt.Policy == job.SizeLatest {
		s.chooseSize()
	}
	had := c.parting
	s.mu.Unlock()
	if !had {
		if err := s.takeTurn(c.ctx, c.source()); err != nil {
			return ignoreEnd(err)
		}
	}
	s.mu.Lock()
	c.parting = part
	s.mu.Unlock()
	if !part {
		defer s.giveTurn()
	}
	st, err := s.master.State()
	if err != nil {
		return ignoreEnd(s.gone(err))
	}
	hide := ""
	if st.Canonical && !st.Echo {
		hide = "HIDDEN" // a password, to all appearances
	}
	s.remember(c.source())
	return ignoreEnd(s.put(c.ctx, c.source(), p, hide, st))
}

// ignoreEnd: who types when the program has just ended made no mistake.
func ignoreEnd(err error) error {
	if errors.Is(err, ErrEnded) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// withoutStrayReplies lets answers of the client's terminal through only if they
// are its to give and were asked for.
func (c *client) withoutStrayReplies(p []byte) []byte {
	if bytes.IndexByte(p, 0x1b) < 0 {
		return p
	}
	s := c.s
	sp := keys.Splitter{CPRExpected: func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.asked) > 0
	}}
	out := make([]byte, 0, len(p))
	for _, u := range append(sp.Feed(p), sp.Flush()...) {
		if u.Kind == keys.Reply && !c.answers() {
			continue
		}
		out = append(out, u.Bytes...)
	}
	return out
}

// answers tells whether an answer of the client's terminal is wanted.
func (c *client) answers() bool {
	s := c.s
	changed, leave := s.watch()
	defer leave()
	t := time.NewTimer(answerTime)
	defer t.Stop()
	for {
		s.mu.Lock()
		ok := s.primary == c && s.expected(time.Now())
		behind := s.primary == c && s.off < c.sent
		s.mu.Unlock()
		if ok || !behind {
			return ok
		}
		// The terminal is faster than the emulator, which tells us of the
		// question.
		select {
		case <-changed:
		case <-s.exited:
			return false
		case <-t.C:
			return false
		}
	}
}

//go:build linux || darwin

package attach

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"time"

	"github.com/sluicerun/sluice/internal/pty"
	"github.com/sluicerun/sluice/keys"
	"github.com/sluicerun/sluice/session"
	"golang.org/x/sys/unix"
)

const (
	// backLook is how often a client in the background looks whether it is in the
	// foreground. Shells send SIGCONT only to jobs that were stopped.
	backLook = 200 * time.Millisecond
	// stopTime is how long we wait for the SIGCONT after a stop. It comes at once
	// or, when the kernel did not stop us after all, never.
	stopTime = 200 * time.Millisecond
	// replyTime is how long answers of the terminal are waited for in the end.
	replyTime = 100 * time.Millisecond
	// sendTime is how long what was typed may take to go out in the end.
	sendTime = 500 * time.Millisecond
	// lostTime is how long a connection that takes nothing any more may still
	// bring the reason.
	lostTime = 2 * time.Second
	// leaveTime bounds what is written to leave the screen.
	leaveTime = 2 * time.Second
)

// place is where we stand with the terminal.
type place uint8

const (
	placeNew     place = iota // not looked yet
	placeFront                // it is ours
	placeBack                 // it is somebody else's
	placeStopped              // we gave it back and stopped
)

// client is one Run. Its fields belong to Run's goroutine, and to the keyboard's
// while Run waits for something to happen: mu says who has them.
type client struct {
	mu   sync.Mutex
	poke chan struct{} // tells Run to look at the time and the result again

	o      Options
	conn   io.ReadWriteCloser
	screen *screen
	queue  *queue
	recv   *receiver

	tty   *os.File // In's terminal, opened by us; nil if In is none
	shows *os.File // Out's, or nil; the same as tty when they are one
	place place
	saved pty.Saved
	raw   bool // tty is as we set it
	size  pty.Size
	guard *guard

	kb   *keyboard
	pump *pump
	held []byte // typed before a stop, for afterwards

	hand    hand
	board   board
	signals chan os.Signal
	lookAt  time.Time // in the background, or after a stop
	lostAt  time.Time // the connection takes nothing any more
	result  *Result   // set when the client's time is over
}

func newClient(conn io.ReadWriteCloser, o Options) (_ *client, err error) {
	c := &client{o: o, conn: conn, poke: make(chan struct{}, 1)}
	if err := c.hand.init(o); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			c.closeFiles()
		}
	}()
	if c.tty, err = terminalOf(o.In); err != nil {
		return nil, fmt.Errorf("opening the keyboard's terminal: %w", err)
	}
	if c.tty != nil && sameTerminal(o.In, o.Out) {
		c.shows = c.tty
	} else if c.shows, err = terminalOf(o.Out); err != nil {
		return nil, fmt.Errorf("opening the screen's terminal: %w", err)
	}
	out := o.Out
	if c.shows != nil {
		out = c.shows
	}
	c.screen = newScreen(out, c.shows != nil)
	if c.tty == nil && o.In != nil && !o.ReadOnly {
		if c.pump, err = newPump(o.In); err != nil {
			return nil, fmt.Errorf("reading the input: %w", err)
		}
	}
	c.listen()
	c.queue = newQueue(conn)
	return c, nil
}

// control is the terminal whose foreground we must be in, or nil.
func (c *client) control() *os.File {
	if c.tty != nil {
		return c.tty
	}
	return c.shows
}

// listen asks for signals. Those that were ignored when we were started (nohup, a
// background job of a script) stay ignored.
func (c *client) listen() {
	c.signals = make(chan os.Signal, 16)
	want := []os.Signal{unix.SIGTERM, unix.SIGHUP, unix.SIGINT}
	if c.control() != nil {
		want = append(want, unix.SIGWINCH, unix.SIGCONT, unix.SIGTSTP)
	}
	for _, s := range want {
		if !signal.Ignored(s) {
			signal.Notify(c.signals, s)
		}
	}
}

// serve is the loop. It keeps mu in the end: nothing is typed any more.
func (c *client) serve(ctx context.Context) (Result, error) {
	c.mu.Lock()
	if err := c.arrive(); err != nil {
		return Result{}, err
	}
	// Not before: what is shown while the guard does not listen, it cannot leave.
	c.recv = startReceiver(c.conn, c.screen)
	timer := time.NewTimer(0)
	defer timer.Stop()
	failed := c.queue.done
	for c.result == nil {
		if next := c.next(); next.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(time.Until(next))
		}
		var typed, piped chan []byte
		if !c.queue.full() {
			if c.kb != nil {
				typed = c.kb.C
			}
			if c.pump != nil {
				piped = c.pump.C
			}
		}
		do := func() error { return nil }
		c.mu.Unlock()
		select {
		case <-ctx.Done():
			do = ctx.Err
		case s := <-c.signals:
			do = func() error { return c.signal(s) }
		case f, more := <-c.recv.C:
			do = func() error { return c.received(f, more) }
		case <-failed:
			// The session may have ended and said so before it hung up.
			do = func() error { failed, c.lostAt = nil, time.Now().Add(lostTime); return nil }
		case p, more := <-typed:
			do = func() error { return c.read(p, more) }
		case p, more := <-piped:
			do = func() error { c.piped(p, more); return nil }
		case <-c.queue.room:
		case <-c.poke:
		case <-timer.C:
			do = func() error { return c.tick(time.Now()) }
		}
		c.mu.Lock()
		if err := do(); err != nil {
			return Result{}, err
		}
	}
	return *c.result, nil
}

// next is when tick is due; zero is never.
func (c *client) next() time.Time {
	var first time.Time
	for _, t := range []time.Time{c.lookAt, c.lostAt, c.hand.due(), c.board.due()} {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}

func (c *client) tick(now time.Time) error {
	if !c.lostAt.IsZero() && !now.Before(c.lostAt) {
		return c.lost(c.queue.err)
	}
	if !c.lookAt.IsZero() && !now.Before(c.lookAt) {
		if err := c.continued(); err != nil {
			return err
		}
	}
	c.handTick(now)
	c.boardTick(now)
	return nil
}

func (c *client) lost(err error) error {
	var s screenError
	switch {
	case errors.As(err, &s):
		return s.error
	case err == nil || errors.Is(err, io.EOF):
		return ErrLost
	}
	return fmt.Errorf("%w: %w", ErrLost, err)
}

// received takes what the receiver hands on.
func (c *client) received(f frame, more bool) error {
	if !more {
		return c.lost(c.recv.err)
	}
	return c.heard(f)
}

// read takes what the keyboard's reader hands on.
func (c *client) read(p []byte, more bool) error {
	if !more {
		return c.unplugged()
	}
	c.kb.taken++
	c.typed(p, time.Now())
	return nil
}

// typedNow takes what was typed on the goroutine that has read it, unless Run is
// busy: a key does not wait until another goroutine has woken up.
func (c *client) typedNow(k *keyboard, p []byte) bool {
	if !c.mu.TryLock() {
		return false
	}
	defer c.mu.Unlock()
	if c.result != nil || c.kb != k || k.sent != k.taken || c.queue.full() {
		return false
	}
	due := c.next()
	c.typed(p, time.Now())
	if c.result != nil || !c.next().Equal(due) {
		signal1(c.poke)
	}
	return true
}

// unplugged: the terminal is gone, or nobody may read it any more.
func (c *client) unplugged() error {
	err := c.kb.err
	if err == nil || errors.Is(err, io.EOF) {
		return errors.New("reading the keyboard: the terminal was closed")
	}
	return fmt.Errorf("reading the keyboard: %w", err)
}

func (c *client) signal(s os.Signal) error {
	switch s {
	case unix.SIGWINCH:
		c.sendSize(false)
	case unix.SIGCONT:
		return c.continued()
	case unix.SIGTSTP:
		return c.suspend(false)
	default:
		if c.o.Signal == nil || !c.o.Signal(s) {
			return &SignalError{Signal: s}
		}
	}
	return nil
}

// heard takes a frame of the session that is not for the screen.
func (c *client) heard(f frame) error {
	switch f.kind {
	case session.FrameNotice:
		c.notify(string(f.payload))
	case session.FrameStopped:
		return c.programStopped()
	case session.FrameEnd:
		var end session.End
		if err := json.Unmarshal(f.payload, &end); err != nil {
			return fmt.Errorf("reading how the session ended: %w", err)
		}
		c.drain(end.Replies)
		c.result = &Result{End: end}
	}
	return nil // a newer session's frame: nothing that we could do
}

// piped takes what came from a standard input that is no terminal.
func (c *client) piped(p []byte, more bool) {
	if more {
		c.queue.put(session.FrameStdin, p)
		return
	}
	if err := c.pump.err; err != nil {
		c.notify(fmt.Sprintf("reading the input: %v", err))
	}
	c.pump.stop()
	c.pump = nil
	c.queue.put(session.FrameEOF, nil)
}

// drain reads and drops the answers of the terminal that are still under way, n
// of them, while it is raw: the shell would take them for typing.
func (c *client) drain(n int) {
	if n <= 0 || c.kb == nil {
		return
	}
	t := time.NewTimer(replyTime)
	defer t.Stop()
	for n > 0 {
		select {
		case p, more := <-c.kb.C:
			if !more {
				c.kb = nil
				return
			}
			n -= c.hand.replies(p)
		case <-t.C:
			return
		}
	}
}

// close gives the terminal back and waits for everything that Run started.
func (c *client) close() error {
	c.kb.stop()
	c.screen.hide()
	var err error
	if c.place == placeFront {
		err = c.giveBack()
	}
	c.guard.end()
	if c.pump != nil {
		c.pump.stop()
	}
	c.queue.end(sendTime)
	c.conn.Close()
	c.screen.halted.Store(true) // a pipe that nobody reads
	if c.recv != nil {
		c.recv.stop()
	}
	<-c.queue.done
	c.closeFiles()
	// Last: a second SIGTERM must not find us half done. All of it is bounded.
	signal.Stop(c.signals)
	return err
}

func (c *client) closeFiles() {
	if c.shows != nil && c.shows != c.tty {
		c.shows.Close()
	}
	if c.tty != nil {
		c.tty.Close()
	}
}

// notify tells the person something.
func (c *client) notify(text string) {
	if c.shows != nil {
		c.board.put(text, time.Now())
		c.boardTick(time.Now())
		return
	}
	if c.o.Err != nil {
		// CR because the terminal may be raw; where it is not it does no harm.
		fmt.Fprintf(c.o.Err, "sluice: %s\r\n", strings.TrimSpace(oneLine(text)))
	}
}

// detachName is how the detach key is called in hints.
func (c *client) detachName() string {
	if c.hand.detach == (keys.Key{}) {
		return ""
	}
	return c.hand.detach.String()
}

//go:build linux || darwin

package attach

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluicerun/sluice/internal/pty"
	"github.com/sluicerun/sluice/session"
)

// screen is where the session is shown. The reader of the connection writes
// there and so waits for a slow terminal, and the session with it; everybody else
// must take the screen away from it first (hide), or wait for a pause (over).
type screen struct {
	f        *os.File
	terminal bool
	// modesChanged is told before bytes are written that change what must be left.
	// It is set while nothing is shown.
	modesChanged func(pty.Modes)

	halted atomic.Bool // ends a write that is under way
	mu     sync.Mutex  // held while writing; guards what follows
	hidden bool        // nothing may be written
	stale  bool        // what is shown is not the session's: only a redraw helps
	shown  bool
	scan   scan
	since  int64 // bytes of output shown since the last redraw
}

func newScreen(f *os.File, terminal bool) *screen {
	return &screen{f: f, terminal: terminal, modesChanged: func(pty.Modes) {}}
}

// show writes what the session sent. Output for a screen that is hidden or not
// drawn yet is dropped: the redraw that is asked for afterwards contains it.
func (s *screen) show(kind session.FrameKind, p []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if kind == session.FrameRedraw {
		s.since = 0
		if !s.terminal {
			return nil // for a screen; a pipe's reader wants the program's bytes
		}
		s.stale = s.hidden
	}
	if s.hidden || s.stale {
		s.stale = true
		return nil
	}
	if len(p) == 0 {
		return nil
	}
	var next scan
	if s.terminal {
		// Before the bytes: if we are killed in between, one sequence too many is
		// written rather than one too few.
		next = s.scan.after(p)
		if now, then := s.scan.modes, next.modes; !s.shown || now != then {
			s.modesChanged(now | then)
		}
	}
	s.shown = true
	err := s.put(p, next)
	if err == nil && !s.stale && kind == session.FrameOutput {
		s.since += int64(len(p))
	}
	return err
}

// resume is what a FrameResume says: how much of the output was shown.
func (s *screen) resume() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strconv.AppendInt(nil, s.since, 10)
}

// put writes p, after which a terminal is at next; s.mu is held. A write that is
// halted leaves the screen stale.
func (s *screen) put(p []byte, next scan) error {
	n := 0
	err := writeAll(s.f, s.terminal, p, &s.halted, func(q []byte) { n += len(q) })
	switch {
	case !s.terminal:
	case n == len(p):
		s.scan = next
	default:
		s.scan.feed(p[:n])
	}
	if errors.Is(err, errHalted) {
		s.stale = true
		return nil
	}
	if err != nil {
		return fmt.Errorf("showing the session: %w", err)
	}
	return nil
}

// hide ends the writing, at once. Only a terminal is hidden: what a pipe misses,
// nobody would send again.
func (s *screen) hide() {
	if !s.terminal {
		return
	}
	s.halted.Store(true)
	s.mu.Lock()
	s.halted.Store(false)
	s.hidden = true
	s.mu.Unlock()
}

// reveal allows the writing again, from the next redraw on.
func (s *screen) reveal() {
	if !s.terminal {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hidden {
		s.hidden, s.stale = false, true
	}
}

// left hands out the modes to be left, and the bytes that end a sequence that was
// cut off. They are the caller's to write; for the screen they are done with. A
// pipe has none (and may be in the middle of a write that takes for ever).
func (s *screen) left() (modes pty.Modes, cut bool) {
	if !s.terminal {
		return 0, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	modes, cut = s.scan.modes, s.scan.state != scanGround
	s.scan = scan{}
	return modes, cut
}

// cancel is CAN, which ends any sequence and shows nothing.
var cancel = []byte{0x18}

// finish writes p to a screen that is hidden, within timeout.
func (s *screen) finish(p []byte, timeout time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var late atomic.Bool
	t := time.AfterFunc(timeout, func() { late.Store(true) })
	defer t.Stop()
	err := writeAll(s.f, s.terminal, p, &late, func([]byte) {})
	if err != nil {
		return fmt.Errorf("leaving the screen: %w", err)
	}
	return nil
}

// over writes something of our own over the program's screen, if it can be done
// now: the program's output has paused between two characters and the terminal
// takes it. What it covers must be asked for afterwards (FrameRepaint).
func (s *screen) over(p []byte) bool {
	// TryLock: who holds it writes, and for as long as the terminal is slow.
	if !s.mu.TryLock() {
		return false
	}
	defer s.mu.Unlock()
	if s.hidden || !s.scan.ground() {
		return false
	}
	var late atomic.Bool
	t := time.AfterFunc(time.Second/5, func() { late.Store(true) })
	defer t.Stop()
	s.shown = true
	if writeAll(s.f, s.terminal, p, &late, s.scan.feed) != nil {
		s.stale = true
	}
	return true
}

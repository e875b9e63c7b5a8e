//go:build linux || darwin

package attach

import (
	"encoding/json"
	"errors"
	"os"
	"time"

	"github.com/sluicerun/sluice/internal/pty"
	"github.com/sluicerun/sluice/session"
	"golang.org/x/sys/unix"
)

// sameTerminal tells whether both are one device.
func sameTerminal(a, b *os.File) bool {
	if a == nil || b == nil {
		return false
	}
	var sa, sb unix.Stat_t
	err := withDescriptors([]*os.File{a, b}, func(fds []uintptr) error {
		return errors.Join(unix.Fstat(int(fds[0]), &sa), unix.Fstat(int(fds[1]), &sb))
	})
	return err == nil && sa.Mode&unix.S_IFMT == unix.S_IFCHR && sa.Rdev == sb.Rdev
}

// lineWise tells whether the terminal is in canonical mode, and so nothing that we
// made it.
func lineWise(f *os.File) bool {
	var t *unix.Termios
	err := withDescriptors([]*os.File{f}, func(fds []uintptr) (err error) {
		t, err = unix.IoctlGetTermios(int(fds[0]), getTermios)
		return err
	})
	return err == nil && t.Lflag&unix.ICANON != 0
}

// arrive takes the terminal, if it is ours to take, for the first time.
func (c *client) arrive() error {
	if c.control() == nil {
		c.place = placeFront
		return nil
	}
	if !inFront(c.control()) {
		c.goBack()
		return nil
	}
	return c.goFront()
}

// goFront makes the terminal ours, or goes to the background when it is not ours
// after all.
func (c *client) goFront() error {
	c.sendSize(c.place != placeNew)
	if err := c.protect(); err != nil {
		return err
	}
	if c.tty != nil {
		err := pty.MakeRaw(c.tty)
		if errors.Is(err, pty.ErrBackground) {
			c.guard.disarm()
			c.goBack()
			return nil
		}
		if err != nil {
			return err
		}
		c.raw = true
	}
	again := c.place != placeNew
	c.place, c.lookAt = placeFront, time.Time{}
	c.screen.reveal()
	if again {
		c.queue.put(session.FrameResume, c.screen.resume())
	}
	if c.tty != nil && c.kb == nil {
		c.kb = startKeyboard(c.tty, c.typedNow)
		if held := c.held; len(held) > 0 {
			c.held = nil
			c.typed(held, time.Now())
		}
	}
	return nil
}

// protect notes how the terminal was found and tells the guard. After a stop that
// was not ours (SIGSTOP) the terminal may still be as we made it, or the shell may
// have made it so again, which is not how it was found; or it is the shell's.
func (c *client) protect() error {
	if !c.raw || lineWise(c.tty) {
		saved, err := pty.Save(c.control())
		if err != nil {
			return err
		}
		c.saved = saved
	}
	if c.guard == nil {
		from := c.o.In
		if c.tty == nil {
			from = c.o.Out
		}
		// A description of its own: the guard must not share the flags of ours.
		if f, err := terminalOf(from); err == nil && f != nil {
			c.guard, _ = startGuard(f)
			f.Close()
		}
		if c.shows != nil && (c.shows == c.tty || c.tty == nil) {
			c.screen.modesChanged = c.guard.modes
		}
	}
	c.guard.arm(c.saved)
	return nil
}

// goBack leaves the terminal, which is somebody else's now, alone.
func (c *client) goBack() {
	if c.kb != nil {
		c.held = append(c.held, c.kb.stop()...)
		c.kb = nil
	}
	c.screen.hide()
	c.screen.left() // whoever has the terminal has seen to that
	c.guard.disarm()
	c.board = board{}
	c.place, c.raw, c.lookAt = placeBack, false, time.Now().Add(backLook)
}

// continued looks where we are: after SIGCONT, after a stop that did not come
// about, and from time to time in the background.
func (c *client) continued() error {
	was := c.place
	if c.control() == nil {
		return nil
	}
	if !inFront(c.control()) {
		c.goBack()
		if was == placeStopped {
			// The program has a terminal of its own: what the shell's bg means for
			// us, it means for the program.
			c.queue.put(session.FrameResume, c.screen.resume())
		}
		return nil
	}
	if was == placeFront {
		// Stopped and continued by others: the shell has had the terminal.
		c.screen.hide()
		c.screen.left()
	}
	return c.goFront()
}

// programStopped does with ourselves what happened to the program.
func (c *client) programStopped() error {
	switch {
	case c.o.ReadOnly:
		c.notify("the program was stopped")
		return nil
	case c.tty == nil || c.place != placeFront:
		return nil
	case !hasJobControl():
		c.queue.put(session.FrameResume, c.screen.resume())
		c.notify("the program was stopped and goes on: no shell with job control here would continue it")
		return nil
	}
	return c.suspend(true)
}

// suspend gives the terminal back and stops, the whole process group or only us.
func (c *client) suspend(group bool) error {
	if c.place == placeFront {
		if c.kb != nil {
			c.held = append(c.held, c.kb.stop()...)
			c.kb = nil
		}
		c.screen.hide()
		if err := c.giveBack(); err != nil {
			return err
		}
	}
	c.board = board{}
	StopSelf(group)
	c.place, c.lookAt = placeStopped, time.Now().Add(stopTime)
	return nil
}

// giveBack leaves the modes that the program has switched on and makes the
// terminal what it was. The screen must be hidden.
func (c *client) giveBack() error {
	modes, cut := c.screen.left()
	var errs []error
	var p []byte
	if cut {
		p = append(p, cancel...)
	}
	p = append(p, c.board.erase()...)
	saved := c.saved
	if c.raw && c.shows == c.tty {
		saved.Modes = modes
	} else if c.shows != nil {
		p = append(p, modes.Leave()...)
	}
	if len(p) > 0 {
		errs = append(errs, c.screen.finish(p, leaveTime))
	}
	if c.raw {
		errs = append(errs, saved.Restore(c.tty))
		c.raw = false
	}
	c.guard.disarm()
	err := errors.Join(errs...)
	if errors.Is(err, unix.EIO) {
		return nil // the terminal is gone, and nothing of ours is left on it
	}
	return err
}

// sendSize tells the session the size of the screen if it has changed, or anyway.
func (c *client) sendSize(anyway bool) {
	f := c.shows
	if f == nil {
		f = c.tty
	}
	if f == nil || c.place == placeBack && !inFront(c.control()) {
		return
	}
	size, err := pty.SizeOf(f)
	if err != nil || size == c.size && !anyway {
		return
	}
	c.size = size
	if c.o.ReadOnly {
		return // an observer's size is nobody's business
	}
	if b, err := json.Marshal(size); err == nil {
		c.queue.put(session.FrameSize, b)
	}
}

//go:build linux || darwin

package pty

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// control runs do with f's descriptor, which stays valid and in its mode
// meanwhile. It is tried again when a signal came in between: Go's runtime
// interrupts its threads at will.
func control(f *os.File, do func(fd int) error) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var did error
	err = c.Control(func(fd uintptr) {
		for {
			if did = do(int(fd)); !errors.Is(did, unix.EINTR) {
				return
			}
		}
	})
	if err != nil {
		// The only reason, but in a type of its own (internal/poll.ErrFileClosing).
		return os.ErrClosed
	}
	return did
}

// SizeOf reads the size of the terminal f.
func SizeOf(f *os.File) (Size, error) {
	var s Size
	err := control(f, func(fd int) error {
		w, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ)
		if err != nil {
			return err
		}
		s = Size{Cols: w.Col, Rows: w.Row, XPixel: w.Xpixel, YPixel: w.Ypixel}
		return nil
	})
	if err != nil {
		return Size{}, fmt.Errorf("reading the size of %s: %w", f.Name(), err)
	}
	return s, nil
}

func setSize(f *os.File, s Size) error {
	w := unix.Winsize{Col: s.Cols, Row: s.Rows, Xpixel: s.XPixel, Ypixel: s.YPixel}
	err := control(f, func(fd int) error { return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &w) })
	if err != nil {
		return fmt.Errorf("setting the size of %s to %s: %w", f.Name(), s, err)
	}
	return nil
}

// pollable makes f one that the netpoller serves: f itself when it is, or a
// duplicate in its place, with f closed.
func pollable(f *os.File) (*os.File, error) {
	nonblocking := false
	err := control(f, func(fd int) error {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		nonblocking = flags&unix.O_NONBLOCK != 0
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the flags of %s: %w", f.Name(), err)
	}
	// A file whose Fd was called still takes deadlines, and ignores them: only
	// the flag tells.
	if nonblocking && f.SetReadDeadline(time.Time{}) == nil {
		return f, nil
	}
	n := -1
	err = control(f, func(fd int) (err error) {
		n, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("duplicating %s: %w", f.Name(), err)
	}
	if err := unix.SetNonblock(n, true); err != nil {
		unix.Close(n)
		return nil, fmt.Errorf("making %s non-blocking: %w", f.Name(), err)
	}
	g := os.NewFile(uintptr(n), f.Name())
	f.Close()
	return g, nil
}

//go:build linux || darwin

package pty

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Save reads how the terminal is set.
func Save(tty *os.File) (Saved, error) {
	t, err := TermiosOf(tty)
	return Saved{termios: t}, err
}

// MakeRaw lets every byte through, in both directions, as cfmakeraw(3) does:
// control characters are bytes like others, nothing is echoed, Enter is CR, and
// output is not processed. What was typed before stays and can be read.
//
// It returns ErrBackground rather than take the terminal from the shell.
func MakeRaw(tty *os.File) error {
	t, err := TermiosOf(tty)
	if err != nil {
		return err
	}
	return withoutTTOU(func() error {
		if ours, err := foreground(tty); err != nil || !ours {
			if err == nil {
				err = ErrBackground
			}
			return fmt.Errorf("making %s raw: %w", tty.Name(), err)
		}
		return t.raw().apply(tty)
	})
}

func (t Termios) raw() Termios {
	t.t.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	t.t.Oflag &^= unix.OPOST
	t.t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	t.t.Cflag = t.t.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
	t.t.Cc[unix.VMIN], t.t.Cc[unix.VTIME] = 1, 0
	return t
}

// same compares without what the kernel sets by itself: PENDIN and FLUSHO tell
// what it is about to do, and TCGETS leaves the speeds out.
func (t Termios) same(u Termios) bool {
	for _, x := range []*unix.Termios{&t.t, &u.t} {
		x.Lflag &^= unix.PENDIN | unix.FLUSHO
		x.Ispeed, x.Ospeed = 0, 0
	}
	return t.t == u.t
}

// Restore gives the terminal back: the settings first, if they still are the ones
// that MakeRaw made (whoever changed them since, the shell or another program,
// knows better), and then the sequences that leave s.Modes. What the terminal
// reported by itself in those modes and nobody read is thrown away, or the shell
// would take a mouse click for typing; so is, in that case alone, type-ahead.
//
// It works from the background too, and does not stop this process. On a file
// from OpenTTY the writing gives up after two seconds; on another it can block
// for as long as the terminal takes nothing.
func (s Saved) Restore(tty *os.File) error { return s.restore(tty, leaveTimeout) }

func (s Saved) restore(tty *os.File, timeout time.Duration) error {
	return withoutTTOU(func() error {
		now, err := TermiosOf(tty)
		if err == nil && now.same(s.termios.raw()) {
			err = s.termios.apply(tty)
		}
		if s.Modes == 0 {
			return err
		}
		return errors.Join(err, leave(tty, s.Modes, timeout))
	})
}

func leave(tty *os.File, modes Modes, timeout time.Duration) error {
	timed := tty.SetWriteDeadline(time.Now().Add(timeout)) == nil
	_, err := tty.Write(modes.Leave())
	if timed {
		tty.SetWriteDeadline(time.Time{})
	}
	if err != nil {
		return fmt.Errorf("leaving the modes of %s (%s): %w", tty.Name(), modes, err)
	}
	if modes&reporting == 0 {
		return nil
	}
	if err := control(tty, flushInput); err != nil {
		return fmt.Errorf("emptying the input of %s: %w", tty.Name(), err)
	}
	return nil
}

// foreground tells whether this process is in the terminal's foreground. A
// terminal that does not control this process has no background for it.
func foreground(tty *os.File) (bool, error) {
	ours := false
	err := control(tty, func(fd int) error {
		group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
		if errors.Is(err, unix.ENOTTY) {
			ours = true
			return nil
		}
		ours = group == unix.Getpgrp()
		return err
	})
	return ours, err
}

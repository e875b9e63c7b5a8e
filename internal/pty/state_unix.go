//go:build linux || darwin

package pty

import (
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// State looks at the terminal through its master; the program on it notices
// nothing. It is a handful of system calls, cheap enough after each write.
func (m *Master) State() (State, error) {
	var s State
	err := control(m.f, func(fd int) error {
		t, err := unix.IoctlGetTermios(fd, ioctlGetTermios)
		if err != nil {
			return err
		}
		s = stateOf(t)
		// A terminal that is nobody's controlling terminal has neither, and says
		// so with ENOTTY or 0.
		if s.Foreground, err = unix.IoctlGetInt(fd, unix.TIOCGPGRP); err != nil && !errors.Is(err, unix.ENOTTY) {
			return err
		}
		if s.Session, err = session(fd); err != nil && !errors.Is(err, unix.ENOTTY) {
			return err
		}
		s.Unread, err = unix.IoctlGetInt(fd, ioctlInputQueue)
		return err
	})
	if err != nil {
		return State{}, fmt.Errorf("reading the state of the terminal: %w", err)
	}
	return s, nil
}

// LineState is State without the processes and the queue, for who asks at every
// key: one system call.
func (m *Master) LineState() (State, error) {
	var s State
	err := control(m.f, func(fd int) error {
		t, err := termiosNow(fd)
		if err == nil {
			s = stateOf(&t)
		}
		return err
	})
	if err != nil {
		return State{}, fmt.Errorf("reading the state of the terminal: %w", err)
	}
	return s, nil
}

func stateOf(t *unix.Termios) State {
	char := func(i int) byte {
		if t.Cc[i] == disabledChar {
			return 0
		}
		return t.Cc[i]
	}
	return State{
		Canonical:   t.Lflag&unix.ICANON != 0,
		Echo:        t.Lflag&unix.ECHO != 0,
		Signals:     t.Lflag&unix.ISIG != 0,
		Extended:    t.Lflag&unix.IEXTEN != 0,
		FlowControl: t.Iflag&unix.IXON != 0,
		CRToNL:      t.Iflag&unix.ICRNL != 0,
		UTF8:        t.Iflag&unix.IUTF8 != 0,
		Post:        t.Oflag&unix.OPOST != 0,
		Chars: Chars{
			EOF: char(unix.VEOF), EOL: char(unix.VEOL),
			Interrupt: char(unix.VINTR), Quit: char(unix.VQUIT), Suspend: char(unix.VSUSP),
			Erase: char(unix.VERASE), WordErase: char(unix.VWERASE), Kill: char(unix.VKILL),
			Reprint: char(unix.VREPRINT), LiteralNext: char(unix.VLNEXT),
			Start: char(unix.VSTART), Stop: char(unix.VSTOP),
		},
	}
}

// Untaken is how many typed bytes no program has read yet, up to 4095; in
// canonical mode only whole lines count. 0 therefore says that the program has
// taken what was typed, before an end of file, say.
//
// The kernel keeps the number on the slave's side (TIOCOUTQ on the master is
// always 0 on Linux), so the slave is opened for a moment: a Read that would
// have said ErrNoSlave says it that moment later.
func (m *Master) Untaken() (int, error) {
	slave, err := m.Slave()
	if err != nil {
		return 0, err
	}
	defer slave.Close()
	n := 0
	err = control(slave, func(fd int) (err error) {
		n, err = unix.IoctlGetInt(fd, ioctlInputQueue)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("reading how much input waits on %s: %w", slave.Name(), err)
	}
	return n, nil
}

// Waits tells whether a program that reads would be given something at once: unlike
// with Untaken, an end of file counts. The slave is opened for a moment, as there.
func (m *Master) Waits() (bool, error) {
	slave, err := m.Slave()
	if err != nil {
		return false, err
	}
	defer slave.Close()
	n := 0
	err = control(slave, func(fd int) (err error) {
		for {
			n, err = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
			if err != unix.EINTR {
				return err
			}
		}
	})
	if err != nil {
		return false, fmt.Errorf("asking whether input waits on %s: %w", slave.Name(), err)
	}
	return n > 0, nil
}

// Signal sends sig to the foreground process group. SIGINT, SIGQUIT and SIGTSTP
// go through the terminal (TIOCSIG), as if the key had been pressed, whatever
// key that is and whether the terminal has one now: this reaches processes of
// other users too (sudo). The kernel takes no others that way; they are sent
// with kill(2), under its rules.
//
// The error is ESRCH when the terminal has no foreground group that can be seen
// from here.
func (m *Master) Signal(sig syscall.Signal) error {
	err := control(m.f, func(fd int) error {
		group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
		switch {
		case errors.Is(err, unix.ENOTTY):
			return unix.ESRCH
		case err != nil:
			return err
		}
		switch sig {
		case unix.SIGINT, unix.SIGQUIT, unix.SIGTSTP:
			// Sent even for group 0, which may be one of another pid namespace.
			if err := unix.IoctlSetInt(fd, unix.TIOCSIG, int(sig)); err != nil || group != 0 {
				return err
			}
		}
		if group <= 1 { // kill(0) would hit ourselves, and kill(-1) everybody
			return unix.ESRCH
		}
		return unix.Kill(-group, sig)
	})
	if err != nil {
		return fmt.Errorf("sending %s to the foreground of the terminal: %w", unix.SignalName(sig), err)
	}
	return nil
}

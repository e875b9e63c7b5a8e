//go:build linux || darwin

package pty

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Termios is the line discipline of a terminal (termios(3)), opaque but for
// being copied.
type Termios struct{ t unix.Termios }

// Sane is how an interactive terminal starts: lines are edited by the kernel,
// echoed, control characters make signals, and characters are UTF-8, so that
// erasing takes a whole one.
func Sane() Termios {
	t := unix.Termios{
		Iflag: unix.BRKINT | unix.ICRNL | unix.IXON | unix.IMAXBEL | unix.IUTF8,
		Oflag: unix.OPOST | unix.ONLCR,
		Cflag: unix.CREAD | unix.CS8,
		Lflag: unix.ISIG | unix.ICANON | unix.IEXTEN | unix.ECHO | unix.ECHOE | unix.ECHOK | unix.ECHOCTL | unix.ECHOKE,
	}
	for i := range t.Cc {
		t.Cc[i] = disabledChar
	}
	// Those of Linux (include/asm-generic/termios.h); macOS has the same ones.
	for i, c := range map[int]byte{
		unix.VINTR: 3, unix.VQUIT: 28, unix.VERASE: 127, unix.VKILL: 21, unix.VEOF: 4,
		unix.VSTART: 17, unix.VSTOP: 19, unix.VSUSP: 26, unix.VREPRINT: 18,
		unix.VDISCARD: 15, unix.VWERASE: 23, unix.VLNEXT: 22, unix.VMIN: 1, unix.VTIME: 0,
	} {
		t.Cc[i] = c
	}
	setBaud(&t)
	return Termios{t}
}

// TermiosOf reads the line discipline of the terminal f.
func TermiosOf(f *os.File) (Termios, error) {
	var t *unix.Termios
	err := control(f, func(fd int) (err error) {
		t, err = unix.IoctlGetTermios(fd, ioctlGetTermios)
		return err
	})
	if err != nil {
		return Termios{}, fmt.Errorf("reading the terminal settings of %s: %w", f.Name(), err)
	}
	return Termios{*t}, nil
}

// apply sets f's line discipline at once (TCSANOW): output on its way and input
// not yet read stay.
func (t Termios) apply(f *os.File) error {
	err := control(f, func(fd int) error { return unix.IoctlSetTermios(fd, ioctlSetTermios, &t.t) })
	if err != nil {
		return fmt.Errorf("setting the terminal settings of %s: %w", f.Name(), err)
	}
	return nil
}

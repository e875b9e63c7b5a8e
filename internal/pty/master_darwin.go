package pty

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// openMaster opens a new terminal, and does what grantpt(3) and unlockpt(3) do.
func openMaster() (*os.File, error) {
	f, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("making a terminal: %w", err)
	}
	err = control(f, func(fd int) error {
		if err := unix.IoctlSetInt(fd, unix.TIOCPTYGRANT, 0); err != nil {
			return err
		}
		return unix.IoctlSetInt(fd, unix.TIOCPTYUNLK, 0)
	})
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("making a terminal: unlocking %s: %w", f.Name(), err)
	}
	return f, nil
}

// openSlave opens the slave by its path: macOS has no other way.
func openSlave(master *os.File) (*os.File, error) {
	path, err := slavePath(master)
	if err != nil {
		return nil, fmt.Errorf("finding the slave of %s: %w", master.Name(), err)
	}
	n, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	return os.NewFile(uintptr(n), path), nil
}

func slavePath(master *os.File) (string, error) {
	var name [128]byte // the size is part of the request (TIOCPTYGNAME in <sys/ttycom.h>)
	err := control(master, func(fd int) error {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.TIOCPTYGNAME, uintptr(unsafe.Pointer(&name[0])))
		if errno != 0 {
			return errno
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	text, _, _ := bytes.Cut(name[:], []byte{0})
	return string(text), nil
}

// Number is the N of /dev/ttysN.
func (m *Master) Number() (int, error) {
	path, err := m.Path()
	if err != nil {
		return -1, err
	}
	n, err := strconv.Atoi(strings.TrimPrefix(path, "/dev/ttys"))
	if err != nil {
		return -1, fmt.Errorf("finding the terminal's number: no number in %s", path)
	}
	return n, nil
}

// CanonLimit is the longest line, without its end, that reaches a program whole
// in canonical mode: MAX_CANON of <sys/syslimits.h>. It is per line, so writing
// in pieces does not help.
func (m *Master) CanonLimit() int { return 1024 }

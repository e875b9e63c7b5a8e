package pty

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// openMaster opens a new terminal and unlocks its slave (pts(4)).
func openMaster() (*os.File, error) {
	f, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	switch {
	case errors.Is(err, unix.ENOSPC):
		return nil, fmt.Errorf("making a terminal: %w (all are in use: see /proc/sys/kernel/pty)", err)
	case errors.Is(err, os.ErrNotExist), errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENXIO):
		return nil, fmt.Errorf("making a terminal: %w (is devpts mounted on /dev/pts?)", err)
	case err != nil:
		return nil, fmt.Errorf("making a terminal: %w", err)
	}
	err = control(f, func(fd int) error { return unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0) })
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("making a terminal: unlocking %s: %w", f.Name(), err)
	}
	return f, nil
}

// openSlave opens the slave of master. TIOCGPTPEER (Linux 4.13) needs no path,
// and so finds the right terminal in chroots and in containers, where /dev/pts
// is another devpts than the one master came from.
func openSlave(master *os.File) (*os.File, error) {
	path, err := slavePath(master)
	if err != nil {
		return nil, fmt.Errorf("finding the slave of %s: %w", master.Name(), err)
	}
	n := -1
	err = control(master, func(fd int) error {
		r, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)
		if errno != 0 {
			return errno
		}
		n = int(r)
		return nil
	})
	if errors.Is(err, unix.ENOTTY) || errors.Is(err, unix.EINVAL) {
		n, err = unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	return os.NewFile(uintptr(n), path), nil
}

func slavePath(master *os.File) (string, error) {
	n, err := number(master)
	if err != nil {
		return "", err
	}
	return "/dev/pts/" + strconv.Itoa(n), nil
}

func number(master *os.File) (int, error) {
	n := -1
	err := control(master, func(fd int) error {
		u, err := unix.IoctlGetUint32(fd, unix.TIOCGPTN)
		n = int(u)
		return err
	})
	return n, err
}

// Number is the N of /dev/pts/N (TIOCGPTN). On macOS it is the one of
// /dev/ttysN.
func (m *Master) Number() (int, error) {
	n, err := number(m.f)
	if err != nil {
		return -1, fmt.Errorf("finding the terminal's number: %w", err)
	}
	return n, nil
}

// CanonLimit is the longest line, without its end, that reaches a program whole
// in canonical mode; the rest of a longer one is thrown away without a word
// (N_TTY_BUF_SIZE in drivers/tty/n_tty.c). It is per line, so writing in pieces
// does not help. macOS has 1024.
func (m *Master) CanonLimit() int { return 4095 }

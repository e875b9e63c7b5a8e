package pty

import (
	"fmt"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// OpenTTY opens this process's terminal for itself: an open file description of
// its own. kqueue does not work on /dev/tty, so it is opened by its real name
// where one of the standard streams tells that; otherwise it is blocking, and
// neither deadlines nor Close end a Read.
func OpenTTY() (*os.File, error) {
	for fd := range 3 {
		var st, named unix.Stat_t
		if unix.Fstat(fd, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFCHR {
			continue
		}
		path := fmt.Sprintf("/dev/ttys%03d", unix.Minor(uint64(st.Rdev)))
		if unix.Stat(path, &named) != nil || named.Rdev != st.Rdev {
			continue
		}
		if f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0); err == nil {
			return f, nil
		}
	}
	f, err := os.OpenFile("/dev/tty", os.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("opening the terminal: %w", err)
	}
	return f, nil
}

// withoutTTOU runs do with SIGTTOU ignored, or the kernel would stop a background
// process that changes its terminal. golang.org/x/sys cannot block a signal in
// one thread here, so for that time it is ignored by the whole process, and
// afterwards nobody is notified of it any more.
func withoutTTOU(do func() error) error {
	if !signal.Ignored(unix.SIGTTOU) {
		signal.Ignore(unix.SIGTTOU)
		defer signal.Reset(unix.SIGTTOU)
	}
	return do()
}

// flushInput: TIOCFLUSH with FREAD (<sys/fcntl.h>).
func flushInput(fd int) error { return unix.IoctlSetPointerInt(fd, unix.TIOCFLUSH, 1) }

func parentOf(pid int) (int, error) {
	p, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return 0, err
	}
	return int(p.Eproc.Ppid), nil
}

package pty

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// OpenTTY opens this process's terminal for itself: an open file description of
// its own, non-blocking and in the netpoller, so that deadlines and Close end a
// Read. What it is set to does not reach the shell's.
//
// Do not give the file to a child by os/exec, which makes it blocking; open
// another for that.
func OpenTTY() (*os.File, error) {
	f, err := os.OpenFile("/dev/tty", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	switch {
	case errors.Is(err, unix.ENXIO):
		return nil, fmt.Errorf("opening the terminal: %w (this process has no controlling terminal)", err)
	case err != nil:
		return nil, fmt.Errorf("opening the terminal: %w", err)
	}
	return f, nil
}

// withoutTTOU runs do with SIGTTOU blocked in its thread. The kernel stops a
// background process that changes or, with TOSTOP, writes to its terminal,
// unless the signal is blocked or ignored (__tty_check_change in
// drivers/tty/tty_jobctrl.c); ignoring would be for the whole process, and for
// its children.
func withoutTTOU(do func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var ttou, before unix.Sigset_t
	ttou.Val[0] = 1 << (unix.SIGTTOU - 1)
	if err := unix.PthreadSigmask(unix.SIG_BLOCK, &ttou, &before); err != nil {
		return fmt.Errorf("blocking SIGTTOU: %w", err)
	}
	defer unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil)
	return do()
}

func flushInput(fd int) error { return unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIFLUSH) }

func parentOf(pid int) (int, error) {
	m, err := readMember("/proc", pid)
	return m.parent, err
}

package proc

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// TakeTerminal makes a terminal the controlling one of this process, which must
// be the leader of its session, in place of the one that it had.
func TakeTerminal(tty *os.File) error {
	if old, err := unix.Open("/dev/tty", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOCTTY, 0); err == nil {
		err = unix.IoctlSetInt(old, unix.TIOCNOTTY, 0)
		unix.Close(old)
		if err != nil {
			return fmt.Errorf("leaving the terminal of an earlier job: %w", err)
		}
	}
	rc, err := tty.SyscallConn()
	if err != nil {
		return err
	}
	var ierr error
	if err := rc.Control(func(fd uintptr) { ierr = unix.IoctlSetInt(int(fd), unix.TIOCSCTTY, 0) }); err != nil {
		return err
	}
	if ierr != nil {
		return fmt.Errorf("taking a terminal for jobs: %w", ierr)
	}
	return nil
}

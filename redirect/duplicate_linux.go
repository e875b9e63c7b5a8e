package redirect

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// duplicate makes to the same as from, with its close-on-exec flag, in one step.
func duplicate(from, to int, cloexec bool) error {
	flags := 0
	if cloexec {
		flags = unix.O_CLOEXEC
	}
	for {
		switch err := unix.Dup3(from, to, flags); err {
		case nil:
			return nil
		case unix.EINTR, unix.EBUSY: // EBUSY: the number is being opened right now
		default:
			return fmt.Errorf("dup3: %w", err)
		}
	}
}

func newPipe() (r, w int, err error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return 0, 0, err
	}
	return ownPipe(fds)
}

// growPipe makes room for bursts, so that a writer seldom waits for the pump.
// Unprivileged users have a budget for this; without it the pipe stays small.
func growPipe(fd int) { _, _ = unix.FcntlInt(uintptr(fd), unix.F_SETPIPE_SZ, 1<<20) }

// pipeHolds is the number of bytes in the pipe. TIOCINQ is FIONREAD.
func pipeHolds(fd int) (int, error) {
	n, err := unix.IoctlGetUint32(fd, unix.TIOCINQ)
	return int(n), err
}

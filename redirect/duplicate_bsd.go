//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package redirect

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// duplicate makes to the same as from. dup3 is not everywhere, so the flag comes
// second, and the caller holds the fork lock that keeps a child from inheriting
// the descriptor in between.
func duplicate(from, to int, cloexec bool) error {
	for {
		err := unix.Dup2(from, to)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("dup2: %w", err)
		}
		if cloexec {
			unix.CloseOnExec(to)
		}
		return nil
	}
}

func newPipe() (r, w int, err error) {
	var fds [2]int
	syscall.ForkLock.RLock()
	if err = unix.Pipe(fds[:]); err == nil {
		unix.CloseOnExec(fds[0])
		unix.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return 0, 0, err
	}
	return ownPipe(fds)
}

// growPipe has nothing to do: these kernels grow pipes by themselves.
func growPipe(int) {}

// fionread is _IOR('f', 127, int) on all of them.
const fionread = 0x4004667f

func pipeHolds(fd int) (int, error) { return unix.IoctlGetInt(fd, fionread) }

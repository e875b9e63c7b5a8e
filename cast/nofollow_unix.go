//go:build unix

package cast

import (
	"errors"
	"os"
	"syscall"
)

// nofollow makes opening a symbolic link an error, and that of a pipe return.
const nofollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// lock keeps other recorders off a file until it is closed, where its file system can.
func lock(f *os.File) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var lerr error
	err = c.Control(func(fd uintptr) { lerr = flock(int(fd)) })
	if errors.Is(lerr, syscall.EWOULDBLOCK) {
		return errLocked
	}
	return err
}

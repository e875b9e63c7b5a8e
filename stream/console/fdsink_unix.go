//go:build unix && !linux

package console

import "golang.org/x/sys/unix"

const pipeRoom = 512 // PIPE_BUF by POSIX

// reopen: /dev/fd gives a duplicate here, not a description of our own.
func reopen(int) int { return -1 }

// sendNow asks poll first; a socket that is writable takes a part of what it is given.
func sendNow(fd int, p []byte) (int, error) {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
	if k, err := unix.Poll(fds, 0); err != nil {
		return 0, err
	} else if k == 0 {
		return 0, unix.EAGAIN
	}
	return unix.Write(fd, p[:min(len(p), pipeRoom)])
}

// ttyNumber is 0: the inode decides.
func ttyNumber(int) uint32 { return 0 }

package console

import (
	"strconv"

	"golang.org/x/sys/unix"
)

const pipeRoom = 4096 // PIPE_BUF

// reopen opens what fd stands for a second time, non-blocking, or returns -1: a
// terminal or pipe of another user, no /proc, no reader left. O_NOCTTY because
// a session leader would make the terminal its own.
func reopen(fd int) int {
	own, err := unix.Open("/proc/self/fd/"+strconv.Itoa(fd),
		unix.O_WRONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	return own
}

func sendNow(fd int, p []byte) (int, error) {
	return unix.SendmsgN(fd, p, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
}

// ttyNumber is the terminal's device number, whatever name it was opened by.
func ttyNumber(fd int) uint32 {
	n, err := unix.IoctlGetUint32(fd, unix.TIOCGDEV)
	if err != nil {
		return 0
	}
	return n
}

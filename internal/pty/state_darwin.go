package pty

import "golang.org/x/sys/unix"

// FIONREAD of <sys/filio.h>: _IOR('f', 127, int).
const ioctlInputQueue = 0x4004667f

// session: <sys/ttycom.h> has TIOCGSID for the kernel only.
func session(int) (int, error) { return 0, unix.ENOTTY }

func termiosNow(fd int) (unix.Termios, error) {
	t, err := unix.IoctlGetTermios(fd, ioctlGetTermios)
	if err != nil {
		return unix.Termios{}, err
	}
	return *t, nil
}

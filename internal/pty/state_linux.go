package pty

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

const ioctlInputQueue = unix.TIOCINQ

func session(fd int) (int, error) { return unix.IoctlGetInt(fd, unix.TIOCGSID) }

// termiosNow reads the settings without telling Go's runtime (see nowait): it is
// asked between a key and the program.
func termiosNow(fd int) (unix.Termios, error) {
	var t unix.Termios
	_, _, e := unix.RawSyscall(unix.SYS_IOCTL, uintptr(fd), unix.TCGETS, uintptr(unsafe.Pointer(&t)))
	if e != 0 {
		return t, e
	}
	return t, nil
}

package pty

import "golang.org/x/sys/unix"

const ioctlInputQueue = unix.TIOCINQ

func session(fd int) (int, error) { return unix.IoctlGetInt(fd, unix.TIOCGSID) }

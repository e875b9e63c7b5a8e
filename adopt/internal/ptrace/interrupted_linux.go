//go:build amd64 || arm64

package ptrace

import "golang.org/x/sys/unix"

// cutByStop tells whether a call that returned EINTR to a thread which was stopped in
// it did so because of the stop. Most calls are repeated by the kernel itself; of
// these, some or all waits are not (signal(7), "Interruption of system calls and
// library functions by stop signals"), and they have done nothing yet, so that they can
// be repeated. Those that wait on a socket are here for SO_RCVTIMEO and SO_SNDTIMEO.
func cutByStop(nr int) bool {
	switch nr {
	case unix.SYS_EPOLL_PWAIT, unix.SYS_EPOLL_PWAIT2, unix.SYS_RT_SIGTIMEDWAIT,
		unix.SYS_SEMOP, unix.SYS_SEMTIMEDOP,
		unix.SYS_IO_GETEVENTS, unix.SYS_IO_PGETEVENTS, unix.SYS_IO_URING_ENTER,
		unix.SYS_READ, unix.SYS_READV, unix.SYS_RECVFROM, unix.SYS_RECVMSG, unix.SYS_RECVMMSG,
		unix.SYS_ACCEPT, unix.SYS_ACCEPT4, unix.SYS_CONNECT,
		unix.SYS_WRITE, unix.SYS_WRITEV, unix.SYS_SENDTO, unix.SYS_SENDMSG:
		return true
	}
	return isEpollWait(nr)
}

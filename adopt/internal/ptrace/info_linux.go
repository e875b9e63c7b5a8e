//go:build amd64 || arm64

package ptrace

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// callInfo is a struct ptrace_syscall_info: what a stop at a system call is of.
type callInfo struct {
	op     uint8
	_      [3]byte
	arch   uint32
	ip, sp uint64
	data   [8]uint64 // entry: the number, six arguments; exit: the result, whether that is an error
}

func (i *callInfo) get(tid int) error {
	err := requestAt(unix.PTRACE_GET_SYSCALL_INFO, tid, unsafe.Sizeof(*i), unsafe.Pointer(i))
	if err == unix.EIO {
		return fmt.Errorf("telling system calls apart needs Linux 5.3: %w", err)
	}
	return err
}

// childInfo is a siginfo_t of a child.
type childInfo struct {
	signo, errno, code, _ int32
	pid                   int32
	_                     [108]byte
}

// peek tells of one of this thread's children and tracees that something has happened
// to, and leaves it to be told again; pid 0: none. errVanished: there are none.
func peek(kind, id, states int) (info childInfo, err error) {
	options := states | unix.WNOHANG | unix.WNOWAIT | unix.WALL | unix.WNOTHREAD
	for {
		err := unix.Waitid(kind, id, (*unix.Siginfo)(unsafe.Pointer(&info)), options, nil)
		switch err {
		case unix.EINTR:
			continue
		case unix.ECHILD:
			err = errVanished
		}
		return info, err
	}
}

package proc

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/job"
)

// Values of si_code for SIGCHLD, from the kernel's siginfo.h.
const (
	cldExited = 1
	cldKilled = 2
	cldDumped = 3
)

// ended is what waitid tells of a child.
type ended struct {
	pid    int
	status Status
}

// waitFor is waitid. found is false when nobody has ended (WNOHANG). ru may be
// nil.
func waitFor(idType, id, flags int, ru *unix.Rusage) (e ended, found bool, err error) {
	var info unix.Siginfo
	for {
		err = unix.Waitid(idType, id, &info, flags, ru)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		return e, false, err
	}
	// The union after si_code is aligned like a pointer; for SIGCHLD it
	// begins with pid, uid and status. x/sys leaves it opaque.
	const align = unsafe.Sizeof(uintptr(0))
	const union = (3*4 + align - 1) &^ (align - 1)
	f := (*[3]int32)(unsafe.Add(unsafe.Pointer(&info), union))
	e.pid = int(f[0])
	if e.pid == 0 {
		return e, false, nil
	}
	switch info.Code {
	case cldExited:
		e.status = Status{Kind: job.KindExited, Code: int(f[2])}
	case cldKilled, cldDumped:
		e.status = Status{Kind: job.KindSignaled, Signal: syscall.Signal(f[2]), Core: info.Code == cldDumped}
	default:
		e.status = Status{Kind: job.KindUnknown}
	}
	return e, true, nil
}

// cldContinued is the si_code of a process that goes on (siginfo.h); cldTrapped
// and cldStopped are the others that are no end.
const cldContinued = 6

// stopStatus takes the news that a child was stopped or goes on.
func stopStatus(pid int) (stopped, found bool) {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PID, pid, &info, unix.WSTOPPED|unix.WCONTINUED|unix.WNOHANG, nil)
	if err != nil || info.Signo == 0 {
		return false, false
	}
	return info.Code != cldContinued, true
}

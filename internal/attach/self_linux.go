package attach

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

const getTermios = unix.TCGETS

// self is this program, even if its file was replaced or removed.
func self() (string, error) { return "/proc/self/exe", nil }

// reopen opens the terminal f once more, as a file description of its own.
func reopen(f *os.File) (*os.File, error) {
	var g *os.File
	err := withDescriptors([]*os.File{f}, func(fds []uintptr) (err error) {
		g, err = os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", fds[0]), os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		return err
	})
	return g, err
}

// StopSelf stops this process as ^Z does, the rest of its process group first
// when group is set, and returns once it was continued; at once if the kernel
// discards the signal because nobody would continue us.
//
// Once anybody in the program has listened to SIGTSTP, Go's runtime keeps its
// handler and swallows the signal, even after signal.Reset: the kernel is told.
// SIGSTOP would do as well, but a shell tells the two apart. The group's signal
// is ignored by us, and ours is sent to this very thread, which takes it before
// the call returns: so we stop exactly once.
func StopSelf(group bool) {
	// A zeroed struct sigaction is SIG_DFL, one that begins with 1 is SIG_IGN
	// (include/uapi/asm-generic/signal.h; on MIPS that is a flag, and the group is
	// told while we are not deaf), and none is larger than this.
	var before, byDefault, ignore [64]byte
	*(*uintptr)(unsafe.Pointer(&ignore)) = 1
	const setSize = 8 // sizeof(sigset_t) in the kernel
	set := func(act, old *[64]byte) bool {
		_, _, e := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(unix.SIGTSTP),
			uintptr(unsafe.Pointer(act)), uintptr(unsafe.Pointer(old)), setSize, 0, 0)
		return e == 0
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if !set(&ignore, &before) {
		return
	}
	if group {
		unix.Kill(0, unix.SIGTSTP)
	}
	set(&byDefault, nil)
	unix.Tgkill(unix.Getpid(), unix.Gettid(), unix.SIGTSTP)
	set(&before, nil)
}

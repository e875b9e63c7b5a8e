//go:build linux

package agent

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// stopSelf stops this process as ^Z does, and returns after SIGCONT; at once if
// nobody is there to continue us (an orphaned process group).
//
// The Go runtime keeps its handler for SIGTSTP even after signal.Reset and then
// ignores the signal, so the kernel is told. SIGSTOP would do as well, but a
// shell tells the two apart.
func stopSelf() {
	// A zeroed struct sigaction is SIG_DFL on every architecture, and none of
	// them is larger than this.
	var byDefault, before [64]byte
	const setSize = 8 // sizeof(sigset_t) in the kernel
	set := func(act, old *[64]byte) bool {
		_, _, e := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(unix.SIGTSTP),
			uintptr(unsafe.Pointer(act)), uintptr(unsafe.Pointer(old)), setSize, 0, 0)
		return e == 0
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if !set(&byDefault, &before) {
		return
	}
	// To this very thread, which takes the signal before the call returns.
	unix.Tgkill(unix.Getpid(), unix.Gettid(), unix.SIGTSTP)
	set(&before, nil)
}

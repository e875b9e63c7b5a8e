// Package osthread runs something on an OS thread that is thrown away afterwards.
package osthread

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// Do calls do on an OS thread of its own, which ends then: whatever is the thread's, such as
// its namespaces and the processes that it traces, ends with it.
func Do(do func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and no unlocking: the runtime ends the thread
		if unix.Gettid() == unix.Getpid() {
			// The first thread is kept for ever, as it is, and stands for the
			// whole process in /proc. While it is taken, another goroutine gets
			// another one.
			done <- Do(do)
			runtime.UnlockOSThread()
			return
		}
		done <- do()
	}()
	return <-done
}

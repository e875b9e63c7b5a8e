//go:build linux

package e2e

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// setFilter is prctl PR_SET_SECCOMP.
func setFilter(prog *unix.SockFprog) error {
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(prog)), 0, 0)
}

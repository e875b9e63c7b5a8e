package ptrace

import "golang.org/x/sys/unix"

// isEpollWait: there is epoll_pwait alone.
func isEpollWait(int) bool { return false }

const vfork = -1 // there is clone alone

// machine is what the kernel calls the calls of 64-bit programs (linux/audit.h).
const machine = unix.AUDIT_ARCH_AARCH64

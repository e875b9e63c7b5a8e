package ptrace

import "golang.org/x/sys/unix"

func isEpollWait(nr int) bool { return nr == unix.SYS_EPOLL_WAIT }

const vfork = unix.SYS_VFORK

// machine is what the kernel calls the calls of 64-bit programs (linux/audit.h).
const machine = unix.AUDIT_ARCH_X86_64

//go:build unix

package cast

import "syscall"

// nofollow makes opening a symbolic link an error, and that of a pipe return.
const nofollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

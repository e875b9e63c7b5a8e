package natstest

import "syscall"

// endWithParent keeps no server after a test binary that was killed.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

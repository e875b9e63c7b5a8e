//go:build linux || darwin

package attach

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// controls tells whether f is the controlling terminal of this process. The
// kernel answers TIOCGPGRP for no other.
func controls(f *os.File) bool {
	_, err := foregroundGroup(f)
	return err == nil
}

func foregroundGroup(f *os.File) (int, error) {
	group := 0
	err := withDescriptors([]*os.File{f}, func(fds []uintptr) (err error) {
		group, err = unix.IoctlGetInt(int(fds[0]), unix.TIOCGPGRP)
		return err
	})
	return group, err
}

// inFront tells whether the terminal is ours to use now. One that does not
// control us has no background for us.
func inFront(f *os.File) bool {
	group, err := foregroundGroup(f)
	return errors.Is(err, unix.ENOTTY) || err == nil && group == unix.Getpgrp()
}

// hasJobControl tells whether somebody would continue us after a SIGTSTP: our
// parent is in another process group of the same session, as a shell is. A parent
// in our group (sh -c, a pipeline's maker) says nothing; then it is assumed.
func hasJobControl() bool {
	session, err := unix.Getsid(0)
	if err != nil || session == os.Getpid() {
		return false
	}
	parent := os.Getppid()
	group, err := unix.Getpgid(parent)
	if err != nil {
		return false
	}
	if group == unix.Getpgrp() {
		return group != session // a whole session that is one group has no shell
	}
	theirs, err := unix.Getsid(parent)
	return err == nil && theirs == session
}

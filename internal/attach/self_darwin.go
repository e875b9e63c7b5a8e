package attach

import (
	"os"

	"golang.org/x/sys/unix"
)

const getTermios = unix.TIOCGETA

func self() (string, error) { return os.Executable() }

// reopen opens the terminal f once more: /dev/fd would give the same file
// description, so it is opened by its name.
func reopen(f *os.File) (*os.File, error) {
	return os.OpenFile(f.Name(), os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
}

// StopSelf stops this process, the rest of its process group first when group is
// set. Go's runtime swallows SIGTSTP once somebody has listened to it, so ours is
// SIGSTOP.
func StopSelf(group bool) {
	if group {
		unix.Kill(0, unix.SIGTSTP)
	}
	unix.Kill(unix.Getpid(), unix.SIGSTOP)
}

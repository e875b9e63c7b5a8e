package stream

import (
	"golang.org/x/sys/unix"
)

// ready tells whether the pipe has bytes or is at its end.
func ready(fd int) bool { return poll(fd) != 0 }

func poll(fd int) int16 {
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if err := again(func() error { _, err := unix.Poll(p, 0); return err }); err != nil {
		return unix.POLLERR // let the next call say what is wrong
	}
	return p[0].Revents
}

// atEnd is nil at the end of the pipe, else EAGAIN.
func atEnd(fd int) error {
	if r := poll(fd); r != 0 && r&unix.POLLIN == 0 {
		return nil
	}
	return unix.EAGAIN
}

// waiting is the number of bytes in the pipe.
func waiting(fd int) (int, error) {
	n, err := unix.IoctlGetInt(fd, unix.TIOCINQ) // also called FIONREAD
	if err != nil {
		return 0, readError{err}
	}
	return n, nil
}

// bigPipe is the size a busy pipe is given: with it, splicing is as fast as
// writing the file directly. It is the greatest that needs no privilege.
const bigPipe = 1 << 20

// A grower enlarges a pipe that was found full a few times running. Beyond 1024
// pipes of default size a user's pipes are 8 KiB and cannot be enlarged; then it
// stays as it is.
type grower struct {
	size, full int
	done       bool
}

func (g *grower) moved(fd, n int) {
	if g.done {
		return
	}
	if g.size == 0 {
		size, err := unix.FcntlInt(uintptr(fd), unix.F_GETPIPE_SZ, 0)
		if err != nil || size >= bigPipe {
			g.done = true
			return
		}
		g.size = size
	}
	if n < g.size {
		g.full = 0
		return
	}
	if g.full++; g.full < 4 {
		return
	}
	unix.FcntlInt(uintptr(fd), unix.F_SETPIPE_SZ, bigPipe)
	g.done = true
}

// splicesSilently tells whether this kernel leaves inotify in the dark about
// splices (before 6.6; a little later does no harm).
func splicesSilently() bool {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return true
	}
	var v [2]int
	part := 0
	for _, c := range u.Release {
		switch {
		case c >= '0' && c <= '9':
			v[part] = v[part]*10 + int(c-'0')
		case c == '.' && part == 0:
			part = 1
		default:
			return v[0] < 6 || v[0] == 6 && v[1] < 8
		}
	}
	return v[0] < 6 || v[0] == 6 && v[1] < 8
}

// nudge tells inotify of what was spliced, by writing the last byte once more.
func nudge(f *logFile, size int64) {
	var b [1]byte
	if n, err := unix.Pread(f.fd, b[:], size-1); n == 1 && err == nil {
		unix.Pwrite(f.fd, b[:], size-1)
	}
}

//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package redirect

import "golang.org/x/sys/unix"

// former is what a stream was: another descriptor of the same open file
// description, and the descriptor's own flag.
type former struct {
	d       descriptor // noDescriptor if the stream was closed
	cloexec bool
}

func save(s stream) (former, error) {
	flags, err := unix.FcntlInt(uintptr(s), unix.F_GETFD, 0)
	if err == unix.EBADF {
		return former{d: noDescriptor}, nil
	}
	if err != nil {
		return former{d: noDescriptor}, err
	}
	d, err := descriptor(s).dup()
	return former{d: d, cloexec: flags&unix.FD_CLOEXEC != 0}, err
}

// putBack needs the fork lock, see duplicate.
func (f former) putBack(s stream) error {
	if f.d == noDescriptor {
		_ = unix.Close(int(s))
		return nil
	}
	return duplicate(int(f.d), int(s), f.cloexec)
}

func (f former) close() { f.d.close() }

// destination is a descriptor of f for a tee to write to.
func (f former) destination() (descriptor, error) {
	if f.d == noDescriptor {
		return noDescriptor, nil
	}
	return f.d.dup()
}

// samePipe tells whether f and g are the same terminal, pipe or socket. Regular
// files do not count: two descriptions of one have two offsets.
func (f former) samePipe(g former) bool {
	if f.d == noDescriptor || g.d == noDescriptor {
		return false
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.d), &st); err != nil || st.Mode&unix.S_IFMT == unix.S_IFREG {
		return false
	}
	return f.d.sameFile(g.d)
}

// place has the stream refer to d, for children too. It needs the fork lock.
func place(s stream, d descriptor) error { return duplicate(int(d), int(s), false) }

// ownPipe is own for both ends of a pipe.
func ownPipe(fds [2]int) (r, w int, err error) {
	first, err := own(fds[0])
	if err != nil {
		_ = unix.Close(fds[1])
		return 0, 0, err
	}
	second, err := own(fds[1])
	if err != nil {
		first.close()
		return 0, 0, err
	}
	return int(first), int(second), nil
}

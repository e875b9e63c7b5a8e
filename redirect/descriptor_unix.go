//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package redirect

import (
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// descriptor is a file descriptor of our own: 3 or higher and close-on-exec.
type descriptor int

const noDescriptor descriptor = -1

// firstOwn keeps what we open off the standard numbers, also in a process that
// has closed one of them.
const firstOwn = 3

func (d descriptor) close() {
	if d != noDescriptor {
		_ = unix.Close(int(d))
	}
}

func (d descriptor) dup() (descriptor, error) {
	fd, err := unix.FcntlInt(uintptr(d), unix.F_DUPFD_CLOEXEC, firstOwn)
	if err != nil {
		return noDescriptor, fmt.Errorf("dup: %w", err)
	}
	return descriptor(fd), nil
}

// own moves fd off the standard numbers if it has landed on one.
func own(fd int) (descriptor, error) {
	if fd >= firstOwn {
		return descriptor(fd), nil
	}
	d, err := descriptor(fd).dup()
	_ = unix.Close(fd)
	return d, err
}

func (d descriptor) sameFile(e descriptor) bool {
	var a, b unix.Stat_t
	return unix.Fstat(int(d), &a) == nil && unix.Fstat(int(e), &b) == nil && a.Dev == b.Dev && a.Ino == b.Ino
}

func (d descriptor) truncate() error {
	var st unix.Stat_t
	if err := unix.Fstat(int(d), &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil
	}
	for {
		if err := unix.Ftruncate(int(d), 0); err != unix.EINTR {
			return err
		}
	}
}

// write writes all of p. The description may be shared with others and set
// non-blocking by them; then it waits.
func (d descriptor) write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		n, err := unix.Write(int(d), p[done:])
		if n > 0 {
			done += n
		}
		switch err {
		case nil, unix.EINTR:
		case unix.EAGAIN:
			fds := []unix.PollFd{{Fd: int32(d), Events: unix.POLLOUT}}
			if _, err := unix.Poll(fds, -1); err != nil && err != unix.EINTR {
				return done, err
			}
		default:
			return done, err
		}
	}
	return done, nil
}

// openFile opens path for appending and reports whether it had to make it.
func openFile(path string, perm fs.FileMode) (descriptor, bool, error) {
	const flags = unix.O_WRONLY | unix.O_APPEND | unix.O_CLOEXEC | unix.O_NOCTTY
	fd, err := open(path, flags, perm)
	made := false
	if err == unix.ENOENT {
		if fd, err = open(path, flags|unix.O_CREAT|unix.O_EXCL, perm); err == nil {
			made = true
		} else if err == unix.EEXIST {
			// Somebody else was faster, or it is a symbolic link to nothing.
			fd, err = open(path, flags|unix.O_CREAT, perm)
		}
	}
	if err != nil {
		return noDescriptor, false, &os.PathError{Op: "open", Path: path, Err: err}
	}
	d, err := own(fd)
	return d, made, err
}

func open(path string, flags int, perm fs.FileMode) (int, error) {
	for {
		fd, err := unix.Open(path, flags, uint32(perm.Perm()))
		if err != unix.EINTR {
			return fd, err
		}
	}
}

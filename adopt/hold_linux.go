package adopt

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// hold is a pidfd; -1 in a packed system.
type hold struct{ fd int }

func (s *System) take(pid int) (hold, error) {
	if !s.live {
		return hold{-1}, nil
	}
	if pid <= 0 {
		return hold{}, unix.EINVAL
	}
	fd, err := unix.PidfdOpen(pid, 0)
	switch {
	case err == unix.ESRCH:
		return hold{}, ErrGone
	case err == unix.EINVAL || err == unix.ENOENT:
		// A number that is a thread's, not a process's.
		if st, err := s.fs.Status(pid); err == nil && st.Tgid != pid {
			return hold{}, fmt.Errorf("that is a thread of process %d (%s)", st.Tgid, st.Name)
		}
		return hold{}, errors.New("that is a thread, not a process")
	}
	return hold{fd}, err
}

// alive polls the pidfd: it is readable once the process has ended.
func (h hold) alive() error {
	if h.fd < 0 {
		return os.ErrClosed
	}
	for {
		fds := []unix.PollFd{{Fd: int32(h.fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, 0)
		if err == unix.EINTR {
			continue
		}
		if n > 0 {
			return ErrGone
		}
		return err
	}
}

// ended waits at most d for the process to end.
func (h hold) ended(d time.Duration) bool {
	end := time.Now().Add(d)
	for {
		fds := []unix.PollFd{{Fd: int32(h.fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, int(max(time.Until(end), 0)/time.Millisecond))
		if err != unix.EINTR {
			return n > 0
		}
	}
}

// getfd copies a descriptor of the process. The right is that of ptrace.
func (h hold) getfd(fd int) (int, error) { return unix.PidfdGetfd(h.fd, fd, 0) }

// closed is what is left of a hold that is let go of.
func (hold) closed() hold { return hold{-1} }

func (h hold) close() error {
	if h.fd < 0 {
		return nil
	}
	return unix.Close(h.fd)
}

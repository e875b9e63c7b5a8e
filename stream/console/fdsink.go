//go:build unix

package console

import (
	"fmt"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// FDSink writes to an inherited descriptor. The descriptor's description is
// shared with other processes (the shell, the rest of the pipeline), so it is
// never made non-blocking: a pipe or terminal is opened a second time for a
// description of our own, and where that cannot be, only as much is written as
// poll(2) says there is room for.
type FDSink struct {
	fd   int // the caller's
	own  int // our own non-blocking description of the same thing, or -1
	kind fdKind
	took func(n int) // hears of every accepted portion; set by the lane

	interrupted atomic.Bool
	mu          sync.Mutex
	wake        [2]int // pipe that ends a poll; made on the first wait
	woken       bool
}

type fdKind uint8

const (
	fdPlain  fdKind = iota // regular files, /dev/null: a write does not wait for a reader
	fdPipe                 // pipes and FIFOs
	fdTTY                  // terminals
	fdSocket               // sockets
)

// NewFDSink makes a sink of a descriptor. Close lets go of what it made; the
// descriptor stays the caller's and must stay open until then.
func NewFDSink(fd int) *FDSink {
	s := &FDSink{fd: fd, own: -1, wake: [2]int{-1, -1}}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return s // the first write says what is wrong
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFIFO:
		s.kind = fdPipe
	case unix.S_IFSOCK:
		s.kind = fdSocket
	case unix.S_IFCHR:
		if term.IsTerminal(fd) {
			s.kind = fdTTY
		}
	}
	if s.kind == fdPipe || s.kind == fdTTY {
		s.own = reopen(fd)
	}
	return s
}

// Terminal tells whether the sink is a terminal.
func (s *FDSink) Terminal() bool { return s.kind == fdTTY }

// Size is the terminal's width and height; zeros if it has none.
func (s *FDSink) Size() (width, height int) {
	w, h, err := term.GetSize(s.fd)
	if err != nil {
		return 0, 0
	}
	return w, h
}

// Close releases what NewFDSink made. No Write may be under way or follow.
func (s *FDSink) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, fd := range []*int{&s.own, &s.wake[0], &s.wake[1]} {
		if *fd >= 0 {
			unix.Close(*fd)
			*fd = -1
		}
	}
	return nil
}

// Write writes all of p, waiting for room as long as it takes. The number of
// bytes is exact also when it fails.
func (s *FDSink) Write(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if s.interrupted.Load() {
			return n, errInterrupted
		}
		k, err := s.once(p[n:])
		if k > 0 {
			n += k
			if s.took != nil {
				s.took(k)
			}
			continue
		}
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			if err := s.await(); err != nil {
				return n, err
			}
		case err == unix.EPIPE, err == unix.ECONNRESET, err == unix.EIO && s.kind == fdTTY:
			return n, ErrClosed
		case err != nil:
			return n, fmt.Errorf("writing to descriptor %d: %w", s.fd, err)
		default:
			return n, fmt.Errorf("writing to descriptor %d: the kernel took nothing and said nothing", s.fd)
		}
	}
	return n, nil
}

// try writes what there is room for right now, also when interrupted.
func (s *FDSink) try(p []byte) (int, error) { return s.once(p) }

// once makes one write that does not block, as far as the kind allows; EAGAIN
// means there is no room.
func (s *FDSink) once(p []byte) (int, error) {
	if s.own >= 0 {
		return unix.Write(s.own, p)
	}
	switch s.kind {
	case fdSocket:
		return sendNow(s.fd, p)
	case fdPipe, fdTTY:
		// POLLOUT promises room for PIPE_BUF bytes in a pipe. A terminal gives
		// no number; a few bytes fit unless somebody else fills it just now.
		limit := pipeRoom
		if s.kind == fdTTY {
			limit = ttyRoom
		}
		fds := []unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLOUT}}
		if k, err := unix.Poll(fds, 0); err != nil {
			return 0, err
		} else if k == 0 {
			return 0, unix.EAGAIN
		}
		return unix.Write(s.fd, p[:min(len(p), limit)])
	}
	return unix.Write(s.fd, p)
}

const ttyRoom = 256

// same tells whether two descriptors are one place.
func (s *FDSink) same(o *FDSink) bool {
	if s.fd == o.fd {
		return true
	}
	if s.kind == fdTTY && o.kind == fdTTY {
		// /dev/tty and /dev/pts/3 may be one terminal; its own number tells.
		if a, b := ttyNumber(s.fd), ttyNumber(o.fd); a != 0 && b != 0 {
			return a == b
		}
	}
	var a, b unix.Stat_t
	if unix.Fstat(s.fd, &a) != nil || unix.Fstat(o.fd, &b) != nil {
		return false
	}
	return a.Dev == b.Dev && a.Ino == b.Ino
}

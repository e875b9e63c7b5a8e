package adopt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// readersLook is how often is looked whether the readers still read. One that ends
// is noticed at once.
const readersLook = 50 * time.Millisecond

// tee looks into a pipe with tee(2), which takes nothing out of it.
//
// While our read end is open, the writers get no SIGPIPE when the last real reader
// has gone. So the readers are watched, and ours is closed as soon as none is left.
type tee struct {
	p       *Process
	d       Descriptor
	in      int // our read end of the pipe; -1: closed
	ours    [2]int
	epoll   int
	readers []reader
	before  []byte
	buf     []byte
}

// reader is who really reads the pipe.
type reader struct {
	Holder
	hold hold
}

func openTee(p *Process, d Descriptor) (*tee, error) {
	t := &tee{p: p, d: d, in: -1, ours: [2]int{-1, -1}, epoll: -1}
	if err := t.open(); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

func (t *tee) open() (err error) {
	if t.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return fmt.Errorf("epoll_create1: %w", err)
	}
	if err := t.findReaders(); err != nil {
		return err
	}
	path := t.p.sys.fs.Path(t.p.PID, "fd", fmt.Sprint(t.d.FD))
	t.in, err = unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return t.p.unreadable("looking into the pipe of", t.d, err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(t.in, &st); err != nil || st.Ino != t.d.Ino {
		return fmt.Errorf("%s of %v has just been changed: try again", StreamName(t.d.FD), t.p)
	}
	if !t.read() { // they have gone meanwhile
		return t.noReader()
	}
	if err := unix.Pipe2(t.ours[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		return fmt.Errorf("pipe2: %w", err)
	}
	// Ours must take what the other can hold.
	if n, err := unix.FcntlInt(uintptr(t.in), unix.F_GETPIPE_SZ, 0); err == nil {
		if _, err := unix.FcntlInt(uintptr(t.ours[1]), unix.F_SETPIPE_SZ, n); err != nil {
			return fmt.Errorf("making a pipe of %d bytes: %w", n, err)
		}
		t.buf = make([]byte, n)
	}
	// Edge-triggered: a writer wakes us also when the pipe is not empty.
	return t.add(t.in, unix.EPOLLIN|unix.EPOLLET)
}

func (t *tee) add(fd int, events uint32) error {
	if err := unix.EpollCtl(t.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)}); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	return nil
}

// findReaders looks for who reads the pipe, ourselves aside.
func (t *tee) findReaders() error {
	t.forgetReaders()
	table, err := t.p.sys.Scan(context.Background())
	if err != nil {
		return err
	}
	for _, h := range table.Same(t.d) {
		if !h.Readable || h.PID == os.Getpid() && h.FD == t.in {
			continue
		}
		held, err := t.p.sys.take(h.PID)
		if err != nil {
			continue // it has ended
		}
		r := reader{h, held}
		if !r.reads(t) {
			held.close()
			continue
		}
		t.readers = append(t.readers, r)
		if err := t.add(held.fd, unix.EPOLLIN); err != nil {
			return err
		}
	}
	if len(t.readers) == 0 {
		if len(table.Blind) > 0 {
			return &Refusal{What: fmt.Sprintf("looking into the pipe of %v", t.p), Right: RightUser,
				Why: "who reads it cannot be seen; if that one went, the writer would not be told as long as we look",
				Fix: "do it as root"}
		}
		return t.noReader()
	}
	return nil
}

func (t *tee) noReader() error {
	return &Refusal{What: fmt.Sprintf("looking into the pipe of %v", t.p), Right: RightKind,
		Why: "nobody reads it; if we did, its writer would not get the SIGPIPE that is due to it"}
}

// reads tells whether it still does.
func (r reader) reads(t *tee) bool {
	d, err := t.p.sys.lookAt(r.PID).descriptor(r.FD)
	return err == nil && r.hold.alive() == nil && d.Ino == t.d.Ino && d.Kind == t.d.Kind && d.Readable
}

// read tells whether any reader still reads.
func (t *tee) read() bool {
	for _, r := range t.readers {
		if r.reads(t) {
			return true
		}
	}
	return false
}

// run gives out what comes, until ctx is done or nobody reads or writes the pipe
// any more.
func (t *tee) run(ctx context.Context, s *sink) error {
	for {
		if !t.read() {
			// At once, and only then is looked whether there are others.
			unix.Close(t.in)
			t.in = -1
			var no *Refusal
			switch err := t.reopen(); {
			case errors.As(err, &no), errors.Is(err, ErrGone):
				if ctx.Err() == nil {
					s.tell(fmt.Sprintf("%s: nobody reads this pipe any more, so that it is not looked into any longer", StreamName(t.d.FD)))
				}
				return nil
			case err != nil:
				return err
			}
		}
		done := ctx.Err() != nil
		if err := t.look(s); err != nil || done {
			return err
		}
		var events [8]unix.EpollEvent
		n, err := unix.EpollWait(t.epoll, events[:], int(readersLook/time.Millisecond))
		if err != nil && err != unix.EINTR {
			return fmt.Errorf("epoll_wait: %w", err)
		}
		for _, e := range events[:max(n, 0)] {
			if int(e.Fd) == t.in && e.Events&unix.EPOLLHUP != 0 {
				return t.look(s) // no writers
			}
		}
	}
}

func (t *tee) reopen() error {
	unix.Close(t.epoll)
	for _, fd := range &t.ours {
		unix.Close(fd)
	}
	t.epoll, t.ours, t.before = -1, [2]int{-1, -1}, nil
	return t.open()
}

// look gives out what is in the pipe and was not there the last time.
func (t *tee) look(s *sink) error {
	n, err := unix.Tee(t.in, t.ours[1], len(t.buf), unix.SPLICE_F_NONBLOCK)
	if err == unix.EAGAIN || err == unix.EINTR {
		n, err = 0, nil
	}
	if err != nil {
		return fmt.Errorf("tee: %w", err)
	}
	now := t.buf[:0]
	for len(now) < int(n) {
		m, err := unix.Read(t.ours[0], t.buf[len(now):n])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("reading our own pipe: %w", err)
		}
		now = t.buf[:len(now)+m]
	}
	fresh := unseen(t.before, now)
	if len(fresh) > 0 {
		if err := s.data(t.d.FD, fresh, 0); err != nil {
			return err
		}
	}
	t.before = append(t.before[:0], now...)
	return nil
}

func (t *tee) forgetReaders() {
	for _, r := range t.readers {
		r.hold.close()
	}
	t.readers = nil
}

func (t *tee) close() {
	t.forgetReaders()
	for _, fd := range []int{t.in, t.ours[0], t.ours[1], t.epoll} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

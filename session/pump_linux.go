package session

import (
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/job"
)

// pumpMax is how much one splice takes: what a pipe holds unless it is grown.
const pumpMax = 64 << 10

// lateMax bounds what is taken of somebody who writes on and on when nobody
// waits for him any more.
const lateMax = 4 << 20

// deadLook is how often a terminal that no process has open is looked at again
// while its program lives on.
const deadLook = 50 * time.Millisecond

// pump moves what programs write from the terminal to the pipe in front of the
// log. The kernel does it, so that a byte is in the terminal or in the pipe at
// every moment, and who takes over after a SIGKILL finds it there.
func (s *Session) pump() {
	defer close(s.pumped)
	defer s.opt.Sink.Close()
	in, err := s.master.File().SyscallConn()
	if err != nil {
		s.opt.Note("reading the terminal: " + err.Error())
		return
	}
	out, err := s.opt.Sink.SyscallConn()
	if err != nil {
		s.opt.Note("reading the terminal: " + err.Error())
		return
	}
	late := 0 // what came after nobody waited any more
	for {
		n, err := s.move(in, out)
		if n > 0 {
			if !s.moved() {
				return
			}
			continue
		}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded): // the program has ended, or somebody hurries
		case errors.Is(err, unix.EIO):
			// Nobody has the terminal open now: the end, if the program has ended.
			select {
			case <-s.exited:
				return
			case <-s.stop:
				return
			case <-time.After(deadLook):
			}
			continue
		case errors.Is(err, os.ErrClosed), errors.Is(err, unix.EPIPE):
			return
		case err != nil:
			s.opt.Note("reading the terminal: " + err.Error())
			return
		}
		if !s.lingers() {
			// What was written before we looked is not lost: an empty terminal
			// said so by EAGAIN, for which the kernel first moves what is on its
			// way.
			n, _ := s.take(in, out)
			if late += n; n == 0 || late > lateMax || !s.moved() {
				return
			}
		}
	}
}

// lingers tells whether to wait for more, and until when: it sets the deadline
// of the next wait.
func (s *Session) lingers() bool {
	select {
	case <-s.stop:
		return false
	default:
	}
	select {
	case <-s.exited:
	default:
		s.master.SetReadDeadline(time.Time{}) // somebody else's deadline
		// It may have ended in this moment, and its deadline is gone with ours.
		select {
		case <-s.exited:
		default:
			return true
		}
	}
	switch s.opt.Linger.Mode {
	case job.LingerExit:
		return false
	case job.LingerEOF:
		s.master.SetReadDeadline(time.Time{})
		select {
		case <-s.stop:
			return false
		default:
			return true
		}
	}
	s.mu.Lock()
	last := s.lastOut
	s.mu.Unlock()
	now := time.Now()
	if s.exitedAt().After(last) {
		last = s.exitedAt()
	}
	end := last.Add(s.opt.Linger.Silence())
	if !now.Before(end) {
		return false
	}
	s.master.SetReadDeadline(end)
	select {
	case <-s.stop:
		return false
	default:
		return true
	}
}

// move waits for output and moves it.
func (s *Session) move(in, out syscall.RawConn) (n int, err error) {
	rerr := in.Read(func(fd uintptr) bool {
		n, err = s.fill(out, int(fd))
		return n > 0 || err != unix.EAGAIN
	})
	if rerr != nil {
		return 0, rerr
	}
	return n, err
}

// take moves what is there now.
func (s *Session) take(in, out syscall.RawConn) (n int, err error) {
	cerr := in.Control(func(fd uintptr) { n, err = s.fill(out, int(fd)) })
	if cerr != nil {
		err = cerr
	}
	return n, err
}

// fill takes what is there, as far as the pipe has room. A terminal gives no more
// than 4095 bytes at a time, and mostly has more behind them.
func (s *Session) fill(out syscall.RawConn, in int) (n int, err error) {
	cerr := out.Control(func(fd uintptr) {
		for n < pumpMax {
			var k int64
			k, err = unix.Splice(in, nil, int(fd), nil, pumpMax-n, unix.SPLICE_F_NONBLOCK)
			if err == unix.EINTR {
				continue
			}
			if err != nil || k == 0 {
				return
			}
			n += int(k)
		}
	})
	if cerr != nil {
		return n, cerr
	}
	if n > 0 {
		err = nil // it comes again
	}
	return n, err
}

// moved hands on what came; false: nobody takes it any more.
func (s *Session) moved() bool {
	now := time.Now()
	s.mu.Lock()
	s.lastOut = now
	s.mu.Unlock()
	return s.opt.Move()
}

func (s *Session) exitedAt() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.endedAt
}

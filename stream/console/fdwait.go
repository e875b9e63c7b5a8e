//go:build unix

package console

import (
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// await waits for room, or for interrupt.
func (s *FDSink) await() error {
	s.mu.Lock()
	if s.wake[0] < 0 {
		syscall.ForkLock.RLock()
		var p [2]int
		err := unix.Pipe(p[:])
		if err == nil {
			unix.CloseOnExec(p[0])
			unix.CloseOnExec(p[1])
		}
		syscall.ForkLock.RUnlock()
		if err != nil {
			s.mu.Unlock()
			return fmt.Errorf("making a pipe to wait for descriptor %d: %w", s.fd, err)
		}
		s.wake = p
	}
	// interrupt either saw the pipe, or set its flag before we look here.
	stop, wake := s.interrupted.Load(), s.wake[0]
	s.mu.Unlock()
	if stop {
		return errInterrupted
	}
	fd := s.fd
	if s.own >= 0 {
		fd = s.own
	}
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}, {Fd: int32(wake), Events: unix.POLLIN}}
	_, err := unix.Poll(fds, -1)
	if err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("waiting for descriptor %d: %w", s.fd, err)
	}
	return nil
}

// interrupt makes a Write under way, and every later one, return errInterrupted.
func (s *FDSink) interrupt() {
	s.interrupted.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wake[1] >= 0 && !s.woken {
		s.woken = true
		unix.Write(s.wake[1], []byte{0})
	}
}

// release undoes interrupt, once no Write is under way.
func (s *FDSink) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.woken {
		var b [1]byte
		unix.Read(s.wake[0], b[:])
		s.woken = false
	}
	s.interrupted.Store(false)
	s.took = nil
}

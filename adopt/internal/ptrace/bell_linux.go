//go:build amd64 || arm64

package ptrace

import (
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// bell wakes the thread that follows a process.
//
// The kernel sends SIGCHLD for each stop, to the very thread that traces if it can, and
// that interrupts its ppoll. A signal that comes just before the ppoll is missed; so
// naps are short at first, and longer when nothing happens.
type bell struct {
	nap time.Duration

	mu sync.Mutex
	fd int // -1: closed
}

const (
	shortNap = 200 * time.Microsecond
	longNap  = 20 * time.Millisecond
)

func newBell() (*bell, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("making an eventfd: %w", err)
	}
	return &bell{fd: fd, nap: shortNap}, nil
}

func (b *bell) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	unix.Close(b.fd)
	b.fd = -1
}

// ring wakes who waits, or who waits next. It may be called from any goroutine.
func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fd < 0 {
		return
	}
	one := binary.NativeEndian.AppendUint64(nil, 1)
	unix.Write(b.fd, one) // EAGAIN: it has been rung often enough
}

// wait waits until something may have happened. Only one goroutine waits, which also
// closes.
func (b *bell) wait() error {
	fds := []unix.PollFd{{Fd: int32(b.fd), Events: unix.POLLIN}}
	limit := unix.NsecToTimespec(int64(b.nap))
	n, err := unix.Ppoll(fds, &limit, nil)
	switch {
	case n > 0:
		var rung [8]byte
		unix.Read(b.fd, rung[:])
	case err == unix.EINTR:
		err = nil
	case err == nil:
		b.nap = min(2*b.nap, longNap)
	}
	return err
}

// happened tells that something has.
func (b *bell) happened() { b.nap = shortNap }

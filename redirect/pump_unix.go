//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package redirect

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// outlet is the reading end of a tee's pipe.
type outlet struct {
	r *os.File
	// fd is r's descriptor. Only the pump's goroutine uses it, and it alone
	// closes r. (File.Fd would make the pipe blocking.)
	fd int

	waitMu  sync.Mutex
	waiters []chan struct{}
}

// pumpBuffer is the most one read takes, the size of a pipe by default.
const pumpBuffer = 64 << 10

func (p *pump) open() error {
	r, w, err := newPipe()
	if err != nil {
		return fmt.Errorf("pipe: %w", err)
	}
	// The reading end's status flags are its own; the writing end, which
	// children inherit, keeps blocking as they expect.
	if err := unix.SetNonblock(r, true); err != nil {
		descriptor(r).close()
		descriptor(w).close()
		return fmt.Errorf("pipe: %w", err)
	}
	growPipe(w)
	p.in, p.fd, p.r = descriptor(w), r, os.NewFile(uintptr(r), "tee")
	return nil
}

// discard closes a pump that was not started.
func (p *pump) discard() {
	if p.r != nil {
		_ = p.r.Close()
		p.r = nil
	}
	p.in.close()
	p.in = noDescriptor
	p.closeSinks()
}

// start begins pumping. From here the streams hold the only writing ends, so
// that their closing ends the pump. It may be called once for each stream.
func (p *pump) start() descriptor {
	if p.in != noDescriptor {
		p.in.close()
		p.in = noDescriptor
		go p.run()
	}
	return noDescriptor
}

func (p *pump) run() {
	defer close(p.ended)
	defer p.closeSinks()
	defer p.r.Close()
	buf := make([]byte, pumpBuffer)
	for {
		n, err := p.r.Read(buf)
		p.deliver(buf[:n])
		switch {
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded):
			if p.drain(buf) {
				return
			}
		default:
			return // end of file: nobody can write any more
		}
	}
}

// settle returns when all that is in the pipe now has been delivered.
func (p *pump) settle(bool) {
	done := make(chan struct{})
	p.waitMu.Lock()
	p.waiters = append(p.waiters, done)
	// A deadline in the past is the way to interrupt a Read; on a pump that
	// has ended it fails, and ended is closed.
	_ = p.r.SetReadDeadline(time.Unix(1, 0))
	p.waitMu.Unlock()
	select {
	case <-done:
	case <-p.ended:
	}
}

// drain delivers what is in the pipe for those who wait in settle and reports
// whether the pipe is at its end. It reads no further than what it found: a
// child that never stops writing must not keep Restore waiting.
func (p *pump) drain(buf []byte) (ended bool) {
	p.waitMu.Lock()
	waiters := p.waiters
	p.waiters = nil
	_ = p.r.SetReadDeadline(time.Time{})
	p.waitMu.Unlock()

	pending, err := pipeHolds(p.fd)
	if err != nil {
		pending = 0
	}
	for {
		// Plain reads, since a further settle may set the deadline again.
		n, err := unix.Read(p.fd, buf)
		switch {
		case err == unix.EINTR:
			continue
		case n > 0:
			p.deliver(buf[:n])
			if pending -= n; pending >= 0 {
				// One read more than was pending finds out whether the pipe is
				// at its end, and Restore leaves nothing open behind it.
				continue
			}
		case n == 0 && err == nil:
			return true
		}
		for _, w := range waiters {
			close(w)
		}
		return false
	}
}

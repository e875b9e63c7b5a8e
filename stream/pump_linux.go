package stream

import (
	"errors"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/job"
)

// burstMax is how much a pump moves before it lets others have its place in
// PumpOptions.Limit.
const burstMax = 4 << 20

// A Pump moves what is written to one pipe to the end of one log, until the last
// writer closes it.
//
// An idle one is a goroutine in the netpoller: no thread, no buffer.
type Pump struct {
	r   *os.File
	rc  syscall.RawConn
	l   *Log
	opt PumpOptions
	m   *mover

	full fullState
	grow grower

	drain     chan struct{}
	drainOnce sync.Once
	done      chan struct{}
	manual    sync.Mutex // of Move and, with it, of Drain
}

// StartPump starts a pump from r, the read end of a pipe, to l. r must be in the
// netpoller (os.Pipe's are; else set O_NONBLOCK before os.NewFile). It stays the
// caller's, who closes it once Done is closed. A log has one pump.
func StartPump(r *os.File, l *Log, opt PumpOptions) *Pump {
	p := &Pump{
		r: r, l: l, opt: opt, m: newMover(l),
		drain: make(chan struct{}), done: make(chan struct{}),
	}
	if opt.Manual {
		var err error
		if p.rc, err = r.SyscallConn(); err != nil {
			p.failed(err)
		}
		return p
	}
	go p.run()
	return p
}

// Move moves what is in the pipe of a manual pump. While the disk is full it
// waits, as a pump does. It returns false once the pump was drained.
func (p *Pump) Move() bool {
	p.manual.Lock()
	defer p.manual.Unlock()
	for !p.draining() {
		switch p.burst() {
		case empty:
			return true
		case ended:
			return false
		case blocked:
			p.full.wait(p.drain)
		}
	}
	return false
}

// Done is closed when everything was moved, or the pump was stopped by Drain, by
// closing its pipe or by an error, of which an event told.
func (p *Pump) Done() <-chan struct{} { return p.done }

// Dropped is the number of bytes that did not come into the log.
func (p *Pump) Dropped() int64 { return p.l.Dropped() }

// Drain moves what is in the pipe now and stops the pump, without waiting for the
// end: a grandchild of the worker may hold the pipe open forever. While the disk
// is full it does not wait either; what could not be moved counts as dropped. It
// returns when the pump has stopped.
func (p *Pump) Drain() {
	p.drainOnce.Do(func() {
		close(p.drain)
		p.r.SetReadDeadline(time.Unix(1, 0)) // wakes it up
		if p.opt.Manual {
			p.manual.Lock()
			defer p.manual.Unlock()
			p.lastCall()
			p.finish()
			close(p.done)
		}
	})
	<-p.done
}

func (p *Pump) draining() bool {
	select {
	case <-p.drain:
		return true
	default:
		return false
	}
}

// What came of a burst.
type result int

const (
	more    result = iota // there may be more at once
	empty                 // nothing in the pipe
	blocked               // the file cannot be written, and the policy is to wait
	ended                 // end of the pipe, or nothing to be done about it
)

func (p *Pump) run() {
	defer close(p.done)
	defer p.finish()
	var err error
	if p.rc, err = p.r.SyscallConn(); err != nil {
		p.failed(err)
		return
	}
	for {
		if p.draining() {
			p.lastCall()
			return
		}
		err := p.rc.Read(func(fd uintptr) bool { return ready(int(fd)) })
		if errors.Is(err, os.ErrDeadlineExceeded) {
			if !p.draining() {
				p.r.SetReadDeadline(time.Time{}) // somebody else's
			}
			continue
		}
		if err != nil {
			p.failed(err)
			return
		}
		switch p.burst() {
		case ended:
			return
		case blocked:
			p.full.wait(p.drain)
		}
	}
}

// burst moves bytes while it holds a place in Limit.
func (p *Pump) burst() result {
	if p.opt.Limit != nil {
		p.opt.Limit <- struct{}{}
		defer func() { <-p.opt.Limit }()
	}
	res := more
	err := p.rc.Control(func(fd uintptr) {
		for moved := 0; res == more && moved < burstMax && !p.draining(); {
			var n int
			n, res = p.step(int(fd), moveMax)
			moved += n
		}
	})
	if err != nil {
		p.failed(err)
		return ended
	}
	return res
}

// step moves, or drops, up to max bytes, and says what the policy makes of it.
func (p *Pump) step(fd, max int) (int, result) {
	now := time.Now()
	if p.full.dropping(now) {
		return p.dropSome(fd, max)
	}
	p.lookAfter(now)
	n, err := p.m.step(fd, max)
	if n > 0 {
		now = time.Now()
		p.full.wrote(p, int64(n))
		p.grow.moved(fd, n)
		if p.opt.OnData != nil {
			p.opt.OnData(int64(n), now)
		}
	}
	var re readError
	switch {
	case err == nil && n > 0:
		return n, more
	case err == nil:
		p.full.settled(p)
		return 0, ended
	case err == unix.EAGAIN:
		p.full.settled(p)
		return n, empty
	case errors.As(err, &re):
		p.failed(err)
		return n, ended
	}
	p.full.met(p, err)
	if p.l.opt.OnFull == job.FullDrop || p.l.opt.OnFull == job.FullStop {
		return p.dropSome(fd, max)
	}
	return n, blocked
}

func (p *Pump) dropSome(fd, max int) (int, result) {
	n, err := p.m.discard(fd, max)
	switch {
	case err == unix.EAGAIN:
		return 0, empty
	case err != nil:
		p.failed(err)
		return 0, ended
	case n == 0:
		return 0, ended
	}
	p.full.dropped(p, int64(n))
	return n, more
}

// lookAfter sees now and then whether the file is still in its place.
func (p *Pump) lookAfter(now time.Time) {
	p.l.wmu.Lock()
	defer p.l.wmu.Unlock()
	if p.l.closed || now.Sub(p.l.checked) < time.Second {
		return
	}
	if err := p.l.checkPlace(); err != nil {
		p.l.event(job.EventLogError, 0, p.l.end.Load(), "%v", err)
	}
}

// lastCall moves what is in the pipe now. More may come meanwhile from somebody
// who is not waited for.
func (p *Pump) lastCall() {
	err := p.rc.Control(func(fd uintptr) {
		left, err := waiting(int(fd))
		if err != nil {
			p.failed(err)
			return
		}
		for left > 0 {
			n, res := p.step(int(fd), min(left, moveMax))
			left -= n
			if res == blocked {
				// They stay in the pipe, and nobody will come for them.
				p.full.dropped(p, int64(left))
				return
			}
			if res != more {
				return
			}
		}
	})
	if err != nil {
		p.failed(err)
	}
}

func (p *Pump) finish() {
	p.full.end(p)
	p.m.close()
	p.l.wmu.Lock()
	if !p.l.closed {
		if err := p.l.checkEnd(); err != nil {
			p.l.event(job.EventLogError, 0, p.l.end.Load(), "%v", err)
		}
	}
	p.l.wmu.Unlock()
	p.r.SetReadDeadline(time.Time{})
}

// failed tells of an error that ends the pump.
func (p *Pump) failed(err error) {
	// Closing the pipe is one way to stop it. The error of a raw read does not
	// say that in a way that can be asked for; Stat's does.
	if _, serr := p.r.Stat(); errors.Is(serr, os.ErrClosed) {
		return
	}
	p.l.event(job.EventLogError, 0, p.l.Size(), "log %s ends here: %v", p.l.path(), err)
}

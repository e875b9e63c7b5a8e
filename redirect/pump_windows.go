package redirect

import (
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/windows"
)

// outlet is the reading end of a tee's pipe.
type outlet struct {
	r windows.Handle
	// marks is a writing end of our own. A write of no bytes through it makes a
	// read return nothing, in its place among the others' bytes: that is how
	// settle learns that all before it has been delivered. (PeekNamedPipe would
	// wait for the read in progress.)
	marks windows.Handle

	waitMu  sync.Mutex
	waiters []mark
	started bool
}

type mark struct {
	done chan struct{}
	last bool
}

const pumpBuffer = 64 << 10

func (p *pump) open() error {
	var w windows.Handle
	if err := windows.CreatePipe(&p.r, &w, nil, 1<<20); err != nil {
		return fmt.Errorf("CreatePipe: %w", err)
	}
	var err error
	if p.marks, err = duplicate(w); err != nil {
		_ = windows.CloseHandle(p.r)
		_ = windows.CloseHandle(w)
		return err
	}
	p.in = descriptor{os.NewFile(uintptr(w), "tee")}
	return nil
}

func (p *pump) discard() {
	_ = windows.CloseHandle(p.r)
	_ = windows.CloseHandle(p.marks)
	p.in.close()
	p.closeSinks()
}

// start begins pumping and returns the writing end, which os.Stdout refers to
// and the first layer closes.
func (p *pump) start() descriptor {
	if p.started {
		return noDescriptor
	}
	p.started = true
	go p.run()
	return p.in
}

func (p *pump) run() {
	defer close(p.ended)
	defer p.closeSinks()
	defer windows.CloseHandle(p.r)
	buf := make([]byte, pumpBuffer)
	for {
		var n uint32
		if err := windows.ReadFile(p.r, buf, &n, nil); err != nil {
			return // ERROR_BROKEN_PIPE: nobody can write any more
		}
		if n > 0 {
			p.deliver(buf[:n])
			continue
		}
		p.waitMu.Lock()
		if len(p.waiters) > 0 {
			m := p.waiters[0]
			p.waiters = p.waiters[1:]
			if m.last {
				_ = windows.CloseHandle(p.marks)
			}
			close(m.done)
		}
		p.waitMu.Unlock()
	}
}

// settle returns when all that is in the pipe now has been delivered. The last
// one lets the pump end with the last holder of the pipe.
func (p *pump) settle(last bool) {
	m := mark{make(chan struct{}), last}
	p.waitMu.Lock()
	p.waiters = append(p.waiters, m)
	p.waitMu.Unlock()
	var n uint32
	if err := windows.WriteFile(p.marks, nil, &n, nil); err != nil {
		return
	}
	select {
	case <-m.done:
	case <-p.ended:
	}
}

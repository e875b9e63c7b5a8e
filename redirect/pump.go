package redirect

import (
	"errors"
	"fmt"
	"sync"
)

// sink is one of the two places a tee delivers to.
type sink struct {
	name string
	d    descriptor // noDescriptor where the stream was closed before
	lost int64      // bytes it did not take
	err  error      // the first reason
}

func (s *sink) deliver(p []byte) {
	if s.d == noDescriptor {
		return
	}
	n, err := s.d.write(p)
	if n < len(p) {
		s.lost += int64(len(p) - n)
		if s.err == nil {
			s.err = err
		}
	}
}

func (s *sink) loss() error {
	if s.lost == 0 {
		return nil
	}
	return fmt.Errorf("%s did not take %d bytes: %w", s.name, s.lost, s.err)
}

// pump is the goroutine behind a tee. It owns its descriptors and ends, closing
// them, when nobody holds the pipe's writing end any more.
type pump struct {
	in descriptor // the pipe's writing end, until start
	outlet

	// mu guards the sinks. It is held while they are written to, so retarget
	// cannot pull the terminal away from under a write.
	mu   sync.Mutex
	log  sink
	term sink

	ended chan struct{}
}

func newPump(path string, log descriptor, was former) (*pump, error) {
	p := &pump{
		in:    noDescriptor,
		log:   sink{name: path, d: noDescriptor},
		term:  sink{name: "the former destination", d: noDescriptor},
		ended: make(chan struct{}),
	}
	var err error
	if p.log.d, err = log.dup(); err == nil {
		if p.term.d, err = was.destination(); err == nil {
			err = p.open()
		}
	}
	if err != nil {
		p.closeSinks()
		return nil, fmt.Errorf("setting up the tee: %w", err)
	}
	return p, nil
}

// deliver writes to the file first: what a person has seen is in it.
func (p *pump) deliver(b []byte) {
	if len(b) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log.deliver(b)
	p.term.deliver(b)
}

// retarget has the tee go on to what f saved.
func (p *pump) retarget(f former) error {
	d, err := f.destination()
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.term.d.close()
	p.term.d = d
	return nil
}

func (p *pump) loss(s stream) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := errors.Join(p.log.loss(), p.term.loss()); err != nil {
		return fmt.Errorf("tee of %s: %w", s, err)
	}
	return nil
}

func (p *pump) closeSinks() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log.d.close()
	p.term.d.close()
	p.log.d, p.term.d = noDescriptor, noDescriptor
}

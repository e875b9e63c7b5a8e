package bus

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// closeWait is how long Close waits for calls and handlers.
const closeWait = time.Second

// local is a connection to a Local. Its fields are under the lock of the Local.
type local struct {
	l        *Local
	name     string
	state    state
	since    time.Time // of the state of its link
	services map[*service]bool
	busy     sync.WaitGroup // calls and goroutines of services
	ended    chan struct{}  // closed when it is dead
}

// state goes in this order only.
type state int

const (
	open    state = iota
	closing       // calls and handlers under way may end
	dead
)

// service is one Serve.
type service struct {
	conn    *local
	pattern string
	wild    bool
	box     *mailbox
	done    chan struct{} // closed when its goroutine has ended
}

// Connect returns a new connection. Several may have one name: they share its
// faults.
func (l *Local) Connect(name string) Bus {
	c := &local{l: l, name: name, since: time.Now(), services: map[*service]bool{}, ended: make(chan struct{})}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns = append(l.conns, c)
	return c
}

// ready tells why nothing can be sent now.
func (c *local) ready() error {
	switch {
	case c.state != open:
		return ErrClosed
	case c.l.cut[c.name]:
		return errCut
	}
	return nil
}

func (c *local) Publish(subject string, data []byte) error {
	to, err := func() ([]*service, error) {
		if err := CheckMessage(subject, data); err != nil {
			return nil, err
		}
		c.l.mu.Lock()
		defer c.l.mu.Unlock()
		return c.l.find(subject), c.ready()
	}()
	if err != nil {
		return fmt.Errorf("publishing on %s: %w", subject, err)
	}
	for _, s := range to {
		c.l.carry(c.name, s.conn, subject, data, func(data []byte) {
			s.box.put(NewMessage(subject, data, nil))
		})
	}
	return nil
}

func (c *local) Call(ctx context.Context, subject string, data []byte) ([]byte, error) {
	answer, err := c.call(ctx, subject, data)
	if err != nil {
		return nil, fmt.Errorf("calling %s: %w", subject, err)
	}
	return answer, nil
}

func (c *local) call(ctx context.Context, subject string, data []byte) ([]byte, error) {
	if err := CheckMessage(subject, data); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c.l.mu.Lock()
	to, down := c.l.find(subject), c.ready()
	if c.state != open {
		c.l.mu.Unlock()
		return nil, ErrClosed
	}
	c.busy.Add(1)
	c.l.mu.Unlock()
	defer c.busy.Done()
	if down == nil && len(to) == 0 {
		return nil, ErrNobody
	}
	reply := make(chan []byte, 1)
	for _, s := range to {
		if down != nil {
			break
		}
		answer := func(data []byte) error {
			return s.conn.answer(c, subject, data, reply)
		}
		c.l.carry(c.name, s.conn, subject, data, func(data []byte) {
			s.box.put(NewMessage(subject, data, answer))
		})
	}
	select {
	case answer := <-reply:
		return answer, nil
	case <-c.ended:
		return nil, ErrClosed
	case <-ctx.Done():
		if down != nil {
			return nil, fmt.Errorf("%w: %w", down, ctx.Err())
		}
		return nil, ctx.Err()
	}
}

// answer brings an answer to a caller, who takes the first.
func (c *local) answer(caller *local, subject string, data []byte, reply chan []byte) error {
	err := CheckMessage(subject, data)
	c.l.mu.Lock()
	switch {
	case err != nil:
	case c.state == dead:
		err = ErrClosed
	case c.l.cut[c.name]:
		err = errCut
	}
	c.l.mu.Unlock()
	if err != nil {
		return fmt.Errorf("answering on %s: %w", subject, err)
	}
	c.l.carry(c.name, caller, subject, data, func(data []byte) {
		select {
		case reply <- data:
		default:
		}
	})
	return nil
}

func (c *local) Serve(subject string, handle func(Message)) (stop func(), err error) {
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	if err = CheckPattern(subject); err == nil {
		err = c.ready()
	}
	if err != nil {
		return nil, fmt.Errorf("serving %s: %w", subject, err)
	}
	s := &service{conn: c, pattern: subject, wild: strings.ContainsAny(subject, "*>"), box: newMailbox(), done: make(chan struct{})}
	c.l.add(s)
	c.busy.Add(1)
	go func() {
		defer c.busy.Done()
		defer close(s.done)
		for m, ok := s.box.get(); ok; m, ok = s.box.get() {
			handle(m)
		}
	}()
	return func() {
		c.l.mu.Lock()
		c.l.remove(s)
		c.l.mu.Unlock()
		s.box.close()
		<-s.done
	}, nil
}

func (c *local) Flush(ctx context.Context) error {
	c.l.mu.Lock()
	err := c.ready()
	c.l.mu.Unlock()
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("flushing: %w", err)
	}
	return nil // what was published is with its receivers, or on its way
}

func (c *local) Link() Link {
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	err := c.ready()
	return Link{Up: err == nil, Since: c.since, Err: err}
}

func (c *local) Close() error {
	c.l.mu.Lock()
	first := c.state == open
	c.l.shut(c)
	c.l.mu.Unlock()
	if !first {
		<-c.ended
		return nil
	}
	idle := make(chan struct{})
	go func() {
		c.busy.Wait()
		close(idle)
	}()
	wait := time.NewTimer(closeWait)
	defer wait.Stop()
	select {
	case <-idle:
	case <-c.ended:
	case <-wait.C:
	}
	c.l.mu.Lock()
	c.l.end(c)
	c.l.mu.Unlock()
	return nil
}

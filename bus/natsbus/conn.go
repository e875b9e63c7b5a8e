package natsbus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/sluicerun/sluice/bus"
)

const (
	// closeWait is how long Close waits for calls and handlers.
	closeWait = time.Second
	// The servers of a cluster tell each other in the background who serves
	// what. settle is what that takes at least before it may be relied on, and
	// nobody how long a call looks for somebody.
	settle = 50 * time.Millisecond
	nobody = 250 * time.Millisecond
	// again is the pause before something that failed is tried again.
	again = 20 * time.Millisecond
	// pending bounds what came and was not handled yet, for each Serve.
	pending = 64 << 20 // bytes
)

// Conn is a connection to a NATS server. It implements bus.Bus.
type Conn struct {
	nc      *nats.Conn
	cluster bool
	root    string
	runID   string
	log     func(string)
	link    *link
	dialer  *dialer
	closed  chan struct{} // by the client, when its callbacks are done

	ctx context.Context // ends with Close
	end context.CancelFunc

	mu      sync.Mutex
	closing bool
	busy    int           // calls and handlers under way
	idle    chan struct{} // closed when closing and not busy
	slow    map[*nats.Subscription]bool
}

var _ bus.Bus = (*Conn)(nil)

func newConn(endpoints []endpoint, o DialOptions) *Conn {
	c := &Conn{
		root: root(o.RunID), runID: o.RunID, log: o.Log, link: newLink(endpoints),
		closed: make(chan struct{}), idle: make(chan struct{}), slow: map[*nats.Subscription]bool{},
	}
	if c.log == nil {
		c.log = func(string) {}
	}
	c.ctx, c.end = context.WithCancel(context.Background())
	c.dialer = newDialer(c.ctx, endpoints, c.link)
	return c
}

// enter is called before what Close waits for.
func (c *Conn) enter() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return false
	}
	c.busy++
	return true
}

func (c *Conn) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy--
	if c.closing && c.busy == 0 {
		close(c.idle)
	}
}

// check adds to what else is wrong with a subject that it is not of the run: the
// embedded server would drop what is sent there, and another one bring it to others.
func (c *Conn) check(subject string, err error) error {
	if err == nil && !strings.HasPrefix(subject, c.root) {
		err = fmt.Errorf("subject %q is not of this run: those are below %s", subject, c.root)
	}
	return err
}

// Publish implements bus.Bus.
func (c *Conn) Publish(subject string, data []byte) error {
	err := c.check(subject, bus.CheckMessage(subject, data))
	if err == nil {
		err = c.send(subject, data)
	}
	if err != nil {
		return fmt.Errorf("publishing on %s: %w", subject, err)
	}
	return nil
}

// send does not touch the client while the link is down: it may hold its lock.
func (c *Conn) send(subject string, data []byte) error {
	if c.ctx.Err() != nil {
		return bus.ErrClosed
	}
	if !c.link.state().Up {
		return c.link.down()
	}
	return c.plain(c.nc.Publish(subject, data))
}

// plain turns errors of the client into ours.
func (c *Conn) plain(err error) error {
	switch {
	case errors.Is(err, nats.ErrConnectionClosed), errors.Is(err, nats.ErrConnectionDraining):
		return bus.ErrClosed
	case lost(err):
		return c.link.down()
	case errors.Is(err, nats.ErrMaxPayload):
		return fmt.Errorf("the NATS server takes messages of %d bytes at most: raise its max_payload to %d: %w", c.nc.MaxPayload(), maxPayload, err)
	}
	return err
}

// lost tells that nothing was sent, as there is no connection now.
func lost(err error) bool {
	return errors.Is(err, nats.ErrReconnectBufExceeded) || errors.Is(err, nats.ErrConnectionReconnecting) || errors.Is(err, nats.ErrDisconnected)
}

// Call implements bus.Bus. While the link is down it waits for it.
func (c *Conn) Call(ctx context.Context, subject string, data []byte) ([]byte, error) {
	answer, err := c.call(ctx, subject, data)
	if err != nil {
		return nil, fmt.Errorf("calling %s: %w", subject, err)
	}
	return answer, nil
}

func (c *Conn) call(ctx context.Context, subject string, data []byte) ([]byte, error) {
	if err := c.check(subject, bus.CheckMessage(subject, data)); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !c.enter() {
		return nil, bus.ErrClosed
	}
	defer c.leave()
	ctx, cancel := until(ctx, c.ctx)
	defer cancel()
	data = bytes.Clone(data) // a call whose context ends may leave it behind
	return bounded(ctx, func() ([]byte, error) { return c.request(ctx, subject, data) })
}

// request asks until there is an answer, or nobody to give one.
func (c *Conn) request(ctx context.Context, subject string, data []byte) ([]byte, error) {
	var none time.Time // since when
	for {
		err := c.await(ctx)
		if err != nil {
			return nil, err
		}
		m, err := c.nc.RequestWithContext(ctx, subject, data)
		switch {
		case err == nil:
			return m.Data, nil
		case ctx.Err() != nil:
			return nil, ended(ctx)
		case errors.Is(err, nats.ErrNoResponders):
			if none.IsZero() {
				none = time.Now()
			}
			if !c.cluster || time.Since(none) > nobody {
				return nil, bus.ErrNobody
			}
		case !lost(err):
			return nil, c.plain(err)
		}
		if err := sleep(ctx, again); err != nil {
			return nil, err
		}
	}
}

// await waits for the link.
func (c *Conn) await(ctx context.Context) error {
	for !c.link.state().Up {
		if err := sleep(ctx, again); err != nil {
			return fmt.Errorf("%w: %w", c.link.down(), err)
		}
	}
	return nil
}

// Serve implements bus.Bus.
func (c *Conn) Serve(subject string, handle func(bus.Message)) (stop func(), err error) {
	if err = c.check(subject, bus.CheckPattern(subject)); err == nil {
		stop, err = c.serve(subject, handle)
	}
	if err != nil {
		return nil, fmt.Errorf("serving %s: %w", subject, err)
	}
	return stop, nil
}

func (c *Conn) serve(subject string, handle func(bus.Message)) (stop func(), err error) {
	if !c.enter() {
		return nil, bus.ErrClosed
	}
	defer c.leave()
	if !c.link.state().Up {
		return nil, c.link.down()
	}
	var (
		mu      sync.Mutex // held while handle runs
		stopped bool
	)
	sub, err := c.nc.Subscribe(subject, func(m *nats.Msg) {
		mu.Lock()
		defer mu.Unlock()
		if !stopped && c.enter() {
			defer c.leave()
			handle(c.message(m))
		}
	})
	if err != nil {
		return nil, c.plain(err)
	}
	stop = func() {
		_ = sub.Unsubscribe() // or the connection is closed
		_ = c.sync()          // or nobody reaches us anyway
		mu.Lock()
		defer mu.Unlock()
		stopped = true
	}
	err = sub.SetPendingLimits(-1, pending)
	if err == nil {
		err = c.sync()
	}
	if err == nil {
		err = c.refused(forSubscription, subject)
	}
	if err != nil {
		_ = sub.Unsubscribe() // or the connection is closed
		return nil, c.plain(err)
	}
	return stop, nil
}

// sync returns when the server knows what is served here, and in a cluster the
// others most likely do: there is no way to ask. What is slow to answer now is
// slow to tell others.
func (c *Conn) sync() error {
	if !c.link.state().Up {
		return c.link.down()
	}
	ctx, cancel := context.WithTimeout(c.ctx, dialTimeout)
	defer cancel()
	start := time.Now()
	if err := c.pong(ctx); err != nil || !c.cluster {
		return err
	}
	return sleep(ctx, settle+10*time.Since(start))
}

// pong returns when the server has answered to all that was said, or the link is down.
func (c *Conn) pong(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lost := c.link.loss()
	go func() {
		select {
		case <-lost: // the client would wait for a server that is gone
			cancel()
		case <-ctx.Done():
		}
	}()
	return c.nc.FlushWithContext(ctx)
}

// forSubscription begins what the server says of a subscription that it refuses. Who
// wanted it is told, and need not hear it twice.
const forSubscription = "Subscription to"

// refused returns the last refusal of the server for lack of permission, if it was
// for that subject. The server sends it before the answer to sync, and to nothing in
// particular.
func (c *Conn) refused(what, subject string) error {
	err := c.nc.LastError()
	if errors.Is(err, nats.ErrPermissionViolation) && strings.Contains(err.Error(), what) && strings.Contains(err.Error(), subject) {
		return err
	}
	return nil
}

func (c *Conn) message(m *nats.Msg) bus.Message {
	var answer func([]byte) error
	if m.Reply != "" {
		answer = func(data []byte) error {
			err := bus.CheckMessage(m.Subject, data)
			if err == nil {
				err = c.send(m.Reply, data)
			}
			if err != nil {
				return fmt.Errorf("answering on %s: %w", m.Subject, err)
			}
			return nil
		}
	}
	return bus.NewMessage(m.Subject, m.Data, answer)
}

// trouble takes what the client cannot tell any caller.
func (c *Conn) trouble(_ *nats.Conn, sub *nats.Subscription, err error) {
	c.link.failed(err)
	switch {
	case errors.Is(err, nats.ErrSlowConsumer) && sub != nil:
		c.mu.Lock()
		told := c.slow[sub]
		c.slow[sub] = true
		c.mu.Unlock()
		if !told {
			c.log(fmt.Sprintf("messages on %s are lost: they come faster than they are handled, and %d MiB wait already",
				sub.Subject, pending>>20))
		}
	case errors.Is(err, nats.ErrPermissionViolation) && !strings.Contains(err.Error(), forSubscription):
		c.log(fmt.Sprintf("the NATS server does not let this connection do what sluice needs: %v", err))
	}
}

// Flush implements bus.Bus.
func (c *Conn) Flush(ctx context.Context) error {
	if err := c.flush(ctx); err != nil {
		return fmt.Errorf("flushing: %w", err)
	}
	return nil
}

func (c *Conn) flush(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !c.enter() {
		return bus.ErrClosed
	}
	defer c.leave()
	if !c.link.state().Up {
		return c.link.down()
	}
	ctx, cancel := until(ctx, c.ctx)
	defer cancel()
	_, err := bounded(ctx, func() (struct{}, error) {
		return struct{}{}, c.plain(c.pong(ctx))
	})
	return err
}

// Link implements bus.Bus.
func (c *Conn) Link() bus.Link {
	if c.ctx.Err() != nil {
		l := c.link.state()
		return bus.Link{Since: l.Since, Err: bus.ErrClosed}
	}
	return c.link.state()
}

// Clustered tells whether the server is part of a cluster.
func (c *Conn) Clustered() bool { return c.cluster }

// Close implements bus.Bus.
func (c *Conn) Close() error {
	c.mu.Lock()
	first := !c.closing
	c.closing = true
	if first && c.busy == 0 {
		close(c.idle)
	}
	c.mu.Unlock()
	if first {
		c.quit()
	}
	if c.nc != nil {
		<-c.closed
	}
	c.dialer.wait()
	return nil
}

// quit waits for what is under way and ends the connection.
func (c *Conn) quit() {
	defer c.end()
	if c.nc == nil {
		return // never connected
	}
	ctx, cancel := context.WithTimeout(c.ctx, closeWait)
	defer cancel()
	select {
	case <-c.idle:
	case <-ctx.Done():
	}
	if c.link.state().Up {
		_ = c.pong(ctx) // the last answers, if there is time
	}
	c.end()
	c.nc.Close()
	if c.cluster {
		time.Sleep(settle) // until calls to us are known to reach nobody
	}
}

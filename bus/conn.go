package bus

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
)

// conn is one end of a stream.
type conn struct {
	bus           Bus
	own           string // the subject it hears
	local, remote addr

	over   context.Context // ends when nothing is left to hear
	finish context.CancelFunc
	heard  chan struct{} // closed when the other end is known to take part
	left   chan struct{} // closed when the keeper has ended

	mu     sync.Mutex
	moved  sync.Cond // broadcast at every change
	peer   string    // the subject the other end hears
	sure   bool      // heard is closed
	closed bool
	broken error
	in     inbound
	out    outbound
	rtime  deadline
	wtime  deadline
}

// addr is a subject.
type addr string

func (a addr) Network() string { return "bus" }
func (a addr) String() string  { return string(a) }

func newConn(b Bus, own string) *conn {
	c := &conn{bus: b, own: own, in: newInbound(), heard: make(chan struct{}), left: make(chan struct{})}
	c.over, c.finish = context.WithCancel(context.Background())
	c.moved.L = &c.mu
	return c
}

// serve begins to hear; a keeper stops that when the stream is over.
func (c *conn) serve() error {
	unserve, err := c.bus.Serve(c.own, c.hear)
	if err != nil {
		close(c.left)
		return err
	}
	go func() {
		defer close(c.left)
		c.keep()
		unserve()
	}()
	return nil
}

// accepted tells a dialer's end where the other is.
func (c *conn) accepted(peer string, limit uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.peer, c.out.limit = peer, limit
	c.confirm()
}

func (c *conn) confirm() {
	if !c.sure {
		c.sure = true
		close(c.heard)
	}
}

// abandon ends what has not begun, without a word.
func (c *conn) abandon() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.finish()
	<-c.left
}

// fail breaks the stream, and for the other end too if tell.
func (c *conn) fail(why error, tell bool) {
	c.mu.Lock()
	if c.over.Err() != nil {
		c.mu.Unlock()
		return
	}
	c.broken = why
	c.moved.Broadcast()
	c.finish()
	tell = tell && c.sure
	c.mu.Unlock()
	if tell {
		_ = c.tell(kindReset) // an end that does not hear it asks soon
	}
}

// frame makes one without a payload, under the lock.
func (c *conn) frame(k kind) frame {
	return frame{kind: k, offset: c.out.sent, limit: c.in.granted}
}

// tell sends a frame without a payload.
func (c *conn) tell(k kind) error {
	c.mu.Lock()
	f, peer := c.frame(k), c.peer
	c.mu.Unlock()
	return c.bus.Publish(peer, f.append(nil))
}

// hear takes a frame. What is none is dropped: the next that is one tells what
// is missing.
func (c *conn) hear(m Message) {
	f, err := parseFrame(m.Data)
	if err != nil {
		return
	}
	c.mu.Lock()
	c.confirm()
	err = c.take(f)
	answer := c.frame(kindWindow)
	c.mu.Unlock()
	if err != nil {
		c.fail(err, f.kind != kindReset)
	} else if m.Call() {
		_ = m.Answer(answer.append(nil)) // who asked asks again
	}
}

// take notes what a frame says; an error breaks the stream.
func (c *conn) take(f frame) error {
	defer c.moved.Broadcast()
	switch f.kind {
	case kindOpen, kindAccept:
		return nil // not of a stream that is open
	case kindReset:
		return fmt.Errorf("%w: the other end lost a part of it", ErrBroken)
	}
	c.out.grant(f.limit)
	if err := c.in.take(f); err != nil {
		return err
	}
	if f.kind == kindClose {
		c.out.deaf = true
	}
	if c.in.ended && (c.out.ended || c.out.deaf) {
		c.finish()
	}
	return nil
}

func (c *conn) Read(p []byte) (int, error) {
	c.mu.Lock()
	err := c.readable()
	for err == nil && len(p) > 0 && c.in.size == 0 {
		c.moved.Wait()
		err = c.readable()
	}
	var n int
	var grant bool
	if err == nil {
		n, grant = c.in.read(p)
	}
	c.mu.Unlock()
	if grant {
		_ = c.tell(kindWindow) // one that is lost is told by the keeper
	}
	return n, c.opError("read", err)
}

// readable tells why Read must return without bytes.
func (c *conn) readable() error {
	switch {
	case c.closed:
		return net.ErrClosed
	case c.rtime.passed:
		return os.ErrDeadlineExceeded
	case c.in.size > 0:
		return nil
	case c.in.ended:
		return io.EOF
	}
	return c.broken
}

// Write waits while the other end has no room.
func (c *conn) Write(p []byte) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for err = c.writable(); err == nil && c.out.turn; err = c.writable() {
		c.moved.Wait()
	}
	if err != nil {
		return 0, c.opError("write", err)
	}
	c.out.turn = true
	defer c.giveTurn()
	for {
		for err == nil && len(p) > 0 && c.out.room() == 0 {
			c.moved.Wait()
			err = c.writable()
		}
		if err != nil || len(p) == 0 {
			return n, c.opError("write", err)
		}
		f := c.frame(kindData)
		f.payload = p[:min(len(p), c.out.room(), maxChunk)]
		if err = c.send(f); err == nil {
			n, p = n+len(f.payload), p[len(f.payload):]
			err = c.writable()
		}
	}
}

// send is for who has the turn: it lets go of the lock while it publishes.
func (c *conn) send(f frame) error {
	c.out.buf = f.append(c.out.buf[:0])
	peer := c.peer
	c.mu.Unlock()
	err := c.bus.Publish(peer, c.out.buf)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrBroken, err)
		c.fail(err, true)
	}
	c.mu.Lock()
	if err == nil {
		c.out.sent += uint64(len(f.payload))
	}
	return err
}

func (c *conn) giveTurn() {
	c.out.turn = false
	c.moved.Broadcast()
}

// writable tells why Write must not go on.
func (c *conn) writable() error {
	switch {
	case c.closed:
		return net.ErrClosed
	case c.out.ended: // by CloseWrite, whatever has become of the other end since
		return io.ErrClosedPipe
	case c.wtime.passed:
		return os.ErrDeadlineExceeded
	case c.broken != nil:
		return c.broken
	case c.out.deaf:
		return fmt.Errorf("%w: the other end was closed", ErrBroken)
	}
	return nil
}

// CloseWrite tells the other end that no more bytes come: it reads io.EOF after
// the last. A Write under way ends first.
func (c *conn) CloseWrite() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.out.turn && !c.closed && c.broken == nil {
		c.moved.Wait()
	}
	switch {
	case c.closed:
		return c.opError("close", net.ErrClosed)
	case c.out.ended:
		return nil
	case c.broken != nil:
		return c.opError("close", c.broken)
	}
	c.out.turn = true
	defer c.giveTurn()
	err := c.send(c.frame(kindEnd))
	// Not before: an end that is over is one that nobody hears, and must have said all.
	if c.out.ended = err == nil; c.out.ended && c.in.ended {
		c.finish()
	}
	return c.opError("close", err)
}

// Close tells the other end that no bytes come and none are read any more. Those
// that were written before still reach it.
func (c *conn) Close() error {
	c.mu.Lock()
	first := !c.closed
	c.closed = true
	c.rtime.stop()
	c.wtime.stop()
	c.moved.Broadcast()
	for c.out.turn {
		c.moved.Wait()
	}
	var err error
	if first && c.sure && c.over.Err() == nil {
		c.out.turn = true
		err = c.send(c.frame(kindClose))
		c.giveTurn()
	}
	c.mu.Unlock()
	c.finish()
	<-c.left
	return c.opError("close", err)
}

func (c *conn) LocalAddr() net.Addr  { return c.local }
func (c *conn) RemoteAddr() net.Addr { return c.remote }

// opError says whose error it is; io.EOF stays as it is.
func (c *conn) opError(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &net.OpError{Op: op, Net: c.local.Network(), Source: c.local, Addr: c.remote, Err: err}
}

package tcpstore

import (
	"bufio"
	"errors"
	"net"
	"slices"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// readBuffer is per connection. Requests up to it are read in one go.
const readBuffer = 4 << 10

// errGone ends a connection that Reset or Close has closed.
var errGone = errors.New("the connection was closed")

// conn is one connection. Its goroutine reads a request, does it, writes the
// reply, and so on; the fields without a comment are that goroutine's.
type conn struct {
	s      *Server
	nc     net.Conn
	raw    syscall.RawConn // nil where there is none (net.Pipe)
	r      *bufio.Reader
	legacy bool
	held   int64         // bytes charged for the request under way
	wait   *waiter       // the last WAIT that was not over at once
	gone   chan struct{} // closed when the goroutine ends

	// out is nil until somebody else has to send more than the socket takes at
	// once. Others set it in ready, which settle waits for.
	out *outbox

	fault atomic.Pointer[error] // why somebody else hung up

	watching []string // guarded by Server.mu
	used     bool     // it has used a key; Server.mu
	reserved bool     // ... and one under Options.Reserved; Server.mu
	late     bool     // it was there before a Reset and had used none; Server.mu
	dead     bool     // nothing of it counts any more; Server.mu
}

func newConn(s *Server, nc net.Conn) *conn {
	c := &conn{s: s, nc: nc, r: bufio.NewReaderSize(nc, readBuffer), gone: make(chan struct{})}
	if sc, ok := nc.(syscall.Conn); ok {
		c.raw, _ = sc.SyscallConn()
	}
	return c
}

func (c *conn) serve() {
	defer c.s.wg.Done()
	err := c.generation()
	for err == nil {
		err = c.request()
		c.s.bytes.give(c.held)
		c.held = 0
	}
	if f := c.fault.Load(); f != nil {
		err = *f
	}
	c.s.note(c, err)
	c.end()
}

// hangUp ends the connection from another goroutine.
func (c *conn) hangUp(why error) {
	c.fault.CompareAndSwap(nil, &why)
	c.nc.Close()
}

func (c *conn) end() {
	c.s.mu.Lock()
	c.dead = true
	delete(c.s.conns, c)
	if c.wait != nil && c.wait.missing > 0 {
		c.s.forget(c.wait)
	}
	c.s.unwatch(c)
	c.s.mu.Unlock()
	close(c.gone)
	c.nc.Close()
}

// generation finds out what the client speaks. A modern one begins with VALIDATE
// (0) and the magic number. For a legacy one 0 is SET, and what follows the length
// of a key: as such the magic number would be a gigabyte.
func (c *conn) generation() error {
	b, err := c.r.Peek(1)
	if err == nil && b[0] == byte(cmdValidate) {
		b, err = c.r.Peek(5)
	}
	if err != nil {
		return err
	}
	c.legacy = len(b) == 1 || order.Uint32(b[1:]) != magic
	if !c.legacy {
		c.r.Discard(5)
	}
	return nil
}

// take charges bytes to the request under way.
func (c *conn) take(n int64) error {
	err := c.s.bytes.take(n)
	if err == nil {
		c.held += n
	}
	return err
}

// charge pays for what is stored (or gives back, if negative), with what the
// request has paid already as far as that goes.
func (c *conn) charge(n int64) error {
	if n < 0 {
		c.s.bytes.give(-n)
		return nil
	}
	paid := min(n, c.held)
	if err := c.s.bytes.take(n - paid); err != nil {
		return err
	}
	c.held -= paid
	return nil
}

// keep makes n bytes that the request has paid outlive it.
func (c *conn) keep(n int64) { c.held -= n }

// settle ends the wait of before: the client has something else to say. Torch
// 1.13 has no CANCEL_WAIT; after a time-out it simply goes on. If the wait is over
// already, its ready byte goes first.
func (c *conn) settle() {
	w := c.wait
	if w == nil {
		return
	}
	c.wait = nil
	c.s.mu.Lock()
	waiting := w.missing > 0
	if waiting {
		c.s.forget(w)
	}
	c.s.mu.Unlock()
	if !waiting {
		<-w.sent
	}
}

// ready tells the client that its wait is over. Another connection's goroutine
// calls it, so it must not block. c's own goroutine writes nothing meanwhile: it
// reads, or waits in settle.
func (c *conn) ready() {
	if c.out == nil && c.raw != nil {
		var err error
		rawErr := c.raw.Write(func(fd uintptr) bool {
			for {
				if err = unix.Sendto(int(fd), []byte{replyReady}, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, nil); err != unix.EINTR {
					return true
				}
			}
		})
		if rawErr != nil || err != unix.EAGAIN {
			return // sent, or the client has gone
		}
	}
	if c.out == nil {
		c.out = c.newOutbox()
	}
	c.out.push(net.Buffers{{replyReady}}, nil)
}

// reply writes an answer in one go.
func (c *conn) reply(parts ...[]byte) error {
	bufs := net.Buffers(parts)
	if c.out != nil {
		sent := make(chan struct{})
		c.out.push(bufs, sent)
		select {
		case <-sent:
			return nil
		case <-c.out.ended:
			return errGone
		}
	}
	small := parts[0]
	if len(parts) > 1 {
		n := 0
		for _, p := range parts {
			n += len(p)
		}
		if n > readBuffer {
			_, err := bufs.WriteTo(c.nc)
			return err
		}
		// One write is cheaper than one of several pieces.
		small = slices.Concat(parts...)
	}
	_, err := c.nc.Write(small)
	return err
}

package health

import (
	"io"
	"net"
	"slices"
	"sync"
	"time"
)

// maxConns is how many may be connected at once.
const maxConns = 64

// listener closes the connection that is open for longest when there are too
// many. Who asks honestly is gone after a moment, so that those who connect and
// keep silent push each other out, and never the next honest one.
type listener struct {
	net.Listener

	mu   sync.Mutex
	open []*conn // the oldest first
	// closed: what is accepted now was on its way when closeAll came.
	closed bool
}

func (l *listener) accept() (*conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: nc, l: l}
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		nc.Close()
		return nil, net.ErrClosed
	}
	var oldest *conn
	if len(l.open) >= maxConns {
		oldest = l.open[0]
	}
	l.open = append(l.open, c)
	l.mu.Unlock()
	if oldest != nil {
		oldest.Close()
	}
	return c, nil
}

// closeAll ends it and all that are open.
func (l *listener) closeAll() {
	l.Close()
	l.mu.Lock()
	open := slices.Clone(l.open)
	l.closed = true
	l.mu.Unlock()
	for _, c := range open {
		c.Close()
	}
}

type conn struct {
	net.Conn
	l *listener
}

// hangUp ends our side and takes what is still being said, within reason: closed
// with unread bytes, the kernel would take the answer back.
func (c *conn) hangUp() {
	if t, ok := c.Conn.(*net.TCPConn); ok && t.CloseWrite() == nil {
		_ = c.SetReadDeadline(time.Now().Add(lingerTime))
		_, _ = io.CopyN(io.Discard, c, 64<<10)
	}
}

// lingerTime is how long a client may take to hang up as well.
const lingerTime = 500 * time.Millisecond

func (c *conn) Close() error {
	c.l.mu.Lock()
	if i := slices.Index(c.l.open, c); i >= 0 {
		c.l.open = slices.Delete(c.l.open, i, i+1)
	}
	c.l.mu.Unlock()
	return c.Conn.Close()
}

package health

import (
	"net"
	"slices"
	"sync"
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
}

func (l *listener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: nc, l: l}
	l.mu.Lock()
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

type conn struct {
	net.Conn
	l *listener
}

func (c *conn) Close() error {
	c.l.mu.Lock()
	if i := slices.Index(c.l.open, c); i >= 0 {
		c.l.open = slices.Delete(c.l.open, i, i+1)
	}
	c.l.mu.Unlock()
	return c.Conn.Close()
}

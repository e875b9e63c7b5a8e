package bus

import (
	"net"
	"time"
)

// deadline is one of a conn's two, under its lock.
type deadline struct {
	timer  *time.Timer
	passed bool
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}

func (c *conn) SetDeadline(t time.Time) error { return c.setDeadlines(t, &c.rtime, &c.wtime) }

func (c *conn) SetReadDeadline(t time.Time) error { return c.setDeadlines(t, &c.rtime) }

func (c *conn) SetWriteDeadline(t time.Time) error { return c.setDeadlines(t, &c.wtime) }

func (c *conn) setDeadlines(t time.Time, deadlines ...*deadline) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.opError("set", net.ErrClosed)
	}
	for _, d := range deadlines {
		d.stop()
		wait := time.Until(t)
		d.passed = !t.IsZero() && wait <= 0
		if t.IsZero() || d.passed {
			continue
		}
		var timer *time.Timer
		timer = time.AfterFunc(wait, func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			if d.timer == timer { // not set anew since
				d.passed = true
				c.moved.Broadcast()
			}
		})
		d.timer = timer
	}
	c.moved.Broadcast()
	return nil
}

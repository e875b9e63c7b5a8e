package natsbus

import (
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/sluicerun/sluice/bus"
)

// link keeps how a connection is, without the lock of the NATS client.
type link struct {
	servers []string // addresses that were asked for

	mu    sync.Mutex
	up    bool
	fell  chan struct{} // closed while it is down
	since time.Time
	err   error            // of the loss, or of the last attempt since
	last  map[string]error // of the last attempt since the loss, by address
}

func newLink(endpoints []endpoint) *link {
	l := &link{since: time.Now(), fell: make(chan struct{}), last: map[string]error{}}
	close(l.fell)
	for _, e := range endpoints {
		l.servers = append(l.servers, e.url.Host)
	}
	return l
}

func (l *link) set(up bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.up != up {
		l.up, l.since = up, time.Now()
		if up {
			l.fell = make(chan struct{})
		} else {
			close(l.fell)
		}
	}
	l.err = err
	clear(l.last)
}

// loss is closed when the connection is lost.
func (l *link) loss() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fell
}

// tried takes the result of an attempt; err nil means that a server has spoken,
// not that it lets us in.
func (l *link) tried(addr string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last[addr] = err
	if err != nil {
		l.err = err
	}
}

// failed takes why a server that has spoken does not let us in.
func (l *link) failed(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.up {
		l.err = err
	}
}

func (l *link) state() bus.Link {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.up {
		return bus.Link{Up: true, Since: l.since}
	}
	refused := true
	for _, addr := range l.servers {
		refused = refused && errors.Is(l.last[addr], syscall.ECONNREFUSED)
	}
	for _, err := range l.last {
		refused = refused && errors.Is(err, syscall.ECONNREFUSED)
	}
	return bus.Link{Since: l.since, Refused: refused, Err: l.err}
}

// down is the error of what cannot be sent now.
func (l *link) down() error {
	s := l.state()
	if s.Up {
		return errors.New("the link to the server was lost just now")
	}
	since := s.Since.Format(time.TimeOnly)
	if s.Err == nil {
		return fmt.Errorf("the link to the server is down since %s", since)
	}
	return fmt.Errorf("the link to the server is down since %s: %w", since, s.Err)
}

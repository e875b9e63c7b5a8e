package web

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// server is one call of Serve.
type server struct {
	o     Options
	hub   *hub
	guard guard
	page  []byte
	seats chan struct{} // one for each viewer

	ping, pong, send time.Duration // see watch

	ctx  context.Context // done when the server closes
	busy sync.RWMutex    // requests hold it for reading
}

// Serve shows a session to browsers, see the package's comment. Under the page's
// URL there are
//
//	ws       the live stream, ALiS version 1
//	cast     the recording so far, if Options.Cast is given
//	screen   the screen as it is: text, or with ?format= svg, png, html, json, ansi;
//	         ?scrollback=1 puts the lines that scrolled off before it
//
// It returns when ctx is done, or Options.Linger after the session's end. The
// error is nil then; else it says what could not be opened (an [OptionError] where
// that is the address), or why the session could not be followed any more.
func Serve(ctx context.Context, o Options) error {
	ln, token, err := o.listen(ctx)
	if err != nil {
		return &OptionError{err}
	}
	defer ln.Close()
	live, err := o.Source(ctx)
	if err != nil {
		return fmt.Errorf("serving a session: %w", err)
	}
	s := newServer(o, live, ln.Addr(), token)
	return s.serve(ctx, ln, live)
}

func newServer(o Options, live Live, addr net.Addr, token string) *server {
	if o.Viewers <= 0 {
		o.Viewers = 100
	}
	return &server{
		o: o, page: makePage(o.title(live.Header())),
		hub:   newHub(live.Header(), o.Input),
		guard: newGuard(addr, token, o.Hosts),
		seats: make(chan struct{}, o.Viewers),
		ping:  15 * time.Second, pong: 10 * time.Second, send: 30 * time.Second,
	}
}

func (s *server) serve(ctx context.Context, ln net.Listener, live Live) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.ctx = ctx
	hs := &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    32 << 10,
		ConnContext:       keepConn,
	}
	var all sync.WaitGroup
	accepted, followed := make(chan error, 1), make(chan error, 1)
	all.Go(func() { accepted <- hs.Serve(ln) })
	all.Go(func() { followed <- s.hub.run(ctx, live) })
	if s.o.Ready != nil {
		s.o.Ready(s.url(ln.Addr()))
	}

	err := s.wait(ctx, accepted, followed)
	cancel()
	hs.Close() // does not wait for requests, nor know the viewers' connections
	all.Wait()
	s.busy.Lock()
	defer s.busy.Unlock()
	return err
}

// wait returns when there is nothing left to serve.
func (s *server) wait(ctx context.Context, accepted, followed <-chan error) error {
	var over <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-over:
			return nil
		case err := <-accepted:
			return fmt.Errorf("serving a session: %w", err)
		case err := <-followed:
			followed = nil
			if ctx.Err() == nil && err != nil {
				s.farewell()
				return err
			}
			if s.o.Linger > 0 {
				over = time.After(s.o.Linger)
			}
		}
	}
}

// farewell gives those who are watching a moment to learn that it is over.
func (s *server) farewell() {
	late := time.After(time.Second)
	for range cap(s.seats) {
		select {
		case s.seats <- struct{}{}:
		case <-late:
			return
		}
	}
}

// url is where a browser finds the page.
func (s *server) url(addr net.Addr) string {
	host, port, _ := net.SplitHostPort(addr.String())
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		if name, err := os.Hostname(); err == nil {
			host = name
		}
	}
	return "http://" + net.JoinHostPort(host, port) + s.guard.base()
}

type connKey struct{}

// keepConn lets handlers get at the connection below a WebSocket. Its buffer is
// kept small: what lies there is what a slow viewer is behind, out of reach.
func keepConn(ctx context.Context, c net.Conn) context.Context {
	if t, ok := c.(*net.TCPConn); ok {
		t.SetWriteBuffer(256 << 10)
	}
	return context.WithValue(ctx, connKey{}, c)
}

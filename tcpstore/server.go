package tcpstore

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Server is a store that listens. Its methods may be called from any goroutine.
type Server struct {
	opt     Options
	l       net.Listener
	wg      sync.WaitGroup
	bytes   budget
	reserve *os.File // see drop; the accept loop's

	mu     sync.Mutex // guards what follows; nothing waits while holding it
	store  store
	conns  map[*conn]struct{}
	stats  Stats
	closed bool
}

// Stats counts what a server has seen. Numbers only grow, except Connections, Keys
// and Bytes.
type Stats struct {
	Connections int    // open now
	Keys        int    // stored now
	Bytes       int64  // in use now, of Options.MaxBytes
	Dropped     int64  // connections refused for lack of descriptors or by Options.MaxConns
	Breaches    int64  // connections closed because they broke the protocol or a limit
	Full        int64  // connections closed because they would have exceeded Options.MaxBytes
	Last        string // why the last of those was closed, with its address; empty if none was
}

// Listen starts a server. An error means that nothing listens.
func Listen(o Options) (*Server, error) {
	addr := o.Addr
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("listening for a store on %q: %w", addr, err)
	}
	l, err := net.Listen("tcp", o.Addr) // without a host: ::, for IPv4 as well
	if host, port, _ := net.SplitHostPort(o.Addr); err != nil && host == "" && !errors.Is(err, syscall.EADDRINUSE) {
		// IPv6 is there but switched off.
		if l4, err4 := net.Listen("tcp4", net.JoinHostPort("0.0.0.0", port)); err4 == nil {
			l, err = l4, nil
		}
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listening for a store: %w; choose another port, or 0 for any free one", err)
	}
	if err != nil {
		return nil, fmt.Errorf("listening for a store: %w", err)
	}
	s := newServer(o)
	s.l = l
	s.reserve, _ = os.Open(os.DevNull)
	s.wg.Add(1)
	go s.accept()
	return s, nil
}

// newServer is a server without a listener.
func newServer(o Options) *Server {
	return &Server{opt: o, bytes: budget{max: o.MaxBytes}, store: newStore(), conns: map[*conn]struct{}{}}
}

// Addr is where the server listens.
func (s *Server) Addr() net.Addr { return s.l.Addr() }

// Port is the TCP port the server listens on.
func (s *Server) Port() int { return s.l.Addr().(*net.TCPAddr).Port }

// Stats tells what there is and what was refused.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.Connections, st.Keys, st.Bytes = len(s.conns), len(s.store.keys), s.bytes.used.Load()
	return st
}

// Reset begins a new attempt: all keys and queues that are not under
// Options.Reserved are forgotten, and all connections that used keys, but none
// under it, are closed. When it returns, none of these can change the store any
// more. One that has asked for nothing yet may be an agent's: it is closed if the
// first key that it uses is not under the prefix.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, value := range s.store.keys {
		if !s.reserved(key) {
			s.bytes.give(entryCost + int64(len(key)+len(value)))
			delete(s.store.keys, key)
		}
	}
	for key, q := range s.store.queues {
		if !s.reserved(key) {
			s.bytes.give(q.cost(key))
			delete(s.store.queues, key)
		}
	}
	for c := range s.conns {
		switch {
		case c.reserved:
		case c.used:
			// A request of its may be read already; enter refuses it.
			c.dead = true
			c.nc.Close()
		default:
			c.late = true
		}
	}
}

func (s *Server) reserved(key string) bool {
	return s.opt.Reserved != "" && strings.HasPrefix(key, s.opt.Reserved)
}

// Close ends the server and all connections, and returns when every goroutine has
// ended. A second call does nothing more.
func (s *Server) Close() error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	for c := range s.conns {
		c.dead = true
		c.nc.Close()
	}
	s.mu.Unlock()
	var err error
	if first && s.l != nil {
		err = s.l.Close()
	}
	s.wg.Wait()
	if err != nil {
		return fmt.Errorf("closing the store: %w", err)
	}
	return nil
}

func (s *Server) accept() {
	defer s.wg.Done()
	defer func() { s.reserve.Close() }() // the one it is then
	for {
		nc, err := s.l.Accept()
		switch {
		case err == nil:
			s.begin(nc)
		case errors.Is(err, net.ErrClosed):
			return
		case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
			s.drop()
		default: // the peer has gone already, or the kernel is short of memory
			time.Sleep(time.Millisecond)
		}
	}
}

// drop closes one waiting connection when the program has no descriptor left: it
// would stay in the backlog otherwise, and its client hang instead of failing.
func (s *Server) drop() {
	s.reserve.Close()
	if nc, err := s.l.Accept(); err == nil {
		s.refuse(nc, "no file descriptor left; raise the limit on open files (ulimit -n)")
	}
	s.reserve, _ = os.Open(os.DevNull)
	if s.reserve == nil {
		time.Sleep(10 * time.Millisecond) // somebody else took it
	}
}

func (s *Server) refuse(nc net.Conn, why string) {
	s.mu.Lock()
	s.stats.Dropped++
	s.stats.Last = fmt.Sprintf("%s: %s", nc.RemoteAddr(), why)
	s.mu.Unlock()
	nc.Close()
}

// begin serves a connection, unless there are too many.
func (s *Server) begin(nc net.Conn) {
	s.mu.Lock()
	few := len(s.conns) < maxDirect
	s.mu.Unlock()
	if few {
		if nc = makeDirect(nc); nc == nil {
			return
		}
	}
	c := newConn(s, nc)
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		nc.Close()
		return
	}
	if len(s.conns) >= s.opt.MaxConns {
		s.mu.Unlock()
		s.refuse(nc, fmt.Sprintf("more than %d connections; raise the limit on open files (ulimit -n) if that is what bounds it", s.opt.MaxConns))
		return
	}
	s.conns[c] = struct{}{}
	s.wg.Add(1)
	s.mu.Unlock()
	go c.serve()
}

// note counts why a connection was closed.
func (s *Server) note(c *conn, err error) {
	var b breach
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case errors.As(err, &b):
		s.stats.Breaches++
	case errors.Is(err, errFull):
		s.stats.Full++
	default:
		return // it hung up, or we did
	}
	s.stats.Last = fmt.Sprintf("%s: %v", c.nc.RemoteAddr(), err)
}

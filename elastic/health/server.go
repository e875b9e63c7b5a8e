package health

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// What a client may take: a request is one line and a few headers.
const (
	clientTime = 5 * time.Second // from connecting to the answer's last byte
	maxHeaders = 4 << 10         // bytes; net/http adds 4 KiB
	agentTime  = 3 * time.Second // for progress to answer
)

// Server answers until Close.
type Server struct {
	addr     net.Addr
	http     *http.Server
	progress func() Progress
	timeout  time.Duration
	begin    time.Time
	asking   chan struct{} // holds one while progress is asked
	closing  atomic.Bool
	all      sync.WaitGroup
	once     sync.Once
}

// Listen answers on the TCP address addr (":8080", "127.0.0.1:0") with
// DefaultTimeout. progress is called for each request, once at a time and from
// any goroutine; while it does not return, the answer is 503.
func Listen(addr string, progress func() Progress) (*Server, error) {
	return ListenTimeout(addr, DefaultTimeout, progress)
}

// ListenTimeout is Listen with a limit of its own on the age of the last
// progress; 0 is none.
func ListenTimeout(addr string, timeout time.Duration, progress func() Progress) (*Server, error) {
	_, _, err := net.SplitHostPort(addr) // "" would be any port
	if err != nil {
		return nil, listenError(addr, err)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, listenError(addr, err)
	}
	s := &Server{addr: l.Addr(), progress: progress, timeout: timeout, begin: time.Now(), asking: make(chan struct{}, 1)}
	s.http = &http.Server{
		Handler:                      http.HandlerFunc(s.serve),
		ReadTimeout:                  clientTime,
		WriteTimeout:                 clientTime,
		MaxHeaderBytes:               maxHeaders,
		ErrorLog:                     log.New(io.Discard, "", 0), // clients cannot write on our terminal
		ConnState:                    s.count,
		DisableGeneralOptionsHandler: true,
	}
	s.http.SetKeepAlivesEnabled(false)
	s.all.Go(func() { _ = s.http.Serve(&listener{Listener: l}) })
	return s, nil
}

// listenError says what to do about the usual reasons.
func listenError(addr string, err error) error {
	hint := ""
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		hint = "; another process has this port: choose another one (TORCHELASTIC_HEALTH_CHECK_PORT)"
	case errors.Is(err, syscall.EACCES):
		hint = "; choose a port from 1024 on"
	}
	var op *net.OpError
	if errors.As(err, &op) { // without the address, which is named already
		err = op.Err
	}
	return fmt.Errorf("listening for health checks on %q: %w%s", addr, err, hint)
}

// Addr is where it listens.
func (s *Server) Addr() net.Addr { return s.addr }

// Close ends all connections and waits for a call of progress that is under way.
func (s *Server) Close() {
	s.once.Do(func() {
		s.closing.Store(true)
		s.http.Close()
		s.all.Wait()
	})
}

// count lets Close wait for connections: http's Close does not, and misses one
// that is being accepted.
func (s *Server) count(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.all.Add(1)
		if s.closing.Load() {
			c.Close()
		}
	case http.StateClosed:
		s.all.Done()
	}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path != "/":
		http.Error(w, "there is only /", http.StatusNotFound)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
	default:
		s.answer(w, r.Context())
	}
}

func (s *Server) answer(w http.ResponseWriter, ctx context.Context) {
	a := s.ask(ctx)
	status := http.StatusOK
	if a.Reason != "" {
		status = http.StatusServiceUnavailable
	}
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false)
	_ = e.Encode(a) // nothing in it can fail
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes())
}

// ask does not hang with an agent that does, and has one goroutine in it at
// most, however many clients come meanwhile.
func (s *Server) ask(ctx context.Context) answer {
	late := time.NewTimer(agentTime)
	defer late.Stop()
	said := make(chan answer, 1)
	select {
	case s.asking <- struct{}{}:
		s.all.Go(func() {
			defer func() { <-s.asking }()
			said <- judge(s.progress(), s.begin, time.Now(), s.timeout)
		})
	case <-late.C:
		return stuck
	case <-ctx.Done():
		return stuck
	}
	select {
	case a := <-said:
		return a
	case <-late.C:
	case <-ctx.Done():
	}
	return stuck
}

// stuck is the answer for an agent that gives none.
var stuck = answer{State: "unknown", Reason: fmt.Sprintf("the agent has not answered for %v", agentTime)}

package health

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"
)

// What a client may take: a request is one line and a few headers.
const (
	clientTime = 5 * time.Second // from connecting to the answer's last byte
	agentTime  = 3 * time.Second // for progress to answer
)

// Server answers until Close.
type Server struct {
	conns    *listener
	progress func() Progress
	timeout  time.Duration
	begin    time.Time
	asking   chan struct{} // holds one while progress is asked
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
	if progress == nil { // found at the first question, it would end the program
		return nil, fmt.Errorf("listening for health checks on %q: there is no progress to tell", addr)
	}
	_, _, err := net.SplitHostPort(addr) // "" would be any port
	if err != nil {
		return nil, listenError(addr, err)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, listenError(addr, err)
	}
	s := &Server{conns: &listener{Listener: l}, progress: progress, timeout: timeout, begin: time.Now(), asking: make(chan struct{}, 1)}
	s.all.Go(s.accept)
	return s, nil
}

func (s *Server) accept() {
	for pause := time.Millisecond; ; {
		c, err := s.conns.accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // out of descriptors, say: some will be given back
			time.Sleep(pause)
			pause = min(2*pause, time.Second)
			continue
		}
		pause = time.Millisecond
		s.all.Go(func() { s.serve(c) })
	}
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
func (s *Server) Addr() net.Addr { return s.conns.Addr() }

// Close ends all connections and waits for a call of progress that is under way.
func (s *Server) Close() {
	s.once.Do(func() {
		s.conns.closeAll()
		s.all.Wait()
	})
}

// serve answers one request and hangs up.
func (s *Server) serve(c *conn) {
	defer c.Close()
	if c.SetDeadline(time.Now().Add(clientTime)) != nil {
		return
	}
	r, err := readRequest(c)
	if err != nil && !errors.Is(err, errRequest) {
		return // it said nothing, or hung up
	}
	_, _ = c.Write(s.respond(r, err).bytes(r.method == "HEAD"))
	c.hangUp()
}

func (s *Server) respond(r request, bad error) response {
	switch {
	case bad != nil:
		return plain(400, "Bad Request", bad.Error())
	case r.path != "/":
		return plain(404, "Not Found", "there is only /")
	case r.method != "GET" && r.method != "HEAD":
		p := plain(405, "Method Not Allowed", "only GET and HEAD")
		p.headers += "Allow: GET, HEAD\r\n"
		return p
	}
	a := s.ask()
	p := response{status: 200, reason: "OK", headers: "Content-Type: application/json\r\nCache-Control: no-store\r\n"}
	if a.Reason != "" {
		p.status, p.reason = 503, "Service Unavailable"
	}
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false)
	_ = e.Encode(a) // nothing in it can fail
	p.body = body.String()
	return p
}

// ask does not hang with an agent that does, and has one goroutine in it at
// most, however many clients come meanwhile.
func (s *Server) ask() answer {
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
		return stuck()
	}
	select {
	case a := <-said:
		return a
	case <-late.C:
	}
	return stuck()
}

// stuck is the answer for an agent that gives none.
func stuck() answer {
	return answer{State: "unknown", Reason: fmt.Sprintf("the agent has not answered for %v", agentTime)}
}

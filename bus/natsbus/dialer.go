package natsbus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"syscall"
	"time"
)

// Patience with servers.
const (
	dialTimeout = 3 * time.Second // to be connected and to hear the first word
	redialPause = 20 * time.Millisecond
)

// errDialing says that there is no connection yet.
var errDialing = errors.New("still connecting")

// endpoint is a server to connect to.
type endpoint struct {
	url  *url.URL
	dial func(context.Context) (net.Conn, error)
}

// overTCP is the endpoint of a server on the network.
func overTCP(u *url.URL) endpoint {
	return endpoint{url: u, dial: func(ctx context.Context) (net.Conn, error) { return dialTCP(ctx, u.Host) }}
}

// dialer makes the connections of one Conn, as nats.CustomDialer. The client of
// NATS holds its lock while it dials, and with it every call. So this one dials in
// goroutines of its own and answers at once, with a connection on which the server
// has spoken already, or with errDialing; the client comes back in a moment.
type dialer struct {
	ctx  context.Context
	wg   sync.WaitGroup
	link *link

	mu      sync.Mutex
	known   map[string]endpoint // by address; others are of a cluster, and TCP
	patient bool                // nobody else waits yet: dial on the spot
	running map[string]*attempt
}

type attempt struct {
	done chan struct{}
	conn net.Conn
	err  error
}

func newDialer(ctx context.Context, endpoints []endpoint, l *link) *dialer {
	d := &dialer{ctx: ctx, link: l, known: map[string]endpoint{}, patient: true, running: map[string]*attempt{}}
	for _, e := range endpoints {
		d.known[e.url.Host] = e
	}
	return d
}

// Dial implements nats.CustomDialer.
func (d *dialer) Dial(_, addr string) (net.Conn, error) {
	d.mu.Lock()
	a, patient := d.running[addr], d.patient
	if a == nil {
		a = d.start(addr)
	}
	d.mu.Unlock()
	pause := redialPause
	if patient {
		pause = 2 * dialTimeout // the attempt itself ends before
	}
	wait := time.NewTimer(pause)
	defer wait.Stop()
	select {
	case <-a.done:
	case <-wait.C:
		return nil, errDialing
	}
	d.mu.Lock()
	delete(d.running, addr)
	d.mu.Unlock()
	d.link.tried(addr, a.err)
	return a.conn, a.err
}

// start is under the lock.
func (d *dialer) start(addr string) *attempt {
	e, ok := d.known[addr]
	if !ok {
		e = overTCP(&url.URL{Host: addr})
	}
	a := &attempt{done: make(chan struct{})}
	d.running[addr] = a
	d.wg.Go(func() {
		defer close(a.done)
		ctx, cancel := context.WithTimeout(d.ctx, dialTimeout)
		defer cancel()
		conn, err := e.dial(ctx)
		if err == nil {
			conn, err = spoken(ctx, conn, addr)
		}
		a.conn, a.err = conn, err
	})
	return a
}

// impatient is called once the first connection stands.
func (d *dialer) impatient() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.patient = false
}

// wait is called when ctx has ended and nobody dials any more.
func (d *dialer) wait() {
	d.wg.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, a := range d.running {
		if a.conn != nil {
			_ = a.conn.Close()
		}
	}
	clear(d.running)
}

// strangerError tells that something else than NATS listens at an address.
type strangerError struct{ addr, why string }

func (e *strangerError) Error() string {
	return fmt.Sprintf("%s is used by something that is not sluice (%s): choose another port, or end what listens there", e.addr, e.why)
}

// spoken waits for the first word of the server, which is always INFO.
func spoken(ctx context.Context, conn net.Conn, addr string) (net.Conn, error) {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	head := make([]byte, 4096)
	const word = "INFO "
	n, err := io.ReadAtLeast(conn, head, len(word))
	if !stop() && err == nil {
		err = ctx.Err()
	}
	switch {
	case err != nil && n == 0 && errors.Is(ctx.Err(), context.Canceled):
		err = fmt.Errorf("%s took the connection and has said nothing so far", addr)
	case err != nil && n == 0 && ctx.Err() != nil:
		err = &strangerError{addr, fmt.Sprintf("it says nothing for %s, as Python's torchrun does, whose agents cannot take part", dialTimeout)}
	case err == nil && string(head[:len(word)]) != word:
		err = &strangerError{addr, fmt.Sprintf("it says %.20q", head[:n])}
	case err != nil && n > 0:
		err = &strangerError{addr, fmt.Sprintf("it says %.20q", head[:n])}
	case err != nil:
		err = fmt.Errorf("%s closed the connection: %w", addr, err)
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return &heard{Conn: conn, head: head[:n]}, nil
}

// heard is a connection of which the first bytes were read already.
type heard struct {
	net.Conn
	head []byte
}

func (h *heard) Read(b []byte) (int, error) {
	if len(h.head) == 0 {
		return h.Conn.Read(b)
	}
	n := copy(b, h.head)
	h.head = h.head[n:]
	return n, nil
}

// dialTCP tries all addresses of the host. The error is ECONNREFUSED only if every
// one that can be reached refuses.
func dialTCP(ctx context.Context, hostPort string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, err
	}
	ips, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		return nil, err
	}
	var refused, other error
	for i, ip := range ips {
		// The last may take all the time that is left.
		attempt, cancel := context.WithTimeout(ctx, dialTimeout/time.Duration(len(ips)-i))
		conn, err := new(net.Dialer).DialContext(attempt, "tcp", net.JoinHostPort(ip, port))
		cancel()
		switch {
		case err == nil:
			return conn, nil
		case errors.Is(err, syscall.ECONNREFUSED):
			refused = err
		case other == nil || !absent(err):
			other = err
		}
	}
	if other == nil || refused != nil && absent(other) {
		return nil, refused
	}
	return nil, other
}

// absent tells that this machine has no network of the address's kind.
func absent(err error) bool {
	return errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT)
}

package natsbus

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/sluicerun/sluice/bus"
)

// A server that comes back on its port is found again, and serves as before.
func TestReconnect(t *testing.T) {
	o := ServerOptions{Addr: "127.0.0.1:0", RunID: "7", Token: "secret"}
	s := serve(t, o)
	o.Addr = s.Addr().String()
	a := reach(t, DialOptions{Name: "a", RunID: "7", Token: "secret"}, o.Addr)
	b := reach(t, DialOptions{Name: "b", RunID: "7", Token: "secret"}, o.Addr)
	if _, err := a.Serve("sluice.7.echo", func(m bus.Message) { _ = m.Answer(m.Data) }); err != nil {
		t.Fatal(err)
	}
	call := func(ctx context.Context) error {
		answer, err := b.Call(ctx, "sluice.7.echo", []byte("x"))
		if err == nil && string(answer) != "x" {
			t.Errorf("the answer is %q", answer)
		}
		return err
	}
	if err := call(soon(t)); err != nil {
		t.Fatal(err)
	}
	if l := b.Link(); !l.Up || l.Err != nil {
		t.Errorf("%+v", l)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wait(t, "a refused link", func() bool { l := b.Link(); return !l.Up && l.Refused && l.Err != nil })
	if err := b.Publish("sluice.7.echo", nil); err == nil {
		t.Error("something was published while the link is down")
	}
	if err := b.Flush(soon(t)); err == nil {
		t.Error("something was flushed while the link is down")
	}
	if _, err := b.Serve("sluice.7.x", func(bus.Message) {}); err == nil {
		t.Error("something is served while the link is down")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a call without a link: %v", err)
	}
	waiting := make(chan error)
	go func() { waiting <- call(soon(t)) }()
	serve(t, o)
	// The other one may be back a moment later.
	if err := <-waiting; err != nil && !errors.Is(err, bus.ErrNobody) {
		t.Error(err)
	}
	wait(t, "an answer", func() bool { return call(soon(t)) == nil })
	if l := b.Link(); !l.Up || l.Refused || l.Err != nil {
		t.Errorf("%+v", l)
	}
}

// A connection within the process knows of the end of its server as others do.
func TestReconnectWithin(t *testing.T) {
	t.Parallel()
	s := serve(t, ServerOptions{RunID: "7"})
	c := join(t, s, "a")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wait(t, "a refused link", func() bool { l := c.Link(); return !l.Up && l.Refused })
}

// proxy stands between a client and a server, and can let the network freeze: what
// is sent goes nowhere, and new connections are taken and hear nothing.
type proxy struct {
	net.Listener
	frozen chan struct{}
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{l, make(chan struct{})}
	done := make(chan struct{})
	ended := make(chan struct{})
	pass := func(from, to net.Conn) {
		buf := make([]byte, 4096)
		for {
			n, err := from.Read(buf)
			select {
			case <-p.frozen:
				<-done
			default:
			}
			if err != nil {
				_ = to.Close()
				return
			}
			_, _ = to.Write(buf[:n])
		}
	}
	var conns []io.Closer
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns = append(conns, c)
			select {
			case <-p.frozen:
				continue
			default:
			}
			s, err := net.Dial("tcp", to)
			if err != nil {
				_ = c.Close()
				continue
			}
			conns = append(conns, s)
			go pass(c, s)
			go pass(s, c)
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-ended
		close(done)
		for _, c := range conns {
			_ = c.Close()
		}
	})
	return p
}

// A network that swallows everything: the link is found to be down, and is not
// refused; calls end with their contexts although the client is busy dialing.
func TestFrozenNetwork(t *testing.T) {
	t.Parallel()
	s := serve(t, ServerOptions{Addr: "127.0.0.1:0", RunID: "7"})
	p := newProxy(t, s.Addr().String())
	c := reach(t, DialOptions{Name: "a", RunID: "7"}, p.Addr().String())
	close(p.frozen)
	wait(t, "the loss", func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		if _, err := c.Call(ctx, "sluice.7.x", nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		return !c.Link().Up
	})
	wait(t, "an attempt that fails", func() bool {
		l := c.Link()
		if l.Up || l.Refused {
			t.Fatalf("%+v", l)
		}
		stranger := (*strangerError)(nil)
		return errors.As(l.Err, &stranger)
	})
	// A silent client is not gone: it may live on.
	select {
	case name := <-s.Gone():
		t.Errorf("%s is said to have ended", name)
	default:
	}
}

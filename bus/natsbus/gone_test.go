package natsbus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/sluicerun/sluice/bus"
)

// holdEnv has the test binary hold a connection to that server until it is killed.
const holdEnv = "NATSBUS_TEST_HOLD"

func hold(addr string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	c, err := Dial(ctx, []string{addr}, DialOptions{Name: "child", RunID: "test"})
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = c.Publish("sluice.test.here", nil)
	time.Sleep(5 * time.Minute)
	os.Exit(1)
}

// A killed process is known to be gone at once, by its name.
func TestGone(t *testing.T) {
	s := serve(t, ServerOptions{Addr: "127.0.0.1:0", RunID: "test"})
	c := join(t, s, "parent")
	here := make(chan struct{}, 1)
	if _, err := c.Serve("sluice.test.here", func(bus.Message) { here <- struct{}{} }); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(self)
	child.Env = append(os.Environ(), holdEnv+"="+s.Addr().String())
	child.Stderr = os.Stderr
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	}()
	select {
	case <-here:
	case <-time.After(patience):
		t.Fatal("the child does not connect")
	}
	select {
	case name := <-s.Gone():
		t.Fatalf("%q is gone already", name)
	default:
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	isGone(t, s, "child")
	if _, err := c.Call(soon(t), "sluice.test.child", nil); !errors.Is(err, bus.ErrNobody) {
		t.Error(err)
	}
	_ = c.Close()
	isGone(t, s, "parent")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if name, ok := <-s.Gone(); ok {
		t.Errorf("the server's own end is told as that of %q", name)
	}
}

// Whoever does not read Gone loses the oldest names, and holds up nobody.
func TestGoneIsBounded(t *testing.T) {
	g := &gone{names: make(chan string, 2)}
	for _, name := range []string{"a", "b", "c", "d"} {
		g.hear(&nats.Msg{Data: []byte(`{"client":{"name":"` + name + `"},"reason":"Client Closed"}`)})
	}
	g.hear(&nats.Msg{Data: []byte(`{"client":{"name":"stale"},"reason":"Stale Connection"}`)})
	g.hear(&nats.Msg{Data: []byte(`nothing`)})
	if a, b := <-g.names, <-g.names; a != "c" || b != "d" || len(g.names) != 0 {
		t.Errorf("kept: %q, %q and %d more", a, b, len(g.names))
	}
}

func isGone(t *testing.T, s *Server, want string) {
	t.Helper()
	select {
	case name := <-s.Gone():
		if name != want {
			t.Fatalf("%q is gone, not %q", name, want)
		}
	case <-time.After(patience):
		t.Fatalf("%q is not known to be gone", want)
	}
}

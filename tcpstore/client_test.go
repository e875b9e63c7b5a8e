package tcpstore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestClient(t *testing.T) {
	t.Parallel()
	s := listen(t, Options{})
	c, ctx := connect(t, s), ctx(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	get := func(key, want string, there bool) {
		t.Helper()
		v, ok, err := c.Get(ctx, key)
		if err != nil || string(v) != want || ok != there {
			t.Fatalf("Get %s: %q %v %v, want %q %v", key, v, ok, err, want, there)
		}
	}
	get("a", "", false)
	must(c.Set(ctx, "a", []byte("one")))
	get("a", "one", true)
	must(c.Set(ctx, "empty", nil))
	get("empty", "", true)
	big := strings.Repeat("b", DefaultMaxValue)
	must(c.Set(ctx, "big", []byte(big)))
	must(c.Append(ctx, "big", []byte("!")))
	get("big", big+"!", true)
	for i, want := range []int64{5, -2} {
		if n, err := c.Add(ctx, "n", []int64{5, -7}[i]); err != nil || n != want {
			t.Fatalf("Add: %d %v, want %d", n, err, want)
		}
	}
	get("n", "-2", true)
	for _, x := range []struct{ expected, desired, current string }{
		{"x", "y", "x"}, {"", "y", "y"}, {"q", "z", "y"}, {"y", "z", "z"},
	} {
		v, err := c.CompareSet(ctx, "m", []byte(x.expected), []byte(x.desired))
		if err != nil || string(v) != x.current {
			t.Fatalf("CompareSet %q: %q %v", x, v, err)
		}
	}
	must(c.MultiSet(ctx, []string{"p", "q"}, [][]byte{[]byte("1"), nil}))
	values, err := c.MultiGet(ctx, "p", "q", "r", "n")
	if err != nil || fmt.Sprintf("%q", values) != `["1" "" "" "-2"]` {
		t.Fatalf("MultiGet: %q %v", values, err)
	}
	for keys, want := range map[[2]string]bool{{"p", "q"}: true, {"p", "r"}: false} {
		if ok, err := c.Check(ctx, keys[0], keys[1]); err != nil || ok != want {
			t.Errorf("Check %q: %v %v", keys, ok, err)
		}
	}
	if n, err := c.NumKeys(ctx); err != nil || n != 7 {
		t.Errorf("NumKeys: %d %v", n, err)
	}
	for _, want := range []bool{true, false} {
		if ok, err := c.Delete(ctx, "p"); err != nil || ok != want {
			t.Errorf("Delete: %v %v, want %v", ok, err, want)
		}
	}

	// What a server would hang up for is refused, and the client lives on.
	for _, err := range []error{
		c.Set(ctx, strings.Repeat("k", DefaultMaxKey+1), nil),
		c.Set(ctx, "a", make([]byte, DefaultMaxValue+1)),
		c.Wait(ctx, make([]string, DefaultMaxKeys+1)...),
		c.MultiSet(ctx, []string{"a"}, nil),
	} {
		if err == nil || !strings.Contains(err.Error(), " in the store at "+s.Addr().String()+": ") {
			t.Errorf("got %v", err)
		}
	}
	get("a", "one", true)

	// What is deleted costs nothing any more.
	for _, k := range []string{"a", "empty", "big", "n", "m", "q"} {
		if _, err := c.Delete(ctx, k); err != nil {
			t.Fatal(err)
		}
	}
	if st := s.Stats(); st.Keys != 0 || st.Bytes > 4096 {
		t.Errorf("all is deleted, and there is %+v", st)
	}
}

func TestClientWait(t *testing.T) {
	s := listen(t, Options{})
	c := connect(t, s)
	all := ctx(t)
	errs := make(chan error)
	for range 20 {
		go func() { errs <- c.Wait(all, "a", "b") }()
	}
	s.awaitWaits(t, 40)
	if err := c.MultiSet(all, []string{"a", "b"}, [][]byte{nil, nil}); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if err := c.Wait(all, "b"); err != nil {
		t.Error(err)
	}

	short, cancel := context.WithCancel(all)
	go func() { errs <- c.Wait(short, "never") }()
	s.awaitWaits(t, 1)
	cancel()
	if err := <-errs; !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), `waiting for "never"`) {
		t.Errorf("got %v", err)
	}
	s.awaitWaits(t, 0)
	if err := c.Set(all, "still", nil); err != nil {
		t.Errorf("after a cancelled wait: %v", err)
	}
	if err := c.Set(short, "x", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}

	// The server's end, and the client's, end all that wait.
	go func() { errs <- c.Wait(all, "never") }()
	s.awaitWaits(t, 1)
	other := connect(t, s)
	go func() { errs <- other.Wait(all, "never") }()
	s.awaitWaits(t, 2)
	other.Close()
	if err := <-errs; !errors.Is(err, errClosed) {
		t.Errorf("got %v", err)
	}
	s.Close()
	if err := <-errs; err == nil || all.Err() != nil {
		t.Errorf("got %v", err)
	}
	eventually(t, "a lost connection", func() bool { return c.lost() != nil })
	if _, err := c.Add(all, "n", 1); err == nil || !strings.Contains(err.Error(), "the connection was lost") {
		t.Errorf("got %v", err)
	}
}

// Many goroutines share one client, and no addition is lost.
func TestClientShared(t *testing.T) {
	t.Parallel()
	s := listen(t, Options{})
	a, b, ctx := connect(t, s), connect(t, s), ctx(t)
	var wg sync.WaitGroup
	for i := range 32 {
		c := []*Client{a, b}[i%2]
		wg.Go(func() {
			for range 100 {
				if _, err := c.Add(ctx, "n", 1); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n, err := a.Add(ctx, "n", 0); err != nil || n != 3200 {
		t.Errorf("got %d %v", n, err)
	}
}

func TestDial(t *testing.T) {
	// A port that nobody listens on until we do.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	short, cancel := context.WithTimeout(ctx(t), 50*time.Millisecond)
	defer cancel()
	if _, err := Dial(short, addr); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("got %v", err)
	}
	dialed := make(chan error)
	go func() {
		c, err := Dial(ctx(t), addr)
		if err == nil {
			err = c.Close()
		}
		dialed <- err
	}()
	s := listen(t, Options{Addr: addr})
	if err := <-dialed; err != nil {
		t.Error(err)
	}
	if _, err := Listen(Options{Addr: addr}); err == nil || !strings.Contains(err.Error(), "port 0") && !strings.Contains(err.Error(), "or 0 for any") {
		t.Errorf("got %v", err)
	}
	s.Close()

	// Somebody else's server.
	for answer, want := range map[string]string{"": "hung up", "HTTP": "answered a PING"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			if nc, err := l.Accept(); err == nil {
				nc.Read(make([]byte, 10))
				nc.Write([]byte(answer))
				nc.Close()
			}
		}()
		if _, err := Dial(ctx(t), l.Addr().String()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v", err)
		}
		l.Close()
	}
}

package tcpstore

import (
	"context"
	"encoding/hex"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listen starts a server on the loopback, and ends it with the test.
func listen(t testing.TB, o Options) *Server {
	t.Helper()
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	s, err := Listen(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if st := s.Stats(); st.Connections != 0 {
			t.Errorf("%d connections are open after Close", st.Connections)
		}
	})
	return s
}

func connect(t testing.TB, s *Server) *Client {
	t.Helper()
	c, err := Dial(ctx(t), s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// ctx ends long before the test binary is killed, so that a hang has a name.
func ctx(t testing.TB) context.Context {
	c, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return c
}

// wire is a connection whose bytes a test writes itself.
type wire struct {
	t testing.TB
	net.Conn
}

func dialWire(t testing.TB, s *Server) wire {
	t.Helper()
	nc, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	nc.SetDeadline(time.Now().Add(time.Minute))
	t.Cleanup(func() { nc.Close() })
	return wire{t, nc}
}

// unhex reads hexadecimal digits with blanks between.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (w wire) send(digits string) {
	w.t.Helper()
	w.sendBytes(unhex(w.t, digits))
}

func (w wire) sendBytes(b []byte) {
	w.t.Helper()
	if _, err := w.Write(b); err != nil {
		w.t.Fatal(err)
	}
}

// expect reads exactly these bytes.
func (w wire) expect(digits string) {
	w.t.Helper()
	want := unhex(w.t, digits)
	got := make([]byte, len(want))
	n, err := io.ReadFull(w, got)
	if err != nil || string(got) != string(want) {
		w.t.Fatalf("got %x (%v), want %x", got[:n], err, want)
	}
}

// hungUp reads up to the end, which must come, with nothing before it.
func (w wire) hungUp() {
	w.t.Helper()
	b, err := io.ReadAll(w)
	if e, ok := err.(net.Error); ok && e.Timeout() {
		w.t.Fatal("the server did not hang up")
	}
	if len(b) > 0 {
		w.t.Errorf("before the end it sent %x", b)
	}
}

// settled answers a PING, or what stands for it in the legacy protocol: what was
// sent before is done then.
func (w wire) settled() {
	w.t.Helper()
	w.send("0d 01020304")
	w.expect("01020304")
}

const hello = "00 cef7853c" // VALIDATE and its magic number

// eventually waits for something that another goroutine does.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it did not come about: %s", what)
		}
	}
}

// waiting is how many (waiter, key) pairs a server has on its books.
func (s *Server) waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, set := range s.store.waits {
		n += len(set)
	}
	return n
}

// waits until so many are waited for.
func (s *Server) awaitWaits(t testing.TB, n int) {
	t.Helper()
	eventually(t, "so many waits", func() bool { return s.waiting() == n })
}

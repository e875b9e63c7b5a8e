package natsbus

import (
	"context"
	"flag"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if addr := os.Getenv(holdEnv); addr != "" {
		hold(addr)
	}
	// These wait, and use no processor meanwhile.
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		flag.Set("test.parallel", "12")
	}
	goleak.VerifyTestMain(m)
}

// patience is for machines that do much else.
const patience = 20 * time.Second

// soon is a context for what must happen.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// wait waits for something to become true.
func wait(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %s", what, patience)
		}
	}
}

// serve starts a server.
func serve(t *testing.T, o ServerOptions) *Server {
	t.Helper()
	if o.KV && o.StoreDir == "" {
		o.StoreDir = t.TempDir()
	}
	s, err := Listen(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// reach connects to servers.
func reach(t *testing.T, o DialOptions, servers ...string) *Conn {
	t.Helper()
	c, err := Dial(soon(t), servers, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// join connects to a server of this process.
func join(t *testing.T, s *Server, name string) *Conn {
	t.Helper()
	c, err := s.Connect(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

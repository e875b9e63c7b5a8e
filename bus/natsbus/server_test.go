package natsbus

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/sluicerun/sluice/bus"
)

func TestAddressInUse(t *testing.T) {
	s := serve(t, ServerOptions{Addr: "127.0.0.1:0", RunID: "7"})
	_, err := Listen(ServerOptions{Addr: s.Addr().String(), RunID: "8", KV: true, StoreDir: t.TempDir()})
	if !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), s.Addr().String()) {
		t.Fatal(err)
	}
}

func TestBadAddress(t *testing.T) {
	for _, addr := range []string{"x", "127.0.0.1:http", "127.0.0.1:70000"} {
		if s, err := Listen(ServerOptions{Addr: addr, RunID: "7"}); err == nil {
			_ = s.Close()
			t.Errorf("it listens on %q", addr)
		}
	}
}

func TestEverywhere(t *testing.T) {
	s := serve(t, ServerOptions{Addr: ":0", RunID: "7"})
	reach(t, DialOptions{Name: "a", RunID: "7"}, net.JoinHostPort("127.0.0.1", portOf(s)))
}

func portOf(s *Server) string {
	_, port, _ := net.SplitHostPort(s.Addr().String())
	return port
}

func TestNowhere(t *testing.T) {
	s := serve(t, ServerOptions{RunID: "7"})
	if s.Addr().IsValid() {
		t.Errorf("it listens on %s", s.Addr())
	}
	join(t, s, "a")
}

// TestStoreDir checks that a store leaves nothing, and lets nobody look.
func TestStoreDir(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, ServerOptions{RunID: "7", KV: true, StoreDir: dir})
	st, err := join(t, s, "a").Store(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Set(soon(t), "k", []byte("v")); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	if info, err := os.Stat(found[0]); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if found, _ := filepath.Glob(filepath.Join(dir, "*")); len(found) != 0 {
		t.Errorf("left: %q", found)
	}
}

// raw connects as somebody with a client of his own.
func raw(t *testing.T, s *Server, options ...nats.Option) (*nats.Conn, error) {
	t.Helper()
	nc, err := nats.Connect("nats://"+s.Addr().String(), append(options, nats.PermissionErrOnSubscribe(true), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), nats.Timeout(patience))...)
	if err == nil {
		t.Cleanup(nc.Close)
	}
	return nc, err
}

func TestStrangers(t *testing.T) {
	s := serve(t, ServerOptions{Addr: "127.0.0.1:0", RunID: "7", Token: "secret", KV: true})
	for what, options := range map[string][]nats.Option{
		"no token":     nil,
		"wrong token":  {nats.Token("secreT")},
		"a user":       {nats.UserInfo("sys", "secret")},
		"system user":  {nats.UserInfo(systemAccount, "")},
		"empty secret": {nats.UserInfo("", "")},
	} {
		if _, err := raw(t, s, options...); !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A member of the run hears what is of the run and meant for it, and no more.
func TestPermissions(t *testing.T) {
	s := serve(t, ServerOptions{Addr: "127.0.0.1:0", RunID: "7", Token: "secret", KV: true})
	nc, err := raw(t, s, nats.Token("secret"), nats.Name("member"))
	if err != nil {
		t.Fatal(err)
	}
	for subject, allowed := range map[string]bool{
		"sluice.7.>":              true,
		"sluice.8.x":              false,
		"sluice.>":                false,
		"sluice.*.x":              false,
		">":                       false,
		"_INBOX.>":                false,
		inbox("member") + ".x":    true,
		inbox("other") + ".x":     false,
		"$SYS.>":                  false,
		ends:                      false,
		"$JS.>":                   false,
		"$JS.EVENT.>":             false,
		"$KV.sluice_7.k":          true,
		"$KV.sluice_8.k":          false,
		"$JS.API.STREAM.CREATE.x": false,
	} {
		sub, err := nc.SubscribeSync(subject)
		if err == nil {
			if err = nc.FlushWithContext(soon(t)); err == nil {
				_, err = sub.NextMsg(time.Millisecond)
			}
		}
		if refused := errors.Is(err, nats.ErrPermissionViolation); refused == allowed {
			t.Errorf("listening to %s: %v", subject, err)
		}
	}
	c := join(t, s, "inside")
	var mu sync.Mutex
	heard := map[string]bool{}
	if _, err := c.Serve("sluice.7.>", func(m bus.Message) {
		mu.Lock()
		defer mu.Unlock()
		heard[m.Subject] = true
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Serve("sluice.8.x", func(bus.Message) {}); err == nil {
		t.Error("the subjects of another run can be served")
	}
	if err := c.Publish("sluice.8.x", nil); err == nil {
		t.Error("another run can be spoken to")
	}
	if err := nc.Publish("sluice.7.x", nil); err != nil {
		t.Fatal(err)
	}
	wait(t, "a word of a member", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return heard["sluice.7.x"]
	})
	// The account has JetStream, and members may use it for the bucket only.
	if _, err := nc.Request("$JS.API.STREAM.NAMES", nil, 100*time.Millisecond); err == nil {
		t.Error("a member may list streams")
	}
}

// Bytes that are not NATS do no harm.
func TestGarbage(t *testing.T) {
	var mu sync.Mutex
	var log []string
	s := serve(t, ServerOptions{Addr: "127.0.0.1:0", RunID: "7", Log: func(text string) {
		mu.Lock()
		defer mu.Unlock()
		log = append(log, text)
	}})
	c := reach(t, DialOptions{Name: "a", RunID: "7"}, s.Addr().String())
	for i := range 50 {
		conn, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		garbage := make([]byte, 1000)
		_, _ = rand.Read(garbage)
		switch i % 5 {
		case 0:
			garbage = []byte("GET / HTTP/1.1\r\n\r\n")
		case 1:
			garbage = []byte("CONNECT {\"name\":[\r\n")
		case 2:
			garbage = []byte("CONNECT {}\r\nPUB sluice.7.x 99999999999999999999\r\n")
		case 3:
			garbage = []byte("CONNECT {}\r\nSUB " + strings.Repeat("a", 5000) + " 1\r\n")
		}
		_, _ = conn.Write(garbage)
		_ = conn.(*net.TCPConn).CloseWrite()
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the server keeps a connection on which it heard %.30q", garbage)
		}
		_ = conn.Close()
	}
	if _, err := c.Call(soon(t), "sluice.7.x", nil); !errors.Is(err, bus.ErrNobody) {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	// What is said of one is said of the next.
	if len(log) == 0 || len(log) > linesMax {
		t.Errorf("%d lines are logged: %q", len(log), log)
	}
}

// Servers that say no are told apart, in words.
func TestDialErrors(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t), newAuthority(t)
	plain := serve(t, ServerOptions{Addr: "127.0.0.1:0", RunID: "7", Token: "secret"}).Addr().String()
	safe := serve(t, ServerOptions{Addr: "127.0.0.1:0", RunID: "7", TLS: ca.server()}).Addr().String()
	stranger := listener(t, "SSH-2.0-OpenSSH_9.2\r\n")
	silent := listener(t, "")
	for _, c := range []struct {
		what, addr string
		o          DialOptions
		want       string
	}{
		{"no token", plain, DialOptions{}, "none was given"},
		{"wrong token", plain, DialOptions{Token: "x"}, "does not accept the token"},
		{"no TLS there", plain, DialOptions{TLS: ca.client()}, "does not use TLS"},
		{"no TLS here", safe, DialOptions{}, "wants TLS"},
		{"other CA", safe, DialOptions{TLS: other.client()}, "is not of the authority"},
		{"no certificate", safe, DialOptions{TLS: &tls.Config{RootCAs: ca.pool}}, "does not accept the certificate"},
		{"certificate of another CA", safe, DialOptions{TLS: &tls.Config{RootCAs: ca.pool, Certificates: []tls.Certificate{other.cert}}}, "does not accept the certificate"},
		{"SSH", stranger, DialOptions{}, stranger + " is used by something that is not sluice"},
		{"silence", silent, DialOptions{}, silent + " is used by something that is not sluice"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			_, err := Dial(soon(t), []string{c.addr}, c.o)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.addr) {
				t.Error(err)
			}
		})
	}
}

// listener is a server of something else, which says hello.
func listener(t *testing.T, hello string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer conn.Close()
				_, _ = io.WriteString(conn, hello)
				_, _ = io.Copy(io.Discard, conn) // until the other side has enough
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
	return l.Addr().String()
}

func TestDialNobody(t *testing.T) {
	addr := closedPort(t)
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, err := Dial(ctx, []string{addr}, DialOptions{})
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, syscall.ECONNREFUSED) || !strings.Contains(err.Error(), "nobody listens on "+addr) {
		t.Error(err)
	}
	if _, err := Dial(ctx, nil, DialOptions{}); err == nil {
		t.Error("no server is enough")
	}
}

// closedPort is an address that nobody listens on.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Dial takes the server that answers, and waits for one.
func TestDialWaits(t *testing.T) {
	t.Parallel()
	late := closedPort(t)
	back := make(chan *Conn)
	go func() {
		c, err := Dial(soon(t), []string{closedPort(t), late}, DialOptions{Name: "a", RunID: "7"})
		if err != nil {
			t.Error(err)
		}
		back <- c
	}()
	time.Sleep(200 * time.Millisecond)
	serve(t, ServerOptions{Addr: late, RunID: "7"})
	if c := <-back; c != nil {
		_ = c.Close()
	}
}

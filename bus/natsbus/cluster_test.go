package natsbus

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/bus"
	"github.com/sluicerun/sluice/bus/natsbus/natstest"
	"github.com/sluicerun/sluice/internal/testpeer"
)

// A cluster loses a server: connections go to the others, and the store has all
// that was written.
func TestClusterLosesServer(t *testing.T) {
	if !testpeer.Strict() {
		t.Skip("it takes long: make test runs it")
	}
	t.Parallel()
	urls, kill := natstest.Cluster(t)
	var conns []*Conn
	for i := range urls {
		c := reach(t, DialOptions{Name: fmt.Sprint("n", i), RunID: "7"}, append(urls[i:len(urls):len(urls)], urls[:i]...)...)
		if !c.Clustered() {
			t.Error("the cluster is not seen")
		}
		if _, err := c.Serve(fmt.Sprint("sluice.7.node.", i), func(m bus.Message) { _ = m.Answer([]byte("x")) }); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	first, err := conns[0].Store(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if n, err := first.Add(soon(t), "n", 1); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	kill(0)
	for i := range 5 {
		if n, err := first.Add(soon(t), "n", 1); n != int64(i)+2 || err != nil {
			t.Fatal(n, err)
		}
	}
	for i := range conns {
		for j, c := range conns {
			wait(t, fmt.Sprintf("an answer of %d to %d", i, j), func() bool {
				_, err := c.Call(soon(t), fmt.Sprint("sluice.7.node.", i), nil)
				return err == nil
			})
		}
	}
	second, err := conns[2].Store(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if n, err := second.Add(soon(t), "n", 0); n != 6 || err != nil {
		t.Fatal(n, err)
	}
}

// The permissions of the package comment are enough on a server of somebody else's.
func TestExternalPermissions(t *testing.T) {
	config := filepath.Join(t.TempDir(), "nats.conf")
	if err := os.WriteFile(config, []byte(`authorization { users = [ { user: u, password: "p w", permissions: {
		publish: ["sluice.17.>", "_INBOX.>", "$KV.sluice_17.>", "$JS.API.STREAM.*.KV_sluice_17", "$JS.API.STREAM.MSG.GET.KV_sluice_17"]
		subscribe: ["sluice.17.>", "_INBOX.>", "$KV.sluice_17.>"] } } ] }`), 0o600); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(natstest.Server(t, "-c", config))
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("u", "p w")
	c := reach(t, DialOptions{Name: "a", RunID: "17"}, u.String())
	if _, err := c.Serve("sluice.17.x", func(m bus.Message) { _ = m.Answer(m.Data) }); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Call(soon(t), "sluice.17.x", nil); err != nil {
		t.Fatal(err)
	}
	s, err := c.Store(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, value := range [][]byte{nil, make([]byte, 1<<20), []byte("x")} {
		if err := s.Set(soon(t), "k", value); err != nil {
			t.Fatal(err)
		}
		if err := s.Wait(soon(t), "k"); err != nil {
			t.Fatal(err)
		}
	}
	other := reach(t, DialOptions{Name: "b", RunID: "18"}, u.String())
	if _, err := other.Serve("sluice.18.x", func(bus.Message) {}); err == nil {
		t.Error("another run may be served")
	}
}

// A store whose server has been started anew says so, and a new one can be made.
func TestStoreIsGone(t *testing.T) {
	o := ServerOptions{Addr: "127.0.0.1:0", RunID: "7", KV: true}
	server := serve(t, o)
	o.Addr = server.Addr().String()
	c := reach(t, DialOptions{Name: "a", RunID: "7"}, o.Addr)
	s, err := c.Store(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Set(soon(t), "k", nil); err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	serve(t, o)
	if err := s.Set(soon(t), "k", nil); err == nil || !strings.Contains(err.Error(), "started anew") {
		t.Error(err)
	}
	fresh, err := c.Store(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close()
	if err := fresh.Set(soon(t), "k", nil); err != nil {
		t.Error(err)
	}
}

func TestNoJetStream(t *testing.T) {
	s := serve(t, ServerOptions{RunID: "7"})
	if _, err := join(t, s, "a").Store(soon(t)); err == nil || !strings.Contains(err.Error(), "no JetStream") {
		t.Error(err)
	}
}

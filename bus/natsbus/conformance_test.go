package natsbus

import (
	"sync/atomic"
	"testing"

	"github.com/sluicerun/sluice/bus"
	"github.com/sluicerun/sluice/bus/bustest"
	"github.com/sluicerun/sluice/bus/natsbus/natstest"
	"github.com/sluicerun/sluice/internal/testpeer"
	"github.com/sluicerun/sluice/rendezvous"
	"github.com/sluicerun/sluice/rendezvous/storetest"
)

// ways are the ways to a bus: each makes an empty one and returns what connects.
func ways(t *testing.T) map[string]func(t *testing.T) func(name string) *Conn {
	external := func(urls []string) func(t *testing.T) func(name string) *Conn {
		return func(t *testing.T) func(string) *Conn {
			return func(name string) *Conn { return reach(t, DialOptions{Name: name, RunID: "test"}, urls...) }
		}
	}
	all := map[string]func(t *testing.T) func(name string) *Conn{
		"Process": func(t *testing.T) func(string) *Conn {
			s := serve(t, ServerOptions{RunID: "test", Token: "secret", KV: true})
			return func(name string) *Conn { return join(t, s, name) }
		},
		"TCP": func(t *testing.T) func(string) *Conn {
			s := serve(t, ServerOptions{Addr: "127.0.0.1:0", RunID: "test", KV: true})
			return func(name string) *Conn { return reach(t, DialOptions{Name: name, RunID: "test"}, s.Addr().String()) }
		},
		"TLS": func(t *testing.T) func(string) *Conn {
			ca := newAuthority(t)
			s := serve(t, ServerOptions{Addr: "127.0.0.1:0", RunID: "test", Token: "secret", TLS: ca.server(), KV: true})
			return func(name string) *Conn {
				return reach(t, DialOptions{Name: name, RunID: "test", Token: "secret", TLS: ca.client()}, s.Addr().String())
			}
		},
		"External": external([]string{natstest.Server(t)}),
	}
	if !testpeer.Strict() { // it takes half a minute
		return all
	}
	urls, _ := natstest.Cluster(t)
	var next atomic.Int64
	all["Cluster"] = func(t *testing.T) func(string) *Conn {
		return func(name string) *Conn { // each begins at another server
			i := int(next.Add(1)) % len(urls)
			return reach(t, DialOptions{Name: name, RunID: "test"}, append(urls[i:len(urls):len(urls)], urls[:i]...)...)
		}
	}
	return all
}

func TestBus(t *testing.T) {
	t.Parallel()
	for name, way := range ways(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bustest.Run(t, func(t *testing.T) func(string) bus.Bus {
				connect := way(t)
				return func(name string) bus.Bus { return connect(name) }
			})
		})
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	for name, way := range ways(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(t *testing.T) func() rendezvous.Store {
				connect := way(t)
				forget(t, connect("cleaner"))
				return func() rendezvous.Store {
					s, err := connect("node").Store(soon(t))
					if err != nil {
						t.Fatal(err)
					}
					return s
				}
			})
		})
	}
}

// forget empties the bucket of the run on a server that others have used.
func forget(t *testing.T, c *Conn) {
	t.Helper()
	s, err := c.Store(soon(t))
	if err == nil {
		err = s.stream.Purge(soon(t))
	}
	if err != nil {
		t.Fatal(err)
	}
}

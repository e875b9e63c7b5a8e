package natsbus

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"sync"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// gone turns what the server tells of ended connections into names.
type gone struct {
	names chan string
	nc    *nats.Conn
	done  chan struct{} // closed when the connection has ended for good

	mu      sync.Mutex
	stopped bool
}

// ownEnd are the reasons that show the other side's kernel to have closed the
// connection: an end of file, or a reset in answer to what was read or written. It
// is not so for a connection that went silent, or that took too long to take what
// was sent: its process may live on, behind a broken network.
var ownEnd = map[string]bool{
	server.ClientClosed.String(): true,
	server.ReadError.String():    true,
	server.WriteError.String():   true,
}

func listenForEnds(s *Server) (*gone, error) {
	g := &gone{names: make(chan string, 1024), done: make(chan struct{})}
	ctx, cancel := context.WithTimeout(context.Background(), startWait)
	defer cancel()
	var err error
	if g.nc, err = nats.Connect("nats://"+withinHost, nats.InProcessServer(s.nats), nats.UserInfo(systemAccount, s.secret),
		nats.NoReconnect(), nats.ClosedHandler(func(*nats.Conn) { close(g.done) })); err != nil {
		return nil, fmt.Errorf("connecting to the system account: %w", err)
	}
	if _, err = g.nc.Subscribe(ends, g.hear); err == nil {
		err = g.nc.FlushWithContext(ctx)
	}
	if err != nil {
		g.stop()
		return nil, fmt.Errorf("listening to the system account: %w", err)
	}
	return g, nil
}

func (g *gone) hear(m *nats.Msg) {
	var event server.DisconnectEventMsg
	if json.Unmarshal(m.Data, &event) != nil || !ownEnd[event.Reason] {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for !g.stopped {
		select {
		case g.names <- event.Client.Name:
			return
		default:
		}
		select {
		case <-g.names: // the oldest
		default:
		}
	}
}

// stop is called before the server ends connections by itself.
func (g *gone) stop() {
	g.mu.Lock()
	if !g.stopped {
		g.stopped = true
		close(g.names)
	}
	g.mu.Unlock()
	g.nc.Close()
	<-g.done
}

// withinHost stands for the server of this process where NATS wants an address.
const withinHost = "this-process:4222"

// within is the server as those of its own process reach it.
func (s *Server) within() endpoint {
	return endpoint{url: &url.URL{Scheme: "nats", Host: withinHost}, dial: s.pipe}
}

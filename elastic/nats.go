//go:build !small

package elastic

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/sluicerun/sluice/bus/natsbus"
	"github.com/sluicerun/sluice/internal/creds"
	"github.com/sluicerun/sluice/job"
)

// HasEngine tells whether this program can meet other nodes that come and go. One
// that was built with the tag small cannot: it starts sooner.
func HasEngine() bool { return true }

// openEngine finds the others: at servers of NATS that somebody else runs, or at
// the endpoint, which the agent serves whose machine has that address.
func openEngine(ctx context.Context, nd job.Nodes, run, id string, note func(string), failed func(error)) (*engine, error) {
	e := &engine{root: "sluice." + natsbus.Key(run), forbidden: natsbus.ErrForbidden}
	var token string
	var server, client *tls.Config
	if nd.Credentials != "" {
		c, err := creds.Load(nd.Credentials)
		if err != nil {
			return nil, err
		}
		token, server, client = c.Token(), c.ServerTLS(), c.ClientTLS()
	}
	dial := natsbus.DialOptions{Name: id, RunID: run, Token: token, TLS: client, Log: note, Failed: failed}
	if len(nd.Servers) > 0 {
		conn, err := natsbus.Dial(ctx, nd.Servers, dial)
		if err != nil {
			return nil, fmt.Errorf("meeting the other nodes at %s: %w", strings.Join(nd.Servers, ","), err)
		}
		store, err := openStore(ctx, conn)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("meeting the other nodes at %s: %w", strings.Join(nd.Servers, ","), err), conn.Close())
		}
		e.conn, e.divided, e.store = conn, conn.Clustered(), store
		return e, nil
	}
	place, err := whereIs(ctx, nd)
	if err != nil {
		return nil, err
	}
	e.host = place.here
	if place.bind != "" {
		s, err := natsbus.Listen(natsbus.ServerOptions{Addr: place.bind, RunID: run, Token: token, TLS: server, Log: note})
		switch {
		case errors.Is(err, syscall.EADDRINUSE) && nd.IsHost == nil: // another agent of this machine was faster
		case err != nil:
			return nil, fmt.Errorf("serving the endpoint %s: %w", endpoint(nd), err)
		default:
			conn, err := s.Connect(id)
			if err != nil {
				return nil, errors.Join(fmt.Errorf("serving the endpoint %s: %w", endpoint(nd), err), s.Close())
			}
			e.server, e.gone, e.conn, e.divided = s, s.Gone(), conn, conn.Clustered()
			return e, nil
		}
	}
	conn, err := natsbus.Dial(ctx, []string{endpoint(nd)}, dial)
	if err != nil {
		if place.why != "" {
			err = fmt.Errorf("%w (this node does not serve it: %s)", err, place.why)
		}
		return nil, fmt.Errorf("meeting the other nodes at %s: %w", endpoint(nd), err)
	}
	e.conn, e.divided = conn, conn.Clustered()
	return e, nil
}

package elastic

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
	"time"

	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/launch"
	"github.com/sluicerun/sluice/rendezvous"
	"github.com/sluicerun/sluice/tcpstore"
)

// defaultJoin is how long nodes wait for each other unless told otherwise.
const defaultJoin = 600 * time.Second

// static is the world of a fixed number of nodes that know their ranks.
type static struct {
	relay
	spec  job.Spec
	host  string
	runID string

	server *tcpstore.Server // on node 0
	rdzv   *rendezvous.Static
	client *tcpstore.Client
}

func newStatic(spec job.Spec) *static {
	return &static{relay: newRelay(), spec: spec, host: runs.Hostname(), runID: spec.SharedID()}
}

// Join meets the other nodes at node 0's store, which is opened the first time.
func (s *static) Join(ctx context.Context) (launch.Place, error) {
	limit := time.Duration(s.spec.Nodes.JoinTimeout)
	if limit == 0 {
		limit = defaultJoin
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, lateError(limit))
	defer cancel()
	first := s.rdzv == nil
	if first {
		if err := s.open(ctx); err != nil {
			return launch.Place{}, err
		}
	}
	join := s.rdzv.Join
	if first && s.spec.Nodes.Rank == 0 {
		join = s.joinAlone
	}
	r, err := join(ctx)
	if err != nil {
		return launch.Place{}, elsewhere(err)
	}
	return launch.Place{
		Base: r.RankBase, Size: r.WorldSize, Group: r.GroupRank, Groups: r.GroupSize,
		RoleBase: r.RoleRankBase, RoleSize: r.RoleSize,
		MasterAddr: r.MasterAddr, MasterPort: strconv.Itoa(r.MasterPort),
		AgentStore: hosts(s.spec), Serves: r.GroupRank == 0, Restarts: r.Restarts, Round: r.Number,
	}, nil
}

func (s *static) open(ctx context.Context) error {
	n := s.spec.Nodes
	if n.Rank == 0 && s.server == nil {
		var err error
		if s.server, err = listen(n.Host, n.Port, rendezvous.Reserved); err != nil {
			if errors.Is(err, syscall.EADDRINUSE) {
				return s.inUse(ctx, err)
			}
			return err
		}
	}
	at := net.JoinHostPort(n.Host, strconv.Itoa(n.Port))
	if n.Rank == 0 {
		// By the short way: its own name may lead through a proxy.
		at = s.server.Addr().String()
		if host, port, err := net.SplitHostPort(at); err == nil && net.ParseIP(host).IsUnspecified() {
			at = net.JoinHostPort(loopback, port)
		}
	}
	slow := time.AfterFunc(patience, func() {
		s.note(fmt.Sprintf("still looking for node 0 at %s: nobody has answered there yet", endpoint(n)))
	})
	client, err := tcpstore.Dial(ctx, at)
	slow.Stop()
	if err != nil {
		return fmt.Errorf("meeting node 0 at %s:%d: %w", n.Host, n.Port, err)
	}
	r, err := rendezvous.NewStatic(rendezvous.StaticConfig{
		Store: client, RunID: s.runID, Nodes: n.Count, HeartbeatTimeout: time.Duration(n.Heartbeat),
		Self:   s.self(),
		Master: s.master,
		Note:   s.note,
	})
	if err != nil {
		client.Close()
		return err
	}
	s.client, s.rdzv = client, r
	s.relay.run(r.Changes(), s.words)
	return nil
}

// master empties the store for the workers of the next round; it is called on
// node 0, when the workers of the last are gone everywhere.
func (s *static) master(context.Context, int) (string, int, error) {
	n := s.spec.Nodes
	if hosts(s.spec) {
		s.server.Reset()
		return n.Host, n.Port, nil
	}
	// Rank 0 will listen there: the port is free now, and with some luck then.
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		return "", 0, fmt.Errorf("finding a port for rank 0: %w", err)
	}
	defer l.Close()
	return n.Host, l.Addr().(*net.TCPAddr).Port, nil
}

func (s *static) words(c rendezvous.Change) string {
	switch {
	case c.Kind == rendezvous.Failed && c.Failure != nil:
		return c.Failure.String()
	case c.Kind == rendezvous.Lost:
		return fmt.Sprintf("the connection to node 0 at %s:%d is lost: its agent has ended, or the network between us",
			s.spec.Nodes.Host, s.spec.Nodes.Port)
	}
	return startAgain(c, s.spec.Restart.Max, true)
}

func (s *static) Again(ctx context.Context, why string) error {
	return elsewhere(s.rdzv.Again(ctx, why))
}

// Root implements launch.World: node 0 has told the first failure that it heard of.
func (*static) Root(context.Context) *job.RootCause { return nil }

func (s *static) Fail(ctx context.Context, o job.Outcome, why, _ string) error {
	if s.rdzv == nil {
		return nil // the others wait for a node that never came
	}
	return elsewhere(s.rdzv.Fail(ctx, rendezvous.Failure{Rank: o.Rank, Host: s.host, Text: why, Status: o.Status()}))
}

// Stop implements launch.World.
func (s *static) Stop(ctx context.Context, status int, why string) error {
	if s.rdzv == nil {
		return nil
	}
	return elsewhere(s.rdzv.Fail(ctx, rendezvous.Failure{Rank: -1, Host: s.host, Text: why, Stopped: status}))
}

func (s *static) Done(ctx context.Context) error { return elsewhere(s.rdzv.Done(ctx)) }

// Close leaves the run. Node 0 stays until the others have heard the end.
func (s *static) Close(string) error {
	var errs []error
	if s.rdzv != nil {
		errs = append(errs, s.rdzv.Close())
	}
	s.relay.stop()
	if s.client != nil {
		errs = append(errs, s.client.Close())
	}
	if s.server != nil {
		errs = append(errs, s.server.Close())
	}
	s.rdzv, s.client, s.server = nil, nil, nil
	return errors.Join(errs...)
}

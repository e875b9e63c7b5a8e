package elastic

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/launch"
	"github.com/sluicerun/sluice/rendezvous"
	"github.com/sluicerun/sluice/tcpstore"
)

// defaultJoin is how long nodes wait for each other unless told otherwise.
const defaultJoin = 600 * time.Second

// static is the world of a fixed number of nodes that know their ranks.
type static struct {
	spec  job.Spec
	host  string
	runID string

	server  *tcpstore.Server // on node 0
	rdzv    *rendezvous.Static
	client  *tcpstore.Client
	changes chan launch.Change
	quit    chan struct{}
	wg      sync.WaitGroup
}

func newStatic(spec job.Spec) *static {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	s := &static{spec: spec, host: host, changes: make(chan launch.Change, 1), quit: make(chan struct{})}
	if spec.Torch != nil {
		s.runID = spec.Torch.RunID
	}
	if s.runID == "" {
		// A run's own id is random: other nodes cannot know it.
		s.runID = "none"
	}
	return s
}

// Join meets the other nodes at node 0's store, which is opened the first time.
func (s *static) Join(ctx context.Context) (launch.Place, error) {
	limit := time.Duration(s.spec.Nodes.JoinTimeout)
	if limit == 0 {
		limit = defaultJoin
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if s.rdzv == nil {
		if err := s.open(ctx); err != nil {
			return launch.Place{}, err
		}
	}
	r, err := s.rdzv.Join(ctx)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return launch.Place{}, fmt.Errorf("%w (join_timeout is %v)", elsewhere(err), limit)
	case err != nil:
		return launch.Place{}, elsewhere(err)
	}
	return launch.Place{
		Base: r.RankBase, Size: r.WorldSize, Group: r.GroupRank, Groups: r.GroupSize,
		RoleBase: r.RoleRankBase, RoleSize: r.RoleSize,
		MasterAddr: r.MasterAddr, MasterPort: strconv.Itoa(r.MasterPort),
		AgentStore: s.hosts(), Restarts: r.Restarts,
	}, nil
}

// hosts tells whether the agents host the workers' store.
func (s *static) hosts() bool { return s.spec.Torch != nil && s.spec.Torch.AgentStore }

func (s *static) open(ctx context.Context) error {
	n := s.spec.Nodes
	if n.Rank == 0 && s.server == nil {
		var err error
		if s.server, err = listen(n.Host, n.Port, rendezvous.Reserved); err != nil {
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
	client, err := tcpstore.Dial(ctx, at)
	if err != nil {
		return fmt.Errorf("meeting node 0 at %s:%d: %w", n.Host, n.Port, err)
	}
	addr := n.LocalAddr
	if addr == "" {
		addr = s.host
	}
	r, err := rendezvous.NewStatic(rendezvous.StaticConfig{
		Store: client, RunID: s.runID, Nodes: n.Count, HeartbeatTimeout: time.Duration(n.Heartbeat),
		Self:   rendezvous.Node{Name: s.host, Addr: addr, Workers: s.spec.Size(), Role: s.spec.Role, Rank: n.Rank},
		Master: s.master,
	})
	if err != nil {
		client.Close()
		return err
	}
	s.client, s.rdzv = client, r
	s.wg.Add(1)
	go s.pass()
	return nil
}

// master empties the store for the workers of the next round; it is called on
// node 0, when the workers of the last are gone everywhere.
func (s *static) master(context.Context, int) (string, int, error) {
	n := s.spec.Nodes
	if s.hosts() {
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

// pass hands on the ends of rounds in the words of launch.
func (s *static) pass() {
	defer s.wg.Done()
	for {
		select {
		case c := <-s.rdzv.Changes():
			select {
			case <-s.changes: // nobody took the one of an earlier round
			default:
			}
			s.changes <- launch.Change{Again: c.Kind == rendezvous.Again, Why: s.words(c)}
		case <-s.quit:
			return
		}
	}
}

func (s *static) words(c rendezvous.Change) string {
	switch {
	case c.Kind == rendezvous.Failed && c.Failure != nil:
		return c.Failure.String()
	case c.Kind == rendezvous.Lost:
		return fmt.Sprintf("the connection to node 0 at %s:%d is lost: its agent has ended, or the network between us",
			s.spec.Nodes.Host, s.spec.Nodes.Port)
	}
	return fmt.Sprintf("%v: %s; all nodes start again", c.Node, c.Why)
}

func (s *static) Changes() <-chan launch.Change { return s.changes }

func (s *static) Again(ctx context.Context, why string) error {
	return elsewhere(s.rdzv.Again(ctx, why))
}

func (s *static) Fail(ctx context.Context, o job.Outcome, why string) error {
	if s.rdzv == nil {
		return nil // the others wait for a node that never came
	}
	return elsewhere(s.rdzv.Fail(ctx, rendezvous.Failure{Rank: o.Rank, Host: s.host, Text: why}))
}

func (s *static) Done(ctx context.Context) error { return elsewhere(s.rdzv.Done(ctx)) }

// elsewhere puts failures of other nodes into launch's words.
func elsewhere(err error) error {
	var failed *rendezvous.FailedError
	var again *rendezvous.AgainError
	switch {
	case errors.As(err, &failed):
		return &launch.Elsewhere{Why: failed.Failure.String()}
	case errors.As(err, &again):
		return &launch.Elsewhere{Why: again.Error(), Again: true}
	}
	return err
}

// Close leaves the run. Node 0 stays until the others have heard the end.
func (s *static) Close() error {
	var errs []error
	if s.rdzv != nil {
		errs = append(errs, s.rdzv.Close())
		close(s.quit)
		s.wg.Wait()
		errs = append(errs, s.client.Close())
	}
	if s.server != nil {
		errs = append(errs, s.server.Close())
	}
	s.rdzv, s.server = nil, nil
	return errors.Join(errs...)
}

package elastic

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluicerun/sluice/bus"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/launch"
	"github.com/sluicerun/sluice/rendezvous"
	"github.com/sluicerun/sluice/rendezvous/council"
	"github.com/sluicerun/sluice/rendezvous/dynamic"
	"github.com/sluicerun/sluice/tcpstore"
)

// Defaults of a run whose nodes come and go; the last call is torchrun's.
const (
	DefaultLastCall   = 30 * time.Second
	DefaultStoreGrace = 30 * time.Second
)

// patience is how long a node looks for the others without a word.
const patience = 2 * time.Second

// lateError is why a wait for the other nodes was given up, for people.
type lateError time.Duration

func (e lateError) Error() string {
	return fmt.Sprintf("given up after %v, the join timeout", time.Duration(e))
}

func (lateError) Is(target error) bool { return target == context.DeadlineExceeded }

// meetingPoint is where the nodes meet, for people.
func meetingPoint(nd job.Nodes) string {
	if len(nd.Servers) > 0 {
		return strings.Join(nd.Servers, ",")
	}
	return endpoint(nd)
}

// Nodes is the world of a run whose nodes come and go.
type Nodes struct {
	relay
	spec  job.Spec
	host  string
	id    string
	ready chan struct{} // closed when engine and seat are there

	engine *engine
	seat   *dynamic.Seat

	mu       sync.Mutex
	hub      *tcpstore.Server    // the workers' store, on group rank 0
	ended    *rendezvous.Failure // what ended the run, as far as it was told
	restarts int                 // that were counted before this round
}

var _ launch.World = (*Nodes)(nil)

func newNodes(spec job.Spec) *Nodes {
	return &Nodes{relay: newRelay(), spec: spec, host: runs.Hostname(), id: dynamic.NewID(), ready: make(chan struct{})}
}

// or is d, or if that is 0, def.
func or(d job.Duration, def time.Duration) time.Duration {
	if d == 0 {
		return def
	}
	return time.Duration(d)
}

// Join implements launch.World. The engine is opened the first time.
func (n *Nodes) Join(ctx context.Context) (launch.Place, error) {
	limit := or(n.spec.Nodes.JoinTimeout, defaultJoin)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, lateError(limit))
	defer cancel()
	if n.seat == nil {
		if err := n.open(ctx); err != nil {
			return launch.Place{}, err
		}
	}
	r, err := n.seat.Join(ctx)
	if err != nil {
		if late := lateError(0); errors.As(err, &late) {
			n.seat.Leaving(late.Error())
		}
		return launch.Place{}, elsewhere(err)
	}
	p := launch.Place{
		Base: r.RankBase, Size: r.WorldSize, Group: r.GroupRank, Groups: r.GroupSize,
		RoleBase: r.RoleRankBase, RoleSize: r.RoleSize,
		MasterAddr: r.MasterAddr, MasterPort: strconv.Itoa(r.MasterPort),
		AgentStore: hosts(n.spec), Serves: n.engine.serves(), Restarts: r.Restarts, Round: r.Number,
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.restarts = r.Restarts
	if r.GroupRank != 0 {
		n.closeHub()
	}
	return p, nil
}

// hosts tells whether the agents host the workers' store.
func hosts(spec job.Spec) bool { return spec.Torch != nil && spec.Torch.AgentStore }

func (n *Nodes) open(ctx context.Context) error {
	nd := n.spec.Nodes
	run := n.spec.SharedID()
	var failed atomic.Pointer[error] // the last attempt
	slow := time.AfterFunc(patience, func() {
		why := errors.New("no answer yet")
		if last := failed.Load(); last != nil {
			why = *last
		}
		n.note(fmt.Sprintf("still looking for the other nodes at %s: %v", meetingPoint(nd), why))
	})
	e, err := openEngine(ctx, nd, run, n.id, n.note, func(err error) { failed.Store(&err) })
	slow.Stop()
	if err != nil {
		return err
	}
	terms := council.Terms{Run: run, Min: nd.Min, Max: nd.Max, Restarts: n.spec.Restart.Max, Hosted: hosts(n.spec),
		LastCall: time.Duration(nd.LastCall), Lease: or(nd.Lease, dynamic.DefaultLease), Close: or(nd.CloseTimeout, dynamic.DefaultClose)}
	if nd.LastCall == 0 && !nd.LastCallSet {
		terms.LastCall = DefaultLastCall
	}
	addr := nd.LocalAddr
	if addr == "" {
		addr = e.localAddr(nd)
	}
	node := rendezvous.Node{Name: n.host, Addr: addr, Workers: n.spec.Size(), Role: n.spec.Role, Rank: -1}
	if nd.RankSet {
		node.Rank = nd.Rank
	}
	cfg := dynamic.Config{Bus: e.conn, Root: e.root, ID: n.id, Node: node, Host: e.host, Terms: terms,
		Lead: e.serves(), StoreGrace: or(nd.StoreGrace, DefaultStoreGrace), Divided: e.divided,
		Store: e.store, Gone: e.gone, Master: n.master, Note: n.note}
	seat, err := dynamic.New(cfg)
	if err != nil {
		e.close()
		if errors.Is(err, e.forbidden) && len(nd.Servers) == 0 {
			err = fmt.Errorf("the nodes of another run than %q meet at %s: give all nodes the same run id, and each run a port of its own", run, endpoint(nd))
		}
		return err
	}
	n.engine, n.seat = e, seat
	n.relay.run(seat.Changes(), n.words)
	close(n.ready)
	return nil
}

// master makes a fresh store for the workers of a round, which no other round has
// touched.
func (n *Nodes) master(context.Context, int) (string, int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closeHub()
	addr := n.spec.Nodes.LocalAddr
	if addr == "" {
		addr = n.engine.localAddr(n.spec.Nodes)
	}
	if !hosts(n.spec) {
		// Rank 0 will listen there: the port is free now, and with some luck then.
		l, err := net.Listen("tcp", ":0")
		if err != nil {
			return "", 0, fmt.Errorf("finding a port for rank 0: %w", err)
		}
		defer l.Close()
		return addr, l.Addr().(*net.TCPAddr).Port, nil
	}
	var err error
	if n.hub, err = listen(addr, 0, ""); err != nil {
		return "", 0, err
	}
	return addr, n.hub.Port(), nil
}

// closeHub ends the store of an earlier round. mu is held.
func (n *Nodes) closeHub() {
	if n.hub != nil {
		n.hub.Close()
		n.hub = nil
	}
}

func (n *Nodes) words(c rendezvous.Change) string {
	switch {
	case c.Kind == rendezvous.Failed && c.Failure != nil:
		n.mu.Lock()
		n.ended = c.Failure
		n.mu.Unlock()
		return c.Failure.String()
	case c.Kind == rendezvous.Lost:
		return c.Why
	}
	if c.Now {
		return c.Why
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return startAgain(c, n.spec.Restart.Max, c.Restarts > n.restarts)
}

// Again implements launch.World.
func (n *Nodes) Again(ctx context.Context, why string) error {
	return elsewhere(n.seat.Again(ctx, why))
}

// Fail implements launch.World.
func (n *Nodes) Fail(ctx context.Context, o job.Outcome, why, tail string) error {
	if n.seat == nil {
		return nil // nobody knows of us
	}
	return elsewhere(n.seat.Fail(ctx, rendezvous.Failure{Rank: o.Rank, Host: n.host, Text: why, At: o.FailedAt, Tail: tail, Status: o.Status()}))
}

// Stop implements launch.World.
func (n *Nodes) Stop(ctx context.Context, status int, why string) error {
	if n.seat == nil {
		return nil // nobody knows of us
	}
	return elsewhere(n.seat.Fail(ctx, rendezvous.Failure{Rank: -1, Host: n.host, Text: why, At: time.Now(), Stopped: status}))
}

// Root implements launch.World.
func (n *Nodes) Root(ctx context.Context) *job.RootCause {
	if n.seat == nil {
		return nil
	}
	f := n.seat.Root(ctx)
	if f == nil {
		n.mu.Lock()
		f = n.ended
		n.mu.Unlock()
	}
	if f == nil || f.Stopped != 0 {
		return nil
	}
	return &job.RootCause{Node: f.Node.Rank, Host: f.Host, Rank: f.Rank, Text: f.Text, At: f.At, Tail: f.Tail, Status: f.Status}
}

// Done implements launch.World.
func (n *Nodes) Done(ctx context.Context) error { return elsewhere(n.seat.Done(ctx)) }

// Close leaves the run.
func (n *Nodes) Close(why string) error {
	var errs []error
	if n.seat != nil {
		if why != "" {
			n.seat.Leaving(why)
		}
		errs = append(errs, n.seat.Close())
		errs = append(errs, n.engine.close())
		n.mu.Lock()
		n.closeHub()
		n.mu.Unlock()
	}
	n.relay.stop()
	return errors.Join(errs...)
}

// Ready is closed when the node has found the others; the methods below are for
// after that.
func (n *Nodes) Ready() <-chan struct{} { return n.ready }

// ID is this agent's among those of the run.
func (n *Nodes) ID() string { return n.id }

// Bus is what the agents of the run talk over, and Subject where the agent with
// an id is spoken to about something.
func (n *Nodes) Bus() bus.Bus { return n.engine.conn }

// Subject is where an agent is spoken to about something.
func (n *Nodes) Subject(id, what string) string { return n.engine.root + ".node." + id + "." + what }

// Seats are the nodes that take part, in the order of their ranks, those that
// wait, and those that have gone.
func (n *Nodes) Seats(ctx context.Context) ([]council.Seat, error) { return n.seat.Seats(ctx) }

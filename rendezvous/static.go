package rendezvous

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// DefaultHeartbeatTimeout is how long a node may be silent.
const DefaultHeartbeatTimeout = 10 * time.Second

// StaticConfig describes a run on a fixed number of nodes, and this node.
type StaticConfig struct {
	Store Store  // one fresh store for the run, the same on all nodes; not closed by Static
	RunID string // the same on all nodes
	Nodes int    // --nnodes, the same on all nodes
	Self  Node   // Rank is --node-rank: 0 to Nodes-1, another on every node
	// Master makes the workers' store of a round and says where it is. It is
	// called on node rank 0 alone, when all nodes are there and before any of
	// them learns its ranks, and must return when ctx ends. If the round then
	// does not come to be, Join returns an error and the store serves nobody.
	Master func(ctx context.Context, round int) (addr string, port int, err error)
	// HeartbeatTimeout is how long a node may give no sign of life, and a store
	// no answer, until it counts as dead; the same on all nodes. 0: DefaultHeartbeatTimeout; at least
	// 100 ms.
	HeartbeatTimeout time.Duration
	// Note gets remarks for people, such as whom the first round waits for. It must
	// not wait. It may be nil.
	Note func(text string)
}

// Static is the rendezvous of nodes that know their ranks: all must be there, in
// every round, and the group rank is the node rank.
type Static struct {
	store   Store
	runID   string
	nodes   int
	self    Node
	master  func(ctx context.Context, round int) (addr string, port int, err error)
	note    func(string)
	timeout time.Duration
	id      string // of this agent, for its claims
	changes chan Change

	// life ends with Close, or when the store is lost; its cause says which.
	life context.Context
	end  context.CancelCauseFunc
	wg   sync.WaitGroup

	mu         sync.Mutex
	phase      phase
	generation string // "" until the fence is passed
	beating    bool
	plan       Round         // of the current or last round
	over       chan struct{} // closed when the round's end is known
	last       message       // that end; of kind Lost if there was none
	done       bool          // this node is done with the round
	acked      bool          // the others know that we need the store no more
	dead       map[int]bool  // nodes without a sign of life
}

var _ Rendezvous = (*Static)(nil)

// phase is where a seat stands. It goes fresh, joining, running, then met (the
// round ended with Again) and back to joining; from everywhere to ended.
type phase int

const (
	fresh phase = iota
	joining
	running
	met
	ended
)

var (
	errSeatClosed = errors.New("this node has left the run")
	errEnded      = errors.New("the run has ended")
)

// NewStatic checks the configuration. Nothing is said to the others before Join.
func NewStatic(cfg StaticConfig) (*Static, error) {
	if cfg.HeartbeatTimeout == 0 {
		cfg.HeartbeatTimeout = DefaultHeartbeatTimeout
	}
	var err error
	switch {
	case cfg.Store == nil:
		err = errors.New("there is no store")
	case cfg.RunID == "" || len(cfg.RunID) > maxRunID:
		err = fmt.Errorf("the run id has %d bytes: give it 1 to %d", len(cfg.RunID), maxRunID)
	case cfg.Nodes < 1 || cfg.Nodes > maxNodes:
		err = fmt.Errorf("%d nodes: --nnodes must be 1 to %d", cfg.Nodes, maxNodes)
	case cfg.Self.Rank < 0 || cfg.Self.Rank >= cfg.Nodes:
		err = fmt.Errorf("node rank %d is out of range: with --nnodes %d, --node-rank is 0 to %d",
			cfg.Self.Rank, cfg.Nodes, cfg.Nodes-1)
	case cfg.Self.Rank == 0 && cfg.Master == nil:
		err = errors.New("node rank 0 has no way to make the workers' store")
	case cfg.HeartbeatTimeout < 100*time.Millisecond:
		err = fmt.Errorf("a heart-beat timeout of %v is too short: at least 100ms", cfg.HeartbeatTimeout)
	default:
		err = cfg.Self.check()
	}
	if err != nil {
		return nil, fmt.Errorf("static rendezvous: %w", err)
	}
	s := &Static{
		store: cfg.Store, runID: cfg.RunID, nodes: cfg.Nodes, self: cfg.Self,
		master: cfg.Master, note: cfg.Note, timeout: cfg.HeartbeatTimeout,
		id:      rand.Text(),
		changes: make(chan Change, 1),
		dead:    map[int]bool{},
	}
	s.life, s.end = context.WithCancelCause(context.Background())
	return s, nil
}

// Changes implements Rendezvous.
func (s *Static) Changes() <-chan Change { return s.changes }

// key is a key of this generation: a node of an older one that comes late finds
// only its own.
func (s *Static) key(rest string) string { return Prefix(s.runID) + s.generation + "/" + rest }

func (s *Static) nodeKey(round, rank int) string {
	return s.key(fmt.Sprintf("%d/node/%d", round, rank))
}
func (s *Static) doneKey(round, rank int) string {
	return s.key(fmt.Sprintf("%d/done/%d", round, rank))
}
func (s *Static) planKey(round int) string    { return s.key(strconv.Itoa(round) + "/plan") }
func (s *Static) verdictKey(round int) string { return s.key(strconv.Itoa(round) + "/verdict") }
func (s *Static) beatKey(rank int) string     { return s.key("beat/" + strconv.Itoa(rank)) }
func (s *Static) ackKey(rank int) string      { return s.key("ack/" + strconv.Itoa(rank)) }

// within is ctx, ended by the end of the seat as well.
func (s *Static) within(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.life, func() { cancel(context.Cause(s.life)) })
	return ctx, func() { stop(); cancel(nil) }
}

// parting is for words that must be said although ctx may have ended: a store
// that does not answer holds us up only so long.
func (s *Static) parting(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), s.timeout)
}

// ending is the error of a seat that has nothing to wait for any more. mu is held.
func (s *Static) ending() error {
	switch s.last.Kind {
	case Again:
		return &AgainError{Node: s.last.Node, Why: s.last.Why}
	case Failed:
		return &FailedError{RunID: s.runID, Failure: *s.last.Failure}
	case Lost:
		return errors.New(s.last.Why)
	}
	return errEnded
}

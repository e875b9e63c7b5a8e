package dynamic

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sluicerun/sluice/bus"
	"github.com/sluicerun/sluice/rendezvous"
	"github.com/sluicerun/sluice/rendezvous/council"
)

// DefaultLease is how long an agent may be silent, DefaultClose how long the end
// of a run is told to those who come late.
const (
	DefaultLease = 5 * time.Second
	DefaultClose = 30 * time.Second
)

// settle is how long the first round waits for agents of a leader that was
// killed: they try to come back ten times in a second.
const settle = 250 * time.Millisecond

// Config describes a run and this node.
type Config struct {
	Bus  bus.Bus         // not closed by the Seat
	Root string          // what the run's subjects begin with
	ID   string          // of this agent's process, a word of a subject; NewID makes one
	Node rendezvous.Node // Rank is --node-rank, -1 if the ranks are dealt out
	Host bool            // this node is the endpoint's host
	// Terms are the same on all nodes.
	Terms council.Terms
	// Lead makes this agent the leader for good; Store lets the agents elect
	// one. With neither, this agent is one of a leader that is elsewhere.
	Lead  bool
	Store rendezvous.Store
	// StoreGrace is how long the leader may be away until the run is given up
	// here. It is at least the lease.
	StoreGrace time.Duration
	// Master makes the workers' store of a round, on group rank 0.
	Master func(ctx context.Context, round int) (addr string, port int, err error)
	// Gone tells the ids of agents whose own side has closed its connection to
	// the server; nil: it cannot be heard.
	Gone <-chan string
	// Divided: the bus has several servers, which may lose each other. That
	// nobody answers does not prove then that nobody is there.
	Divided bool
	// Clock is the time of day, by which failures are dated; nil: time.Now. What
	// other nodes' clocks show less or more is seen and made up for.
	Clock func() time.Time
	// Note is told what a person may want to know; it must not block.
	Note func(string)
}

// NewID names an agent's process.
func NewID() string { return rand.Text()[:12] }

// Seat is one node's.
type Seat struct {
	cfg     Config
	changes chan rendezvous.Change
	life    context.Context // ends with Close
	end     context.CancelCauseFunc
	wg      sync.WaitGroup
	unserve func()

	mu     sync.Mutex
	st     council.Status
	order  council.Order
	leader string        // whose subject is called; "" unknown
	news   chan struct{} // closed, and made anew, when order or broken changes
	poke   chan struct{} // the status has changed
	heard  time.Time     // when the last status was sent that was answered
	acked  uint64        // the Seq of the last status that was answered
	fenced bool          // the lease is over; the workers were given up
	away   bool          // people know that the leader does not answer
	broken error         // the leader is given up
	joined bool          // a round is going on here
	skew   skew
	waits  string // what a Join was last said to wait for; empty: nothing was said
	lead   *leader
}

var _ rendezvous.Rendezvous = (*Seat)(nil)

var errSeatClosed = errors.New("this node has left the run")

// New takes a seat: the others hear of it with Join.
func New(cfg Config) (*Seat, error) {
	if cfg.StoreGrace < cfg.Terms.Lease {
		cfg.StoreGrace = cfg.Terms.Lease
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Note == nil {
		cfg.Note = func(string) {}
	}
	if err := cfg.Terms.Check(); err != nil {
		return nil, fmt.Errorf("meeting the other nodes: %w", err)
	}
	s := &Seat{cfg: cfg, changes: make(chan rendezvous.Change, 1), news: make(chan struct{}), poke: make(chan struct{}, 1)}
	s.st = council.Status{Version: council.Version, ID: cfg.ID, Terms: cfg.Terms, Node: cfg.Node, Host: cfg.Host,
		Phase: council.Idle, Round: -1, Group: -1}
	s.life, s.end = context.WithCancelCause(context.Background())
	if cfg.Store == nil {
		s.leader = fixedLeader
	}
	var err error
	if s.unserve, err = cfg.Bus.Serve(s.subject("node", cfg.ID), s.pushed); err != nil {
		return nil, fmt.Errorf("meeting the other nodes: %w", err)
	}
	return s, nil
}

// fixedLeader stands for the id of a leader that nobody has to find.
const fixedLeader = "host"

func (s *Seat) subject(words ...string) string {
	out := s.cfg.Root
	for _, w := range words {
		out += "." + w
	}
	return out
}

// begin speaks up; it comes with the first Join.
func (s *Seat) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.heard.IsZero() {
		return nil
	}
	s.heard = time.Now()
	if s.cfg.Lead {
		// Above those of agents that led from here before: nothing is left of
		// what they knew.
		if err := s.startLeading(time.Now().UnixMilli(), nil); err != nil {
			return err
		}
	}
	s.wg.Go(s.talk)
	return nil
}

// changed lets everybody look again. mu is held.
func (s *Seat) changed() {
	close(s.news)
	s.news = make(chan struct{})
}

// say lets the status be told. mu is held.
func (s *Seat) say() {
	s.st.Seq++
	select {
	case s.poke <- struct{}{}:
	default:
	}
}

// pushed hears an order that comes by itself, and questions whether we are here.
func (s *Seat) pushed(m bus.Message) {
	if m.Call() {
		_ = m.Answer([]byte("here"))
		return
	}
	o, err := council.ParseOrder(m.Data)
	if err != nil {
		s.cfg.Note(fmt.Sprintf("a message from another node is ignored: %v", err))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.obey(o)
}

// obey takes an order, unless a later one was there before. mu is held.
func (s *Seat) obey(o council.Order) {
	if o.Epoch < s.order.Epoch || o.Epoch == s.order.Epoch && o.Seq <= s.order.Seq {
		return
	}
	s.order = o
	s.st.Restarts = max(s.st.Restarts, o.Restarts)
	s.endRound()
	s.changed()
}

// endRound ends the round here if the order says so. mu is held.
func (s *Seat) endRound() {
	o := s.order
	if !s.joined || o.Do == council.Run && o.Round == s.st.Round {
		return
	}
	s.joined = false
	c := rendezvous.Change{Kind: rendezvous.Again, Node: s.cfg.Node, Why: "the nodes meet again", Restarts: o.Restarts}
	if e := o.Ended; e != nil && e.Round == s.st.Round {
		c.Node, c.Why = e.Node, e.Why
	}
	switch o.Do {
	case council.Leave:
		if o.Failure == nil {
			return // success
		}
		c.Kind, c.Failure = rendezvous.Failed, o.Failure
	case council.Stop:
		c.Kind, c.Failure = rendezvous.Failed, o.Ended.Failure
	case council.Refused:
		c.Kind, c.Why = rendezvous.Lost, o.Why
	}
	s.changes <- c // empty since Join
}

// Changes implements rendezvous.Rendezvous.
func (s *Seat) Changes() <-chan rendezvous.Change { return s.changes }

// wait returns when look says so, at each change of the order. mu is held when
// look is called.
func (s *Seat) wait(ctx context.Context, look func() (bool, error)) error {
	for {
		s.mu.Lock()
		over, err := look()
		news := s.news
		s.mu.Unlock()
		if over || err != nil {
			return err
		}
		select {
		case <-news:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.life.Done():
			return context.Cause(s.life)
		}
	}
}

// Join implements rendezvous.Rendezvous. The Round has no Nodes: what other nodes
// are is asked of Seats.
func (s *Seat) Join(ctx context.Context) (rendezvous.Round, error) {
	if err := s.begin(); err != nil {
		return rendezvous.Round{}, err
	}
	s.mu.Lock()
	select {
	case <-s.changes:
	default:
	}
	s.joined = false
	s.st.Phase = council.Idle
	s.say()
	s.mu.Unlock()
	var round rendezvous.Round
	made := -1 // the round that Master was called for
	late := time.AfterFunc(patience, s.tellWait)
	defer late.Stop()
	for {
		host := -1
		err := s.wait(ctx, func() (bool, error) {
			o := s.order
			switch {
			case s.broken != nil:
				return true, s.broken
			case o.Do == council.Run && o.Round > s.st.Round && time.Since(s.heard) < s.cfg.Terms.Lease:
				// Without a lease the order is an old one: the others may have
				// begun without this node.
				round = s.enter(o)
				return true, nil
			case o.Do == council.Host && o.Round != made:
				host = o.Round
				return true, nil
			case o.Do == council.Leave && o.Failure != nil:
				return true, &rendezvous.FailedError{RunID: s.cfg.Terms.Run, Failure: *o.Failure}
			case o.Do == council.Leave:
				return true, fmt.Errorf("run %q has ended already, with success; its id can be used again %v after that", s.cfg.Terms.Run, s.cfg.Terms.Close)
			case o.Do == council.Refused:
				return true, fmt.Errorf("run %q does not take this node: %s", s.cfg.Terms.Run, o.Why)
			}
			if s.waits != "" {
				s.sayWait()
			}
			return false, nil
		})
		switch {
		case err != nil && ctx.Err() != nil:
			return round, s.missed(context.Cause(ctx))
		case err != nil:
			return round, err
		case host < 0:
			return round, nil
		}
		addr, port, err := s.cfg.Master(ctx, host)
		if err != nil {
			return round, fmt.Errorf("making the workers' store of round %d: %w", host, err)
		}
		made = host
		s.mu.Lock()
		s.st.Master = &council.Master{Round: host, Addr: addr, Port: port}
		s.say()
		s.mu.Unlock()
	}
}

// patience is how long a Join waits without a word.
const patience = 2 * time.Second

// tellWait says for the first time what a Join waits for.
func (s *Seat) tellWait() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sayWait()
}

// sayWait says what a Join waits for, if that is something else than before. mu is
// held.
func (s *Seat) sayWait() {
	if why := s.order.Why; why != "" && why != s.waits && s.order.Do == council.Wait && !s.joined {
		s.waits = why
		s.cfg.Note("waiting: " + why)
	}
}

// missed says what a Join that took too long was waiting for.
func (s *Seat) missed(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.order.Epoch == 0:
		return fmt.Errorf("meeting the other nodes of run %q: no agent leads it: %w", s.cfg.Terms.Run, err)
	case s.order.Why != "":
		return fmt.Errorf("meeting the other nodes of run %q: %s: %w", s.cfg.Terms.Run, s.order.Why, err)
	}
	return fmt.Errorf("meeting the other nodes of run %q: %w", s.cfg.Terms.Run, err)
}

// enter begins the round of an order. mu is held.
func (s *Seat) enter(o council.Order) rendezvous.Round {
	p := o.Place
	s.st.Phase, s.st.Round, s.st.Group, s.st.Life = council.Up, o.Round, p.GroupRank, o.Life
	s.st.End, s.st.First, s.st.Master = nil, nil, nil
	s.joined, s.fenced, s.waits = true, false, ""
	s.say()
	return rendezvous.Round{Number: o.Round, Restarts: o.Restarts, GroupRank: p.GroupRank, GroupSize: p.GroupSize,
		RankBase: p.RankBase, WorldSize: p.WorldSize, RoleRankBase: p.RoleRankBase, RoleSize: p.RoleSize,
		MasterAddr: p.Master.Addr, MasterPort: p.Master.Port}
}

// Again implements rendezvous.Rendezvous.
func (s *Seat) Again(ctx context.Context, why string) error {
	return s.ask(ctx, council.End{Kind: rendezvous.Again, Why: rendezvous.Clip(why)})
}

// Fail implements rendezvous.Rendezvous. It is an *AgainError if another node's end
// was behind the failure, and the others begin again without that node.
func (s *Seat) Fail(ctx context.Context, why rendezvous.Failure) error {
	if why.Host == "" {
		why.Host = s.cfg.Node.Name
	}
	why.Node = s.cfg.Node
	why.Text, why.Tail = rendezvous.Clip(why.Text), rendezvous.Clip(why.Tail)
	if err := s.begin(); err != nil {
		return err
	}
	err := s.ask(ctx, council.End{Kind: rendezvous.Failed, Why: why.String(), Failure: &why})
	var failed *rendezvous.FailedError
	if errors.As(err, &failed) {
		return nil // it had failed already
	}
	return err
}

// ask asks for the end of the round, the one that is going on or the next.
func (s *Seat) ask(ctx context.Context, e council.End) error {
	// Before the first order it is not known which round that is.
	if err := s.wait(ctx, func() (bool, error) { return s.order.Epoch > 0, s.broken }); err != nil {
		return fmt.Errorf("telling the other nodes: %w", err)
	}
	s.mu.Lock()
	e.Round = s.st.Round
	if !s.joined && s.st.Phase == council.Idle {
		e.Round = s.order.Round
	}
	e.Node = s.cfg.Node
	if e.Failure != nil {
		f := *e.Failure
		if !f.At.IsZero() {
			f.At = f.At.Add(s.skew.offset)
		}
		e.Failure = &f
		if f.Stopped == 0 {
			s.st.First = &f
		}
	}
	if s.st.End == nil || s.st.End.Round != e.Round || e.Kind == rendezvous.Failed {
		s.st.End = &e
		s.say()
	}
	seq := s.st.Seq
	s.mu.Unlock()
	err := s.wait(ctx, func() (bool, error) {
		o := s.order
		switch {
		case s.broken != nil:
			return true, s.broken
		case (o.Do == council.Stop || o.Do == council.Leave) && e.Kind == rendezvous.Again:
			f := o.Failure
			if f == nil && o.Ended != nil {
				f = o.Ended.Failure
			}
			if f == nil {
				return true, fmt.Errorf("run %q has ended", s.cfg.Terms.Run)
			}
			return true, &rendezvous.FailedError{RunID: s.cfg.Terms.Run, Failure: *f}
		case o.Do == council.Stop || o.Do == council.Leave:
			return true, nil
		case o.Round <= e.Round:
			return false, nil
		case e.Kind == rendezvous.Again:
			return true, nil
		}
		if s.acked < seq {
			return false, nil // the next round was begun by somebody who had not heard of it
		}
		// Another node's end was behind the failure.
		s.st.End, s.st.First = nil, nil
		s.say()
		again := &rendezvous.AgainError{Node: s.cfg.Node, Why: "the nodes meet again"}
		if o.Ended != nil {
			again.Node, again.Why = o.Ended.Node, o.Ended.Why
		}
		return true, again
	})
	var again *rendezvous.AgainError
	if errors.As(err, &again) {
		return err
	}
	if err != nil {
		return fmt.Errorf("telling the other nodes: %w", err)
	}
	return nil
}

// Done implements rendezvous.Rendezvous.
func (s *Seat) Done(ctx context.Context) error {
	s.mu.Lock()
	round := s.st.Round
	if s.joined {
		s.st.Phase = council.Done
		s.say()
	}
	s.mu.Unlock()
	err := s.wait(ctx, func() (bool, error) {
		o := s.order
		switch {
		case s.broken != nil:
			return true, s.broken
		case o.Do == council.Leave && o.Failure == nil:
			return true, nil
		case o.Do == council.Leave:
			return true, &rendezvous.FailedError{RunID: s.cfg.Terms.Run, Failure: *o.Failure}
		case o.Do == council.Stop && o.Ended != nil:
			return true, &rendezvous.FailedError{RunID: s.cfg.Terms.Run, Failure: *o.Ended.Failure}
		case o.Do == council.Refused:
			return true, errors.New(o.Why)
		case o.Round > round && o.Ended != nil:
			return true, &rendezvous.AgainError{Node: o.Ended.Node, Why: o.Ended.Why}
		}
		return false, nil
	})
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("waiting for the other nodes: %w", context.Cause(ctx))
	}
	return err
}

// Idle says that the workers here are gone, although no other round is wanted
// yet: the end of a run that has failed need not wait for them.
func (s *Seat) Idle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.st.Phase == council.Up {
		s.st.Phase = council.Idle
		s.say()
	}
}

// Root waits for the root cause of a run that has failed; nil: it has not, or
// nobody could be asked. The workers here must be gone.
func (s *Seat) Root(ctx context.Context) *rendezvous.Failure {
	var root *rendezvous.Failure
	s.mu.Lock()
	stopping := s.order.Do == council.Stop
	s.mu.Unlock()
	if stopping { // else it would look as if this node was ready for another round
		s.Idle()
	}
	_ = s.wait(ctx, func() (bool, error) {
		o := s.order
		if o.Do == council.Leave {
			root = o.Failure
		} else if o.Ended != nil && o.Ended.Kind == rendezvous.Failed {
			root = o.Ended.Failure // should nothing better come
		}
		return o.Do == council.Leave || s.broken != nil || o.Epoch == 0 || o.Do != council.Stop, nil
	})
	return root
}

// Leaving says why this node goes, should it do so before the run ends.
func (s *Seat) Leaving(why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.st.Why = rendezvous.Clip(why)
}

func (s *Seat) leaving() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.st.Why
}

// Close implements rendezvous.Rendezvous. The leader stays until the others have
// heard the end, at most Terms.Close.
func (s *Seat) Close() error {
	s.mu.Lock()
	l := s.lead
	s.mu.Unlock()
	if l != nil {
		l.abort() // before it is said that this node leaves, which would begin another round
	}
	s.mu.Lock()
	began := !s.heard.IsZero() && s.life.Err() == nil
	s.st.Phase = council.Left
	s.say()
	seq := s.st.Seq
	s.mu.Unlock()
	if began {
		ctx, stop := context.WithTimeout(context.Background(), min(s.cfg.Terms.Lease, 2*time.Second))
		go s.untilDown(ctx, stop)
		_ = s.wait(ctx, func() (bool, error) { return s.acked >= seq || s.broken != nil, nil })
		stop()
		if l != nil {
			l.leave()
		}
	}
	s.end(errSeatClosed)
	s.wg.Wait()
	s.unserve()
	return nil
}

// untilDown stops a wait for the leader's answer when the link is down: it has gone as
// well.
func (s *Seat) untilDown(ctx context.Context, stop context.CancelFunc) {
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for s.cfg.Bus.Link().Up {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
	stop()
}

// skew is what the leader's clock shows more than ours.
type skew struct {
	offset time.Duration
	error  time.Duration // half of the round trip it was seen in; 0: never seen
}

// see takes one more look: the leader answered with its time, in a round trip that
// began at sent by our clock. The quickest answer is the best one; it grows old, as
// clocks drift.
func (k *skew) see(sent time.Time, trip time.Duration, theirs time.Time) {
	half := trip / 2
	if k.error > 0 && half > k.error+k.error/8 {
		k.error += k.error / 8
		return
	}
	// Round strips the monotonic readings: wall clocks are compared.
	k.offset, k.error = theirs.Round(0).Sub(sent.Round(0).Add(half)), max(half, 1)
}

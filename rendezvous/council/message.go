package council

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/sluicerun/sluice/rendezvous"
)

// Version is that of the protocol.
const Version = 2

// Terms are what all agents of a run must agree about.
type Terms struct {
	Run      string        `json:"run"`
	Min      int           `json:"min"`      // nodes that a round needs
	Max      int           `json:"max"`      // nodes that it takes
	Restarts int           `json:"restarts"` // --restarts
	Hosted   bool          `json:"hosted"`   // agents host the workers' store; else rank 0 does
	LastCall time.Duration `json:"last_call_ns"`
	Lease    time.Duration `json:"lease_ns"` // how long an agent may be silent
	Close    time.Duration `json:"close_ns"` // how long the end is told
}

// Phase is where an agent stands.
type Phase string

const (
	Idle Phase = "idle" // none of its workers is alive; it waits for a round
	Up   Phase = "up"   // it has, or may have, workers of Round
	Done Phase = "done" // its workers of Round have all succeeded
	Left Phase = "left" // it takes part no more, and nothing of it is alive
)

// Status is all that an agent has to say.
type Status struct {
	Version int             `json:"version"`
	ID      string          `json:"id"`  // of the agent's process
	Seq     uint64          `json:"seq"` // grows with each status of this agent
	Terms   Terms           `json:"terms"`
	Node    rendezvous.Node `json:"node"`           // Rank is --node-rank, -1 if that was not given
	Host    bool            `json:"host,omitempty"` // it is on the endpoint's host
	Phase   Phase           `json:"phase"`
	// Round is the round of Up and Done; when Idle the last that it was in, -1
	// if none. Group is its rank in that, Life what Order.Life was then.
	Round int    `json:"round"`
	Group int    `json:"group"`
	Life  string `json:"life,omitempty"`
	// Master is the workers' store that it was ordered to make.
	Master *Master `json:"master,omitempty"`
	// End asks for the end of a round that it is, or was last, in.
	End *End `json:"end,omitempty"`
	// First is what failed first in its last round, by the leader's clock.
	First *rendezvous.Failure `json:"first,omitempty"`
	// Why is why it has left, if it has and there is something to say.
	Why string `json:"why,omitempty"`
	// Restarts is how many it knows of.
	Restarts int `json:"restarts"`
}

// Master is where the workers of a round meet.
type Master struct {
	Round int    `json:"round"`
	Addr  string `json:"addr"`
	Port  int    `json:"port"`
}

// End is why a round ended.
type End struct {
	Round   int                 `json:"round"`
	Kind    rendezvous.Kind     `json:"kind"` // Again or Failed
	Node    rendezvous.Node     `json:"node"` // who ended it; filled in by the council
	Why     string              `json:"why"`
	Failure *rendezvous.Failure `json:"failure,omitempty"` // of Failed
}

// Do is what an agent is to do.
type Do string

const (
	Wait    Do = "wait"    // have no workers and wait
	Host    Do = "host"    // wait, and make the workers' store of Round
	Run     Do = "run"     // have workers of Round at Place
	Stop    Do = "stop"    // the run has failed: have no workers; the root cause is being found
	Leave   Do = "leave"   // the run is over: Failure, or success
	Refused Do = "refused" // take no part: Why
)

// Order is all that an agent is to do. It obeys the one with the highest Epoch,
// and of that with the highest Seq.
type Order struct {
	Version  int                 `json:"version"`
	Epoch    int64               `json:"epoch"` // of the leader
	Seq      uint64              `json:"seq"`
	Life     string              `json:"life"`
	Do       Do                  `json:"do"`
	Round    int                 `json:"round"`
	Restarts int                 `json:"restarts"`
	Place    *Place              `json:"place,omitempty"`
	Why      string              `json:"why,omitempty"`     // for people: what is waited for, why it is refused
	Ended    *End                `json:"ended,omitempty"`   // how the last round ended
	Failure  *rendezvous.Failure `json:"failure,omitempty"` // of Leave after a failure
	// Present is how many agents are here; Spare tells one that waits that it
	// is not needed now.
	Present int  `json:"present"`
	Spare   bool `json:"spare,omitempty"`
}

// Place is an agent's place in a round; the words are rendezvous.Round's.
type Place struct {
	GroupRank    int    `json:"group_rank"`
	GroupSize    int    `json:"group_size"`
	RankBase     int    `json:"rank_base"`
	WorldSize    int    `json:"world_size"`
	RoleRankBase int    `json:"role_rank_base"`
	RoleSize     int    `json:"role_size"`
	Master       Master `json:"master"`
}

// same tells whether two orders of one council ask for the same, whatever their
// words. What an order points to is not changed once it is there.
func (o Order) same(p Order) bool {
	return o.Do == p.Do && o.Round == p.Round && o.Restarts == p.Restarts && o.Life == p.Life && o.Spare == p.Spare &&
		o.Ended == p.Ended && o.Failure == p.Failure && (o.Do != Refused || o.Why == p.Why) &&
		(o.Place == p.Place || o.Place != nil && p.Place != nil && *o.Place == *p.Place)
}

const (
	maxNodes   = 1 << 16
	maxText    = 16 << 10
	maxWorkers = 1 << 20
)

// ParseStatus reads a status and checks that it can be reasoned about.
func ParseStatus(data []byte) (Status, error) {
	var s Status
	if err := parse(data, &s); err != nil {
		return s, fmt.Errorf("a status: %w", err)
	}
	switch {
	case s.ID == "" || len(s.ID) > 64:
		return s, fmt.Errorf("a status without the agent's id")
	case s.Phase != Idle && s.Phase != Up && s.Phase != Done && s.Phase != Left:
		return s, fmt.Errorf("a status with phase %.20q", s.Phase)
	case s.Node.Workers < 1 || s.Node.Workers > maxWorkers || s.Node.Rank < -1 || s.Node.Rank >= maxNodes:
		return s, fmt.Errorf("a status with %d workers and node rank %d", s.Node.Workers, s.Node.Rank)
	case s.Round < -1 || s.Round > 1<<30 || s.Group < -1 || s.Group >= maxNodes || s.Restarts < 0 || s.Restarts > 1<<30:
		return s, fmt.Errorf("a status of round %d, group rank %d, %d restarts", s.Round, s.Group, s.Restarts)
	case (s.Phase == Up || s.Phase == Done) && s.Round < 0:
		return s, fmt.Errorf("a status with workers of no round")
	case s.Master != nil && (s.Master.Port < 0 || s.Master.Port > 65535):
		return s, fmt.Errorf("a status with master port %d", s.Master.Port)
	case s.End != nil && s.End.Kind != rendezvous.Again && s.End.Kind != rendezvous.Failed:
		return s, fmt.Errorf("a status that ends a round with %.20q", s.End.Kind)
	case s.End != nil && s.End.Kind == rendezvous.Failed && s.End.Failure == nil:
		return s, fmt.Errorf("a status with a failure without its reason")
	case s.End != nil && !validStatus(s.End.Failure) || !validStatus(s.First):
		return s, fmt.Errorf("a status with a failure whose exit status is none")
	case s.Terms.Check() != nil:
		return s, fmt.Errorf("a status: %w", s.Terms.Check())
	}
	return s, nil
}

// ParseOrder reads an order.
func ParseOrder(data []byte) (Order, error) {
	var o Order
	if err := parse(data, &o); err != nil {
		return o, fmt.Errorf("an order: %w", err)
	}
	switch {
	case o.Do == Run && o.Place == nil:
		return o, fmt.Errorf("an order to run without a place")
	case o.Place != nil && !o.Place.valid():
		return o, fmt.Errorf("an order with place %+v", *o.Place)
	case o.Ended != nil && o.Ended.Kind == rendezvous.Failed && o.Ended.Failure == nil,
		o.Do == Stop && (o.Ended == nil || o.Ended.Failure == nil):
		return o, fmt.Errorf("an order after a failure without its reason")
	case !validStatus(o.Failure), o.Ended != nil && !validStatus(o.Ended.Failure):
		return o, fmt.Errorf("an order to stop with an exit status that is none")
	case o.Round < 0 || o.Restarts < 0:
		return o, fmt.Errorf("an order for round %d with %d restarts", o.Round, o.Restarts)
	}
	switch o.Do {
	case Wait, Host, Run, Stop, Leave, Refused:
		return o, nil
	}
	return o, fmt.Errorf("an order to %.20q", o.Do)
}

// validStatus tells whether a failure's exit statuses are some.
func validStatus(f *rendezvous.Failure) bool {
	return f == nil || f.Stopped >= 0 && f.Stopped <= 255 && f.Status >= 0 && f.Status <= 255
}

func (p Place) valid() bool {
	return p.GroupRank >= 0 && p.GroupRank < p.GroupSize && p.RankBase >= 0 && p.RankBase < p.WorldSize &&
		p.RoleRankBase >= 0 && p.RoleRankBase < p.RoleSize && p.RoleSize <= p.WorldSize &&
		p.Master.Port >= 0 && p.Master.Port <= 65535
}

// parse reads a message of this version.
func parse(data []byte, v any) error {
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(data, &head); err != nil || head.Version == 0 {
		return fmt.Errorf("%.60q was not written by a sluice agent", data)
	}
	if head.Version != Version {
		return fmt.Errorf("it speaks version %d of the rendezvous and this agent version %d: run the same sluice on all nodes", head.Version, Version)
	}
	return json.Unmarshal(data, v)
}

// Check tells what is wrong with terms.
func (t Terms) Check() error {
	switch {
	case t.Min < 1 || t.Max < t.Min || t.Max > maxNodes:
		return fmt.Errorf("%d to %d nodes: give MIN:MAX with 1 <= MIN <= MAX <= %d", t.Min, t.Max, maxNodes)
	case t.Restarts < 0:
		return fmt.Errorf("%d restarts", t.Restarts)
	case t.Lease < 100*time.Millisecond || t.Lease > 24*time.Hour:
		return fmt.Errorf("a lease of %v: give 100ms to 24h", t.Lease)
	case t.LastCall < 0 || t.Close < 0:
		return fmt.Errorf("a last call of %v and a close timeout of %v: neither can be negative", t.LastCall, t.Close)
	}
	return nil
}

package council

import (
	"reflect"
	"time"

	"github.com/sluicerun/sluice/rendezvous"
)

const (
	// Confirm is how long an agent whose connection was closed has to come
	// back: a link may break and be mended, and the guardian of an agent that
	// was killed ends its workers meanwhile.
	Confirm = 200 * time.Millisecond
	// rootWait bounds the wait, after a failure, for the members to say what
	// failed first there.
	rootWait = 10 * time.Second
	// steady is how long a round must last for earlier comings to be forgotten,
	// hold how long one after the first is made to wait, doubled each time up
	// to holdMost.
	steady   = 5 * time.Minute
	hold     = time.Second
	holdMost = time.Minute
)

// stage is where the council stands.
type stage string

const (
	gathering stage = "gathering"
	hosting   stage = "hosting"
	running   stage = "running"
	ending    stage = "ending"
	over      stage = "over"
)

// Council is the state machine. Its methods take the time now, which never goes
// back.
type Council struct {
	terms Terms
	epoch int64
	seq   uint64
	life  string
	until time.Time // no first round before: agents of an older life may come back
	reach time.Time // until then, who was not heard by this leader may just not reach it

	stage    stage
	since    time.Time // of the stage
	round    int       // the current or the next one
	first    bool      // no round was formed yet
	restarts int
	agents   map[string]*agent
	members  []member         // of the current round, in group order; when gathering of the last
	ranks    map[string]int   // of members, by id
	plan     []Place          // of members
	claims   map[int][]*agent // agents by the node rank that they were given
	master   Master
	lastCall time.Time // when it ends; zero: it was not made
	came     int       // rounds that were ended for newcomers
	ended    *End      // the last round's end
	verdict  *rendezvous.Failure
	died     map[string]death // of members that are dead
	doubted  time.Time        // when a failure was first told that may be another's
	// overruled is a round whose failures were another node's end: the members
	// that told them, pardoned, take part again. -1: none.
	overruled int
	pardoned  []string
	changed   bool // the state has to be saved

	all     bool      // every order has to be looked at
	fresh   []*agent  // whose order has to be sent
	news    bool      // what waiting said may have changed
	present int       // agents that are here
	waits   string    // what the next round waits for
	death   time.Time // no agent dies before; zero: it is not known
	waiting bool      // with too few nodes, for those that may not reach this leader
	timer   time.Time // when the stage has something to do; zero: never
}

// member is one of a round.
type member struct {
	ID   string          `json:"id"`
	Node rendezvous.Node `json:"node"`
	Host bool            `json:"host,omitempty"`
	Done bool            `json:"done,omitempty"` // its workers have succeeded; it may go
}

// Config begins a Council.
type Config struct {
	Terms Terms
	Epoch int64  // of this leader: higher than that of all before
	Life  string // for a run that begins: tells this life of the run id apart
	Saved *State // what the leader before left; nil: nothing
	// Settle is how long agents of an older life may take to come back before
	// the first round: they are not known of where nothing was saved.
	Settle time.Duration
	// Reach is how long members that the leader before knew may take to be heard
	// until their absence ends the run: where a bus has several servers, who can
	// lead may not be who is heard by all.
	Reach time.Duration
}

// New begins at the time now. Terms must be valid.
func New(c Config, now time.Time) *Council {
	n := &Council{terms: c.Terms, epoch: c.Epoch, life: c.Life, until: now.Add(c.Settle), reach: now.Add(c.Reach), stage: gathering, since: now, first: true,
		agents: map[string]*agent{}, died: map[string]death{}, overruled: -1, claims: map[int][]*agent{}, all: true}
	if c.Saved != nil && !(c.Saved.Stage == over && now.Sub(c.Saved.At) > c.Terms.Close) {
		n.restore(*c.Saved, now)
	}
	return n
}

// Hear takes an agent's status.
func (c *Council) Hear(now time.Time, s Status) {
	s.Node.Name, s.Node.Addr = short(s.Node.Name), short(s.Node.Addr)
	a := c.agents[s.ID]
	switch {
	case a == nil:
		a = c.meet(s)
	case s.Seq < a.st.Seq:
		return // an older one that was late
	case s.Seq == a.st.Seq && reflect.DeepEqual(s, a.st):
		a.heard, a.closed = now, time.Time{}
		if wake := c.Wake(); wake.IsZero() || now.Before(wake) {
			return // a beat: nothing is new
		}
	case s.Node != a.st.Node || (s.Phase == Left) != (a.st.Phase == Left):
		c.forget(a)
		a.st = s
		c.file(a)
	default:
		a.st = s
	}
	a.heard, a.closed, a.unheard = now, time.Time{}, false
	if at := c.deathOf(a); at.Before(c.death) {
		c.death = at
	}
	if c.first {
		c.remember(s)
	}
	c.decide(now, a)
}

// remember learns from an agent what a leader that was lost with its memory knew.
func (c *Council) remember(s Status) {
	if c.differs(s.Terms) != "" {
		return
	}
	if c.life != s.Life && s.Life != "" {
		c.life, c.all = s.Life, true
	}
	if s.Round >= c.round {
		c.round, c.all = s.Round+1, true
	}
	if s.Restarts > c.restarts {
		c.restarts, c.all = s.Restarts, true
	}
}

// Closed says that an agent's own side has closed its connection.
func (c *Council) Closed(now time.Time, id string) {
	if a := c.agents[id]; a != nil && a.closed.IsZero() {
		a.closed = now
		if at := c.deathOf(a); at.Before(c.death) {
			c.death = at
		}
	}
	c.decide(now, nil)
}

// Here takes Closed back: the agent was asked since, and is there. It may have made
// another connection, or talk to the leader before. Its lease is none the longer.
func (c *Council) Here(id string) {
	if a := c.agents[id]; a != nil {
		a.closed = time.Time{}
	}
}

// Slept says that the time until now has passed without the council, whose process was
// suspended: who said nothing meanwhile may have tried. Each agent has a new lease.
func (c *Council) Slept(now time.Time) {
	for _, a := range c.agents {
		a.heard, a.closed = now, time.Time{}
	}
	c.death = now // that is, it has to be looked at again
}

// Tick lets time pass.
func (c *Council) Tick(now time.Time) { c.decide(now, nil) }

// Wake is when a Tick is due; zero: never, as things stand. It may be early.
func (c *Council) Wake() time.Time {
	if len(c.agents) == 0 || !c.timer.IsZero() && c.timer.Before(c.death) {
		return c.timer
	}
	return c.death
}

// due is when the stage has something to do, after the time now; zero: never.
func (c *Council) due(now time.Time) time.Time {
	var at time.Time
	switch {
	case c.stage == gathering && c.first && len(c.agents) > 0 && now.Before(c.until):
		at = c.until
	case c.stage == gathering:
		at = c.lastCall
	case c.stage == running && c.waiting:
		at = c.reach
	case c.stage == running && !c.doubted.IsZero():
		at = c.doubted.Add(Confirm)
	case c.stage == running && len(c.members) < c.terms.Max && len(c.spare()) > 0:
		at = c.since.Add(c.holdoff())
	case c.stage == ending:
		at = c.since.Add(rootWait)
	}
	if !at.After(now) {
		return time.Time{} // it was looked at just now
	}
	return at
}

// decide does all that is to be done at the time now, when an agent (nil: none)
// has said something new.
func (c *Council) decide(now time.Time, a *agent) {
	c.news = true
	if a != nil {
		c.heed(now, a)
	}
	c.bury(now)
	for c.step(now) {
	}
	c.timer = c.due(now)
	c.command(a)
}

// step makes one transition; it tells whether it did.
func (c *Council) step(now time.Time) bool {
	switch c.stage {
	case gathering:
		return c.gather(now)
	case hosting:
		return c.hosted(now)
	case running:
		return c.watch(now)
	case ending:
		return c.finish(now)
	}
	return false
}

// enter begins a stage.
func (c *Council) enter(s stage, now time.Time) bool {
	c.stage, c.since, c.changed = s, now, true
	c.lastCall = time.Time{}
	c.all = true
	return true
}

// appoint makes members those of a round.
func (c *Council) appoint(members []member) {
	c.members, c.ranks = members, make(map[string]int, len(members))
	for i, m := range members {
		c.ranks[m.ID] = i
	}
	c.plan = nil
}

// gather forms a round when it may.
func (c *Council) gather(now time.Time) bool {
	var idle []*agent
	var quits *agent
	busy := false
	for _, a := range c.agents {
		switch {
		case c.refusal(a) != "":
			// Its workers, if it has any, are none of ours.
		case c.gaveUp(a):
			if quits == nil || a.st.ID < quits.st.ID {
				quits = a
			}
		case a.busy():
			busy = true
		case a.st.Phase == Idle && !c.quits(a) && c.conflict(a) == "":
			idle = append(idle, a)
		}
	}
	if quits != nil {
		return c.failBefore(now, quits)
	}
	if busy {
		return false // the fence
	}
	if c.first && now.Before(c.until) {
		return false
	}
	if len(idle) < c.terms.Min {
		c.lastCall = time.Time{}
		return false
	}
	if c.first && len(idle) < c.terms.Max {
		if c.lastCall.IsZero() {
			c.lastCall = now.Add(c.terms.LastCall)
		}
		if now.Before(c.lastCall) {
			return false
		}
	}
	c.appoint(seats(idle, c.members, c.terms.Max))
	return c.enter(hosting, now)
}

// gaveUp tells that an agent has ended the run before the round; or it did so in
// the last one when another member had ended that already.
func (c *Council) gaveUp(a *agent) bool {
	return c.quits(a) && (a.st.End.Round == c.round || a.st.End.Round == c.round-1 && c.isMember(a.st.ID))
}

// hosted begins the round when the workers' store is there.
func (c *Council) hosted(now time.Time) bool {
	for _, m := range c.members {
		a := c.agents[m.ID]
		if a == nil || a.st.Phase != Idle || c.quits(a) {
			return c.enter(gathering, now)
		}
	}
	for _, a := range c.agents {
		if a.busy() && c.refusal(a) == "" {
			return c.enter(gathering, now) // of a life that we did not know of
		}
	}
	hub := c.agents[c.members[0].ID].st.Master
	if hub == nil || hub.Round != c.round {
		return false
	}
	c.master, c.first = *hub, false
	c.plan = c.places()
	clear(c.died)
	c.doubted = time.Time{}
	return c.enter(running, now)
}

// Over tells that the run has ended and everybody who is here knows: the leader
// may go.
func (c *Council) Over(now time.Time) bool {
	if c.stage != over {
		return false
	}
	if now.Sub(c.since) >= c.terms.Close {
		return true
	}
	for _, a := range c.agents {
		if a.st.Phase != Left && c.refusal(a) == "" {
			return false
		}
	}
	return true
}

// Ended tells that the run is over, or that its end is being found out.
func (c *Council) Ended() bool { return c.stage == over || c.stage == ending }

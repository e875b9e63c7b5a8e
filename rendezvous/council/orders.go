package council

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sluicerun/sluice/rendezvous"
)

// refusal is why an agent cannot take part at all, or "".
func (c *Council) refusal(a *agent) string {
	if differ := c.differs(a.st.Terms); differ != "" {
		return differ
	}
	switch {
	case a.st.Node.Rank >= c.terms.Max:
		return fmt.Sprintf("its node rank is %d, and with at most %d nodes they are 0 to %d", a.st.Node.Rank, c.terms.Max, c.terms.Max-1)
	case !c.first && a.st.Life != "" && a.st.Life != c.life && !c.isMember(a.st.ID):
		return "it belongs to an older life of this run: start it again"
	}
	if other := c.twin(a); other != nil && other.st.Node.Name != a.st.Node.Name {
		return fmt.Sprintf("node rank %d is taken by host %s: give every node another --node-rank", a.st.Node.Rank, other.st.Node.Name)
	}
	return ""
}

// differs is what is wrong with an agent's terms, or "".
func (c *Council) differs(t Terms) string {
	own := c.terms
	differ := ""
	switch {
	case t.Run != own.Run:
		differ = fmt.Sprintf("its run id is %q, and that of the others %q", t.Run, own.Run)
	case t.Min != own.Min || t.Max != own.Max:
		differ = fmt.Sprintf("it asks for %s nodes, and the others for %s", span(t), span(own))
	case t.Restarts != own.Restarts:
		differ = fmt.Sprintf("it allows %d restarts, and the others %d", t.Restarts, own.Restarts)
	case t.Hosted != own.Hosted:
		return "one was started as sluice torchrun, whose agents host the workers' store, and one as sluice run, which leaves that to rank 0: start all of them alike"
	case t.Lease != own.Lease:
		differ = fmt.Sprintf("its lease is %v, and that of the others %v", t.Lease, own.Lease)
	}
	if differ != "" {
		differ += ": give the same figures on all nodes"
	}
	return differ
}

// span is MIN:MAX.
func span(t Terms) string {
	if t.Min == t.Max {
		return fmt.Sprint(t.Min)
	}
	return fmt.Sprintf("%d:%d", t.Min, t.Max)
}

// twin is another agent that was given the same node rank and has the better
// right to it: it is in the round, or where all meet, whose end would be that of the
// run, or has the smaller id.
func (c *Council) twin(a *agent) *agent {
	if len(c.claims[a.st.Node.Rank]) < 2 {
		return nil // nobody, or it alone; one without a node rank claims none
	}
	better := func(b, a *agent) bool {
		if in, other := c.isMember(b.st.ID), c.isMember(a.st.ID); in != other {
			return in
		}
		if b.st.Host != a.st.Host {
			return b.st.Host
		}
		return b.st.ID < a.st.ID
	}
	var best *agent
	for _, b := range c.claims[a.st.Node.Rank] {
		if b != a && b.st.Phase != Left && better(b, a) && (best == nil || better(b, best)) {
			best = b
		}
	}
	return best
}

// conflict is why an agent has to wait for another one to go, or "": the same
// host's agent from before may not be known to be dead yet.
func (c *Council) conflict(a *agent) string {
	if c.twin(a) == nil {
		return ""
	}
	return fmt.Sprintf("another agent of host %s has node rank %d, or had it until a moment ago", a.st.Node.Name, a.st.Node.Rank)
}

// command brings orders up to date: that of an agent which has said something
// new (nil: none), or everybody's if the run has moved on.
func (c *Council) command(a *agent) {
	if c.all {
		c.all = false
		for _, a := range c.agents {
			c.direct(a)
		}
	} else if a != nil && c.agents[a.st.ID] == a {
		c.direct(a)
	}
}

// direct brings one order up to date. Words alone are no reason for a new one:
// they go with the next answer.
func (c *Council) direct(a *agent) {
	o := Order{Version: Version, Life: c.life, Round: c.round, Restarts: c.restarts, Ended: c.ended, Do: Wait}
	at, in := c.ranks[a.st.ID]
	why := c.refusal(a)
	switch {
	case why != "":
		o.Do, o.Why = Refused, why
	case c.stage == over:
		o.Do, o.Failure = Leave, c.verdict
	case c.stage == ending:
		o.Do = Stop
	case c.stage == running && in:
		o.Do, o.Place = Run, &c.plan[at]
	case c.stage == hosting && in && at == 0:
		o.Do = Host
	case c.stage == running:
		o.Spare = len(c.members) >= c.terms.Max
	}
	if a.order.Seq == 0 || !a.order.same(o) {
		c.issue(a, o)
	}
}

// issue makes o an agent's order.
func (c *Council) issue(a *agent, o Order) {
	c.words(a, &o)
	c.seq++
	o.Epoch, o.Seq = c.epoch, c.seq
	if a.order.Seq == a.sent {
		c.fresh = append(c.fresh, a)
	}
	a.order = o
}

// words adds to an order what people may want to know.
func (c *Council) words(a *agent, o *Order) {
	if c.news {
		c.news = false
		c.look()
	}
	o.Present = c.present
	if o.Do != Wait && o.Do != Host {
		return
	}
	o.Why = c.conflict(a)
	switch {
	case o.Why != "":
	case o.Spare:
		o.Why = fmt.Sprintf("the run has its %d nodes; this one steps in when one of them goes", c.terms.Max)
	case c.stage != running:
		o.Why = c.waits
	}
}

// look sees who is here, and what the next round waits for.
func (c *Council) look() {
	c.present = 0
	var busy []string
	more := 0
	twins := ""
	for _, a := range c.agents {
		if a.st.Phase == Left || c.refusal(a) != "" {
			continue
		}
		if a.st.Phase == Idle && c.twin(a) != nil {
			twins = fmt.Sprintf("; two agents of host %s have node rank %d, and one of them waits", a.st.Node.Name, a.st.Node.Rank)
			continue // it takes part in no round as things stand
		}
		c.present++
		switch {
		case !a.busy():
		case len(busy) < named:
			busy = append(busy, a.st.Node.String())
		default:
			more++
		}
	}
	slices.Sort(busy)
	switch {
	case c.stage == hosting:
		c.waits = fmt.Sprintf("%v makes the workers' store", c.members[0].Node)
	case more > 0:
		c.waits = fmt.Sprintf("%s and %d more nodes still stop their workers or wait out their back-off", strings.Join(busy, ", "), more)
	case len(busy) > 0:
		verbs := "still stops its workers or waits out its back-off"
		if len(busy) > 1 {
			verbs = "still stop their workers or wait out their back-off"
		}
		c.waits = strings.Join(busy, ", ") + " " + verbs
	case c.present < c.terms.Min:
		c.waits = fmt.Sprintf("%d of at least %d nodes are here%s", c.present, c.terms.Min, twins)
	case c.present == 1:
		c.waits = fmt.Sprintf("1 node is here; more, up to %d, may come until the last call ends", c.terms.Max)
	default:
		c.waits = fmt.Sprintf("%d nodes are here; more, up to %d, may come until the last call ends", c.present, c.terms.Max)
	}
}

// named is how many nodes are named in a line for people.
const named = 8

// Outgoing is an order for an agent.
type Outgoing struct {
	ID    string
	Order Order
}

// Orders are those that have changed since the last call. A State that Save
// returned must have been saved before they are sent.
func (c *Council) Orders() []Outgoing {
	var out []Outgoing
	for _, a := range c.fresh {
		if a.order.Seq > a.sent && c.agents[a.st.ID] == a {
			a.sent = a.order.Seq
			out = append(out, Outgoing{a.st.ID, a.order})
		}
	}
	c.fresh = c.fresh[:0]
	slices.SortFunc(out, func(a, b Outgoing) int { return cmp.Compare(a.Order.Seq, b.Order.Seq) })
	return out
}

// Order is an agent's, with the words of this moment; ok is false if the agent is
// not known.
func (c *Council) Order(id string) (o Order, ok bool) {
	a := c.agents[id]
	if a == nil {
		return o, false
	}
	o = a.order
	c.words(a, &o)
	if o.Present != a.order.Present || o.Why != a.order.Why {
		pushed := a.sent == a.order.Seq
		c.issue(a, o)
		if pushed {
			a.sent = a.order.Seq
		}
	}
	return a.order, true
}

// Node is the node of an agent, or the zero Node.
func (c *Council) Node(id string) rendezvous.Node {
	if a := c.agents[id]; a != nil {
		return a.st.Node
	}
	return rendezvous.Node{}
}

// Seat is a node of the run as the council sees it, for people.
type Seat struct {
	ID     string          `json:"id"`
	Node   rendezvous.Node `json:"node"` // Rank is the group rank, -1 of one that waits
	Phase  Phase           `json:"phase"`
	Base   int             `json:"base"` // its first rank; -1 of one that waits
	Silent time.Duration   `json:"silent_ns"`
	// Gone: it took part in an earlier round and does so no more; the ranks are
	// those it had then.
	Gone bool `json:"gone,omitempty"`
}

// Seats are the members of the round in their order, then those that wait. A
// member that is dead has no Phase.
func (c *Council) Seats(now time.Time) []Seat {
	var out []Seat
	places := c.places()
	for i, m := range c.members {
		s := Seat{ID: m.ID, Node: m.Node, Base: places[i].RankBase}
		s.Node.Rank = i
		if a := c.agents[m.ID]; a != nil {
			s.Phase, s.Silent = a.st.Phase, now.Sub(a.heard)
		}
		out = append(out, s)
	}
	for _, a := range c.spare() {
		n := a.st.Node
		n.Rank = -1
		out = append(out, Seat{ID: a.st.ID, Node: n, Phase: a.st.Phase, Base: -1, Silent: now.Sub(a.heard)})
	}
	return out
}

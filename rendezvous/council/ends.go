package council

import (
	"fmt"
	"strings"
	"time"

	"github.com/sluicerun/sluice/rendezvous"
)

// watch ends the round when it is over.
func (c *Council) watch(now time.Time) bool {
	var lost, left, cut []rendezvous.Node
	var last death // of those that are lost, the first
	var end *End
	dying, reason := false, ""
	doneAll, unheard := true, false
	c.waiting = false
	for i, m := range c.members {
		a := c.agents[m.ID]
		node := m.Node
		node.Rank = i
		if a == nil {
			if !m.Done {
				lost = append(lost, node)
				d := c.died[m.ID]
				if last.how == "" || d.at.Before(last.at) {
					last = d
				}
				unheard = unheard || d.unheard
			}
			continue
		}
		s := a.st
		dying = dying || !a.closed.IsZero()
		// One that has given up instead of beginning names the round it was in.
		if e := s.End; e != nil && (e.Round == c.round || c.quits(a) && s.Phase == Idle && s.Round != c.round) {
			if end == nil || end.Kind == rendezvous.Again && e.Kind == rendezvous.Failed {
				end = e.by(node)
			}
		}
		if s.Phase == Done && s.Round == c.round && !m.Done {
			c.members[i].Done, c.changed = true, true
		}
		switch {
		case c.members[i].Done:
		case s.Phase == Left:
			left = append(left, node)
			if reason == "" && s.Why != "" {
				reason = ": " + rendezvous.Clip(s.Why)
			}
		case s.Phase == Idle && s.Round == c.round:
			cut = append(cut, node)
		}
		doneAll = doneAll && c.members[i].Done
	}
	if end != nil && len(lost) == 0 && c.doubt(now, end, dying) {
		return false
	}
	first := len(lost) == 0 || end != nil && end.Failure != nil && !end.Failure.At.IsZero() && end.Failure.At.Before(last.at)
	switch {
	case end != nil && end.Kind == rendezvous.Failed && first:
		return c.fail(now, *end)
	case end != nil && first:
		return c.again(now, end.Node, end.Why, true)
	case len(lost) > 0:
		if c.waiting = unheard && now.Before(c.reach) && c.tooFew(); c.waiting {
			return false
		}
		round := c.round
		if !c.without(now, lost, last.how, last.at) {
			return false
		}
		c.overrule(round)
		return true
	case len(left) > 0:
		return c.without(now, left, "has left the run"+reason, now)
	case len(cut) > 0:
		return c.without(now, cut, "was cut off for longer than its lease and has stopped its workers", now)
	case doneAll:
		return c.enter(over, now)
	case len(c.members) < c.terms.Max && !now.Before(c.since.Add(c.holdoff())):
		return c.welcome(now)
	}
	return false
}

// overrule lets those take part again that have failed in a round because of another
// member's end.
func (c *Council) overrule(round int) {
	c.overruled, c.pardoned = round, nil
	for _, m := range c.members {
		c.pardoned = append(c.pardoned, m.ID)
	}
}

// doubt tells that a failure may turn out to be another node's end: workers that talk
// to each other notice that a peer is gone before its agent is known to be dead. A
// failure for good waits a moment for such news, one that is tried again only if a
// member is dying already.
func (c *Council) doubt(now time.Time, end *End, dying bool) bool {
	if c.doubted.IsZero() {
		c.doubted = now
	}
	return dying || end.Kind == rendezvous.Failed && len(c.members) > 1 && now.Before(c.doubted.Add(Confirm))
}

// welcome ends the round for a newcomer, if there is one.
func (c *Council) welcome(now time.Time) bool {
	spare, began := c.spare(), c.since
	if len(spare) == 0 || !c.again(now, spare[0].st.Node, "it has come, and there is room", false) {
		return false
	}
	if c.came++; now.Sub(began) > steady {
		c.came = 0
	}
	return true
}

// holdoff is how long a round is let live before a newcomer ends it: somebody
// who comes and goes in a loop must not keep the others from working.
func (c *Council) holdoff() time.Duration {
	if c.came == 0 {
		return 0
	}
	return min(hold<<min(c.came-1, 10), holdMost)
}

// by is the end as a node's own.
func (e End) by(n rendezvous.Node) *End {
	e.Node = n
	if e.Failure != nil {
		f := *e.Failure
		f.Node, e.Failure = n, &f
	}
	return &e
}

// here counts the nodes that could go on.
func (c *Council) here() int {
	n := 0
	for _, a := range c.agents {
		if a.st.Phase != Left && c.refusal(a) == "" && (!c.quits(a) || c.isMember(a.st.ID)) {
			n++
		}
	}
	return n
}

// tooFew tells that those who are here cannot go on, nor wait for others.
func (c *Council) tooFew() bool {
	return c.here() < c.terms.Min && c.restarts >= c.terms.Restarts
}

// without goes on without some members, or ends the run: gone since the time at.
func (c *Council) without(now time.Time, gone []rendezvous.Node, why string, at time.Time) bool {
	names := make([]string, len(gone))
	for i, n := range gone {
		names[i] = n.String()
	}
	text := strings.Join(names, ", ") + " " + why
	here := c.here()
	if !c.tooFew() {
		return c.again(now, gone[0], why, here < c.terms.Min)
	}
	if len(names) > 1 {
		why += "; with it went " + strings.Join(names[1:], ", ")
	}
	return c.fail(now, End{Round: c.round, Kind: rendezvous.Failed, Node: gone[0], Why: text,
		Failure: &rendezvous.Failure{Node: gone[0], Rank: -1, Host: gone[0].Name, At: at,
			Text: fmt.Sprintf("%s; %d of at least %d nodes are left", why, here, c.terms.Min)}})
}

// again ends the round for the next one, as soon as each member has said that it
// has begun it. One that is idle as far as we know may be beginning it right now:
// the next round must not take it for one without workers. So may one that was not
// heard since another leader ordered it to.
func (c *Council) again(now time.Time, by rendezvous.Node, why string, counted bool) bool {
	for _, m := range c.members {
		if a := c.agents[m.ID]; a != nil && (a.unheard || a.st.Phase == Idle && a.st.Round != c.round) && c.refusal(a) == "" {
			return false
		}
	}
	if counted {
		c.restarts++
	}
	c.ended = &End{Round: c.round, Kind: rendezvous.Again, Node: by, Why: rendezvous.Clip(why)}
	c.round++
	return c.enter(gathering, now)
}

func (c *Council) fail(now time.Time, e End) bool {
	f := *e.Failure
	f.Text, f.Tail = rendezvous.Clip(f.Text), rendezvous.Clip(f.Tail)
	e.Why, e.Failure = rendezvous.Clip(e.Why), &f
	c.ended, c.verdict = &e, &f
	return c.enter(ending, now)
}

// failBefore ends the run because of an agent that gives up before the round.
func (c *Council) failBefore(now time.Time, a *agent) bool {
	return c.fail(now, *a.st.End.by(a.st.Node))
}

// heed ends the run if an agent says that somebody asked for that, whatever else goes
// on: nothing is tried again then.
func (c *Council) heed(now time.Time, a *agent) {
	e := a.st.End
	if e == nil || e.Failure == nil || e.Failure.Stopped == 0 || c.Ended() || c.refusal(a) != "" {
		return
	}
	own := e.by(a.st.Node)
	own.Round = c.round
	c.fail(now, *own)
}

// finish ends the run when the members have said what failed first there: the
// earliest is the root cause.
func (c *Council) finish(now time.Time) bool {
	root := c.verdict
	if root.Stopped != 0 {
		return c.enter(over, now)
	}
	for i, m := range c.members {
		a := c.agents[m.ID]
		if a == nil {
			continue
		}
		// One that was done has nothing more to say.
		if a.st.Phase == Up && now.Before(c.since.Add(rootWait)) {
			return false
		}
		f := a.st.First
		if f == nil || a.st.Round != c.ended.Round || f.At.IsZero() {
			continue
		}
		if root.At.IsZero() || f.At.Before(root.At) {
			own := *f
			own.Node = m.Node
			own.Node.Rank = i
			own.Text, own.Tail = rendezvous.Clip(own.Text), rendezvous.Clip(own.Tail)
			root = &own
		}
	}
	c.verdict = root
	return c.enter(over, now)
}

// Abort ends the run unless it is over: because of the agent with an id, of the node
// that why names.
func (c *Council) Abort(now time.Time, id string, why rendezvous.Failure) {
	if c.stage == over || c.stage == ending {
		return
	}
	if at, in := c.ranks[id]; in {
		why.Node.Rank = at
	}
	c.fail(now, End{Round: c.round, Kind: rendezvous.Failed, Node: why.Node, Why: why.String(), Failure: &why})
	c.decide(now, nil)
}

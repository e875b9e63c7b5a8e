package council

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sluicerun/sluice/rendezvous"
)

// agent is what the council knows of one.
type agent struct {
	st     Status
	heard  time.Time // of the last status
	closed time.Time // when its own side closed the connection; zero: it did not
	order  Order
	sent   uint64 // Seq of the order that was taken by Orders
	// unheard: it has said nothing to this leader, and st is what the leader before
	// knew at best.
	unheard bool
}

// death is the end of a member.
type death struct {
	at  time.Time // of its last sign of life: what failed elsewhere since then may follow from it
	how string
	// unheard: this leader never heard it.
	unheard bool
}

// busy tells that it has, or may have, workers.
func (a *agent) busy() bool { return a.st.Phase == Up || a.st.Phase == Done }

// quits tells that an agent has given the run up, and was not overruled.
func (c *Council) quits(a *agent) bool {
	e := a.st.End
	return e != nil && e.Kind == rendezvous.Failed && (e.Round != c.overruled || !slices.Contains(c.pardoned, a.st.ID))
}

// meet adds an agent.
func (c *Council) meet(s Status) *agent {
	a := &agent{st: s}
	c.agents[s.ID] = a
	c.file(a)
	return a
}

// file and forget keep who was given which node rank: it bears on others.
func (c *Council) file(a *agent) {
	if r := a.st.Node.Rank; r >= 0 {
		c.claims[r], c.all = append(c.claims[r], a), true
	}
}

func (c *Council) forget(a *agent) {
	r := a.st.Node.Rank
	if r < 0 {
		return
	}
	c.all = true
	c.claims[r] = slices.DeleteFunc(c.claims[r], func(b *agent) bool { return a == b })
	if len(c.claims[r]) == 0 {
		delete(c.claims, r)
	}
}

// short bounds names that others made.
func short(s string) string {
	if len(s) > 255 {
		return s[:255]
	}
	return s
}

// deathOf is when an agent counts as dead if it goes on being silent.
func (c *Council) deathOf(a *agent) time.Time {
	at := a.heard.Add(c.terms.Lease + c.terms.Lease/4)
	if !a.closed.IsZero() && a.closed.Add(Confirm).Before(at) {
		at = a.closed.Add(Confirm)
	}
	return at
}

// bury forgets the dead.
func (c *Council) bury(now time.Time) {
	if now.Before(c.death) {
		return
	}
	c.death = time.Time{}
	for id, a := range c.agents {
		at := c.deathOf(a)
		if now.Before(at) {
			if c.death.IsZero() || at.Before(c.death) {
				c.death = at
			}
			continue
		}
		delete(c.agents, id)
		c.forget(a)
		if !c.isMember(id) {
			continue
		}
		d := death{at: a.heard, unheard: a.unheard, how: fmt.Sprintf("was lost: no sign of life for %v", now.Sub(a.heard).Round(10*time.Millisecond))}
		if !a.closed.IsZero() {
			d = death{at: a.heard, how: "was lost: its agent has ended without a word, or its machine has closed the connection"}
		}
		c.died[id] = d
	}
}

// spare are the agents that wait outside of the round.
func (c *Council) spare() []*agent {
	var out []*agent
	for id, a := range c.agents {
		if a.st.Phase == Idle && !c.quits(a) && !c.isMember(id) && c.refusal(a) == "" && c.conflict(a) == "" {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b *agent) int { return strings.Compare(a.st.ID, b.st.ID) })
	return out
}

func (c *Council) isMember(id string) bool {
	_, ok := c.ranks[id]
	return ok
}

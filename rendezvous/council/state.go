package council

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/sluicerun/sluice/rendezvous"
)

// State is what the next leader has to know. All else the agents say again.
type State struct {
	Version  int                 `json:"version"`
	Epoch    int64               `json:"epoch"`
	Life     string              `json:"life"`
	Stage    stage               `json:"stage"`
	Round    int                 `json:"round"`
	First    bool                `json:"first,omitempty"`
	Restarts int                 `json:"restarts"`
	Members  []member            `json:"members,omitempty"`
	Master   Master              `json:"master,omitzero"`
	Ended    *End                `json:"ended,omitempty"`
	Verdict  *rendezvous.Failure `json:"verdict,omitempty"`
	Came     int                 `json:"came,omitempty"`
	// Overruled is one more than the round whose failures were another node's
	// end.
	Overruled int       `json:"overruled,omitempty"`
	At        time.Time `json:"at"`
}

// Save returns the state if it has changed since the last call.
func (c *Council) Save() (State, bool) {
	if !c.changed {
		return State{}, false
	}
	c.changed = false
	return State{Version: Version, Epoch: c.epoch, Life: c.life, Stage: c.stage, Round: c.round, First: c.first, Restarts: c.restarts,
		Members: slices.Clone(c.members), Master: c.master, Ended: c.ended, Verdict: c.verdict, Came: c.came, Overruled: c.overruled + 1, At: c.since}, true
}

// ParseState reads what Save gave.
func ParseState(data []byte) (State, error) {
	var s State
	if err := parse(data, &s); err != nil {
		return s, fmt.Errorf("the run's state: %w", err)
	}
	switch s.Stage {
	case gathering, hosting, running, ending, over:
	default:
		return s, fmt.Errorf("the run's state: stage %.20q", s.Stage)
	}
	if s.Round < 0 || s.Round > 1<<30 || s.Restarts < 0 || s.Came < 0 || s.Life == "" ||
		s.Stage == ending && (s.Verdict == nil || s.Ended == nil || s.Ended.Failure == nil) ||
		s.Ended != nil && s.Ended.Kind == rendezvous.Failed && s.Ended.Failure == nil ||
		(s.Stage == hosting || s.Stage == running) && len(s.Members) == 0 {
		return s, fmt.Errorf("the run's state does not hold together: %.120q", data)
	}
	for _, m := range s.Members {
		if m.ID == "" || m.Node.Workers < 1 || m.Node.Workers > maxWorkers {
			return s, fmt.Errorf("the run's state: a member %+v", m)
		}
	}
	return s, nil
}

// Encode is the text of a State.
func (s State) Encode() []byte {
	data, err := json.Marshal(s)
	if err != nil {
		panic(err) // our own types have a form in JSON
	}
	return data
}

// restore goes on from where another leader stopped. Its members are taken to
// have workers until they say otherwise. They may have been answered by that
// leader until a lease ago, so they get two.
func (c *Council) restore(s State, now time.Time) {
	c.life, c.round, c.restarts, c.first, c.came = s.Life, s.Round, s.Restarts, s.First, s.Came
	c.master, c.ended, c.verdict = s.Master, s.Ended, s.Verdict
	c.appoint(slices.Clone(s.Members))
	c.plan = c.places()
	c.stage = s.Stage
	if s.Overruled > 0 {
		c.overrule(s.Overruled - 1)
	}
	round := s.Round
	switch s.Stage {
	case hosting:
		c.stage = gathering // nobody was told a place
		fallthrough
	case gathering:
		round-- // the members are those of the round before
	}
	if s.Stage == over || round < 0 {
		return
	}
	for i, m := range s.Members {
		a := c.meet(Status{Version: Version, ID: m.ID, Terms: c.terms, Node: m.Node, Host: m.Host, Phase: Up, Round: round, Group: i, Life: s.Life})
		a.heard, a.unheard = now.Add(c.terms.Lease), true
	}
}

package dynamic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/sluicerun/sluice/bus"
	"github.com/sluicerun/sluice/rendezvous"
	"github.com/sluicerun/sluice/rendezvous/council"
)

// answer is the leader's to a status.
type answer struct {
	Order council.Order `json:"order"`
	Now   time.Time     `json:"now"` // by the leader's clock
}

// beat is how long an agent is silent when there is nothing new.
func (s *Seat) beat() time.Duration { return s.cfg.Terms.Lease / 5 }

// talk tells the status whenever it changes, and at every beat.
func (s *Seat) talk() {
	pulse := time.NewTimer(0)
	defer pulse.Stop()
	alone := time.Time{} // since when nobody answers at the leader's
	for {
		err := s.tell()
		again := s.beat()
		switch {
		case err == nil:
			alone = time.Time{}
		case errors.Is(err, bus.ErrNobody):
			if alone.IsZero() {
				alone = time.Now()
			}
			again = min(again, retry)
			if s.cfg.Store != nil {
				s.elect(alone)
			}
		default:
			again = min(again, retry)
			if s.cfg.Store != nil && s.cfg.Bus.Link().Up {
				s.elect(time.Time{})
			}
		}
		s.fence()
		pulse.Reset(min(again, s.untilFence()))
		select {
		case <-s.poke:
		case <-pulse.C:
		case <-s.life.Done():
			return
		}
	}
}

// retry is the pause after a call that was not answered.
const retry = 50 * time.Millisecond

// tell says the status once.
func (s *Seat) tell() error {
	s.mu.Lock()
	st, to := s.st, s.leader
	s.mu.Unlock()
	if to == "" {
		return bus.ErrNobody
	}
	data, err := json.Marshal(st)
	if err != nil {
		return fmt.Errorf("encoding the status: %w", err)
	}
	// An answer in time for the fence; once that has passed there is time again, which
	// a distant leader needs.
	patience := s.beat()
	if left, valid := s.leased(); valid {
		patience = max(min(patience, left), 20*time.Millisecond)
	}
	ctx, stop := context.WithTimeout(s.life, patience)
	defer stop()
	sent, clock := time.Now(), s.cfg.Clock()
	reply, err := s.cfg.Bus.Call(ctx, s.subject("lead", to), data)
	if err != nil {
		return err
	}
	got := time.Now()
	var a answer
	if err := json.Unmarshal(reply, &a); err != nil || a.Order.Version == 0 {
		return fmt.Errorf("the leader's answer %.60q is none", reply)
	}
	if a.Order.Version != council.Version {
		s.giveUp(fmt.Errorf("the leader of run %q speaks version %d of the rendezvous and this agent version %d: run the same sluice on all nodes", st.Terms.Run, a.Order.Version, council.Version))
		return nil
	}
	// In one step: an order of before, pushed and late, must not be obeyed with a
	// lease that came after it.
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.Order.Epoch < s.order.Epoch {
		return errors.New("a leader that was replaced answers")
	}
	s.heard, s.acked, s.away = sent, st.Seq, false
	s.skew.see(clock, got.Sub(sent), a.Now)
	s.obey(a.Order)
	s.changed()
	return nil
}

// leased is how long the lease lasts yet; valid is false when it is over.
func (s *Seat) leased() (left time.Duration, valid bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	left = time.Until(s.heard.Add(s.cfg.Terms.Lease))
	return left, left > 0
}

// untilFence is when to look at the lease again.
func (s *Seat) untilFence() time.Duration {
	if left, valid := s.leased(); valid {
		return left
	}
	return retry
}

// fence gives the workers up when the lease is over, and the run when the leader
// does not come back.
func (s *Seat) fence() {
	link := s.cfg.Bus.Link()
	s.mu.Lock()
	defer s.mu.Unlock()
	silent := time.Since(s.heard)
	if silent < s.cfg.Terms.Lease || s.broken != nil || s.acked == 0 {
		return
	}
	why := fmt.Sprintf("no answer from the run's leader for %v", silent.Round(10*time.Millisecond))
	if !link.Up && link.Err != nil {
		why += fmt.Sprintf(" (%v)", link.Err)
	}
	if silent >= s.cfg.StoreGrace {
		s.breakOff(&rendezvous.LostError{Why: fmt.Sprintf("%s: run %q is given up here", why, s.cfg.Terms.Run)})
		return
	}
	// Whoever refuses a connection leads no more, and without an election
	// nobody else does: there can be no other round.
	held := s.cfg.Store == nil && !link.Up && link.Refused
	if !s.away {
		s.away = true
		what := "this node looks for the others"
		if held && s.st.Phase == council.Up {
			what = "the workers here go on"
		}
		s.cfg.Note(fmt.Sprintf("%s: %s for up to %v more (--store-grace)", why, what, (s.cfg.StoreGrace - silent).Round(100*time.Millisecond)))
	}
	if held {
		return
	}
	s.drop(rendezvous.Change{Kind: rendezvous.Again,
		Why: why + ": this node is cut off, and its workers are ended before the others begin without them"})
}

// drop gives the workers up at once, also those that are being stopped because of
// something else. mu is held.
func (s *Seat) drop(c rendezvous.Change) {
	if s.st.Phase != council.Up || s.fenced {
		return
	}
	s.fenced, s.joined = true, false
	c.Now, c.Node, c.Restarts = true, s.cfg.Node, s.order.Restarts
	select {
	case <-s.changes: // that there is something to stop for is in this one as well
	default:
	}
	s.changes <- c
	s.changed()
}

// breakOff ends the seat. mu is held.
func (s *Seat) breakOff(err error) {
	s.broken = err
	s.drop(rendezvous.Change{Kind: rendezvous.Lost, Why: err.Error()})
	s.joined = false
	s.changed()
}

func (s *Seat) giveUp(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken == nil {
		s.breakOff(err)
	}
}

// Seats asks the leader who takes part, who waits, and who has gone.
func (s *Seat) Seats(ctx context.Context) ([]council.Seat, error) {
	s.mu.Lock()
	to := s.leader
	s.mu.Unlock()
	if to == "" {
		return nil, errors.New("no agent leads the run now")
	}
	data, err := s.cfg.Bus.Call(ctx, s.subject("lead", to, "seats"), nil)
	if err != nil {
		return nil, fmt.Errorf("asking who takes part: %w", err)
	}
	var seats []council.Seat
	if err := json.Unmarshal(data, &seats); err != nil {
		return nil, fmt.Errorf("asking who takes part: %w", err)
	}
	return seats, nil
}

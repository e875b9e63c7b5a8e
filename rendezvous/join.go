package rendezvous

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Join implements Rendezvous.
func (s *Static) Join(ctx context.Context) (Round, error) {
	number, restarts, err := s.begin()
	if err != nil {
		return Round{}, fmt.Errorf("joining run %q: %w", s.runID, err)
	}
	ctx, stop := s.within(ctx)
	defer stop()
	m, err := s.meet(ctx, number, restarts)
	if err == nil && m.Kind == formed {
		return s.start(number, m)
	}
	if err != nil {
		m = message{Kind: Lost, Why: err.Error()}
	}
	s.mu.Lock()
	if s.phase != ended {
		s.phase, s.last = ended, m
	}
	s.mu.Unlock()
	s.ack()
	switch {
	case err != nil:
		return Round{}, fmt.Errorf("joining run %q, round %d: %w", s.runID, number, err)
	case m.Kind == Failed:
		return Round{}, &FailedError{RunID: s.runID, Failure: *m.Failure}
	}
	return Round{}, fmt.Errorf("joining run %q, round %d: its plan is a message of kind %q", s.runID, number, m.Kind)
}

// begin moves on to the next round, where one can be.
func (s *Static) begin() (number, restarts int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.phase {
	case joining:
		return 0, 0, errors.New("another Join is in progress")
	case running:
		return 0, 0, fmt.Errorf("round %d goes on: a restart begins with Again", s.plan.Number)
	case ended:
		return 0, 0, s.ending()
	case met:
		s.plan.Number++
		s.plan.Restarts = s.last.Restarts
	}
	select {
	case <-s.changes: // of the round before, not taken
	default:
	}
	s.phase, s.done, s.last = joining, false, message{}
	return s.plan.Number, s.plan.Restarts, nil
}

// meet says that this node is there and waits for the plan, or what is in its
// place.
func (s *Static) meet(ctx context.Context, number, restarts int) (message, error) {
	if err := s.pass(ctx); err != nil {
		return message{}, whatEnded(ctx, err)
	}
	if err := s.enter(ctx, number); err != nil {
		if ctx.Err() != nil { // it may have been written all the same
			return message{}, s.giveUp(ctx, number, context.Cause(ctx))
		}
		return message{}, err
	}
	waiting, cancel := context.WithCancelCause(ctx)
	if number == 0 && s.note != nil {
		slow := time.AfterFunc(patience, func() { s.sayAbsent(waiting, number) })
		defer slow.Stop()
	}
	formedBy := make(chan error, 1)
	if s.self.Rank == 0 {
		go func() {
			err := s.form(waiting, number, restarts)
			if err != nil {
				cancel(err)
			}
			formedBy <- err
		}()
	} else {
		formedBy <- nil
	}
	m, err := s.await(waiting, s.planKey(number))
	if err != nil {
		err = whatEnded(waiting, err)
	} else if m.Kind == formed && len(m.Nodes) != s.nodes {
		err = fmt.Errorf("the plan has %d nodes, not %d", len(m.Nodes), s.nodes)
	}
	cancel(nil)
	<-formedBy
	if err != nil {
		return message{}, s.giveUp(ctx, number, err)
	}
	return m, nil
}

// enter takes the seat. The first beat comes before the claim: whoever has claimed
// and dies is missed.
func (s *Static) enter(ctx context.Context, number int) error {
	s.mu.Lock()
	beating := s.beating
	s.mu.Unlock()
	if !beating {
		if _, err := s.store.Add(ctx, s.beatKey(s.self.Rank), 1); err != nil {
			return err
		}
	}
	if err := s.claimSeat(ctx, number); err != nil {
		return err
	}
	s.startHeart()
	return nil
}

// form writes the plan when all are there: the part of group rank 0.
func (s *Static) form(ctx context.Context, number, restarts int) error {
	keys := make([]string, s.nodes)
	for rank := range keys {
		keys[rank] = s.nodeKey(number, rank)
	}
	if err := s.store.Wait(ctx, keys...); err != nil {
		return err
	}
	plan := message{Kind: formed, Restarts: restarts}
	for rank, key := range keys {
		data, _, err := s.store.Get(ctx, key)
		if err != nil {
			return err
		}
		c, err := decodeClaim(data)
		if err == nil && c.Node.Rank != rank {
			err = fmt.Errorf("it is the claim of %v", c.Node)
		}
		if err != nil {
			return fmt.Errorf("reading key %q: %w", key, err)
		}
		plan.Nodes = append(plan.Nodes, c.Node)
	}
	var err error
	if plan.MasterAddr, plan.MasterPort, err = s.master(ctx, number); err != nil {
		return fmt.Errorf("making the workers' store: %w", err)
	}
	if plan.MasterPort < 0 || plan.MasterPort > 65535 {
		return fmt.Errorf("making the workers' store: it has port %d", plan.MasterPort)
	}
	_, err = s.put(ctx, s.planKey(number), plan)
	return err
}

// start makes this node's round of the plan.
func (s *Static) start(number int, m message) (Round, error) {
	r := Assign(m.Nodes)[s.self.Rank]
	r.Number, r.Restarts, r.MasterAddr, r.MasterPort = number, m.Restarts, m.MasterAddr, m.MasterPort
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase == ended { // by Close, or with the store
		return Round{}, fmt.Errorf("joining run %q, round %d: %w", s.runID, number, s.ending())
	}
	s.phase, s.plan, s.over = running, r, make(chan struct{})
	s.wg.Go(func() { s.watch(number) })
	return r, nil
}

// giveUp tells the others that this node waits no more, and says for whom it did.
func (s *Static) giveUp(ctx context.Context, number int, why error) error {
	text := why.Error()
	if ctx.Err() != nil && s.life.Err() == nil {
		part, stop := s.parting(ctx)
		defer stop()
		if who, err := s.absent(part, func(rank int) string { return s.nodeKey(number, rank) }); err != nil {
			text = fmt.Sprintf("which nodes are missing cannot be told (%v)", err)
		} else if len(who) > 0 {
			text = fmt.Sprintf("%s of %d did not join: is sluice running there, with this run id and endpoint?", ranks(who), s.nodes)
		} else {
			text = "all nodes are there, but node rank 0 has not made the workers' store"
		}
		why = fmt.Errorf("%s: %w", text, why)
	}
	if s.life.Err() == nil {
		part, stop := s.parting(ctx)
		defer stop()
		_, _ = s.conclude(part, number, s.ownFailure("gave up joining: "+text))
	}
	return why
}

// patience is how long a node waits for the others without a word.
const patience = 2 * time.Second

// sayAbsent tells whom this node waits for.
func (s *Static) sayAbsent(ctx context.Context, number int) {
	who, err := s.absent(ctx, func(rank int) string { return s.nodeKey(number, rank) })
	if err == nil && len(who) > 0 && ctx.Err() == nil {
		s.note(fmt.Sprintf("waiting for %s of %d", ranks(who), s.nodes))
	}
}

// absent lists the node ranks whose key is missing.
func (s *Static) absent(ctx context.Context, key func(rank int) string) (who []int, err error) {
	for rank := range s.nodes {
		_, ok, err := s.store.Get(ctx, key(rank))
		if err != nil {
			return nil, err
		}
		if !ok {
			who = append(who, rank)
		}
	}
	return who, nil
}

// ranks is "node rank 3" or "node ranks 3, 4, 9", shortened when they are many.
func ranks(who []int) string {
	const most = 16
	var words []string
	for _, r := range who[:min(len(who), most)] {
		words = append(words, strconv.Itoa(r))
	}
	text := "node rank"
	if len(who) > 1 {
		text += "s"
	}
	text += " " + strings.Join(words, ", ")
	if len(who) > most {
		text += fmt.Sprintf(" and %d more", len(who)-most)
	}
	return text
}

// whatEnded is the reason why ctx ended, if it did, rather than what a store
// makes of it.
func whatEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

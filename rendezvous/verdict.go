package rendezvous

import (
	"context"
	"errors"
	"fmt"
)

// watch waits for the end of a round, whoever writes it.
func (s *Static) watch(number int) {
	m, err := s.await(s.life, s.verdictKey(number))
	if err != nil {
		s.lose(err)
		return
	}
	s.settle(number, m)
	if m.terminal() {
		s.ack()
	}
}

// settle takes note of a round's end, and of the run's between rounds. It comes
// from watch, and earlier from this node's own Again and Fail.
func (s *Static) settle(number int, m message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.phase == running && s.plan.Number == number:
		s.last = m
		s.phase = met
		if m.Kind != Again {
			s.phase = ended
		}
		close(s.over)
		if m.Kind != done {
			s.changes <- m.change() // empty since Join
		}
	case (s.phase == met || s.phase == fresh) && m.terminal():
		s.last, s.phase = m, ended
	}
}

// lose ends the seat because the store cannot be reached.
func (s *Static) lose(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase == ended {
		return // that the store goes after the end is in order
	}
	err = fmt.Errorf("the store of run %q is lost: %w", s.runID, err)
	m := message{Kind: Lost, Node: s.self, Why: err.Error(), Restarts: s.plan.Restarts}
	if s.phase == running {
		close(s.over)
		s.changes <- m.change()
	}
	s.phase, s.last = ended, m
	s.end(err)
}

// settled tells whether a round's end is known. The store may go as soon as all
// know it, before the reply to a call that is still on its way: what that call was
// to say has then been said, or is of no matter any more.
func (s *Static) settled(number int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last.Kind != "" && s.last.Kind != Lost && s.plan.Number == number
}

// current is the round in progress. Outside of one it is an error that says how
// the last ended.
func (s *Static) current() (plan Round, over <-chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.phase {
	case running:
		return s.plan, s.over, nil
	case met, ended:
		return s.plan, nil, s.ending()
	}
	return s.plan, nil, errors.New("this node is in no round: Join first")
}

// Again implements Rendezvous.
func (s *Static) Again(ctx context.Context, why string) error {
	fail := func(err error) error { return fmt.Errorf("restarting run %q: %w", s.runID, err) }
	plan, _, err := s.current()
	var again *AgainError
	switch {
	case errors.As(err, &again):
		return nil
	case err != nil:
		return fail(err)
	case s.isDone():
		return fail(errors.New("this node has said that it is done"))
	}
	var m message
	if err = s.pass(ctx); err == nil {
		m, err = s.put(ctx, s.verdictKey(plan.Number), message{Kind: Again, Why: Clip(why), Restarts: plan.Restarts + 1})
	}
	if err != nil {
		if s.failed() {
			_, _, err = s.current()
		}
		return fail(err)
	}
	s.settle(plan.Number, m)
	switch m.Kind {
	case Again:
		return nil
	case Failed:
		return fail(&FailedError{RunID: s.runID, Failure: *m.Failure})
	}
	return fail(errEnded)
}

// Fail implements Rendezvous.
func (s *Static) Fail(ctx context.Context, why Failure) error {
	fail := func(err error) error { return fmt.Errorf("telling the failure of run %q: %w", s.runID, err) }
	why.Node = s.self
	if why.Host == "" {
		why.Host = s.self.Name
	}
	why.Text = Clip(why.Text)
	s.mu.Lock()
	was, kind, number, end := s.phase, s.last.Kind, s.plan.Number, s.ending()
	s.mu.Unlock()
	over := was == ended
	switch {
	case over && kind == Failed:
		return nil
	case over:
		return fail(end)
	}
	err := s.pass(ctx)
	if err == nil && was == fresh {
		err = s.enter(ctx, number)
	}
	var m message
	if err == nil {
		m, err = s.conclude(ctx, number, message{Kind: Failed, Why: why.String(), Failure: &why})
	}
	if err != nil {
		if s.failed() {
			return nil
		}
		return fail(err)
	}
	s.settle(number, m)
	if m.Kind != Failed {
		return fail(errEnded)
	}
	return nil
}

// Done implements Rendezvous.
func (s *Static) Done(ctx context.Context) error {
	plan, over, err := s.current()
	if err != nil {
		return fmt.Errorf("ending run %q: %w", s.runID, err)
	}
	if err := s.sayDone(ctx, plan); err != nil && !s.settled(plan.Number) {
		return fmt.Errorf("ending run %q: %w", s.runID, err)
	}
	select {
	case <-over:
	case <-s.life.Done():
		return fmt.Errorf("ending run %q: %w", s.runID, context.Cause(s.life))
	case <-ctx.Done():
		select {
		case <-over: // it may well be both
		default:
			return s.unfinished(ctx, plan.Number)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last.Kind == done {
		return nil
	}
	return s.ending()
}

// sayDone counts this node in, once. It does so even if ctx has ended: a node
// with no time to wait is done all the same.
func (s *Static) sayDone(ctx context.Context, plan Round) error {
	s.mu.Lock()
	said := s.done
	s.done = true
	s.mu.Unlock()
	if said {
		return nil
	}
	part, stop := s.parting(ctx)
	defer stop()
	ctx, leave := s.within(part)
	defer leave()
	if err := s.pass(ctx); err != nil {
		return err
	}
	n, err := s.store.Add(ctx, s.key(fmt.Sprintf("%d/done", plan.Number)), 1)
	if err == nil && n == int64(s.nodes) {
		var m message
		if m, err = s.put(ctx, s.verdictKey(plan.Number), message{Kind: done, Restarts: plan.Restarts}); err == nil {
			s.settle(plan.Number, m)
		}
	}
	if err == nil {
		// Last, so that a node that dies halfway does count as dead.
		err = s.store.Set(ctx, s.doneKey(plan.Number, s.self.Rank), nil)
	}
	return err
}

// unfinished names the nodes for which the exit barrier waited in vain.
func (s *Static) unfinished(ctx context.Context, number int) error {
	part, stop := s.parting(ctx)
	defer stop()
	text := "waiting for the other nodes"
	who, err := s.absent(part, func(rank int) string { return s.doneKey(number, rank) })
	if err == nil && len(who) > 0 {
		text = "waiting for " + ranks(who) + " to finish"
	}
	return fmt.Errorf("%s: %w", text, context.Cause(ctx))
}

// failed tells whether the run is known to have failed.
func (s *Static) failed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last.Kind == Failed
}

func (s *Static) isDone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.done
}

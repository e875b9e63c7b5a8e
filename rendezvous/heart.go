package rendezvous

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// beats is how often a heart beats in HeartbeatTimeout, and how many looks at a
// number that stands still make a node dead.
const beats = 5

// pulse is what the looks at one node have seen.
type pulse struct {
	last  string
	still int // looks without a change
}

// startHeart begins with the first claim; it beats until the run's end.
func (s *Static) startHeart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.beating && s.phase != ended {
		s.beating = true
		s.wg.Go(s.heart)
	}
}

func (s *Static) heart() {
	watched := []int{0}
	if s.self.Rank == 0 {
		watched = nil
		for rank := 1; rank < s.nodes; rank++ {
			watched = append(watched, rank)
		}
	}
	seen := map[int]*pulse{}
	tick := time.NewTicker(s.timeout / beats)
	defer tick.Stop()
	for own := int64(1); ; own++ {
		if err := s.beat(own, watched, seen); err != nil {
			s.lose(err)
			return
		}
		select {
		case <-s.life.Done():
			return
		case <-tick.C:
		}
	}
}

// beat gives one sign of life and looks for those of others. A store that hangs
// is as good as lost.
func (s *Static) beat(own int64, watched []int, seen map[int]*pulse) error {
	ctx, stop := context.WithTimeout(s.life, s.timeout)
	defer stop()
	fail := func(err error) error {
		if ctx.Err() == context.DeadlineExceeded {
			return fmt.Errorf("no answer for %v", s.timeout)
		}
		return err
	}
	n, err := s.store.Add(ctx, s.beatKey(s.self.Rank), 1)
	if err != nil {
		return fail(err)
	}
	if n <= own { // own of ours and the one before the claim
		return errors.New("it was replaced by an empty one: this agent belongs to an older life of the run")
	}
	for _, rank := range watched {
		data, ok, err := s.store.Get(ctx, s.beatKey(rank))
		if err != nil {
			return fail(err)
		}
		p := seen[rank]
		switch {
		case !ok: // not there yet
			delete(seen, rank)
		case p == nil || p.last != string(data):
			seen[rank] = &pulse{last: string(data)}
		default:
			if p.still++; p.still > beats {
				delete(seen, rank)
				if err := s.bury(ctx, rank); err != nil {
					return fail(err)
				}
			}
		}
	}
	return nil
}

// bury ends the run in the name of a node that gives no sign of life, unless that
// node was done with the round.
func (s *Static) bury(ctx context.Context, rank int) error {
	s.mu.Lock()
	number, over := s.plan.Number, s.phase == ended
	node := Node{Rank: rank}
	if rank < len(s.plan.Nodes) {
		node = s.plan.Nodes[rank]
	}
	s.mu.Unlock()
	if over {
		return nil
	}
	if _, ok, err := s.store.Get(ctx, s.doneKey(number, rank)); err != nil || ok {
		return err
	}
	if node.Workers == 0 { // no plan yet
		data, ok, err := s.store.Get(ctx, s.nodeKey(number, rank))
		if err != nil {
			return err
		}
		if c, err := decodeClaim(data); ok && err == nil {
			node = c.Node
		}
	}
	text := fmt.Sprintf("no sign of life for %v", s.timeout)
	m, err := s.conclude(ctx, number, failure(node, text,
		fmt.Sprintf("no sign of life from %v for %v", node, s.timeout)))
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.dead[rank] = true
	s.mu.Unlock()
	s.settle(number, m)
	return nil
}

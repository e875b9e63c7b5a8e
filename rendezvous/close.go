package rendezvous

import "context"

// Close implements Rendezvous. On group rank 0 it waits until the other nodes
// have read how the run ended, at most HeartbeatTimeout: then the store may go. It
// does not wait if this node was done with a round that others still work in.
func (s *Static) Close() error {
	s.mu.Lock()
	was, number, entered := s.phase, s.plan.Number, s.beating
	early := was == running && s.done
	s.mu.Unlock()
	if entered && s.life.Err() == nil {
		ctx, stop := context.WithTimeout(s.life, s.timeout)
		defer stop()
		switch {
		case early:
			// The others may finish without us, but not meet again.
			_, _ = s.conclude(ctx, number+1, s.ownFailure("had finished and left"))
		case was == joining, was == running, was == met:
			m, err := s.conclude(ctx, number, s.ownFailure("left the run"))
			if err == nil {
				s.settle(number, m)
			}
		}
		s.ack()
		if s.self.Rank == 0 && !early {
			s.linger(ctx)
		}
	}
	s.mu.Lock()
	if s.phase != ended {
		s.phase = ended
		s.last = message{Kind: Lost, Why: errSeatClosed.Error()}
	}
	s.mu.Unlock()
	s.end(errSeatClosed)
	s.wg.Wait()
	return nil
}

// ack says, once, that this node has read the last word.
func (s *Static) ack() {
	s.mu.Lock()
	said := s.acked || !s.beating || s.life.Err() != nil
	s.acked = true
	s.mu.Unlock()
	if said {
		return
	}
	// Not bound to life: Close, which waits for us, must not cut it off.
	ctx, stop := s.parting(s.life)
	defer stop()
	// Nobody is left to be told of an error.
	_ = s.store.Set(ctx, s.ackKey(s.self.Rank), nil)
}

// linger waits for the other nodes that are alive.
func (s *Static) linger(ctx context.Context) {
	var keys []string
	for rank := 1; rank < s.nodes; rank++ {
		s.mu.Lock()
		dead := s.dead[rank]
		s.mu.Unlock()
		if _, ok, err := s.store.Get(ctx, s.beatKey(rank)); err != nil {
			return
		} else if ok && !dead {
			keys = append(keys, s.ackKey(rank))
		}
	}
	_ = s.store.Wait(ctx, keys...)
}

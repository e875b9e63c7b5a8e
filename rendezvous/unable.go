package rendezvous

import "context"

// Unable is Fail of a node that cannot take part: it comes instead of the first Join.
// On group rank 0, whose store goes with it, it waits as well until every other node
// has heard of it; the context bounds that wait, and is no error then.
func (s *Static) Unable(ctx context.Context, why Failure) error {
	why.Rank = -1
	if err := s.Fail(ctx, why); err != nil || s.self.Rank != 0 {
		return err
	}
	keys := make([]string, 0, s.nodes-1)
	for rank := 1; rank < s.nodes; rank++ {
		keys = append(keys, s.ackKey(rank))
	}
	_ = s.store.Wait(ctx, keys...)
	return nil
}

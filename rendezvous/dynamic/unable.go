package dynamic

import (
	"context"
	"fmt"

	"github.com/sluicerun/sluice/rendezvous"
	"github.com/sluicerun/sluice/rendezvous/council"
)

// Unable ends a run that has not begun, because this node cannot take part in it: the
// others would wait for it. It comes instead of the first Join. Where the others work
// already they do without this node, and nothing is ended.
//
// It returns when the run has ended; if this node leads it, when as many nodes have
// heard so as the run takes, since who comes later would find nobody. The context
// bounds that wait, and is no error then.
func (s *Seat) Unable(ctx context.Context, why rendezvous.Failure) error {
	if why.Host == "" {
		why.Host = s.cfg.Node.Name
	}
	why.Node, why.Text = s.cfg.Node, rendezvous.Clip(why.Text)
	end := council.End{Round: -1, Kind: rendezvous.Failed, Node: s.cfg.Node, Why: why.String(), Failure: &why}
	s.mu.Lock()
	s.st.End = &end // from the first word on, so that no round is formed with this node
	s.mu.Unlock()
	if err := s.begin(); err != nil {
		return err
	}
	err := s.wait(ctx, func() (bool, error) {
		o := s.order
		switch {
		case s.broken != nil:
			return true, s.broken
		case o.Epoch == 0:
			return false, nil
		case o.Do == council.Refused:
			return true, fmt.Errorf("run %q does not take this node: %s", s.cfg.Terms.Run, o.Why)
		case o.Do == council.Stop || o.Do == council.Leave:
			return true, nil
		case o.Do == council.Wait && (o.Spare || o.Why == ""): // nobody waits for anything
			return true, nil
		case s.st.End.Round != o.Round:
			next := end
			next.Round = o.Round
			s.st.End = &next
			s.say()
		}
		return false, nil
	})
	if err != nil {
		return fmt.Errorf("telling the other nodes: %w", err)
	}
	s.mu.Lock()
	l := s.lead
	s.mu.Unlock()
	if l == nil || s.cfg.Store != nil {
		return nil // the end stays where they meet
	}
	select {
	case <-l.full:
	case <-ctx.Done():
	case <-s.life.Done():
	}
	return nil
}

package elastic

import (
	"context"
	"time"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/rendezvous"
)

// unableTime is how long the others have to come at most, to be told that this node
// cannot take part. It is a last call's.
const unableTime = DefaultLastCall

// Unable tells the other nodes of a run that this one cannot take part, why in a few
// words, and with what exit status: they would wait for it. It comes instead of a World's Join, and returns
// when they know or can hardly be told any more. An error says why they do not know.
// One node alone has nobody to tell.
func Unable(ctx context.Context, spec job.Spec, why string, status int) error {
	if !spec.Nodes.Several() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, min(unableTime, or(spec.Nodes.JoinTimeout, unableTime)))
	defer cancel()
	if !spec.Nodes.Elastic() {
		s := newStatic(spec)
		err := s.unable(ctx, rendezvous.Failure{Host: s.host, Text: why, Status: status})
		s.Close("")
		return err
	}
	n := newNodes(spec)
	err := n.unable(ctx, rendezvous.Failure{Rank: -1, Host: n.host, Text: why, At: time.Now(), Status: status})
	n.Close("")
	return err
}

func (n *Nodes) unable(ctx context.Context, why rendezvous.Failure) error {
	if err := n.open(ctx); err != nil {
		return err
	}
	return n.seat.Unable(ctx, why)
}

func (s *static) unable(ctx context.Context, why rendezvous.Failure) error {
	if err := s.open(ctx); err != nil {
		return err
	}
	return s.rdzv.Unable(ctx, why)
}

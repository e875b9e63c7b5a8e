package elastic

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sluicerun/sluice/rendezvous"
	"github.com/sluicerun/sluice/tcpstore"
)

// twinLook is how long whoever has node 0's port may take to say which run it is of.
const twinLook = 2 * time.Second

// self is this node, as the others are told.
func (s *static) self() rendezvous.Node {
	n := s.spec.Nodes
	addr := n.LocalAddr
	if addr == "" {
		addr = s.host
	}
	return rendezvous.Node{Name: s.host, Addr: addr, Workers: s.spec.Size(), Role: s.spec.Role, Rank: n.Rank}
}

// inUse is err, that node 0's port is taken, or better, by another node 0 of this
// run. That one is left alone: it may be another job that was given the same port.
func (s *static) inUse(ctx context.Context, err error) error {
	ctx, cancel := context.WithTimeout(ctx, twinLook)
	defer cancel()
	other, ok := s.serverAt(ctx, endpoint(s.spec.Nodes))
	if !ok {
		return err
	}
	return fmt.Errorf("%w; or, if they are two jobs, give this one another --master-port and --rdzv-id", rendezvous.TwinError(0, other.Node, s.self()))
}

// joinAlone is Join for node 0, as long as there is no other one. Its address may be
// another machine's, where that one serves, and the other nodes meet; it may as well
// lead here through a proxy, and cannot be judged by itself.
func (s *static) joinAlone(ctx context.Context) (rendezvous.Round, error) {
	at := endpoint(s.spec.Nodes)
	looking, stop := context.WithCancel(ctx)
	joining, cancel := context.WithCancelCause(ctx)
	looked := make(chan struct{})
	go func() {
		defer close(looked)
		other, ok := s.serverAt(looking, at)
		if !ok {
			return
		}
		own, ok, err := rendezvous.ServerOf(looking, s.client, s.runID)
		if err == nil && ok && own.Generation != other.Generation {
			cancel(rendezvous.TwinError(0, other.Node, own.Node))
		}
	}()
	r, err := s.rdzv.Join(joining)
	if twin := context.Cause(joining); err != nil && twin != nil && !errors.Is(twin, context.Cause(ctx)) {
		err = twin
	}
	stop()
	<-looked
	cancel(nil)
	return r, err
}

// serverAt tells who serves this run at an address, if anybody does before ctx ends.
func (s *static) serverAt(ctx context.Context, at string) (rendezvous.Server, bool) {
	c, err := tcpstore.Dial(ctx, at)
	if err != nil {
		return rendezvous.Server{}, false
	}
	defer c.Close()
	other, ok, err := rendezvous.ServerOf(ctx, c, s.runID)
	return other, ok && err == nil
}

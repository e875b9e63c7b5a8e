package rendezvous

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
)

// pass agrees with the others about what run this is, or finds, later on, that it
// still is. Without it a node of an older generation would write into the void of
// a new store and wait there for ever.
func (s *Static) pass(ctx context.Context) error {
	s.mu.Lock()
	known := s.generation
	s.mu.Unlock()
	var data []byte
	var err error
	if known == "" {
		mine := encode(fence{Version: version, Run: s.runID, Nodes: s.nodes, Heartbeat: s.timeout, Generation: rand.Text()})
		data, err = s.store.CompareSet(ctx, fenceKey, nil, mine)
	} else {
		// A missing fence reads as the empty value, which nobody writes.
		data, _, err = s.store.Get(ctx, fenceKey)
	}
	if err != nil {
		return err
	}
	f, err := decodeFence(data)
	switch {
	case known != "" && (err != nil || f.Generation != known):
		return fmt.Errorf("the store was replaced: this agent belongs to an older life of run %q, start it again", s.runID)
	case err != nil:
		s.warn(ctx, data, err)
		return fmt.Errorf("reading key %q: %w", fenceKey, err)
	case f.Run != s.runID:
		// Maybe another job whose port was hit by mistake: it is not disturbed.
		return fmt.Errorf("the store belongs to run %q and this is run %q: give all nodes the same --rdzv-id, or this job an endpoint of its own", f.Run, s.runID)
	case f.Nodes != s.nodes:
		err = fmt.Errorf("this node has --nnodes %d, others have %d: give all nodes the same", s.nodes, f.Nodes)
	case f.Heartbeat != s.timeout:
		err = fmt.Errorf("this node has a heart-beat timeout of %v, others have %v: give all nodes the same", s.timeout, f.Heartbeat)
	}
	if err != nil {
		s.warn(ctx, data, err)
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.generation == "" { // once: after this it is read without the lock
		s.generation = f.Generation
	}
	return nil
}

// Server is who has the store of a static run.
type Server struct {
	Node       Node   // node rank 0
	Generation string // of this life of the run id, which is another at another store
}

// ServerOf waits until a store that may be anybody's turns out to be that of a static
// run, and changes nothing there. ok is false where it is another run's.
func ServerOf(ctx context.Context, store Store, runID string) (s Server, ok bool, err error) {
	if err := store.Wait(ctx, fenceKey); err != nil {
		return s, false, err
	}
	data, _, err := store.Get(ctx, fenceKey)
	if err != nil {
		return s, false, err
	}
	f, err := decodeFence(data)
	if err != nil || f.Run != runID {
		return s, false, err
	}
	key := (&Static{runID: runID, generation: f.Generation}).nodeKey(0, 0)
	if err := store.Wait(ctx, key); err != nil {
		return s, false, err
	}
	if data, _, err = store.Get(ctx, key); err != nil {
		return s, false, err
	}
	c, err := decodeClaim(data)
	return Server{c.Node, f.Generation}, err == nil, err
}

// TwinError tells of two nodes with one --node-rank.
func TwinError(rank int, a, b Node) error {
	return fmt.Errorf("two nodes have --node-rank %d: %s and %s: give each node its own", rank, place(a), place(b))
}

// warn tells the nodes behind a fence that this one does not fit, if they have not
// met yet: what they wait for cannot come. A run that has begun goes on.
func (s *Static) warn(ctx context.Context, data []byte, why error) {
	var f fence // a fence of any version, as far as it can be read
	if json.Unmarshal(data, &f) != nil || f.Run != s.runID || f.Generation == "" {
		return
	}
	other := &Static{store: s.store, runID: s.runID, self: s.self, generation: f.Generation}
	_, _ = other.put(ctx, other.planKey(0), s.ownFailure(why.Error()))
}

// claimSeat takes this node's rank in a round.
func (s *Static) claimSeat(ctx context.Context, round int) error {
	key := s.nodeKey(round, s.self.Rank)
	mine := encode(claim{Version: version, ID: s.id, Node: s.self})
	data, err := s.store.CompareSet(ctx, key, nil, mine)
	if err != nil || bytes.Equal(data, mine) {
		return err
	}
	other, err := decodeClaim(data)
	if err != nil {
		return fmt.Errorf("reading key %q: %w", key, err)
	}
	last, began, err := s.story(ctx)
	switch {
	case err != nil:
		return err
	case last.Kind == Failed:
		return &FailedError{RunID: s.runID, Failure: *last.Failure}
	case last.Kind == done:
		return errors.New("the run has ended with success: start it anew with a fresh store")
	case began:
		return fmt.Errorf("node rank %d is taken by %v and the run has begun: an agent that was killed cannot come back into it, start the run again", s.self.Rank, other.Node)
	}
	err = TwinError(s.self.Rank, other.Node, s.self)
	_, _ = s.put(ctx, s.planKey(0), s.ownFailure(err.Error()))
	return err
}

// place is where a node is, for telling two of one rank apart.
func place(n Node) string {
	switch {
	case n.Addr == "":
		return fmt.Sprintf("host %q", n.Name)
	case n.Name == "" || n.Name == n.Addr:
		return n.Addr
	}
	return fmt.Sprintf("%s (%s)", n.Name, n.Addr)
}

package dynamic_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluicerun/sluice/bus"
	"github.com/sluicerun/sluice/rendezvous"
	"github.com/sluicerun/sluice/rendezvous/dynamic"
)

// distant is a bus whose server is far away.
type distant struct {
	bus.Bus
	oneWay time.Duration
}

func (d distant) Call(ctx context.Context, subject string, data []byte) (reply []byte, err error) {
	for _, f := range []func(){func() { reply, err = d.Bus.Call(ctx, subject, data) }, func() {}} {
		select {
		case <-time.After(d.oneWay):
			f()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return reply, err
}

// A node that was cut off comes back over a slow network as well: no lease is left
// then that would hurry it.
func TestCutOffFarAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField(t, 1, 2)
		f.grace = time.Minute
		a, b := f.node("a"), f.node("b", func(c *dynamic.Config) { c.Bus = distant{c.Bus, 150 * time.Millisecond} })
		f.meet(a, b)
		f.bus.Cut("b", true)
		f.told(b, rendezvous.Again, "cut off")
		f.told(a, rendezvous.Again, "no sign of life")
		f.meet(a)
		back := b.join(t)
		f.bus.Cut("b", false)
		f.told(a, rendezvous.Again, "it has come")
		f.met([]*node{a, b}, []<-chan joined{a.join(t), back})
		f.done(a, b)
		f.close(a, b)
	})
}

// stalling is a store that may not answer for a while.
type stalling struct {
	rendezvous.Store
	field *field
}

func (s stalling) wait(ctx context.Context) error {
	for s.field.stalls.Load() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

func (s stalling) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if err := s.wait(ctx); err != nil {
		return nil, false, err
	}
	return s.Store.Get(ctx, key)
}

func (s stalling) CompareSet(ctx context.Context, key string, expected, desired []byte) ([]byte, error) {
	if s.field.stalls.Load() && key == "state" {
		// While it is saved, others wait for a lock; the clock of a test stands still then.
		return nil, context.DeadlineExceeded
	}
	if err := s.wait(ctx); err != nil {
		return nil, err
	}
	return s.Store.CompareSet(ctx, key, expected, desired)
}

// A store that does not answer for longer than the lease, as a cluster that elects,
// has everybody's workers ended. Nobody is taken for lost because of it: that nobody
// was heard meanwhile says nothing about the others.
func TestStoreStalls(t *testing.T) {
	for more := time.Duration(0); more < 3*time.Second; more += 50 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			f := newField(t, 3, 3)
			f.store, f.grace = rendezvous.NewLocal(), time.Minute
			slow := func(c *dynamic.Config) { c.Store = stalling{c.Store, f} }
			a, b, c := f.node("a", slow), f.node("b", slow), f.node("c", slow)
			f.meet(a, b, c)
			f.stalls.Store(true)
			var waits []<-chan joined
			for _, n := range []*node{a, b, c} {
				f.told(n, rendezvous.Again, "cut off")
				waits = append(waits, n.join(t))
			}
			time.Sleep(more)
			f.stalls.Store(false)
			f.met([]*node{a, b, c}, waits)
			f.done(a, b, c)
			f.close(a, b, c)
		})
	}
}

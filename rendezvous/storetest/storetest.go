// Package storetest is the conformance suite of rendezvous.Store.
//
//	func TestConformance(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) func() rendezvous.Store {
//			server := serve(t)
//			return func() rendezvous.Store { return dial(t, server) }
//		})
//	}
package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/sluicerun/sluice/rendezvous"
)

// Run checks every promise of the interface. open makes an empty map and returns
// what opens Stores on it, each as another node has one; the suite closes them. It
// is called once for each subtest.
func Run(t *testing.T, open func(t *testing.T) func() rendezvous.Store) {
	for _, c := range []struct {
		name string
		run  func(*suite)
	}{
		{"SetGet", setGet},
		{"BytesAreKept", bytesAreKept},
		{"ValuesAreCopied", valuesAreCopied},
		{"Add", add},
		{"AddToText", addToText},
		{"CompareSet", compareSet},
		{"Delete", remove},
		{"WaitForNothing", waitForNothing},
		{"WaitForAll", waitForAll},
		{"WaitWakesOnEveryWrite", waitWakes},
		{"WaitHoldsUpNobody", waitHoldsUpNobody},
		{"WaitManyWaiters", waitManyWaiters},
		{"WaitCancel", waitCancel},
		{"WaitDeadline", waitDeadline},
		{"EndedContext", endedContext},
		{"CloseEndsWaits", closeEndsWaits},
		{"CloseIsForOne", closeIsForOne},
		{"ConcurrentAdd", concurrentAdd},
		{"ConcurrentCompareSet", concurrentCompareSet},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			c.run(&suite{T: t, ctx: ctx, open: open(t)})
		})
	}
}

// suite is one subtest: a map, and a bound for everything that could hang.
type suite struct {
	*testing.T
	ctx  context.Context
	open func() rendezvous.Store
}

// store opens one more Store.
func (s *suite) store() rendezvous.Store {
	s.Helper()
	st := s.open()
	s.Cleanup(func() { _ = st.Close() })
	return st
}

func (s *suite) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// has checks that key is there with that value.
func (s *suite) has(st rendezvous.Store, key, want string) {
	s.Helper()
	got, ok, err := st.Get(s.ctx, key)
	s.ok(err)
	if !ok || string(got) != want {
		s.Fatalf("key %q is %q (there: %t), not %q", key, got, ok, want)
	}
}

func (s *suite) lacks(st rendezvous.Store, key string) {
	s.Helper()
	got, ok, err := st.Get(s.ctx, key)
	s.ok(err)
	if ok || len(got) != 0 {
		s.Fatalf("key %q is %q (there: %t) and should be missing", key, got, ok)
	}
}

// swap does a CompareSet and checks its answer.
func (s *suite) swap(st rendezvous.Store, key, expected, desired, want string) {
	s.Helper()
	got, err := st.CompareSet(s.ctx, key, []byte(expected), []byte(desired))
	s.ok(err)
	if string(got) != want {
		s.Fatalf("CompareSet(%q, %q, %q) answers %q, not %q", key, expected, desired, got, want)
	}
}

// waiting starts a Wait. Nobody can see from outside that it has arrived in the
// store, so what follows must hold in both orders; a yield makes the usual one
// likely.
func (s *suite) waiting(ctx context.Context, st rendezvous.Store, keys ...string) <-chan error {
	back := make(chan error, 1)
	go func() { back <- st.Wait(ctx, keys...) }()
	time.Sleep(5 * time.Millisecond)
	return back
}

// still checks that a Wait goes on.
func (s *suite) still(back <-chan error) {
	s.Helper()
	select {
	case err := <-back:
		s.Fatalf("the wait returned early: %v", err)
	default:
	}
}

// back takes the result of a Wait.
func (s *suite) back(back <-chan error) error {
	s.Helper()
	select {
	case err := <-back:
		return err
	case <-time.After(20 * time.Second):
		s.Fatal("the wait hangs")
		return nil
	}
}

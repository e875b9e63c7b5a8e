package storetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sluicerun/sluice/rendezvous"
)

func waitForNothing(s *suite) {
	st := s.store()
	s.ok(st.Wait(s.ctx))
	s.ok(st.Set(s.ctx, "k", nil)) // an empty value is a value
	s.ok(st.Wait(s.ctx, "k"))
	s.ok(st.Wait(s.ctx, "k", "k"))
}

func waitForAll(s *suite) {
	a, b := s.store(), s.store()
	s.ok(b.Set(s.ctx, "here", []byte("v")))
	back := s.waiting(s.ctx, a, "x", "here", "y", "z")
	for _, key := range []string{"z", "x"} {
		s.ok(b.Set(s.ctx, key, []byte("v")))
		// Long enough for a wrong answer to come, usually.
		time.Sleep(5 * time.Millisecond)
		s.still(back)
	}
	if _, err := b.Delete(s.ctx, "other"); err != nil {
		s.Fatal(err)
	}
	s.still(back)
	s.ok(b.Set(s.ctx, "y", []byte("v")))
	s.ok(s.back(back))
}

func waitWakes(s *suite) {
	a, b := s.store(), s.store()
	for name, write := range map[string]func(key string) error{
		"Set":        func(key string) error { return b.Set(s.ctx, key, []byte("v")) },
		"Add":        func(key string) error { _, err := b.Add(s.ctx, key, 0); return err },
		"CompareSet": func(key string) error { _, err := b.CompareSet(s.ctx, key, nil, []byte("v")); return err },
	} {
		back := s.waiting(s.ctx, a, name)
		s.still(back)
		s.ok(write(name))
		if err := s.back(back); err != nil {
			s.Fatalf("waiting for a %s: %v", name, err)
		}
	}
	// A CompareSet that does not set wakes nobody.
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	back := s.waiting(ctx, a, "k")
	s.swap(b, "k", "expected", "v", "expected")
	time.Sleep(5 * time.Millisecond)
	s.still(back)
	cancel()
	if s.back(back) == nil {
		s.Fatal("a CompareSet that did not set woke a waiter")
	}
}

// waitHoldsUpNobody: a Wait and everything else go side by side on one Store.
func waitHoldsUpNobody(s *suite) {
	st := s.store()
	first := s.waiting(s.ctx, st, "first")
	second := s.waiting(s.ctx, st, "second")
	s.ok(st.Set(s.ctx, "k", []byte("v")))
	s.has(st, "k", "v")
	if _, err := st.Add(s.ctx, "n", 1); err != nil {
		s.Fatal(err)
	}
	s.swap(st, "k", "v", "w", "w")
	s.ok(st.Wait(s.ctx, "k", "n"))
	s.still(first)
	s.ok(st.Set(s.ctx, "second", nil))
	s.ok(s.back(second))
	s.still(first)
	s.ok(st.Set(s.ctx, "first", nil))
	s.ok(s.back(first))
}

func waitManyWaiters(s *suite) {
	var backs []<-chan error
	stores := []rendezvous.Store{s.store(), s.store(), s.store()}
	for i := range 30 {
		backs = append(backs, s.waiting(s.ctx, stores[i%3], "k", fmt.Sprint("k", i%5)))
	}
	for i := range 5 {
		s.ok(stores[0].Set(s.ctx, fmt.Sprint("k", i), nil))
	}
	for _, back := range backs {
		s.still(back)
	}
	s.ok(stores[1].Set(s.ctx, "k", nil))
	for _, back := range backs {
		s.ok(s.back(back))
	}
}

// waitCancel: a cancelled Wait leaves the Store, and other waiters, as they were.
func waitCancel(s *suite) {
	st := s.store()
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	back := s.waiting(ctx, st, "k")
	other := s.waiting(s.ctx, st, "k")
	cancel()
	if err := s.back(back); !errors.Is(err, context.Canceled) {
		s.Fatalf("a cancelled wait returns %v", err)
	}
	s.still(other)
	s.ok(st.Set(s.ctx, "k", []byte("v")))
	s.ok(s.back(other))
	s.has(st, "k", "v")
	// Cancelled in the very moment that the key comes: either answer, no hang.
	for i := range 50 {
		key := fmt.Sprint("race", i)
		ctx, cancel := context.WithCancel(s.ctx)
		back := make(chan error, 1)
		go func() { back <- st.Wait(ctx, key) }()
		go cancel()
		s.ok(st.Set(s.ctx, key, []byte(key)))
		if err := s.back(back); err != nil && !errors.Is(err, context.Canceled) {
			s.Fatalf("a wait cancelled while its key came returns %v", err)
		}
		s.has(st, key, key) // the answer to this question, not to the one before
	}
}

func waitDeadline(s *suite) {
	st := s.store()
	ctx, cancel := context.WithTimeout(s.ctx, 10*time.Millisecond)
	defer cancel()
	if err := st.Wait(ctx, "k"); !errors.Is(err, context.DeadlineExceeded) {
		s.Fatalf("a wait past its deadline returns %v", err)
	}
	s.lacks(st, "k")
}

// endedContext: with a context that has ended nothing is done.
func endedContext(s *suite) {
	st := s.store()
	s.ok(st.Set(s.ctx, "k", []byte("1")))
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	_, _, getErr := st.Get(ctx, "k")
	_, addErr := st.Add(ctx, "k", 1)
	_, swapErr := st.CompareSet(ctx, "k", []byte("1"), []byte("2"))
	_, delErr := st.Delete(ctx, "k")
	for what, err := range map[string]error{
		"Set": st.Set(ctx, "k", []byte("2")), "Get": getErr, "Add": addErr,
		"CompareSet": swapErr, "Delete": delErr, "Wait": st.Wait(ctx, "missing"),
	} {
		if !errors.Is(err, context.Canceled) {
			s.Errorf("%s with an ended context returns %v", what, err)
		}
	}
	s.has(st, "k", "1")
}

func closeEndsWaits(s *suite) {
	st, other := s.store(), s.store()
	var backs []<-chan error
	for range 5 {
		backs = append(backs, s.waiting(s.ctx, st, "k"))
	}
	kept := s.waiting(s.ctx, other, "k")
	s.ok(st.Close())
	for _, back := range backs {
		if s.back(back) == nil {
			s.Fatal("a wait on a closed store says that its key is there")
		}
	}
	s.still(kept)
	s.ok(other.Set(s.ctx, "k", nil))
	s.ok(s.back(kept))
}

func closeIsForOne(s *suite) {
	st, other := s.store(), s.store()
	s.ok(st.Set(s.ctx, "k", []byte("1")))
	s.ok(st.Close())
	_ = st.Close() // a second time does no harm
	_, _, getErr := st.Get(s.ctx, "k")
	_, addErr := st.Add(s.ctx, "k", 1)
	_, swapErr := st.CompareSet(s.ctx, "k", []byte("1"), []byte("2"))
	_, delErr := st.Delete(s.ctx, "k")
	for what, err := range map[string]error{
		"Set": st.Set(s.ctx, "k", []byte("2")), "Get": getErr, "Add": addErr,
		"CompareSet": swapErr, "Delete": delErr, "Wait": st.Wait(s.ctx, "k"),
	} {
		if err == nil {
			s.Errorf("%s works on a closed store", what)
		}
	}
	s.has(other, "k", "1")
}

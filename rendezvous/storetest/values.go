package storetest

import (
	"bytes"
	"math"
	"strings"
	"sync"
)

func setGet(s *suite) {
	a, b := s.store(), s.store()
	s.lacks(a, "k")
	s.ok(a.Set(s.ctx, "k", []byte("one")))
	s.has(a, "k", "one")
	s.has(b, "k", "one")
	s.ok(b.Set(s.ctx, "k", []byte("two")))
	s.has(a, "k", "two")
	s.lacks(a, "K")
	s.lacks(a, "k/")
	s.ok(a.Set(s.ctx, "empty", nil))
	s.has(b, "empty", "")
}

func bytesAreKept(s *suite) {
	st := s.store()
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	key := "torch.rendezvous.a b/ü\x00\xff" + strings.Repeat("x", 2000)
	for _, value := range [][]byte{all, bytes.Repeat(all, 4<<10)} { // the second is 1 MiB
		s.ok(st.Set(s.ctx, key, value))
		got, ok, err := st.Get(s.ctx, key)
		s.ok(err)
		if !ok || !bytes.Equal(got, value) {
			s.Fatalf("%d bytes came back as %d (there: %t)", len(value), len(got), ok)
		}
	}
}

func valuesAreCopied(s *suite) {
	st := s.store()
	value := []byte("abc")
	s.ok(st.Set(s.ctx, "set", value))
	value[0] = 'x'
	s.has(st, "set", "abc")
	got, _, err := st.Get(s.ctx, "set")
	s.ok(err)
	got[0] = 'y'
	s.has(st, "set", "abc")

	desired := []byte("abc")
	got, err = st.CompareSet(s.ctx, "swap", nil, desired)
	s.ok(err)
	desired[0], got[1] = 'x', 'y'
	s.has(st, "swap", "abc")
}

func add(s *suite) {
	a, b := s.store(), s.store()
	for _, c := range []struct {
		key         string
		delta, want int64
		text        string
	}{
		{"n", 0, 0, "0"}, // the key exists from here on
		{"n", 5, 5, "5"},
		{"n", -7, -2, "-2"},
		{"big", math.MaxInt64, math.MaxInt64, "9223372036854775807"},
		{"big", -1, math.MaxInt64 - 1, "9223372036854775806"},
		{"small", math.MinInt64, math.MinInt64, "-9223372036854775808"},
	} {
		got, err := a.Add(s.ctx, c.key, c.delta)
		s.ok(err)
		if got != c.want {
			s.Fatalf("adding %d to %q makes %d, not %d", c.delta, c.key, got, c.want)
		}
		s.has(b, c.key, c.text)
	}
	s.ok(b.Set(s.ctx, "text", []byte("41")))
	if got, err := a.Add(s.ctx, "text", 1); err != nil || got != 42 {
		s.Fatalf("41 and 1 make %d (%v)", got, err)
	}
}

// addToText may cost the Store its connection, but not the value.
func addToText(s *suite) {
	a, b := s.store(), s.store()
	s.ok(a.Set(s.ctx, "k", []byte("words")))
	if got, err := a.Add(s.ctx, "k", 1); err == nil {
		s.Fatalf("1 added to a text makes %d", got)
	}
	s.has(b, "k", "words")
}

func compareSet(s *suite) {
	a, b := s.store(), s.store()
	s.swap(a, "k", "wrong", "v", "wrong") // missing, and stays so
	s.lacks(b, "k")
	s.swap(a, "k", "", "one", "one")
	s.has(b, "k", "one")
	s.swap(b, "k", "", "two", "one")
	s.swap(b, "k", "x", "two", "one")
	s.has(a, "k", "one")
	s.swap(b, "k", "one", "two", "two")
	s.has(a, "k", "two")
	s.swap(a, "k", "two", "", "")
	s.has(b, "k", "") // there, with nothing in it
	s.swap(a, "k", "", "three", "three")
}

func remove(s *suite) {
	a, b := s.store(), s.store()
	del := func(want bool) {
		s.Helper()
		had, err := a.Delete(s.ctx, "k")
		s.ok(err)
		if had != want {
			s.Fatalf("Delete says %t, not %t", had, want)
		}
		s.lacks(b, "k")
	}
	del(false)
	s.ok(b.Set(s.ctx, "k", []byte("v")))
	s.ok(b.Set(s.ctx, "other", []byte("v")))
	del(true)
	del(false)
	s.has(a, "other", "v")
	if n, err := b.Add(s.ctx, "k", 1); err != nil || n != 1 {
		s.Fatalf("a deleted number goes on at %d (%v)", n, err)
	}
	del(true)
	s.swap(b, "k", "", "new", "new")
}

// concurrentAdd: no addition is lost, and no sum is told twice.
func concurrentAdd(s *suite) {
	const stores, callers, times = 4, 3, 50
	var mu sync.Mutex
	sums := map[int64]bool{}
	var wg sync.WaitGroup
	for range stores {
		st := s.store()
		for range callers {
			wg.Go(func() {
				for range times {
					n, err := st.Add(s.ctx, "n", 1)
					mu.Lock()
					if err != nil || sums[n] {
						s.Errorf("the sum %d is told a second time (%v)", n, err)
					}
					sums[n] = true
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	if n, err := s.store().Add(s.ctx, "n", 0); err != nil || n != stores*callers*times {
		s.Fatalf("the sum is %d (%v)", n, err)
	}
}

// concurrentCompareSet: of those who find a key missing one wins, and all see who.
func concurrentCompareSet(s *suite) {
	for _, key := range []string{"a", "b", "c", "d", "e", "f"} {
		names := []string{"p", "q", "r", "s", "t"}
		seen := make([]string, len(names))
		var wg sync.WaitGroup
		for i, name := range names {
			st := s.store()
			wg.Go(func() {
				got, err := st.CompareSet(s.ctx, key, nil, []byte(name))
				if err != nil {
					s.Error(err)
				}
				seen[i] = string(got)
			})
		}
		wg.Wait()
		for _, got := range seen {
			if got == "" || got != seen[0] {
				s.Fatalf("the winner of %q is told as %q", key, seen)
			}
		}
		s.has(s.store(), key, seen[0])
	}
}

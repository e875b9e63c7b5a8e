package council

import (
	"flag"
	"hash/maphash"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

// The exhaustive check: small cases of which every state is seen. The search ends
// because nothing new is left, and the test fails if it ends for another reason.
//
// What is bounded is the case, not the search:
//
//   - two or three agents, each started once, at any moment or never;
//   - so many faults as the case says, at any moment, each of any kind that
//     model_test.go has: a worker fails (to be tried again, or for good), an agent
//     leaves, dies (its connection is closed, or nothing is heard of it), is cut off
//     and heals, closes its connection and is back, asks to stop the run, has workers
//     that stop slowly; a message is lost, comes late, comes twice; the leader dies,
//     or another one takes over while it still answers;
//   - time goes in ticks of half a lease, and none passes while a message is under
//     way that is not late, or workers are being stopped that are not slow. So what
//     is said here takes no time, except what a fault holds up, and that takes any.
//     Only the order of deadlines matters to a council, and it is that of a real run
//     with the lease of five seconds: what waits for Confirm ends within a tick, an
//     agent's lease after two, its death after three, the wait for a root cause
//     after four. With the ticks the orders of deadlines and of faults are all seen.
//
// Nothing else is: the messages under way are as many as there are, and each of
// them may be the next, so they overtake each other and are skipped at no cost. A
// status that was not sent yet is replaced by the next, as an agent does.
//
// Three things make the states few enough, and none takes a history away that ends
// otherwise. States are the same if what can happen from now on is (encode). What
// can change nothing any more is forgotten (sweep). And once no fault is left, an
// order that makes its agent do nothing is heard at once (absorb); TestAbsorb sees
// in small cases that all that could come before it comes to the same after it.

// half is a tick of the exhaustive check.
const half = 2500 * time.Millisecond

func smallWorld(low, high, n int) *world {
	terms := testTerms(low, high)
	terms.Lease, terms.LastCall = 2*half, half
	return worldOf(terms, half, nodes(n))
}

// faultKinds are those that cost one.
var faultKinds = func() (out []moveKind) {
	for k := closes; k < moveKinds; k++ {
		out = append(out, k)
	}
	return out
}()

// more asks for the cases that take long with the race detector: make test has them
// without, as they have one goroutine each.
var more = flag.Bool("more", false, "all small cases of TestEvery, not only the quickest")

// TestEvery sees every interleaving of the small cases. With -deep=N there are
// larger ones, of at most N states each.
func TestEvery(t *testing.T) {
	percent := debug.SetGCPercent(400) // worlds are many and short-lived
	t.Cleanup(func() { debug.SetGCPercent(percent) })
	for _, c := range []struct {
		name         string
		low, high, n int
		faults       int
		kinds        []moveKind // nil: all
		more, deep   bool
	}{
		{name: "one or two, a fault", low: 1, high: 2, n: 2, faults: 1},
		{name: "two of two, a fault", low: 2, high: 2, n: 2, faults: 1},
		{name: "two or three", low: 2, high: 3, n: 3},
		{name: "two or three, a worker fails", low: 2, high: 3, n: 3, faults: 1, kinds: []moveKind{failsAgain, failsGood}, more: true},
		{name: "two or three, an agent goes", low: 2, high: 3, n: 3, faults: 1, kinds: []moveKind{leaves, dies, diesUnheard}, more: true},
		{name: "two or three, the leader goes", low: 2, high: 3, n: 3, faults: 1, kinds: []moveKind{leaderDies, leaderParts}, more: true},
		{name: "two or three, a link breaks", low: 2, high: 3, n: 3, faults: 1, kinds: []moveKind{isCut, closes, stopsSlowly}, more: true},
		{name: "two or three, a message is lost or late", low: 2, high: 3, n: 3, faults: 1, kinds: []moveKind{loses, delays, doubles}, more: true},
		{name: "one or two, two faults", low: 1, high: 2, n: 2, faults: 2, deep: true},
		{name: "two of two, two faults", low: 2, high: 2, n: 2, faults: 2, more: true},
		{name: "two or three, one asks to stop", low: 2, high: 3, n: 3, faults: 1, kinds: []moveKind{asks}, deep: true},
		{name: "two and a spare, a fault", low: 2, high: 2, n: 3, faults: 1, deep: true},
		{name: "one to three, a fault", low: 1, high: 3, n: 3, faults: 1, deep: true},
		{name: "two or three, two fail or go", low: 2, high: 3, n: 3, faults: 2, kinds: []moveKind{failsAgain, dies, leaderDies}, deep: true},
	} {
		most := 1_000_000
		if c.more && !*more && *deep == 0 {
			continue
		}
		if c.deep {
			if *deep == 0 {
				continue
			}
			most = *deep
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			kinds := c.kinds
			if kinds == nil {
				kinds = faultKinds
			}
			(&search{t: t, kinds: kinds, most: most}).all(smallWorld(c.low, c.high, c.n), c.faults)
		})
	}
}

// search goes into the depth, which needs no memory but for the hashes of states.
// That two of a million states have the same one of 64 bits has a chance of one in
// forty millions.
type search struct {
	t     *testing.T
	kinds []moveKind // of faults
	most  int        // states
	seen  map[uint64]struct{}
	ends  map[uint64]struct{} // states that were seen to come to the end of the run
	trail []step
	visit func(w *world) // is shown the states before an order is absorbed; nil: none is
	code  []byte
}

// step is a state on the way to the present one.
type step struct {
	w    *world
	left int // faults
	todo []move
	by   string
}

var hashes = maphash.MakeSeed()

func (s *search) all(w *world, faults int) {
	s.t.Helper()
	s.seen, s.ends = map[uint64]struct{}{}, map[uint64]struct{}{}
	s.come(w, faults, "")
	deepest := 0
	for len(s.trail) > 0 {
		deepest = max(deepest, len(s.trail))
		at := &s.trail[len(s.trail)-1]
		if len(at.todo) == 0 {
			s.trail = s.trail[:len(s.trail)-1]
			continue
		}
		m := at.todo[0]
		at.todo = at.todo[1:]
		left := at.left
		if m.kind >= closes {
			if !slices.Contains(s.kinds, m.kind) {
				continue
			}
			left--
		}
		v := at.w.clone()
		v.apply(m)
		s.come(v, left, m.String())
		if len(s.seen) > s.most {
			s.t.Fatalf("more than %d states: not every one was seen", s.most)
		}
	}
	s.t.Logf("all %d states seen, the longest history has %d events", len(s.seen), deepest)
}

// come is told of a state, and goes on from it if it is new.
func (s *search) come(w *world, left int, by string) {
	w.sweep()
	if left == 0 {
		w.absorb(s.visit)
	}
	if w.broken != "" {
		s.t.Fatalf("%s\nafter %s, %s", w.broken, s.history(), by)
	}
	key := s.hash(w, left)
	if _, ok := s.seen[key]; ok {
		return
	}
	s.seen[key] = struct{}{}
	if *deep > 0 || len(s.seen)%16 == 0 {
		if why := w.clone().settles(s.ends); why != "" {
			s.t.Fatalf("%s\nafter %s, %s", why, s.history(), by)
		}
	}
	s.trail = append(s.trail, step{w, left, w.moves(left > 0, 1), by})
}

func (s *search) hash(w *world, left int) uint64 {
	s.code = append(w.encodeTo(s.code[:0]), byte(left))
	return maphash.Bytes(hashes, s.code)
}

func (s *search) history() string {
	words := make([]string, 0, len(s.trail))
	for _, at := range s.trail[min(1, len(s.trail)):] {
		words = append(words, at.by)
	}
	return strings.Join(words, ", ")
}

// sweep forgets what can change nothing any more: a leader that leads no more or
// whom nobody calls, statuses for one, and orders for an agent that is gone or that
// knows them.
func (w *world) sweep() {
	w.chairs = slices.DeleteFunc(w.chairs, func(ch chair) bool {
		if ch.until == 0 {
			return false
		}
		called := slices.ContainsFunc(w.seats, func(s seat) bool { return s.on && s.to == ch.epoch }) ||
			slices.ContainsFunc(w.net, func(p packet) bool { return p.up && p.to == ch.epoch })
		return w.now >= ch.until || !called
	})
	w.net = slices.DeleteFunc(w.net, func(p packet) bool {
		if p.up {
			return w.chair(p.to).epoch != p.to
		}
		s := &w.seats[p.seat]
		if !s.on || s.st.ID != p.id || p.order.Epoch < s.order.Epoch {
			return true
		}
		return p.order.Epoch == s.order.Epoch && p.order.Seq <= s.order.Seq && p.sent <= s.heard && (p.acks <= s.acked || !s.quits())
	})
}

// absorb delivers the orders that make their agents do nothing. It shows the world
// before each of them (nil: to nobody).
func (w *world) absorb(show func(*world)) {
	for k := 0; k < len(w.net); k++ {
		if v := w.absorbed(k); v != nil {
			if show != nil {
				show(w.clone())
			}
			v.sweep()
			w.seats, w.net, w.chairs = v.seats, v.net, v.chairs
			k = -1
		}
	}
}

// absorbed is the world after packet k has arrived if that is an order which changes
// nothing but what its agent knows; else nil.
func (w *world) absorbed(k int) *world {
	p, s := w.net[k], &w.seats[w.net[k].seat]
	if p.up || p.late || s.cut || s.stops() || s.quits() || p.sent > s.heard || p.order.Do == Leave || p.order.Restarts > s.st.Restarts {
		return nil
	}
	for _, q := range w.net {
		if !q.up && q.seat == p.seat && (q.order.Epoch < p.order.Epoch || q.order.Epoch == p.order.Epoch && q.order.Seq < p.order.Seq) {
			return nil // that one would be skipped
		}
	}
	v := *w
	v.seats, v.net = slices.Clone(w.seats), slices.Clone(w.net)
	v.deliver(k)
	was, is := *s, v.seats[p.seat]
	was.order, was.acked = is.order, is.acked
	if was != is || len(v.net) != len(w.net)-1 || v.broken != "" {
		return nil
	}
	return &v
}

// Whatever could happen before an order is absorbed can happen after it, and comes
// to the same.
func TestAbsorb(t *testing.T) {
	for _, kind := range []moveKind{failsAgain, failsGood, leaves, dies, isCut, delays, doubles, leaderDies, leaderParts, asks} {
		t.Run(moveNames[kind], func(t *testing.T) {
			t.Parallel()
			seen := map[uint64]bool{}
			looked := 0
			s := &search{t: t, kinds: []moveKind{kind}, most: 100_000}
			s.visit = func(w *world) {
				if key := w.hash(); !seen[key] {
					seen[key] = true
					looked += diamonds(t, w)
				}
			}
			s.all(smallWorld(1, 2, 2), 1)
			if looked == 0 {
				t.Error("nothing was absorbed")
			}
		})
	}
}

func (w *world) hash() uint64 { return maphash.Bytes(hashes, w.encode()) }

// diamonds looks at each order that can be absorbed and each move beside it, and
// tells how many it has looked at.
func diamonds(t *testing.T, w *world) int {
	t.Helper()
	looked := 0
	for k := range w.net {
		after := w.absorbed(k)
		if after == nil {
			continue
		}
		after.sweep()
		for _, m := range w.moves(false, 1) {
			if m.kind == deliver && m.at == k {
				continue
			}
			looked++
			one, two, n := w.clone(), after.clone(), m
			one.apply(m)
			if m.kind == deliver {
				// What was swept meanwhile would have changed nothing.
				n.at = slices.Index(after.net, w.net[m.at])
			}
			if n.at >= 0 {
				two.apply(n)
			}
			for _, v := range []*world{one, two} {
				v.sweep()
				v.absorb(nil)
			}
			if one.broken != two.broken || one.hash() != two.hash() {
				t.Fatalf("%v before and after packet %d: %s and %s", m, k, play{world: one}.picture(), play{world: two}.picture())
			}
		}
	}
	return looked
}

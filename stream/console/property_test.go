package console

import (
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/sluicerun/sluice/job"
	"pgregory.net/rapid"
)

// TestWholeLines: k ranks write random lines in random pieces at the same time;
// the console shows every line whole, once, and each rank's in its order.
func TestWholeLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 6).Draw(t, "ranks")
		seed := rapid.Uint64().Draw(t, "seed")
		sizes := rapid.SliceOfN(rapid.SampledFrom([]int{0, 1, 7, 80, 3000, 70_000, 200_000}), 1, 12).Draw(t, "sizes")
		said := make([]string, n)
		out := &memSink{}
		c := New(Config{Out: out, Workers: n})
		var wg sync.WaitGroup
		for r := range n {
			w := add(c, r, job.Stdout)
			wg.Go(func() {
				rnd := rand.New(rand.NewPCG(seed, uint64(r)))
				var text strings.Builder
				for range sizes {
					size := sizes[rnd.IntN(len(sizes))]
					for range size {
						text.WriteByte(" abcdefgh\x00\xff"[rnd.IntN(11)])
					}
					text.WriteByte('\n')
				}
				all := text.String()
				said[r] = all
				for len(all) > 0 {
					k := min(len(all), 1+rnd.IntN(1<<rnd.IntN(18)))
					w.say(all[:k])
					all = all[k:]
				}
				w.Done()
			})
		}
		wg.Wait()
		s := c.Finish(t.Context())
		got := make([]strings.Builder, n)
		for line := range strings.Lines(out.String()) {
			r := int(line[1] - '0')
			if len(line) < 5 || line[0] != '[' || r < 0 || r >= n || line[2:4] != "] " {
				t.Fatalf("a line begins with %.20q", line)
			}
			got[r].WriteString(line[4:])
		}
		total := 0
		for r := range n {
			total += len(said[r])
			if got[r].String() != said[r] {
				t.Fatalf("rank %d: %d bytes shown differ from the %d said", r, got[r].Len(), len(said[r]))
			}
		}
		if s.Shown != int64(total) || s.Unshown != 0 {
			t.Fatalf("stats %+v, want %d shown", s, total)
		}
	})
}

// TestGrewFromEverywhere: several goroutines tell of the same logs' growth while
// the merger is busy with them.
func TestGrewFromEverywhere(t *testing.T) {
	const pumps, each = 4, 20_000
	out := &memSink{}
	c := New(Config{Out: out, Workers: 2})
	ws := gang(c, 2)
	var wg sync.WaitGroup
	for range pumps {
		wg.Go(func() {
			for range each {
				for _, w := range ws {
					w.say("x\n")
				}
			}
		})
	}
	wg.Wait()
	s := finish(t, c, ws...)
	if s.Shown != pumps*each*2*2 || strings.Count(out.String(), "[0] x\n") != pumps*each || strings.Count(out.String(), "[1] x\n") != pumps*each {
		t.Errorf("stats %+v", s)
	}
}

// TestReadyListIsNoRing: an input that grows between being queued and its turn,
// and again right after, is on the list once.
func TestReadyListIsNoRing(t *testing.T) {
	out := &memSink{}
	c := New(Config{Out: out, Workers: 2})
	w := add(c, 0, job.Stdout)
	var ready int
	c.call(func() {
		c.m.takeReady()
		c.m.round()
		c.m.activate(w.Input) // as after a turn that left something
		w.say("a\n")
		c.m.round()
		w.say("b\n")
		for in := c.ready.Load(); in != nil && ready < 10; in = in.next {
			ready++
		}
		if ready != 1 {
			c.ready.Store(nil)
		}
	})
	if ready != 1 {
		t.Errorf("the input is on the list %d times", ready)
	}
	finish(t, c, w)
	want(t, out.take(), "[0] a\n[0] b\n")
}

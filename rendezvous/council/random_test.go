package council

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Long random histories of larger worlds, with all faults of the model check.
func TestRandom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "nodes")
		low := rapid.IntRange(1, n).Draw(t, "min")
		high := rapid.IntRange(low, n).Draw(t, "max")
		list := nodes(n)
		if rapid.Bool().Draw(t, "ranked") {
			for i := range high {
				if rapid.Bool().Draw(t, "has a rank") {
					list[i].Rank = high - 1 - i
				}
			}
		}
		terms := testTerms(low, high)
		terms.Restarts = rapid.SampledFrom([]int{0, 100}).Draw(t, "restarts")
		w := newWorld(terms, list...)
		w.reach = time.Duration(rapid.IntRange(0, 5*lease).Draw(t, "reach")) * tick
		w.seats[rapid.IntRange(0, n-1).Draw(t, "host")].st.Host = true
		for i := range w.seats {
			w.start(i)
		}
		weights := rapid.SliceOfN(rapid.IntRange(0, 3), int(moveKinds), int(moveKinds)).Draw(t, "weights")
		weights[failsGood] = min(weights[failsGood], 1)
		faults := rapid.IntRange(0, 12).Draw(t, "faults")
		for range rapid.IntRange(10, 200).Draw(t, "events") {
			all := w.moves(faults > 0, 4)
			var some []move
			for _, m := range all {
				for range weights[m.kind] {
					some = append(some, m)
				}
			}
			if len(some) == 0 {
				some = all
			}
			if len(some) == 0 {
				break
			}
			m := some[rapid.IntRange(0, len(some)-1).Draw(t, "event")]
			if m.kind >= closes {
				faults--
			}
			w.apply(m)
			if w.broken != "" {
				t.Fatal(w.broken)
			}
		}
		if why := w.settles(nil); why != "" {
			t.Fatal(why)
		}
	})
}

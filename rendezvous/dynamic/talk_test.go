package dynamic_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluicerun/sluice/rendezvous"
)

// Who waits for the leader to come back is told so, once for each time it is away.
func TestLeaderAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField(t, 2, 2)
		f.grace, f.terms.Restarts = time.Minute, 2
		a, b := f.node("a"), f.node("b")
		f.meet(a, b)
		for times := 1; times <= 2; times++ {
			f.bus.Cut("b", true)
			f.told(b, rendezvous.Again, "cut off")
			time.Sleep(20 * time.Second)
			f.mu.Lock()
			text := strings.Join(f.notes, "\n")
			f.mu.Unlock()
			if n := strings.Count(text, "looks for the others for up to 55s more (--store-grace)"); n != times {
				t.Errorf("told %d times that it is away, not %d:\n%s", n, times, text)
			}
			f.bus.Cut("b", false)
			f.told(a, rendezvous.Again, "no sign of life")
			f.meet(a, b)
		}
		f.done(a, b)
		f.close(a, b)
	})
}

package dynamic

import (
	"slices"

	"github.com/sluicerun/sluice/rendezvous/council"
)

// formerMost bounds how many nodes are remembered: some may come and go for days.
const formerMost = 256

// former remembers where nodes of earlier rounds had been that have gone since:
// people still ask for their ranks. A new leader begins without.
type former struct {
	last []council.Seat
	gone []council.Seat // in the order in which they went
}

// look compares who takes part now with who did at the last look.
func (f *former) look(now []council.Seat) {
	here := make(map[string]bool, len(now))
	for _, s := range now {
		here[s.ID] = true
	}
	f.gone = slices.DeleteFunc(f.gone, func(s council.Seat) bool { return here[s.ID] })
	for _, s := range f.last {
		if s.Node.Rank >= 0 && !here[s.ID] {
			s.Phase, s.Gone = "", true
			f.gone = append(f.gone, s)
		}
	}
	f.gone = f.gone[max(0, len(f.gone)-formerMost):]
	f.last = now
}

package console

import (
	"maps"
	"slices"

	"github.com/sluicerun/sluice/job"
)

// Stats is what became of the bytes of the logs. Bytes of ranks that are not
// shown and bytes that came while there was no sink are in none of the sums.
type Stats struct {
	// Shown were taken by a sink, in whatever form: a folded line or progress
	// state counts as shown.
	Shown int64
	// Unshown were not, because a sink was stuck or the time was up.
	Unshown int64
	// Closed had nowhere to go: the reader of their sink had gone away.
	Closed int64
	// Failed is what a sink said that could not be written for another reason
	// than that nobody reads.
	Failed error
	// UnshownByRank has the ranks with unshown bytes.
	UnshownByRank map[int]int64
}

// tally counts the bytes of one rank.
type tally struct {
	rank                   int
	shown, unshown, closed int64
}

func (m *merger) sum() Stats {
	s := Stats{Failed: m.failed, UnshownByRank: map[int]int64{}}
	for _, t := range m.ranks {
		s.Shown += t.shown
		s.Unshown += t.unshown
		s.Closed += t.closed
		if t.unshown > 0 {
			s.UnshownByRank[t.rank] = t.unshown
		}
	}
	return s
}

// unshownRanks names the ranks with unshown bytes.
func (s Stats) unshownRanks() string {
	return job.FormatRanks(slices.Collect(maps.Keys(s.UnshownByRank)))
}

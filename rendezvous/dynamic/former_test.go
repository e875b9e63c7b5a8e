package dynamic

import (
	"fmt"
	"testing"

	"github.com/sluicerun/sluice/rendezvous"
	"github.com/sluicerun/sluice/rendezvous/council"
)

func TestFormer(t *testing.T) {
	var f former
	// Each look has the ids of a round's members; one in lower case waits.
	for _, look := range []struct{ ids, gone string }{
		{"ABC", ""},
		{"AB", "C2"},
		{"ABc", ""}, // it is back, and waits
		{"AB", ""},  // and went again, without ranks
		{"AD", "B1"},
		{"A", "B1 D1"},
		{"DA", "B1"},
	} {
		var now []council.Seat
		for i, id := range look.ids {
			s := council.Seat{ID: string(id), Node: rendezvous.Node{Rank: i}, Phase: council.Idle}
			if id >= 'a' {
				s.ID, s.Node.Rank = string(id-'a'+'A'), -1
			}
			now = append(now, s)
		}
		f.look(now)
		got := ""
		for i, s := range f.gone {
			if !s.Gone || s.Phase != "" {
				t.Errorf("%+v has gone", s)
			}
			if i > 0 {
				got += " "
			}
			got += fmt.Sprint(s.ID, s.Node.Rank)
		}
		if got != look.gone {
			t.Errorf("after %s these have gone: %q, want %q", look.ids, got, look.gone)
		}
	}
	for i := range 3 * formerMost {
		f.look([]council.Seat{{ID: fmt.Sprint(i)}})
	}
	if n := len(f.gone); n != formerMost {
		t.Errorf("%d are remembered", n)
	}
}

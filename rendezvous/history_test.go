package rendezvous

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// step is what the workers of one node do in one round.
type step struct {
	after time.Duration
	ends  Kind // done, Again or Failed
}

// Whatever the nodes do in whatever order, all of them live through the same
// rounds and tell the same end.
func TestOneHistory(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		scripts := rapid.SliceOfN(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
			return step{
				time.Duration(rapid.IntRange(0, 3).Draw(t, "after")) * time.Second,
				rapid.SampledFrom([]Kind{done, done, done, Again, Again, Failed}).Draw(t, "ends"),
			}
		}), 0, 3), 1, 8).Draw(rt, "scripts")
		var tales []string
		synctest.Test(t, func(t *testing.T) {
			c := &cluster{T: t, local: NewLocal()}
			for rank := range scripts {
				c.seats = append(c.seats, c.seat(c.config(len(scripts), rank)))
			}
			tales = make([]string, len(scripts))
			c.all(func(s *Static) error {
				tales[s.self.Rank] = tale(s, scripts[s.self.Rank])
				return s.Close()
			})
		})
		for rank, got := range tales {
			if got == "" || got != tales[0] {
				rt.Fatalf("node %d tells %q and node 0 %q", rank, got, tales[0])
			}
		}
	})
}

// tale is an agent's loop. It returns what the node has seen.
func tale(s *Static, script []step) (told string) {
	for {
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		var failed *FailedError
		var again *AgainError
		r, err := s.Join(ctx)
		if errors.As(err, &failed) {
			return told + failed.Error()
		} else if err != nil {
			return fmt.Sprintf("%snode %d: %v", told, s.self.Rank, err)
		}
		told += fmt.Sprintf("round %d (%d restarts, port %d); ", r.Number, r.Restarts, r.MasterPort)
		now := step{ends: done}
		if r.Number < len(script) {
			now = script[r.Number]
		}
		select {
		case ch := <-s.Changes():
			if ch.Kind == Failed {
				return told + (&FailedError{"job", *ch.Failure}).Error()
			}
			continue
		case <-time.After(now.after):
		}
		switch now.ends {
		case Again:
			err = s.Again(ctx, "x")
		case Failed:
			if err = s.Fail(ctx, Failure{Rank: r.RankBase, Text: "x"}); err == nil {
				_, err = s.Join(ctx) // says whose failure it was
			}
		case done:
			if err = s.Done(ctx); err == nil {
				return told + "done"
			}
		}
		switch {
		case errors.As(err, &failed):
			return told + failed.Error()
		case err != nil && !errors.As(err, &again):
			return fmt.Sprintf("%snode %d: %v", told, s.self.Rank, err)
		}
	}
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
)

// place is the terminal of one worker.
type place struct {
	rec  *runs.Record
	rank int
}

func (p place) String() string { return fmt.Sprintf("%s/%d", p.rec.ID, p.rank) }

// ask puts a request to the run's agent, about this terminal.
func (p place) ask(ctx context.Context, req api.Request) (api.Response, error) {
	req.Rank = p.rank
	resp, err := live(ctx, p.rec, req)
	if err != nil && p.rec.State != runs.Ended && (req.Op == api.OpInput || req.Op == api.OpResize) && p.over(ctx) {
		return resp, &job.UsageError{Field: "RUN", Value: p.String(), Why: p.outcome(), Hint: "sluice screen " + p.String() + " shows its last screen"}
	}
	return resp, plainInput(err)
}

// over tells whether the rank has ended, perhaps in a run that goes on.
func (p place) over(ctx context.Context) bool {
	*p.rec = *fresh(ctx, p.rec)
	w := p.worker()
	return p.rec.State == runs.Ended || w != nil && w.Kind != job.KindRunning
}

// again tells of a rank that has ended whether it is about to be started anew.
func (p place) again(ctx context.Context) bool {
	if p.rec.State == runs.Ended {
		return false
	}
	resp, err := p.ask(ctx, api.Request{Op: api.OpScreen, Brief: true})
	return err == nil && resp.Screen != nil && resp.Screen.Again
}

// worker is what the record has of the rank; nil: nothing.
func (p place) worker() *runs.Worker {
	for i := range p.rec.Workers {
		if p.rec.Workers[i].Rank == p.rank {
			return &p.rec.Workers[i]
		}
	}
	return nil
}

// dir is where the logs of the rank are. See local.
func (p place) dir() string {
	dir := runs.WorkerDir(p.rec.Attempt, p.rank-p.rec.RankBase)
	if w := p.worker(); w != nil && w.Dir != "" {
		dir = w.Dir
	}
	return filepath.Join(p.rec.Dir, dir)
}

// local tells, by an error, of a rank whose files are on another machine.
func (p place) local() error {
	if p.rec.Via == "" {
		return nil
	}
	return usagef("%s is on host %s, and what this needs are its files: do it there, or sluice gather %s DIR brings them here", p, p.rec.Host, p.rec.ID)
}

// status is the exit status that was recorded for the rank.
func (p place) status() int {
	if w := p.worker(); w != nil && w.Kind != job.KindRunning {
		return w.Status()
	}
	if p.rec.Result != nil {
		return p.rec.Result.Status
	}
	return job.StatusInternal
}

// outcome is the end of the rank in a few words.
func (p place) outcome() string {
	if w := p.worker(); w != nil && w.Kind != job.KindRunning {
		return "it ended with " + exitWord(w.Outcome)
	}
	return "it has ended"
}

// leave is the exit status of a command that ends as the worker did.
func leave(status int) error {
	if status == 0 {
		return nil
	}
	return exitStatus(status)
}

// plainInput takes the field's name off what the agent says about an input:
// there is no such flag.
func plainInput(err error) error {
	var usage *job.UsageError
	if !errors.As(err, &usage) || usage.Field != "INPUT" || usage.Value != "" {
		return err
	}
	return &refused{usage.Why}
}

// refused is an input that the terminal does not take now.
type refused struct{ why string }

func (e *refused) Error() string { return e.why }

// places are the terminals of the given ranks of a run, on all its machines; of
// all ranks if none are given.
func places(ctx context.Context, rec *runs.Record, ranks job.RankSet) (all []place, err error) {
	if rec.Spec.Pty == nil {
		return nil, &job.UsageError{Field: "RUN", Value: rec.ID, Why: "its workers have no terminals", Hint: "start it with: sluice run --pty"}
	}
	v := across(ctx, rec)
	if err := v.lacks(ranks); err != nil {
		return nil, err
	}
	recs := []*runs.Record{v.here}
	if nodes := v.with(ranks); v.several() {
		recs = nil
		for _, n := range nodes {
			recs = append(recs, v.at(n))
		}
	}
	for _, rec := range recs {
		for i := range max(rec.Spec.Workers, 1) {
			if rank := rec.RankBase + i; ranks.IsZero() || ranks.Contains(rank) {
				all = append(all, place{rec, rank})
			}
		}
	}
	if len(all) == 0 {
		return nil, v.noRank(ranks)
	}
	return all, nil
}

// chosen is places for commands that mean the first terminal unless ranks are
// named, which is said where there are others.
func (a *app) chosen(ctx context.Context, arg string) ([]place, error) {
	rec, ranks, err := target(arg)
	if err != nil {
		return nil, err
	}
	return a.chosenOf(ctx, rec, ranks)
}

func (a *app) chosenOf(ctx context.Context, rec *runs.Record, ranks job.RankSet) ([]place, error) {
	all, err := places(ctx, rec, ranks)
	if err != nil || !ranks.IsZero() {
		return all, err
	}
	if len(all) > 1 {
		fmt.Fprintf(a.stderr, "sluice: rank %d of %d (another one is named as in %s)\n", all[0].rank, len(all), all[1])
	}
	return all[:1], nil
}

// onePlace is chosen for commands about one terminal.
func (a *app) onePlace(ctx context.Context, arg string) (place, error) {
	all, err := a.chosen(ctx, arg)
	if err != nil {
		return place{}, err
	}
	if len(all) > 1 {
		return place{}, usagef("%s names %d ranks, and one is needed, as in %s", arg, len(all), all[0])
	}
	return all[0], nil
}

// each does something on several terminals at once and says for which it did not
// work. The error is the worst one's exit status; with one terminal, its error.
func (a *app) each(ps []place, do func(place) error) error {
	if len(ps) == 1 {
		return do(ps[0])
	}
	errs := make([]error, len(ps))
	var wg sync.WaitGroup
	for i, p := range ps {
		p.rec = new(*p.rec) // a record is brought up to date when the run turns out to have ended
		wg.Go(func() { errs[i] = do(p) })
	}
	wg.Wait()
	worst := 0
	for i, err := range errs {
		if err != nil {
			var said strings.Builder
			worst = max(worst, (&app{stderr: &said}).explain(err))
			fmt.Fprintf(a.stderr, "sluice: rank %d: %s", ps[i].rank, strings.TrimPrefix(said.String(), "sluice: "))
		}
	}
	return leave(worst)
}

// source names who sends an input, for the run's log.
func source(verb string) string { return fmt.Sprintf("%s@%d", verb, os.Getpid()) }

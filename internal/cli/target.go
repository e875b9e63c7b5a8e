package cli

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/launch/guardian"
)

// target is RUN[/RANKS] as a person types it, or pid:PID for the rank that a process
// is part of. A path of a run's directory
// begins with "/" or "." and has no ranks.
func target(arg string) (*runs.Record, job.RankSet, error) {
	if strings.HasPrefix(arg, pidPrefix) {
		return targetPID(arg)
	}
	sel, ranks := arg, ""
	if !strings.HasPrefix(arg, "/") && !strings.HasPrefix(arg, ".") {
		sel, ranks, _ = strings.Cut(arg, "/")
	}
	var set job.RankSet
	var err error
	if ranks != "" {
		if set, err = job.ParseRankSet(ranks); err != nil {
			return nil, set, &flagError{err: err, hint: "write RUN/RANKS, for example " + sel + "/0,8-15"}
		}
	}
	if sel == selfName {
		return self(set)
	}
	rec, err := runs.Find(sel)
	if err != nil {
		return nil, set, err
	}
	return settle(rec), set, nil
}

// settle finishes the record of a run whose agent and guardian were killed.
func settle(rec *runs.Record) *runs.Record {
	if !rec.Lost() {
		return rec
	}
	// Nobody writes any more; what they wrote last, in the moment since we
	// read, may have been the end.
	if again, err := runs.Load(rec.Dir); err == nil {
		rec = again
	}
	if rec.Lost() {
		guardian.EndProcesses(rec)
		guardian.MarkLost(rec, "launcher and agent were killed; the workers ended with them")
	}
	return rec
}

// fresh is the record as the agent has it now: run.json is written at turns of
// events only. Where the agent does not answer, run.json has to do.
func fresh(ctx context.Context, rec *runs.Record) *runs.Record {
	if rec.State == runs.Ended {
		return rec
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	resp, err := api.Ask(ctx, rec.Socket, api.Request{Op: api.OpStatus})
	switch {
	case err == nil && resp.Record != nil:
		return resp.Record
	case errors.Is(err, api.ErrNoAgent):
		if again, err := runs.Load(rec.Dir); err == nil {
			return settle(again)
		}
	}
	return rec
}

// live asks a run's agent; it fails in words if the run has ended.
func live(ctx context.Context, rec *runs.Record, req api.Request) (api.Response, error) {
	if rec.State == runs.Ended {
		return api.Response{}, hasEnded(rec)
	}
	resp, err := api.Ask(ctx, rec.Socket, req)
	if errors.Is(err, api.ErrNoAgent) {
		// It may have ended just now.
		if again, lerr := runs.Load(rec.Dir); lerr == nil && again.State == runs.Ended {
			*rec = *again
			return api.Response{}, hasEnded(rec)
		}
	}
	return resp, err
}

func hasEnded(rec *runs.Record) error {
	return &job.UsageError{Field: "RUN", Value: rec.ID, Why: "it has ended", Hint: "sluice ps shows how"}
}

func argOr(args []string, i int) string {
	if i < len(args) {
		return args[i]
	}
	return ""
}

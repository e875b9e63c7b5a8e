package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/launch/guardian"
)

// target is RUN[/RANKS] as a person types it, or pid:PID for the rank that a process
// is part of. A path of a run's directory
// begins with "/" or "." and has no ranks. A run that was started from here on other
// hosts is to be asked there.
func target(arg string) (*runs.Record, job.RankSet, error) {
	rec, ranks, err := find(arg)
	if err == nil && onHosts(rec) {
		err = askThere(rec)
	}
	return rec, ranks, err
}

// onHosts tells whether a run goes on, and on other hosts only.
func onHosts(rec *runs.Record) bool { return rec.Remote != nil && rec.State != runs.Ended }

// askThere says how a run on hosts is asked.
func askThere(rec *runs.Record) error {
	names := make([]string, len(rec.Remote.Parts))
	for i, p := range rec.Remote.Parts {
		names[i] = p.Host
	}
	return &job.UsageError{Field: "RUN", Value: rec.ID, Why: "it goes on on " + strings.Join(names, ", ") + ", and this machine only shows what it writes",
		Hint: fmt.Sprintf("ask one of them, for example: %s %s sluice logs -f %s", strings.Join(rec.Remote.SSH, " "), names[0], rec.ID)}
}

// find is target for what can be done from here as well.
func find(arg string) (*runs.Record, job.RankSet, error) {
	if strings.HasPrefix(arg, pidPrefix) {
		return targetPID(arg)
	}
	sel, ranks, cut := arg, "", false
	if !strings.HasPrefix(arg, "/") && !strings.HasPrefix(arg, ".") {
		sel, ranks, cut = strings.Cut(arg, "/")
	}
	// Both are what a script has whose variable is not set: it must not hit others.
	switch {
	case sel == latest:
		sel = ""
	case sel == "":
		return nil, job.RankSet{}, &flagError{err: errors.New("the name of the run is empty"), hint: "without one, the latest run is meant"}
	case cut && ranks == "":
		return nil, job.RankSet{}, &flagError{err: fmt.Errorf("%s: there are no ranks behind the slash", arg), hint: "write RUN/RANKS, for example " + sel + "/0,8-15, or RUN for all"}
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
	if rec = settle(rec); onHosts(rec) {
		// This machine may be one of the hosts.
		if own := runs.Shared(rec.ID); own != nil && own.State != runs.Ended {
			rec = settle(own)
		}
	}
	return rec, set, nil
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
	resp, err := api.Ask(ctx, rec.Socket, api.Request{Op: api.OpStatus, Via: rec.Via})
	switch {
	case err == nil && resp.Record != nil && rec.Via != "":
		return elsewhere(rec, resp.Record)
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
	req.Via = rec.Via
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

// latest means the latest run. No argument can be that.
const latest = "\x00"

// argOr is an argument or, if it is not given, otherwise.
func argOr(args []string, i int, otherwise string) string {
	if i < len(args) {
		return args[i]
	}
	return otherwise
}

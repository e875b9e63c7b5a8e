package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
)

func newWait(a *app) *cobra.Command {
	var o waitOptions
	cmd := &cobra.Command{
		Use:   "wait [RUN[/RANK]]",
		Short: "Wait for a run to end, or for something on a worker's screen",
		Long: `Wait until a run has ended and exit with its status; at once if it has ended
already. Without RUN, the latest.

With a condition, wait until it holds on the screen of a worker's terminal; of
several, until all hold at once. Without RANK, the first one. If it does not come
true within --timeout, or the program ends first, the screen is printed and the
exit status is 3. For a worker that has ended, its last screen counts.

--since-input lets only what came after the last input count: text that was on the
screen before and has not changed is not seen, and --prompt means a new one.
--prompt needs a shell that marks its prompts: sluice shell-init.

Exit status: the run's; 124 --timeout. With a condition: 0 it holds, 3 it did
not come true. 2 bad usage; 125 sluice itself failed.`,
		Example: `  sluice wait train --timeout 1h
  sluice wait edit --text '-- INSERT --'
  sluice type sh 'make' --enter && sluice wait sh --prompt --since-input --timeout 10m
  sluice wait menu --settled 250ms --gone Loading`,
		Args: between(0, 1, "at most one RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			some, err := o.finalize(cmd.Flags())
			if err != nil {
				return err
			}
			if some {
				return o.onScreen(cmd.Context(), a, argOr(args, 0, latest))
			}
			return o.forEnd(cmd.Context(), a, argOr(args, 0, latest))
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

// forEnd waits for the end of a run.
func (o *waitOptions) forEnd(ctx context.Context, a *app, arg string) error {
	rec, _, err := find(arg)
	if err != nil {
		return err
	}
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.timeout.Std())
		defer cancel()
	}
	end, err := waitEnd(ctx, rec)
	if errors.Is(err, context.DeadlineExceeded) {
		fmt.Fprintf(a.stderr, "sluice: run %s still runs after %v\n", rec.ID, o.timeout)
		return exitStatus(job.StatusTimeout)
	}
	if err != nil {
		return err
	}
	if !o.quiet {
		fmt.Fprintf(a.stderr, "sluice: %s\n", summary(end))
	}
	return leave(end.Result.Status)
}

// waitEnd waits for the end of a run, also if its agent is killed meanwhile.
func waitEnd(ctx context.Context, rec *runs.Record) (*runs.Record, error) {
	for onHosts(rec) { // nobody is there to be asked
		if err := pause(ctx); err != nil {
			return rec, err
		}
		again, err := runs.Load(rec.Dir)
		if err != nil {
			return rec, err
		}
		rec = settle(again)
	}
	for rec.State != runs.Ended {
		resp, err := api.Ask(ctx, rec.Socket, api.Request{Op: api.OpWait})
		if err != nil && !errors.Is(err, api.ErrNoAgent) {
			return rec, err
		}
		if err == nil && resp.Record != nil && resp.Record.State == runs.Ended {
			return resp.Record, nil
		}
		again, lerr := runs.Load(rec.Dir)
		if lerr != nil {
			return rec, lerr
		}
		rec = settle(again)
		if rec.State != runs.Ended && err != nil {
			// A guardian is writing the end down this moment.
			if serr := pause(ctx); serr != nil {
				return rec, serr
			}
		}
	}
	return rec, nil
}

// summary is a run's end in one line.
func summary(rec *runs.Record) string {
	if rec.Result == nil {
		return "run " + rec.ID + " is " + string(rec.State)
	}
	r := rec.Result
	s := fmt.Sprintf("run %s %s, exit status %d", rec.ID, r.Verdict, r.Status)
	if f := r.FirstFailure(); f != nil {
		s += fmt.Sprintf(" (rank %d: %s)", f.Rank, exitWord(*f))
	} else if r.Detail != "" {
		s += " (" + r.Detail + ")"
	}
	return s
}

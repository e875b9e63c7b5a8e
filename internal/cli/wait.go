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
	var timeout job.Duration
	cmd := &cobra.Command{
		Use:   "wait [RUN]",
		Short: "Wait for a run to end and exit as it did",
		Long: `Wait until a run has ended and exit with its status; at once if it has ended
already. Without RUN, the latest.

Exit status: the run's; 124 --timeout; 2 bad usage; 125 sluice itself failed.`,
		Args: between(0, 1, "at most one RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			rec, _, err := target(argOr(args, 0))
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			if timeout > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, timeout.Std())
				defer cancel()
			}
			end, err := waitEnd(ctx, rec)
			if errors.Is(err, context.DeadlineExceeded) {
				fmt.Fprintf(a.stderr, "sluice: run %s still runs after %v\n", rec.ID, timeout)
				return exitStatus(job.StatusTimeout)
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(a.stderr, "sluice: %s\n", summary(end))
			if end.Result.Status != 0 {
				return exitStatus(end.Result.Status)
			}
			return nil
		},
	}
	cmd.Flags().Var(&timeout, "timeout", "give up after this long, with status 124")
	return cmd
}

// waitEnd waits for the end of a run, also if its agent is killed meanwhile.
func waitEnd(ctx context.Context, rec *runs.Record) (*runs.Record, error) {
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

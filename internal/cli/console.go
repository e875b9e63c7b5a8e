package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/internal/agent"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
)

func newConsole(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "console RUN SET",
		Short:   "Change whose output a running run shows",
		Long:    "Change which ranks the console of a run shows: 0, 0,8-15, all, none, %8, %8+1.\n" + statuses,
		Example: "  sluice console train 0,4",
		Args:    exactly(2, "RUN and SET"),
		RunE: func(cmd *cobra.Command, args []string) error {
			set, err := job.ParseRankSet(args[1])
			if err != nil {
				return &flagError{err: err, hint: "a set is written 0, 0,8-15, all, none, %8 or %8+1"}
			}
			rec, _, err := target(args[0])
			if err != nil {
				return err
			}
			_, err = live(cmd.Context(), rec, api.Request{Op: api.OpConsole, Ranks: set, Who: who("console")})
			return err
		},
	}
}

func newResume(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "resume [RUN]",
		Short: "Take over a run that goes on without a launcher",
		Long: `Become the launcher of a run that was kept (--on-launcher-death keep) or
detached: its console comes here, Ctrl-C stops it, and its report and exit
status are shown at the end. From then on the run ends with its launcher, as one
that was started in front of you does, unless it has --on-launcher-death keep.

Exit status: the run's.`,
		Example: "  sluice resume train",
		Args:    between(0, 1, "at most one RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			rec, _, err := target(argOr(args, 0, latest))
			if err != nil {
				return err
			}
			if rec.State == runs.Ended {
				fmt.Fprintf(a.stderr, "sluice: %s\n", summary(rec))
				if rec.Result.Status != 0 {
					return exitStatus(rec.Result.Status)
				}
				return nil
			}
			status, err := agent.Resume(cmd.Context(), rec)
			if err != nil {
				return err
			}
			if status != 0 {
				return exitStatus(status)
			}
			return nil
		},
	}
}

// pause is a moment, for what another process is doing right now.
func pause(ctx context.Context) error {
	t := time.NewTimer(20 * time.Millisecond)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

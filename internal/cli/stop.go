package cli

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/internal/runs"
)

func newStop(a *app) *cobra.Command {
	var kill, noWait bool
	cmd := &cobra.Command{
		Use:   "stop [RUN[/RANKS]]",
		Short: "Stop a run, or some of its ranks",
		Long: `Ask a run to end: stop signal, grace, SIGKILL, as Ctrl-C in front of it does.
Without RUN, the latest. Asked again while it ends, it hurries. Returns when
the run has ended. With RANKS, these alone end, and the others go on.
` + statuses,
		Example: "  sluice stop\n  sluice stop train/3\n  sluice stop train --kill",
		Args:    between(0, 1, "at most one RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			rec, ranks, err := find(argOr(args, 0, latest))
			if err != nil {
				return err
			}
			if onHosts(rec) {
				if !ranks.IsZero() {
					return askThere(rec)
				}
				if err := stopStarter(cmd.Context(), rec, kill); err != nil {
					return err
				}
				return a.stopped(cmd.Context(), rec, noWait)
			}
			if rec.State == runs.Ended {
				fmt.Fprintf(a.stderr, "sluice: run %s has ended already\n", rec.ID)
				return nil
			}
			v := across(cmd.Context(), rec)
			nodes := v.nodes // those that wait for a place, too
			if !ranks.IsZero() {
				if err := v.lacks(ranks); err != nil {
					return err
				}
				if nodes = v.with(ranks); v.several() && len(nodes) == 0 {
					return v.noRank(ranks)
				}
			}
			rec = v.here
			hit, err := v.tell(cmd.Context(), nodes, api.Request{Op: api.OpStop, Ranks: ranks, Kill: kill, Who: whoFor("stop", rec)})
			if err != nil && ranks.IsZero() {
				rec = fresh(cmd.Context(), rec)
			}
			switch {
			case err == nil:
			case rec.State == runs.Ended: // just now
				fmt.Fprintf(a.stderr, "sluice: %s\n", summary(rec))
				return nil
			case rec.State == runs.Stopping && ranks.IsZero():
				// The other agents hear it from this one as well.
			default:
				return err
			}
			if !ranks.IsZero() {
				fmt.Fprintf(a.stderr, "sluice: stopping %s of %s\n", rankWords(hit), rec.ID)
				return nil
			}
			return a.stopped(cmd.Context(), rec, noWait)
		},
	}
	cmd.Flags().BoolVar(&kill, "kill", false, "SIGKILL at once")
	cmd.Flags().BoolVar(&noWait, "no-wait", false, "do not wait for the end")
	return cmd
}

// stopped waits for the end of a run that was told to, and says how it ended.
func (a *app) stopped(ctx context.Context, rec *runs.Record, noWait bool) error {
	if noWait {
		return nil
	}
	end, err := waitEnd(ctx, rec)
	if err != nil && !errors.Is(err, api.ErrNoAgent) {
		return err
	}
	fmt.Fprintf(a.stderr, "sluice: %s\n", summary(end))
	return nil
}

// stopStarter has the process that shows a run on other hosts stop it: as Ctrl-C
// there does, of which the third kills.
func stopStarter(ctx context.Context, rec *runs.Record, kill bool) error {
	times := 1
	if kill {
		times = 3
	}
	for i := range times {
		if i > 0 {
			// Two signals at once would be one.
			if err := pause(ctx); err != nil {
				return err
			}
		}
		if rec.Launcher == nil || !proc.Alive(*rec.Launcher) {
			return nil
		}
		if err := syscall.Kill(rec.Launcher.Pid, syscall.SIGTERM); err != nil && err != syscall.ESRCH {
			return fmt.Errorf("stopping run %s: signalling its starter, process %d: %w", rec.ID, rec.Launcher.Pid, err)
		}
	}
	return nil
}

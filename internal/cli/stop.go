package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/internal/runs"
)

func newStop(a *app) *cobra.Command {
	var kill, noWait bool
	cmd := &cobra.Command{
		Use:   "stop [RUN[/RANKS]]",
		Short: "Stop a run, or some of its ranks",
		Long: `Ask a run to end: stop signal, grace, SIGKILL, as Ctrl-C in front of it does.
Without RUN, the latest. Asked again while it ends, it hurries. Returns when
the run has ended.
` + statuses,
		Args: between(0, 1, "at most one RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			rec, ranks, err := target(argOr(args, 0))
			if err != nil {
				return err
			}
			if rec.State == runs.Ended {
				fmt.Fprintf(a.stderr, "sluice: run %s has ended already\n", rec.ID)
				return nil
			}
			resp, err := live(cmd.Context(), rec, api.Request{Op: api.OpStop, Ranks: ranks, Kill: kill, Who: who("stop")})
			if err != nil && rec.State == runs.Ended { // just now
				fmt.Fprintf(a.stderr, "sluice: %s\n", summary(rec))
				return nil
			}
			if err != nil {
				return err
			}
			if !ranks.IsZero() {
				fmt.Fprintf(a.stderr, "sluice: stopping rank %s of %s\n", resp.Ranks, rec.ID)
				return nil
			}
			if noWait {
				return nil
			}
			end, err := waitEnd(cmd.Context(), rec)
			if err != nil && !errors.Is(err, api.ErrNoAgent) {
				return err
			}
			fmt.Fprintf(a.stderr, "sluice: %s\n", summary(end))
			return nil
		},
	}
	cmd.Flags().BoolVar(&kill, "kill", false, "SIGKILL at once")
	cmd.Flags().BoolVar(&noWait, "no-wait", false, "do not wait for the end")
	return cmd
}

package cli

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
)

func newSignal(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "signal RUN[/RANKS] SIGNAL",
		Short: "Send a signal to workers",
		Long: `Send SIGNAL (USR1, SIGUSR1, 10) to the process groups of a run's workers, or of
the given ranks.
` + statuses,
		Example: "  sluice signal train USR1\n  sluice signal train/0,8-15 QUIT",
		Args:    exactly(2, "RUN and SIGNAL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			sig, err := job.ParseSignal(args[1])
			if err != nil {
				return &flagError{err: err, hint: "kill -l lists the signals"}
			}
			rec, ranks, err := target(args[0])
			if err != nil {
				return err
			}
			if ranks.IsZero() {
				ranks = job.AllRanks()
			}
			v := across(cmd.Context(), rec)
			if err := v.lacks(ranks); err != nil {
				return err
			}
			nodes := v.with(ranks)
			if v.several() && len(nodes) == 0 {
				return v.noRank(ranks)
			}
			hit, err := v.tell(cmd.Context(), nodes, api.Request{Op: api.OpSignal, Ranks: ranks, Signal: sig, Who: who("signal")})
			if hit != "" {
				fmt.Fprintf(a.stderr, "sluice: sent %v to %s of %s\n", sig, rankWords(hit), rec.ID)
			}
			return err
		},
	}
}

// rankWords is "rank 3" or "ranks 0-2".
func rankWords(ranks string) string {
	if strings.ContainsAny(ranks, ",-") {
		return "ranks " + ranks
	}
	return "rank " + ranks
}

// who says who is asking, for the run's record.
func who(cmd string) string { return fmt.Sprintf("sluice %s (pid %d)", cmd, os.Getpid()) }

// whoFor is who for a run that may have other machines.
func whoFor(cmd string, rec *runs.Record) string {
	if !rec.Spec.Nodes.Several() {
		return who(cmd)
	}
	return fmt.Sprintf("sluice %s (pid %d on host %s)", cmd, os.Getpid(), runs.Hostname())
}

// exactly is cobra.ExactArgs with words.
func exactly(n int, what string) cobra.PositionalArgs {
	return between(n, n, what)
}

func between(lo, hi int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < lo || len(args) > hi {
			given := fmt.Sprintf("%d arguments", len(args))
			switch len(args) {
			case 0:
				given = "nothing"
			case 1:
				given = strconv.Quote(args[0])
				if lo > 1 {
					given += " alone"
				}
			}
			return &flagError{err: fmt.Errorf("%s takes %s, not %s", cmd.CommandPath(), what, given),
				hint: "see: " + cmd.CommandPath() + " --help"}
		}
		return nil
	}
}

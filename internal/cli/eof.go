package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/session"
)

// newEOF ends an input: that of a FIFO, or what is typed into a terminal.
func newEOF(a *app) *cobra.Command {
	var o sendOptions
	cmd := &cobra.Command{
		Use:   "eof [RUN[/RANKS]|pid:PID]",
		Short: "End the input of a worker that reads a terminal or a FIFO",
		Long: `End the input of a run started with --stdin fifo:PATH (or all): the worker reads
end of file once it has read what was written, and no writer is left.

For workers on terminals: what Ctrl+D does to a program that reads lines. A
program that reads single keys has no end of input, and that is an error.
Without RUN, the latest; without RANKS, the first rank.
` + pidHelp + pidStatuses,
		Example: "  sluice eof sorter\n  sluice eof repl/1\n  sluice eof pid:4711",
		Args:    between(0, 1, "at most one RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return endInput(cmd.Context(), a, argOr(args, 0, latest), o)
		},
	}
	cmd.Flags().Var(&o.timeout, "timeout", "how long to wait until the terminal takes it (default 10s)")
	addVia(cmd.Flags(), &o.via)
	return cmd
}

func endInput(ctx context.Context, a *app, arg string, o sendOptions) error {
	in := session.Input{Source: source("eof"), Steps: []session.Step{{EOF: true}}}
	f, err := foreignTo(arg, o.via)
	if err != nil {
		return err
	}
	if f != nil {
		return f.send(ctx, in, &o)
	}
	rec, ranks, err := target(arg)
	if err != nil {
		return err
	}
	// A terminal's worker may have been given another standard input.
	if rec.Spec.Pty == nil || rec.Spec.Stdin.Mode != job.StdinDefault {
		req := api.Request{Op: api.OpEOF, Who: who("eof")}
		if ranks.IsZero() { // a FIFO is a file of this machine
			_, err = live(ctx, rec, req)
			return err
		}
		v := across(ctx, rec)
		_, err = v.tell(ctx, v.with(ranks), req)
		return err
	}
	all, err := a.chosenOf(ctx, rec, ranks)
	if err != nil {
		return err
	}
	return o.send(ctx, a, all, in)
}

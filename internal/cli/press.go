package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/keys"
	"github.com/sluicerun/sluice/session"
)

// pressOptions are the flags of sluice press.
type pressOptions struct {
	sendOptions
	delay       job.Duration
	approximate bool
}

func newPress(a *app) *cobra.Command {
	var o pressOptions
	cmd := &cobra.Command{
		Use:   "press {RUN[/RANKS]|pid:PID} KEY...",
		Short: "Press keys in a worker's terminal",
		Long: `Press keys by their names: Enter, Esc, Tab, Backspace, Up, F5, Ctrl+C, Alt+x,
Shift+Tab, Ctrl+Alt+Delete, Down*3, U+1F600, 0x1b. Names of other tools are
understood as well (C-c, ^C, M-x, <C-x>, BSpace, PgUp). What is no key is an
error, and then none is pressed. Without RANKS, the first rank.

The bytes are those that the program has asked for (application cursor keys,
modifyOtherKeys, the kitty protocol). A key that they cannot express, such as
Ctrl+Enter in a program that asked for nothing, is an error: --approximate sends
the nearest.

Enter waits until 100 ms have passed since typed text: programs take what comes
faster for a paste.
` + pidHelp + untilHelp,
		Example: `  sluice press edit Esc : w q Enter
  sluice press menu Down*3 Enter
  sluice press train/all Ctrl+C
  sluice press menu Down Enter --until 'Really?' --show
  sluice press self F5`,
		Args: between(2, 1<<20, "RUN and at least one KEY"),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), a, args) },
	}
	f := cmd.Flags()
	f.Var(&o.delay, "delay", "pause between keys (default none)")
	f.BoolVar(&o.approximate, "approximate", false, "send the nearest for a key that cannot be expressed")
	o.addFlags(f)
	return cmd
}

func (o *pressOptions) run(ctx context.Context, a *app, args []string) error {
	if o.delay < 0 {
		return usagef("--delay: %v is no pause", o.delay)
	}
	if _, err := keys.ParseAll(args[1:]); err != nil {
		return err
	}
	send, err := o.to(ctx, a, args[0])
	if err != nil {
		return err
	}
	return send(ctx, session.Input{
		Source: source("press"), Approximate: o.approximate,
		Steps: []session.Step{{Keys: args[1:], Pace: o.delay}},
	})
}

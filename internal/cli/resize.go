package cli

import (
	"github.com/spf13/cobra"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/internal/pty"
)

func newResize(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "resize {RUN[/RANKS]|pid:PID} SIZE",
		Short: "Change the size of a worker's terminal",
		Long: `Give a worker's terminal another size, COLUMNSxROWS; the program is told
(SIGWINCH). With --size-policy latest, the next key typed by somebody who is
attached brings that terminal's size back. Without RANKS, the first rank.

pid:PID is any process: its terminal is told the size, and the window that shows
it is not.
` + pidStatuses,
		Example: "  sluice resize edit 120x40",
		Args:    exactly(2, "RUN and SIZE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			size, err := pty.ParseSize(args[1])
			if err != nil {
				return usagef("%w", err)
			}
			f, err := foreignTo(args[0], "")
			if err != nil {
				return err
			}
			if f != nil {
				return f.resize(cmd.Context(), size)
			}
			all, err := a.chosen(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return a.each(all, func(p place) error {
				_, err := p.ask(cmd.Context(), api.Request{Op: api.OpResize, Size: &size, Who: who("resize")})
				return err
			})
		},
	}
}

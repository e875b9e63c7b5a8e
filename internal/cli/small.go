//go:build small

package cli

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/sluicerun/sluice/internal/agent"
)

// The commands that take a web server or a compiler for the kernel are the whole
// program's: what those initialise would cost every process of every run.

func newStream(*app) *cobra.Command { return inWhole(streamUse, streamShort) }
func newUpload(*app) *cobra.Command { return inWhole(uploadUse, uploadShort) }
func newWatch(*app) *cobra.Command  { return inWhole(watchUse, watchShort) }

// inWhole is a command that the whole program takes over, with its help and its
// completions.
func inWhole(use, short string) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error { return agent.BecomeWhole(os.Args) },
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			_ = agent.BecomeWhole(os.Args)
			return nil, cobra.ShellCompDirectiveError
		},
	}
	cmd.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		if err := agent.BecomeWhole(os.Args); err != nil {
			cmd.PrintErrln("sluice:", err)
		}
	})
	return cmd
}

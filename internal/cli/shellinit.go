package cli

import (
	_ "embed"
	"io"

	"github.com/spf13/cobra"
)

// The snippets, one for each shell.
var (
	//go:embed shell/init.bash
	initBash string
	//go:embed shell/init.zsh
	initZsh string
	//go:embed shell/init.fish
	initFish string
)

var shells = []string{"bash", "zsh", "fish"}

func newShellInit(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "shell-init SHELL",
		Short: "Print what makes a shell mark its prompts, for sluice wait --prompt",
		Long: `Print a snippet for bash, zsh or fish, to be read by the shell's start-up file (or
typed once). It makes the shell tell its terminal where prompts, commands and their
output begin, with which status commands ended (OSC 133), and the directory (OSC 7).
The prompt looks as before, PROMPT_COMMAND, precmd and fish_prompt of your own go on
working, and reading it twice changes nothing.
` + statuses,
		Example: `  eval "$(sluice shell-init bash)"          in ~/.bashrc
  eval "$(sluice shell-init zsh)"           in ~/.zshrc
  sluice shell-init fish | source           in ~/.config/fish/config.fish`,
		Args:      exactly(1, "SHELL (bash, zsh or fish)"),
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := shellSnippet(args[0])
			if err != nil {
				return err
			}
			_, err = io.WriteString(a.stdout, text)
			return err
		},
	}
}

func shellSnippet(shell string) (string, error) {
	switch shell {
	case "bash":
		return initBash, nil
	case "zsh":
		return initZsh, nil
	case "fish":
		return initFish, nil
	}
	return "", usagef("there is no snippet for the shell %q%s", shell, meant(shell, shells))
}

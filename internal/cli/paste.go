package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/sluicerun/sluice/session"
)

// maxPaste bounds a paste: it is one message, kept by the session until the
// program has read it.
const maxPaste = 8 << 20

func newPaste(a *app) *cobra.Command {
	var o sendOptions
	cmd := &cobra.Command{
		Use:   "paste {RUN[/RANKS]|pid:PID} [FILE]",
		Short: "Paste a file or standard input into a worker's terminal",
		Long: `Paste what is in FILE, or comes on standard input (FILE absent or -), as a
terminal does: bracketed if the program asked for that, with newlines as Enter.
What would end the paste early, and other escape characters, are taken out.
Without RANKS, the first rank.
` + pidHelp + untilHelp,
		Example: "  sluice paste repl script.py\n  git diff | sluice paste chat",
		Args:    between(1, 2, "RUN and at most one FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			send, err := o.to(cmd.Context(), a, args[0])
			if err != nil {
				return err
			}
			text, err := readPaste(argOr(args, 1, ""))
			if err != nil {
				return err
			}
			return send(cmd.Context(), session.Input{Source: source("paste"), Steps: []session.Step{{Paste: text}}})
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func readPaste(name string) ([]byte, error) {
	in := os.Stdin
	if name != "" && name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, usagef("paste: %w", err)
		}
		defer f.Close()
		in = f
	} else {
		name = "standard input"
	}
	text, err := io.ReadAll(io.LimitReader(in, maxPaste+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading %s to paste it: %w", name, err)
	case len(text) == 0:
		return nil, usagef("there is nothing to paste: %s is empty", name)
	case len(text) > maxPaste:
		return nil, usagef("%s has more than %d MB: write it to the program's input in another way", name, maxPaste>>20)
	}
	return text, nil
}

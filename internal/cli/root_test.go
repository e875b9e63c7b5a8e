package cli

import (
	"io"
	"slices"
	"testing"

	"github.com/spf13/cobra"
)

func names(root *cobra.Command) (out []string) {
	for _, c := range root.Commands() {
		out = append(out, c.Name())
	}
	return out
}

// Who names a command gets it and not the others, who does not has them all.
func TestCommands(t *testing.T) {
	a := &app{stdout: io.Discard, stderr: io.Discard}
	every := names(newRoot(a))
	for name, command := range commands {
		if got := command(a).Name(); got != name {
			t.Errorf("%s is called %s", name, got)
		}
		if got := names(newRoot(a, name, "--help")); !slices.Equal(got, []string{name}) {
			t.Errorf("with %s there are %q", name, got)
		}
		if !slices.Contains(every, name) {
			t.Errorf("%s is not one of all", name)
		}
	}
	for _, args := range [][]string{{"help", "run"}, {"--help"}, {"completion", "bash"}, {"__complete", ""}, {"unknown"}} {
		if got := names(newRoot(a, args...)); len(got) != len(every) || len(every) <= len(commands) {
			t.Errorf("%q: %q", args, got)
		}
	}
}

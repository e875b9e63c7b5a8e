package cli

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicerun/sluice/adopt"
	"github.com/sluicerun/sluice/internal/runs"
)

// redirectOptions are the flags of sluice redirect.
type redirectOptions struct {
	stdout, stderr string
	undo, force    bool
}

func newRedirect(a *app) *cobra.Command {
	var o redirectOptions
	cmd := &cobra.Command{
		Use:   "redirect PID (--stdout FILE | --stderr FILE | --undo)",
		Short: "Move the output of a running process to a file, and back",
		Long: `Move the output of a process that is already running to files, and back again
with --undo. The process is stopped for about a millisecond and notices nothing:
no line is lost or doubled, no wait of its is cut. FILE is appended to, or made
for its owner alone; with the same FILE for both, they share it in order.

The old stream stays open in the process (sluice inspect shows it), so its reader
meets no end before --undo or the end of the process. Lines that the program still
has in a buffer of its own go to the new place.

Done without --force: processes of the same user, except those that this command
descends from. Never half done: it is verified, and taken back if anything fails.

Exit status: 0 success; 1 it is not permitted, or cannot be done; 2 bad usage, or
there is no such process; 125 sluice itself failed.`,
		Example: `  sluice redirect 4711 --stdout out.log --stderr err.log
  sluice redirect 4711 --stdout all.log --stderr all.log
  sluice redirect 4711 --undo`,
		Args: exactly(1, "one PID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch named := o.stdout != "" || o.stderr != ""; {
			case o.undo && named:
				return usagef("--undo moves everything back: it goes without --stdout and --stderr")
			case !o.undo && !named:
				return usagef("where to? name --stdout FILE, --stderr FILE, or --undo")
			}
			return o.run(cmd.Context(), a, args[0])
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.stdout, "stdout", "", "move its stdout to `FILE`")
	f.StringVar(&o.stderr, "stderr", "", "move its stderr to `FILE`")
	f.BoolVar(&o.undo, "undo", false, "move it back to where it was at first")
	f.BoolVar(&o.force, "force", false, "also a process that is not ours, has a seccomp filter, or is in a write nobody reads")
	return cmd
}

func (o *redirectOptions) run(ctx context.Context, a *app, arg string) error {
	p, err := openProcess(arg)
	if err != nil {
		return err
	}
	defer p.Close()
	dir, err := runs.SocketDir()
	if err != nil {
		return err
	}
	dir = filepath.Join(dir, "adopt")
	// To be ended while the process is stopped would do harm to it.
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer stop()
	var moved *adopt.Moved
	if o.undo {
		moved, err = p.Undo(ctx, adopt.UndoOptions{Records: dir, Force: o.force})
	} else {
		moved, err = p.Redirect(ctx, adopt.RedirectOptions{Stdout: o.stdout, Stderr: o.stderr, Records: dir, Force: o.force})
	}
	var target *adopt.TargetError
	if errors.Is(err, adopt.ErrNoUndo) || errors.As(err, &target) {
		return &flagError{err: err}
	}
	if err != nil {
		return notInspected(a, p, err)
	}
	for _, m := range moved.Moves {
		a.say(fmt.Sprintf("%s of %v goes to %s", adopt.StreamName(m.FD), p, adopt.Printable(m.To.Name)), "")
	}
	text := fmt.Sprintf("it was stopped for %.1f ms", float64(moved.Stopped)/float64(time.Millisecond))
	if !o.undo {
		text += fmt.Sprintf("; back: sluice redirect %d --undo", p.PID)
	}
	a.say(text, "")
	if moved.Short > 0 {
		a.say(fmt.Sprintf("%d of its writes returned a part only, as after a signal, because nobody read the rest", moved.Short), "")
	}
	return nil
}

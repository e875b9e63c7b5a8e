package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/internal/attach"
	"github.com/sluicerun/sluice/internal/pty"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/keys"
	"github.com/sluicerun/sluice/session"
	"github.com/sluicerun/sluice/vt/render"
)

// attachOptions are the flags of sluice attach.
type attachOptions struct {
	readOnly   bool
	detachKey  string
	keymap     string
	scrollback int
}

func newAttach(a *app) *cobra.Command {
	var o attachOptions
	cmd := &cobra.Command{
		Use:   "attach RUN[/RANK]",
		Short: "Join your terminal to a worker's",
		Long: `Show a worker's terminal in yours, and let you type there. Others may be
attached at the same time, and scripts may type as well: all see the same
screen. Without RANK, the first one.

Ctrl+] alone, or followed by d, leaves, and the worker goes on; followed by t
it takes the keyboard over from everybody else, by g it gives it back, by ? it
shows this; pressed twice it goes to the program (another key: --detach-key).

A standard input or output that is no terminal is passed on byte by byte. For a
worker that has ended, its last screen is printed; if it is about to be started
anew, that is waited for.

Exit status: the program's (128+n for signal n); 0 after detaching; 2 bad usage;
125 sluice itself failed.`,
		Example: "  sluice attach edit\n  sluice attach edit/1 --read-only\n  sluice attach edit --keymap vi.keys",
		Args:    exactly(1, "RUN[/RANK]"),
		RunE:    func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), a, args[0]) },
	}
	f := cmd.Flags()
	f.BoolVarP(&o.readOnly, "read-only", "r", false, "only watch: what you type is not sent, and your size does not count")
	f.StringVar(&o.detachKey, "detach-key", attach.DefaultDetachKey, "`KEY` that leaves, or none")
	f.StringVar(&o.keymap, "keymap", "", "`FILE` that translates what you type before the program gets it")
	f.IntVar(&o.scrollback, "scrollback", 1000, "`N` lines that scrolled off the screen are shown first")
	return cmd
}

func (o *attachOptions) run(ctx context.Context, a *app, arg string) error {
	opt := attach.Options{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, DetachKey: o.detachKey, ReadOnly: o.readOnly}
	var err error
	if opt.Keymap, err = readKeymap(o.keymap); err != nil {
		return err
	}
	if o.detachKey != "none" {
		if _, err := keys.Parse(o.detachKey); err != nil {
			return fmt.Errorf("--detach-key: %w", err)
		}
	}
	if o.scrollback < 0 {
		return usagef("--scrollback: %d is not a number of lines", o.scrollback)
	}
	p, err := a.onePlace(ctx, arg)
	if err != nil {
		return err
	}
	// Who attaches to a rank that is started anew gets its next life.
	if p.over(ctx) && !p.again(ctx) {
		return a.lastScreen(ctx, p)
	}
	if err := o.refuseOwn(ctx, p); err != nil {
		return err
	}
	conn, err := api.Attach(ctx, p.rec.Socket, api.Request{Via: p.rec.Via, Rank: p.rank, Attach: o.wire(), Who: who("attach")})
	if err != nil {
		if errors.Is(err, api.ErrNoAgent) && p.over(ctx) {
			return a.lastScreen(ctx, p)
		}
		return err
	}
	res, err := attach.Run(ctx, conn, opt)
	switch {
	case err != nil:
		return err
	case res.Detached || !res.End.Ended:
		// The cursor is where the program had it; on its line there is nothing that
		// still holds.
		clear := ""
		if term.IsTerminal(int(os.Stderr.Fd())) {
			clear = "\r\x1b[J"
		}
		fmt.Fprintf(a.stderr, "%s[detached from %s; sluice attach %s comes back]\n", clear, p.rec.ID, arg)
		return nil
	}
	return leave(res.End.Status)
}

// refuseOwn refuses to join a terminal to itself: every key would come back as a
// key, and all that is shown be shown again, without end.
func (o *attachOptions) refuseOwn(ctx context.Context, p place) error {
	files := []*os.File{os.Stdout}
	if !o.readOnly {
		files = append(files, os.Stdin)
	}
	files = slices.DeleteFunc(files, func(f *os.File) bool { return !term.IsTerminal(int(f.Fd())) })
	if len(files) == 0 || p.local() != nil {
		return nil
	}
	resp, err := p.ask(ctx, api.Request{Op: api.OpScreen, Brief: true})
	if err != nil || resp.Screen == nil {
		return nil // attaching will tell
	}
	theirs, err := os.Stat(resp.Screen.State.TTY.Path)
	if err != nil {
		return nil
	}
	for _, f := range files {
		if ours, err := f.Stat(); err == nil && os.SameFile(ours, theirs) {
			return &job.UsageError{Field: "RUN", Value: p.String(), Why: "it is the terminal that this command runs on",
				Hint: "attach from another one; sluice screen " + p.String() + " shows it here"}
		}
	}
	return nil
}

// wire is what the session is told about us.
func (o *attachOptions) wire() *session.AttachOptions {
	in, out := term.IsTerminal(int(os.Stdin.Fd())), term.IsTerminal(int(os.Stdout.Fd()))
	w := &session.AttachOptions{ReadOnly: o.readOnly, Terminal: out, PID: os.Getpid(), Name: "keyboard", Scrollback: o.scrollback}
	if !in {
		w.Name = "stdin"
	}
	if out {
		w.Size, _ = pty.SizeOf(os.Stdout)
	}
	return w
}

// lastScreen prints the screen that a worker left, and ends as it did.
func (a *app) lastScreen(ctx context.Context, p place) error {
	t, _, err := p.look(ctx, 0)
	if err != nil {
		return err
	}
	snap, opt := t.Snapshot(false), render.Options{Join: true}
	text := render.ANSI(snap, opt)
	if !term.IsTerminal(int(os.Stdout.Fd())) {
		text = []byte(render.Text(snap, opt))
	}
	if _, err := a.stdout.Write(text); err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "[%s: %s; this was its last screen; sluice logs %[1]s shows all that it wrote]\n", p, p.outcome())
	return leave(p.status())
}

// readKeymap reads a file of package keys' grammar; nil without a name.
func readKeymap(name string) (*keys.Keymap, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, usagef("--keymap: %w", err)
	}
	defer f.Close()
	return keys.ParseKeymap(f, name)
}

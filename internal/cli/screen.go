package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/session"
	"github.com/sluicerun/sluice/stream"
	"github.com/sluicerun/sluice/vt"
	"github.com/sluicerun/sluice/vt/render"
)

// screenOptions are the flags of sluice screen.
type screenOptions struct {
	text, ansi, json, hash bool
	files                  [3]string // by pictures
	theme                  string
	fonts                  []string
	draw                   render.Options
}

// pictures are the forms that go to a file.
var pictures = [3]struct {
	flag  string
	write func(io.Writer, *vt.Snapshot, render.Options) error
}{{"svg", render.SVG}, {"png", render.PNG}, {"html", render.HTML}}

func newScreen(a *app) *cobra.Command {
	var o screenOptions
	cmd := &cobra.Command{
		Use:   "screen RUN[/RANK]",
		Short: "Show the screen of a worker's terminal",
		Long: `Print what is on a worker's screen now, as text; of a worker that has ended, what
was on it last. Without RANK, the first one. A FILE of - is standard output.

--json says besides who has the foreground, how the terminal is set (echo, line by
line), who is attached, and how a worker that has ended did so.
` + statuses,
		Example: `  sluice screen edit
  sluice screen edit --ansi | less -R
  sluice screen edit --png edit.png --theme light --frame
  sluice screen self --json | jq .state.foreground`,
		Args: exactly(1, "RUN[/RANK]"),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), a, args[0]) },
	}
	cmd.Flags().SortFlags = false
	o.addFlags(cmd.Flags())
	return cmd
}

func (o *screenOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.text, "text", false, "plain text (the default)")
	f.BoolVar(&o.ansi, "ansi", false, "text with its colours")
	f.BoolVar(&o.json, "json", false, "every cell that is not blank, the cursor, the modes, and the state of the terminal")
	f.BoolVar(&o.hash, "hash", false, "a short name of what is seen, the same as long as nothing changes")
	f.StringVar(&o.files[0], "svg", "", "draw it into `FILE` as SVG")
	f.StringVar(&o.files[1], "png", "", "draw it into `FILE` as PNG")
	f.StringVar(&o.files[2], "html", "", "write it to `FILE` as a page")
	f.BoolVar(&o.draw.Scrollback, "scrollback", false, "with the lines that scrolled off")
	f.BoolVar(&o.draw.Join, "join", false, "text: lines that the terminal wrapped are one line")
	f.BoolVar(&o.draw.HideCursor, "no-cursor", false, "pictures: without the cursor")
	addDrawFlags(f, &o.theme, &o.fonts, &o.draw)
}

// finalize checks the flags.
func (o *screenOptions) finalize() error {
	out := 0
	for _, is := range []bool{o.text, o.ansi, o.json, o.hash && !o.json, o.files[0] == "-", o.files[1] == "-", o.files[2] == "-"} {
		if is {
			out++
		}
	}
	if out > 1 {
		return usagef("screen: only one form can go to standard output")
	}
	if out == 0 && o.files == [3]string{} {
		o.text = true
	}
	return finishDraw(o.theme, o.fonts, &o.draw)
}

func (o *screenOptions) run(ctx context.Context, a *app, arg string) error {
	if err := o.finalize(); err != nil {
		return err
	}
	p, err := a.onePlace(ctx, arg)
	if err != nil {
		return err
	}
	scrollback := 0
	if o.draw.Scrollback {
		scrollback = -1
	}
	t, state, err := p.look(ctx, scrollback)
	if err != nil {
		return err
	}
	return o.show(a, t.Snapshot(o.draw.Scrollback), func(screen []byte, hash string) ([]byte, error) {
		st, err := json.Marshal(state)
		if err != nil {
			return nil, err
		}
		return fmt.Appendf(nil, "{\"run\": %q, \"rank\": %d,\n\"hash\": %q,\n\"state\": %s,\n\"screen\": %s}\n",
			p.rec.ID, p.rank, hash, st, screen), nil
	})
}

// show writes a screen in the forms that were asked for. object makes JSON of what
// it is the screen of, and of the screen.
func (o *screenOptions) show(a *app, snap *vt.Snapshot, object func(screen []byte, hash string) ([]byte, error)) error {
	for i, pic := range pictures {
		name := o.files[i]
		if name == "" {
			continue
		}
		if err := writeFile(a, name, func(w io.Writer) error { return pic.write(w, snap, o.draw) }); err != nil {
			return fmt.Errorf("--%s: %w", pic.flag, err)
		}
	}
	var err error
	switch {
	case o.text:
		_, err = io.WriteString(a.stdout, render.Text(snap, o.draw))
	case o.ansi:
		_, err = a.stdout.Write(render.ANSI(snap, o.draw))
	case o.json:
		err = o.showJSON(a, snap, object)
	case o.hash:
		_, err = fmt.Fprintln(a.stdout, render.Hash(snap))
	}
	return err
}

// showJSON keeps the lines of package render's form, which can be compared with
// diff.
func (o *screenOptions) showJSON(a *app, snap *vt.Snapshot, object func([]byte, string) ([]byte, error)) error {
	screen, err := render.JSON(snap, o.draw)
	if err != nil {
		return err
	}
	out, err := object(bytes.TrimSpace(screen), render.Hash(snap))
	if err != nil {
		return err
	}
	_, err = a.stdout.Write(out)
	return err
}

// look is a terminal's screen and state now, or those it ended with, with so many
// of the lines that scrolled off; negative: all.
func (p place) look(ctx context.Context, scrollback int) (*vt.Terminal, session.State, error) {
	if p.rec.State == runs.Ended {
		return p.replay()
	}
	resp, err := p.ask(ctx, api.Request{Op: api.OpScreen, Scrollback: scrollback})
	if err != nil {
		if p.rec.State == runs.Ended { // just now
			return p.replay()
		}
		return nil, session.State{}, err
	}
	t, err := p.terminal(resp.Screen)
	if err != nil {
		return nil, session.State{}, err
	}
	return t, resp.Screen.State, nil
}

// terminal rebuilds a terminal that the agent has.
func (p place) terminal(s *api.Screen) (*vt.Terminal, error) {
	if s == nil {
		return nil, fmt.Errorf("looking at %s: the run's agent told of no screen", p)
	}
	opt := vt.Options{}
	if p.rec.Spec.Pty != nil {
		// What the agent could keep we can, too.
		opt.Scrollback = int(max(p.rec.Spec.Pty.Scrollback, vt.DefaultScrollback))
	}
	t := vt.New(s.Cols, s.Rows, opt)
	t.Write(s.Dump)
	return t, nil
}

// replay is what the log of a worker that has ended leads to.
func (p place) replay() (*vt.Terminal, session.State, error) {
	if err := p.local(); err != nil {
		return nil, session.State{}, err
	}
	t, err := session.Replay(p.dir())
	if err != nil {
		return nil, session.State{}, err
	}
	st := session.State{Ended: true, Status: p.status(), Clients: []session.Client{}, Generation: t.Generation()}
	st.Cols, st.Rows = t.Size()
	if log, err := stream.OpenReader(p.dir(), session.OutputLog); err == nil {
		st.Offset = log.Size()
		log.Close()
	}
	return t, st, nil
}

// writeFile is putFile in the place of whatever is there, or standard output for -.
func writeFile(a *app, name string, write func(io.Writer) error) error {
	if name != "-" {
		return putFile(name, true, write)
	}
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	_, err := a.stdout.Write(b.Bytes())
	return err
}

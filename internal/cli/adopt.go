package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/sluicerun/sluice/adopt"
)

func newAdopt(a *app) *cobra.Command {
	var explain, asJSON bool
	cmd := &cobra.Command{
		Use:   "adopt PID --explain",
		Short: "Show which ways there are into any process, and out of it",
		Long: `Show what a process reads and writes, and for each way of typing into it
(sluice type, press, paste, eof), of moving its output (sluice redirect) and of
watching that (sluice watch): whether there is such a way, whether it is
permitted, which one would be taken, and why the others are not. Nothing is typed,
moved or changed.

A way that is not permitted comes with the right that is missing, and what would
give it.

Exit status: 0 success, also if nothing is permitted; 1 the process has ended; 2 bad
usage, or there is no such process; 125 sluice itself failed.`,
		Example: "  sluice adopt $(pgrep -n fzf) --explain",
		Args:    exactly(1, "PID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !explain {
				return &flagError{err: fmt.Errorf("adopting is done by the commands for it: sluice adopt explains which can"),
					hint: "add --explain; the commands are sluice type, press, paste, eof, resize pid:PID, sluice redirect, sluice watch"}
			}
			return adoptRun(cmd.Context(), a, args[0], asJSON)
		},
	}
	cmd.Flags().BoolVar(&explain, "explain", false, "show the ways, and what speaks for and against each")
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

// explanation is what is known of the ways into a process and out of it.
type explanation struct {
	PID  int    `json:"pid"`
	Comm string `json:"comm"`
	// Session is the run and rank on whose terminal it is: RUN/RANK.
	Session string `json:"session,omitempty"`
	// Streams are its descriptors 0 to 2, as far as they are open.
	Streams []explainedStream `json:"streams"`
	Input   *adopt.Input      `json:"input"`
	// Redirect is why its output cannot be moved; null: it can.
	Redirect *adopt.Refusal `json:"redirect_refusal"`
	Watch    []watchable    `json:"watch"`
}

type explainedStream struct {
	adopt.Descriptor
	Ends []adopt.Holder `json:"ends,omitempty"`
}

// watchable is how a stream could be watched.
type watchable struct {
	FD   int              `json:"fd"`
	Ways []adopt.WatchWay `json:"ways"` // the first that is permitted is taken
}

func adoptRun(ctx context.Context, a *app, arg string, asJSON bool) error {
	p, table, err := openScanned(ctx, arg)
	if err != nil {
		return err
	}
	defer p.Close()
	e := &explanation{PID: p.PID, Comm: p.Comm, Redirect: p.MayTrace(), Streams: []explainedStream{}}
	if e.Input, err = p.Input(ctx, table); err != nil {
		return notInspected(a, p, err)
	}
	if e.Redirect == nil { // a security module's refusal is seen by trying only
		e.Redirect = e.Input.Unseen
	}
	if rec, rank := sessionOf(p.PID); rec != nil {
		e.Session = place{rec, rank}.String()
	}
	for fd := range 3 {
		if d, err := p.Descriptor(fd); err == nil {
			e.Streams = append(e.Streams, explainedStream{d, table.Ends(d)})
		}
	}
	e.Watch = e.watchables()
	if asJSON {
		return printJSON(a, e)
	}
	var b bytes.Buffer
	e.write(&b)
	for line := range strings.Lines(b.String()) { // columns that are empty leave blanks
		if _, err := fmt.Fprintln(a.stdout, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

// watchables are how stdout and stderr could be watched, by what they are. Whether
// the kernel lets us is found out by doing it.
func (e *explanation) watchables() []watchable {
	all := []watchable{}
	for _, s := range e.Streams {
		if s.FD == 0 {
			continue
		}
		w := watchable{FD: s.FD, Ways: []adopt.WatchWay{adopt.WatchBPF}}
		if s.Kind == adopt.File {
			w.Ways = []adopt.WatchWay{adopt.WatchFile}
		}
		if e.Redirect == nil {
			w.Ways = append(w.Ways, adopt.WatchPtrace)
		}
		if s.Kind == adopt.Pipe || s.Kind == adopt.FIFO {
			w.Ways = append(w.Ways, adopt.WatchTee)
		}
		all = append(all, w)
	}
	return all
}

func (e *explanation) write(out io.Writer) {
	fmt.Fprintf(out, "process %d (%s)\n", e.PID, adopt.Printable(e.Comm))
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	for _, s := range e.Streams {
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", adopt.StreamName(s.FD), s.Kind, adopt.Printable(s.Name), otherEnds(s.Ends))
	}
	if t := e.Input.Terminal; t != nil {
		line := "it may not be looked at"
		if t.Line != nil {
			line = t.Line.String()
		}
		fmt.Fprintf(w, "  terminal\t%s\t%s\t%s\n", adopt.Printable(t.Name), line, otherEnds(t.Masters))
	}
	w.Flush()

	reads := map[string]string{adopt.FromTerminal: "from its terminal", adopt.FromStdin: "from its standard input", "": "nowhere that is known"}
	fmt.Fprintf(out, "\ninput comes %s: %s\n", reads[e.Input.From], adopt.Printable(e.Input.Because))
	w = tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	if e.Session != "" {
		fmt.Fprintf(w, "  session\ttaken\tit is on the terminal of %s, a session of ours\n", e.Session)
	}
	for _, way := range e.Input.Ways {
		e.way(w, way)
	}
	w.Flush()

	fmt.Fprintln(out, "\noutput")
	w = tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	if r := e.Redirect; r != nil {
		fmt.Fprintf(w, "  redirect\trefused\t%s\n", r.Why)
		fix(w, r)
	} else {
		fmt.Fprintln(w, "  redirect\tpossible\tby ptrace, which stops it for some milliseconds")
	}
	for _, s := range e.Watch {
		ways := make([]string, len(s.Ways))
		for i, way := range s.Ways {
			ways[i] = string(way)
		}
		fmt.Fprintf(w, "  watch %s\tpossible\tby the first of these that is permitted: %s\n", adopt.StreamName(s.FD), strings.Join(ways, ", "))
	}
	switch {
	case e.Input.Unseen != nil:
		fmt.Fprintln(w, "  watch\trefused\twhat it has open may not be seen")
	case len(e.Watch) == 0:
		fmt.Fprintln(w, "  watch\tno\tit has neither stdout nor stderr open")
	}
	w.Flush()
}

// way is a line for a way, and one for what would permit it.
func (e *explanation) way(w io.Writer, way adopt.Way) {
	what := adopt.Printable(way.What)
	switch {
	case !way.Exists:
		fmt.Fprintf(w, "  %s\tno\t%s\n", way.Name, adopt.Printable(way.Why))
	case way.Refusal != nil:
		fmt.Fprintf(w, "  %s\trefused\t%s: %s (%s)\n", way.Name, what, adopt.Printable(way.Refusal.Why), way.Refusal.Right)
		fix(w, way.Refusal)
	case way.Taken && e.Session == "":
		fmt.Fprintf(w, "  %s\ttaken\t%s\n", way.Name, what)
	case way.Taken:
		fmt.Fprintf(w, "  %s\tpossible\t%s; the session comes first\n", way.Name, what)
	default:
		fmt.Fprintf(w, "  %s\tpossible\t%s; not taken: %s\n", way.Name, what, adopt.Printable(way.Why))
	}
}

func fix(w io.Writer, r *adopt.Refusal) {
	if r.Fix != "" {
		fmt.Fprintf(w, "  \t\t%s\n", adopt.Printable(r.Fix))
	}
}

// otherEnds are the first of those at the other end of a stream.
func otherEnds(ends []adopt.Holder) string {
	const most = 3
	text := ""
	for i, h := range ends {
		switch {
		case i == most:
			return fmt.Sprintf("%s and %d more", text, len(ends)-most)
		case i > 0:
			text += ", "
		default:
			text = "other end: "
		}
		text += fmt.Sprintf("%s (%d) as %d", adopt.Printable(h.Comm), h.PID, h.FD)
	}
	return text
}

package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/sluicerun/sluice/adopt"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
)

// inspectOptions are the flags of sluice inspect.
type inspectOptions struct {
	json, tree, ascii bool
}

// inspectEnds is how many other ends of a descriptor are listed.
const inspectEnds = 6

func newInspect(a *app) *cobra.Command {
	var o inspectOptions
	cmd := &cobra.Command{
		Use:   "inspect PID",
		Short: "Show what any process has open, and who is at the other ends",
		Long: `Show the descriptors of any process: what they are of, how they are open, how
far a file was read or written, how much waits in a pipe, and who holds the other
end of each pipe, FIFO, socket and terminal. Nothing of the process is changed.

With --tree, draw the processes that it is connected with, in the order in which
data flows through them.

As an ordinary user, only that user's processes can be looked into.

Exit status: 0 success; 1 the process has ended, or may not be looked into; 2 bad
usage, or there is no such process; 125 sluice itself failed.`,
		Example: "  sluice inspect 4711\n  sluice inspect --tree $(pgrep -n grep)",
		Args:    exactly(1, "PID"),
		RunE:    func(cmd *cobra.Command, args []string) error { return inspectRun(cmd.Context(), a, args[0], o) },
	}
	f := cmd.Flags()
	f.BoolVar(&o.json, "json", false, "as JSON: the report, or with --tree the processes and what connects them")
	f.BoolVar(&o.tree, "tree", false, "draw the processes that it is connected with")
	f.BoolVar(&o.ascii, "ascii", false, "draw with plain characters (default where the locale is not UTF-8)")
	return cmd
}

func inspectRun(ctx context.Context, a *app, arg string, o inspectOptions) error {
	p, table, err := openScanned(ctx, arg)
	if err != nil {
		return err
	}
	defer p.Close()
	o.ascii = o.ascii || !utf8Locale(os.Getenv)
	if o.tree {
		plumbing, err := p.Plumbing(ctx, table)
		if err != nil {
			return notInspected(a, p, err)
		}
		if o.json {
			return printJSON(a, plumbing)
		}
		opt := adopt.DrawOptions{ASCII: o.ascii}
		if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
			opt.Width = w
		}
		return adopt.Draw(a.stdout, plumbing, opt)
	}
	r, err := p.Inspect(ctx, table)
	if err != nil {
		return notInspected(a, p, err)
	}
	if o.json {
		err = printJSON(a, r)
	} else {
		var b bytes.Buffer
		(&inspection{w: &b, r: r, ascii: o.ascii, agents: agents()}).write()
		_, err = b.WriteTo(a.stdout)
	}
	if err == nil && r.Refusal != nil {
		return notInspected(a, p, r.Refusal)
	}
	return err
}

// openProcess takes hold of the process that a person names by its pid.
func openProcess(arg string) (*adopt.Process, error) {
	pid, err := parsePID(strings.TrimPrefix(arg, pidPrefix))
	if err != nil {
		return nil, err
	}
	p, err := adopt.Live().Open(pid)
	if errors.Is(err, adopt.ErrGone) {
		return nil, &flagError{err: err, hint: "ps -e lists the processes that there are"}
	}
	if err != nil {
		return nil, &flagError{err: err}
	}
	return p, nil
}

// openScanned is openProcess for who wants to know the other ends, too.
func openScanned(ctx context.Context, arg string) (*adopt.Process, *adopt.Table, error) {
	p, err := openProcess(arg)
	if err != nil {
		return nil, nil, err
	}
	table, err := adopt.Live().Scan(ctx)
	if err != nil {
		p.Close()
		return nil, nil, err
	}
	return p, table, nil
}

// notInspected tells why not, with the status of a thing that cannot be done.
func notInspected(a *app, p *adopt.Process, err error) error {
	var refusal *adopt.Refusal
	switch {
	case errors.Is(err, adopt.ErrGone):
		fmt.Fprintf(a.stderr, "sluice: %v has ended\n", p)
	case errors.As(err, &refusal):
		fmt.Fprintln(a.stderr, "sluice:", err) // with what was to be said besides
	default:
		return err
	}
	return exitStatus(1)
}

// agents are the runs that go on, by the pids of their agents.
func agents() map[int]*runs.Record {
	m := map[int]*runs.Record{}
	for _, rec := range runs.List() {
		if rec.Agent != nil && rec.State != runs.Ended && !rec.Lost() {
			m[rec.Agent.Pid] = rec
		}
	}
	return m
}

// inspection writes a report for people.
type inspection struct {
	w      io.Writer
	r      *adopt.Report
	ascii  bool
	agents map[int]*runs.Record
}

func (i *inspection) write() {
	r := i.r
	fmt.Fprintf(i.w, "process %d (%s), %s\n", r.PID, adopt.Printable(r.Comm), r.State)
	i.facts()
	if len(r.Descriptors) > 0 {
		fmt.Fprintln(i.w)
		w := tabwriter.NewWriter(i.w, 0, 8, 2, ' ', 0)
		fmt.Fprintln(w, "FD\tMODE\tKIND\tNAME\tOTHER ENDS")
		for _, f := range r.Descriptors {
			i.file(w, f)
		}
		w.Flush()
	}
	for n, note := range r.Notes {
		if n == 0 {
			fmt.Fprintln(i.w)
		}
		fmt.Fprintln(i.w, "note:", note)
	}
}

func (i *inspection) facts() {
	r := i.r
	w := tabwriter.NewWriter(i.w, 0, 8, 2, ' ', 0)
	fact := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "  %s\t%s\n", name, strings.ReplaceAll(value, "\t", " "))
		}
	}
	fact("command", adopt.Printable(job.Quote(r.Command...)))
	fact("exe", adopt.Printable(r.Exe))
	fact("cwd", adopt.Printable(r.Cwd))
	if r.Root != "/" {
		fact("root", adopt.Printable(r.Root))
	}
	if r.Parent != nil {
		fact("parent", whoText(*r.Parent))
	}
	if r.Tracer != nil {
		fact("traced by", whoText(*r.Tracer))
	}
	fact("user", userName(r.UID))
	fact("session", fmt.Sprintf("%d, process group %d", r.Session, r.Group))
	for _, t := range r.Terminals {
		name := "terminal"
		if t.Controlling {
			name = "controlled by"
		}
		fact(name, adopt.Printable(t.String()))
		for _, m := range t.Masters {
			if rec := i.agents[m.PID]; rec != nil {
				fact("run", runText(rec, r))
			}
		}
	}
	fact("cgroup", adopt.Printable(r.Cgroup))
	if len(r.Namespaces) > 0 {
		fact("namespaces", "its own: "+strings.Join(r.Namespaces, ", "))
	}
	if len(r.PIDs) > 0 {
		fact("pid inside", strings.Trim(fmt.Sprint(r.PIDs), "[]"))
	}
	w.Flush()
}

func (i *inspection) file(w io.Writer, f adopt.OpenFile) {
	mode := ""
	if f.Readable {
		mode += "r"
	}
	if f.Writable {
		mode += "w"
	}
	if mode == "" {
		mode = "-"
	}
	ends := i.ends(f)
	fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\n", f.FD, mode, f.Kind, i.name(f), ends[0])
	for _, e := range ends[1:] {
		fmt.Fprintf(w, "\t\t\t\t%s\n", e)
	}
}

// name is what is open and all there is to say of it.
func (i *inspection) name(f adopt.OpenFile) string {
	words := []string{adopt.Printable(f.Name)}
	add := func(format string, args ...any) { words = append(words, fmt.Sprintf(format, args...)) }
	if f.Deleted {
		words[0] += " (deleted)"
	}
	if f.Socket != nil {
		words[0] = f.Title()
		if f.Socket.Type != "" {
			add("%s", f.Socket.Type)
		}
		if f.Socket.State != "" {
			add("%s", f.Socket.State)
		}
		if n := f.Socket.Received; n != nil && *n > 0 {
			add("%d bytes wait", *n)
		}
		if n := f.Socket.Sent; n != nil && *n > 0 {
			add("%d bytes not sent yet", *n)
		}
	}
	if f.Offset != nil && f.Kind == adopt.File {
		at := fmt.Sprintf("at %d", *f.Offset)
		if f.Size != nil {
			at += fmt.Sprintf(" of %d bytes", *f.Size)
		}
		add("%s", at)
	}
	if f.Waiting != nil {
		add("%d of %d bytes wait", *f.Waiting, *f.Capacity)
	}
	if f.Detail != "" {
		add("%s", f.Detail)
	}
	for _, flag := range f.Flags {
		if flag != "O_CLOEXEC" { // nearly all have it, and it says nothing of the plumbing
			add("%s", flag)
		}
	}
	return strings.Join(words, ", ")
}

// ends are the lines for the other ends, one at least.
func (i *inspection) ends(f adopt.OpenFile) []string {
	var all []string
	for n, e := range f.Ends {
		if n == inspectEnds {
			all = append(all, fmt.Sprintf("and %d more", len(f.Ends)-n))
			break
		}
		text := fmt.Sprintf("%s %s fd %d", i.arrow(f, e), whoText(e.Who), e.FD)
		if e.Relation != adopt.Unrelated {
			text += ", " + string(e.Relation)
		}
		if rec := i.agents[e.PID]; rec != nil {
			text += ", " + runText(rec, i.r)
		}
		all = append(all, text)
	}
	if len(all) == 0 {
		return []string{i.nobody(f)}
	}
	return all
}

// nobody is what is said of a descriptor without other ends.
func (i *inspection) nobody(f adopt.OpenFile) string {
	switch f.Kind {
	case adopt.Pipe, adopt.FIFO, adopt.PTY, adopt.Master:
	case adopt.Socket:
		if f.Socket == nil || f.Socket.State == "listening" || f.Socket.Remote == "" && f.Socket.State != "connected" {
			return ""
		}
		if f.Socket.Family != "unix" {
			return "nobody on this machine"
		}
	default:
		return ""
	}
	if len(i.r.Unseen) > 0 {
		return "nobody who can be seen"
	}
	return "nobody"
}

// arrow is which way the data goes between the process and another end.
func (i *inspection) arrow(f adopt.OpenFile, e adopt.End) string {
	in, out := f.Readable && e.Writable, f.Writable && e.Readable
	arrows := [3]string{"←", "→", "↔"}
	if i.ascii {
		arrows = [3]string{"<-", "->", "<->"}
	}
	switch {
	case in && !out:
		return arrows[0]
	case out && !in:
		return arrows[1]
	}
	return arrows[2]
}

func whoText(w adopt.Who) string {
	if w.Comm == "" {
		return strconv.Itoa(w.PID)
	}
	return fmt.Sprintf("%d (%s)", w.PID, adopt.Printable(w.Comm))
}

// runText names the run whose agent is at an end, and the rank that the process is
// or belongs to.
func runText(rec *runs.Record, r *adopt.Report) string {
	for _, w := range rec.Workers {
		if w.Kind == job.KindRunning && (w.PID == r.PID || w.PID == r.Session || w.PID == r.Group) {
			return fmt.Sprintf("sluice run %s, rank %d", rec.ID, w.Rank)
		}
	}
	return "sluice run " + rec.ID
}

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return fmt.Sprintf("%s (%d)", u.Username, uid)
	}
	return strconv.Itoa(uid)
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/session"
	"github.com/sluicerun/sluice/vt"
)

// waitOptions are the flags of sluice wait.
type waitOptions struct {
	timeout job.Duration
	quiet   bool
	cond    session.Condition
	cursor  string
}

// reSyntax is the hint for regular expressions.
const reSyntax = "the syntax is that of RE2: https://github.com/google/re2/wiki/Syntax"

// conditions are the flags of which one makes it a wait for the screen.
var conditions = []string{"text", "regex", "gone", "settled", "cursor", "title", "prompt", "exit", "file", "port"}

func (o *waitOptions) addFlags(f *pflag.FlagSet) {
	f.SortFlags = false
	c := &o.cond
	f.StringVar(&c.Text, "text", "", "`TEXT` is on the screen; a line that was wrapped is one line")
	f.StringVar(&c.Regexp, "regex", "", "the screen matches `REGEX` (RE2); ^ and $ are the ends of lines")
	f.StringVar(&c.Gone, "gone", "", "`TEXT` is not on the screen")
	f.Var(&c.Settled, "settled", "the screen has not changed for this long, for example 250ms")
	f.StringVar(&o.cursor, "cursor", "", "the cursor is at `ROW,COLUMN`, from 1; * is any")
	f.StringVar(&c.Title, "title", "", "the title matches `REGEX`")
	f.BoolVar(&c.Prompt, "prompt", false, "the shell waits for a command")
	f.BoolVar(&c.Exit, "exit", false, "the program has ended, and all it wrote is there")
	f.StringVar(&c.File, "file", "", "`FILE` exists")
	f.IntVar(&c.Port, "port", 0, "somebody listens on TCP port `N` of this machine")
	f.BoolVar(&c.SinceInput, "since-input", false, "only what came after the last input counts")
	f.Var(&o.timeout, "timeout", "give up after this long: with status 124 for a run's end (default never), 3 for a condition (default 10s)")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing")
}

// finalize checks the flags and says whether there is a condition.
func (o *waitOptions) finalize(f *pflag.FlagSet) (some bool, err error) {
	for _, name := range conditions {
		if !f.Changed(name) {
			continue
		}
		some = true
		if v := f.Lookup(name).Value.String(); v == "" || v == "0" || v == "false" {
			return true, usagef("--%s: %s is nothing to wait for", name, strconv.Quote(v))
		}
	}
	if !some {
		if o.cond.SinceInput {
			return false, usagef("--since-input goes with a condition, such as --text")
		}
		return false, nil
	}
	c := &o.cond
	for name, re := range map[string]string{"regex": c.Regexp, "title": c.Title} {
		if _, err := regexp.Compile(re); err != nil {
			return true, &flagError{err: fmt.Errorf("--%s: %w", name, err), hint: reSyntax}
		}
	}
	if o.cursor != "" {
		if c.Row, c.Col, err = parseCursor(o.cursor); err != nil {
			return true, err
		}
	}
	if c.Port < 0 || c.Port > 65535 {
		return true, usagef("--port: %d is no port: they go from 1 to 65535", c.Port)
	}
	if c.Settled < 0 {
		return true, usagef("--settled: %v is too long to wait for", c.Settled)
	}
	if c.File != "" {
		// The run's agent looks for it, and has another directory.
		if c.File, err = filepath.Abs(c.File); err != nil {
			return true, fmt.Errorf("--file: %w", err)
		}
	}
	if c.Timeout = o.timeout; f.Changed("timeout") && o.timeout == 0 {
		c.Timeout = 1 // to look once; 0 is the default
	}
	return true, nil
}

// parseCursor reads ROW,COLUMN; 0 is any.
func parseCursor(s string) (row, col int, err error) {
	r, c, found := strings.Cut(s, ",")
	one := func(s string) int {
		if s == "*" {
			return 0
		}
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > vt.MaxCols {
			return -1
		}
		return n
	}
	row, col = one(r), one(c)
	if !found || row < 0 || col < 0 || row+col == 0 {
		return 0, 0, usagef("--cursor: %q is no ROW,COLUMN from 1, as in 3,1 or 3,*", s)
	}
	return row, col, nil
}

// onScreen waits for the condition and shows the screen if it does not come true.
func (o *waitOptions) onScreen(ctx context.Context, a *app, arg string) error {
	p, err := a.onePlace(ctx, arg)
	if err != nil {
		return err
	}
	if p.rec.State == runs.Ended {
		return o.onLast(a, p)
	}
	resp, err := p.ask(ctx, api.Request{Op: api.OpAwait, Await: &o.cond, Brief: true, Who: who("wait")})
	var no *session.NotMetError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &no):
		// The run may have ended while we asked, or while we waited.
		if p.rec.State == runs.Ended || errors.Is(err, api.ErrNoAgent) && p.over(ctx) {
			return o.onLast(a, p)
		}
		return err
	}
	t, terr := p.terminal(resp.Screen)
	if terr != nil {
		return terr
	}
	return o.notMet(a, p, no, t, resp.Screen.State.Status)
}

// unmarked is for who waits for the prompt of a shell that never told of one.
const unmarked = "  hint: nothing has marked a prompt there so far; sluice shell-init --help tells how a shell is made to\n"

// notMet tells what was waited for in vain, and shows what there is.
func (o *waitOptions) notMet(a *app, p place, no *session.NotMetError, t *vt.Terminal, status int) error {
	if !o.quiet {
		snap := t.Snapshot(false)
		screen := asText(snap)
		screen.Ended, screen.Status = no.Ended, status
		hint := ""
		if o.cond.Prompt && !snap.Prompt.Seen {
			hint = unmarked
		}
		fmt.Fprintf(a.stderr, "sluice: %s: %v\n%s%s", p, no, hint, screen.Draw("  "))
	}
	return exitStatus(job.StatusNotMet)
}

// onLast looks at the screen that a worker left: nothing on it will change any
// more.
func (o *waitOptions) onLast(a *app, p place) error {
	t, _, err := p.replay()
	if err != nil {
		return err
	}
	missing, err := lastHolds(t, o.cond)
	if err != nil || missing == "" {
		return err
	}
	return o.notMet(a, p, &session.NotMetError{What: missing, Ended: true}, t, p.status())
}

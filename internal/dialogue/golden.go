package dialogue

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
	"unicode/utf8"
)

func (o *ExpectScreen) do(r *runner, c *Command) error {
	p, err := r.program(c)
	if err != nil {
		return err
	}
	name, err := r.text(o.File, c)
	if err != nil {
		return err
	}
	path := beside(c.At.File, name)
	if r.o.Update {
		return r.update(p, o, c, path)
	}
	want, err := r.host.ReadFile(path)
	if err != nil {
		f := &Failure{Class: Unusable, Command: c, Why: fmt.Sprintf("the golden file %s cannot be read: %s", name, reason(err)), Err: err, Screen: r.lastScreen(c)}
		if errors.Is(err, fs.ErrNotExist) {
			f.Hint = "with --update it is written from what the screen shows"
		}
		return f
	}
	wanted := r.golden(strings.Split(strings.ReplaceAll(string(want), "\r\n", "\n"), "\n"), o.Masks)
	began := r.o.Now()
	timeout := time.Duration(0)
	if o.Within.Set {
		timeout = r.limit(o.Within)
	}
	for {
		s, err := p.Screen(r.ctx)
		if err != nil {
			return err
		}
		got := r.golden(s.Lines, o.Masks)
		if got == wanted {
			return nil
		}
		waited := r.o.Now().Sub(began)
		if s.Ended || timeout >= 0 && waited >= timeout {
			f := &Failure{Class: Asserted, Command: c, Why: "the screen is not as " + name + " says", Hint: "with --update the file is written anew", Screen: &s, Differences: differences(wanted, got)}
			if timeout != 0 {
				f.Waited = waited
			}
			return f
		}
		if err := r.o.Sleep(r.ctx, poll); err != nil {
			return err
		}
	}
}

// update writes the golden file if it is not as it should be. With a within the
// screen is given that time to come to rest, as nothing tells what to wait for.
func (r *runner) update(p *program, o *ExpectScreen, c *Command, path string) error {
	if o.Within.Set && o.Within.D > 0 {
		w := r.waiting(Cond{Settled: min(o.Within.D/2, 500*time.Millisecond), Status: -1})
		if _, err := w.wait(r.ctx, p, o.Within.D); err != nil && !notMet(err) {
			return err
		}
	}
	s, err := p.Screen(r.ctx)
	if err != nil {
		return err
	}
	got := r.golden(s.Lines, o.Masks)
	old, err := r.host.ReadFile(path)
	if err == nil && string(old) == got {
		return nil
	}
	if err := r.host.WriteFile(path, []byte(got)); err != nil {
		return fmt.Errorf("writing the golden file: %w", err)
	}
	r.note(c, "wrote "+path)
	return nil
}

// golden is a screen as it is kept: without blanks at the ends of lines and
// empty lines at the end, and with stars for what is masked. Masks keep the
// width, so that columns stay where they are.
func (r *runner) golden(lines []string, masks []string) string {
	var b strings.Builder
	empty := 0
	for _, line := range lines {
		line = strings.TrimRight(line, " ")
		for _, m := range masks {
			line = r.regexp(m).ReplaceAllStringFunc(line, func(s string) string { return strings.Repeat("*", utf8.RuneCountInString(s)) })
		}
		line = strings.TrimRight(line, " ")
		if line == "" {
			empty++
			continue
		}
		b.WriteString(strings.Repeat("\n", empty) + line + "\n")
		empty = 0
	}
	return b.String()
}

// maxDifferences bounds the rows that a failure shows.
const maxDifferences = 12

// differences are the rows that are not the same.
func differences(want, got string) []string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	var out []string
	more := 0
	for i := range max(len(w), len(g)) {
		var a, b string
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		switch {
		case a == b:
		case len(out) >= 2*maxDifferences:
			more++
		default:
			out = append(out, fmt.Sprintf("%4d - %s", i+1, clean(a)), fmt.Sprintf("     + %s", clean(b)))
		}
	}
	if more > 0 {
		out = append(out, fmt.Sprintf("and %d rows more", more))
	}
	return out
}

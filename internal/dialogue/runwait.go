package dialogue

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// errStatus: the program ended, but with another status.
var errStatus = errors.New("the program has ended with another status")

// waiting is one condition, ready to be asked for from any goroutine.
type waiting struct {
	cond  Cond
	line  *regexp.Regexp
	vars  map[string]string
	from  string // the source of the input
	clock RunOptions
}

func (r *runner) waiting(c Cond) waiting {
	w := waiting{cond: c, vars: r.vars, from: r.o.Source, clock: r.o}
	if c.Line != "" {
		w.line = r.regexp(c.Line)
	}
	return w
}

// wait waits for the condition, at most for timeout (negative: forever). The
// error is ErrNotMet, ErrEnded, errStatus, or what went wrong.
func (w waiting) wait(ctx context.Context, t Terminal, timeout time.Duration) (Screen, error) {
	cond, err := w.cond.condition(w.vars, w.from, timeout)
	if err != nil {
		return Screen{}, err
	}
	if !w.cond.local() {
		s, err := t.Wait(ctx, cond)
		if err == nil && w.cond.Exit && w.cond.Status >= 0 && s.Status != w.cond.Status {
			err = errStatus
		}
		return s, err
	}
	// No session knows of the line that the cursor is in: look again and again.
	end := w.clock.Now().Add(timeout)
	rest := w.cond
	rest.Line = ""
	for {
		var s Screen
		if rest.empty() {
			s, err = t.Screen(ctx)
		} else {
			r := w
			r.cond = rest
			s, err = r.wait(ctx, t, now)
		}
		if err != nil && !errors.Is(err, ErrNotMet) {
			return s, err
		}
		if err == nil && w.line.MatchString(s.cursorLine()) {
			return s, nil
		}
		switch {
		case s.Ended:
			return s, ErrEnded
		case timeout >= 0 && !w.clock.Now().Before(end):
			return s, ErrNotMet
		}
		if err := w.clock.Sleep(ctx, poll); err != nil {
			return s, err
		}
	}
}

// cursorLine is the line that the cursor is in, without blanks at the end.
func (s Screen) cursorLine() string {
	if s.Row < 1 || s.Row > len(s.Lines) {
		return ""
	}
	return strings.TrimRight(s.Lines[s.Row-1], " ")
}

// holds asks once.
func (r *runner) holds(p *program, c Cond) (bool, Screen, error) {
	s, err := r.waiting(c).wait(r.ctx, p, now)
	switch {
	case err == nil:
		r.found(c, s)
		return true, s, nil
	case notMet(err):
		return false, s, nil
	}
	return false, s, err
}

// notMet tells whether an error says that a condition does not hold.
func notMet(err error) bool {
	return errors.Is(err, ErrNotMet) || errors.Is(err, ErrEnded) || errors.Is(err, errStatus)
}

// found keeps what a regular expression matched, for let.
func (r *runner) found(c Cond, s Screen) {
	src, text := c.Regexp, s.Text
	if c.Line != "" {
		src, text = c.Line, s.cursorLine()
	}
	if src == "" {
		return
	}
	re := r.regexp(src)
	// The last one: what a program writes is below what it wrote before.
	all := re.FindAllStringSubmatch(text, -1)
	if len(all) == 0 {
		r.match = &match{lost: src}
		return
	}
	r.match = &match{groups: all[len(all)-1], names: re.SubexpNames()}
}

// limit is how long a command waits.
func (r *runner) limit(o Opt) time.Duration {
	if o.Set {
		return max(o.D, -1)
	}
	return r.timeout
}

// look waits for one condition on behalf of a command, and says what to do if
// it does not come true.
func (r *runner) look(c *Command, cond Cond, timeout time.Duration, class Class) error {
	p, err := r.program(c)
	if err != nil {
		return err
	}
	if timeout == 0 {
		timeout = now
	}
	began := r.o.Now()
	s, err := r.waiting(cond).wait(r.ctx, p, timeout)
	if err == nil {
		r.found(cond, s)
		return nil
	}
	if !notMet(err) {
		return err
	}
	f := &Failure{Class: class, Command: c, Wanted: cond.String(), Screen: &s, Err: err}
	if timeout != now {
		f.Waited = r.o.Now().Sub(began)
	}
	switch {
	case errors.Is(err, errStatus):
		f.Class, f.Why = Asserted, fmt.Sprintf("the program has ended with status %d, not %d", s.Status, cond.Status)
	case errors.Is(err, ErrEnded):
		f.Why = fmt.Sprintf("the program has ended (status %d), and this did not come", s.Status)
	case timeout == now:
		f.Why = "this does not hold"
	default:
		f.Why = "this did not come within " + showDuration(timeout)
	}
	return f
}

func (o *Wait) do(r *runner, c *Command) error {
	cond := o.Cond
	if cond.Prompt {
		cond.New = true // the prompt that the last command was typed at is not meant
	}
	err := r.look(c, cond, r.limit(o.Within), TimedOut)
	if f, ok := errors.AsType[*Failure](err); ok && f.Wanted != "" {
		f.Wanted = o.Cond.String()
	}
	return err
}

func (o *Expect) do(r *runner, c *Command) error {
	if o.Not {
		p, err := r.program(c)
		if err != nil {
			return err
		}
		held, s, err := r.holds(p, o.Cond)
		if err == nil && held {
			err = &Failure{Class: Asserted, Command: c, Why: "this holds, and should not", Wanted: "not " + o.Cond.String(), Screen: &s}
		}
		return err
	}
	timeout := time.Duration(0)
	// A program takes a moment to end: no script means the instant after "exit".
	if o.Within.Set || o.Cond.Exit {
		timeout = r.limit(o.Within)
	}
	return r.look(c, o.Cond, timeout, Asserted)
}

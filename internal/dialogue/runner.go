package dialogue

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"time"

	"github.com/sluicerun/sluice/keys"
	"github.com/sluicerun/sluice/session"
)

// RunOptions say how a script is run. The zero value works.
type RunOptions struct {
	// Vars are values of variables, as told to Parse by name.
	Vars map[string]string
	// Source is who the input comes from, for the log; empty means "script".
	Source string
	// Update writes golden files instead of comparing with them.
	Update bool
	// Events is told of every step as it begins and ends; it must be quick.
	Events func(Event)
	// Timeout bounds waits that do not say within, until the script sets another;
	// 0 means 10 s.
	Timeout time.Duration
	// MaxSteps bounds the commands that are run, against endless loops; 0 means
	// 100,000.
	MaxSteps int
	// Now and Sleep are the clock; nil means the real one. They are called from
	// several goroutines.
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error
}

const (
	defaultTimeout = 10 * time.Second
	defaultSteps   = 100_000
	// now is the timeout of a condition that is looked at once.
	now = time.Nanosecond
	// poll is the pause between two looks at what a session cannot wait for.
	poll = 20 * time.Millisecond
)

// Play runs a script on a host. The programs that it started have ended when it
// returns. The error is a *Failure; the report is never nil.
func Play(ctx context.Context, s *Script, h Host, o RunOptions) (*Report, error) {
	r := &runner{
		ctx: ctx, script: s, host: h, o: o, report: &Report{Script: s.Name},
		programs: map[string]*program{}, vars: maps.Clone(o.Vars), regexps: map[string]*regexp.Regexp{},
		timeout: defaultTimeout, size: Size{80, 24},
		// Always the same numbers: a script types the same way every time.
		rand: rand.New(rand.NewPCG(1, 2)),
	}
	r.defaults()
	r.began = r.o.Now()
	failure := missing(s, h)
	if failure == nil {
		failure = r.asFailure(r.block(&s.Body), nil)
	}
	if f := r.finish(); failure == nil {
		failure = f
	}
	r.report.Took = r.o.Now().Sub(r.began)
	r.report.Failure = failure
	if failure != nil {
		return r.report, failure
	}
	return r.report, nil
}

type runner struct {
	ctx    context.Context
	script *Script
	host   Host
	o      RunOptions
	report *Report

	programs map[string]*program
	order    []*program // as they were started
	vars     map[string]string
	regexps  map[string]*regexp.Regexp
	match    *match // of the last regular expression
	rand     *rand.Rand

	timeout time.Duration
	pace    time.Duration
	jitter  Jitter
	size    Size
	env     []string
	hidden  bool

	began time.Time
	depth int
	steps int
	again bool // in a select that was begun anew
}

// program is one that was started.
type program struct {
	Terminal
	name  string
	typed typed // what was sent last
}

func (r *runner) defaults() {
	if r.vars == nil {
		r.vars = map[string]string{}
	}
	if r.o.Source == "" {
		r.o.Source = "script"
	}
	if r.o.Timeout != 0 {
		r.timeout = r.o.Timeout
	}
	if r.o.MaxSteps == 0 {
		r.o.MaxSteps = defaultSteps
	}
	if r.o.Now == nil {
		r.o.Now = time.Now
	}
	if r.o.Sleep == nil {
		r.o.Sleep = sleep
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// errAgain unwinds to the innermost select.
var errAgain = errors.New("again")

// block runs commands in order.
func (r *runner) block(b *Block) error {
	for _, c := range b.Commands {
		if err := r.step(c); err != nil {
			return err
		}
	}
	return nil
}

// step runs one command and notes how that went.
func (r *runner) step(c *Command) error {
	if err := r.ctx.Err(); err != nil {
		return &Failure{Class: Stopped, Command: c, Why: "stopped", Err: context.Cause(r.ctx)}
	}
	if r.steps++; r.steps > r.o.MaxSteps {
		return &Failure{Class: Unusable, Command: c, Why: fmt.Sprintf("the script has run %d commands and goes on: is a loop endless?", r.o.MaxSteps)}
	}
	began := r.o.Now()
	r.tell(Event{Kind: Began, Command: c, Depth: r.depth, At: began.Sub(r.began)})
	// The place in the report is the order of beginnings: a block comes before
	// what is in it.
	i := len(r.report.Steps)
	r.report.Steps = append(r.report.Steps, Step{Command: c, Depth: r.depth, At: began.Sub(r.began)})
	r.depth++
	err := c.Op.do(r, c)
	r.depth--
	took := r.o.Now().Sub(began)
	r.report.Steps[i].Took = took
	if errors.Is(err, errAgain) {
		r.tell(Event{Kind: Done, Command: c, Depth: r.depth, At: began.Sub(r.began), Took: took})
		return err
	}
	e := Event{Kind: Done, Command: c, Depth: r.depth, At: began.Sub(r.began), Took: took}
	if err != nil {
		f := r.asFailure(err, c)
		// Outer blocks fail with what is in them; the failing command is one.
		r.report.Steps[i].Failed = f.Command == c
		e.Kind, e.Failure, err = Failed, f, f
	}
	r.tell(e)
	return err
}

func (r *runner) tell(e Event) {
	if r.o.Events != nil {
		r.o.Events(e)
	}
}

// note tells something about the command that runs.
func (r *runner) note(c *Command, text string) {
	r.tell(Event{Kind: Noted, Command: c, Depth: r.depth, At: r.o.Now().Sub(r.began), Text: text})
	r.report.Notes = append(r.report.Notes, c.At.String()+": "+text)
}

// asFailure makes a Failure of any error of a command.
func (r *runner) asFailure(err error, c *Command) *Failure {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*Failure](err); ok {
		return f
	}
	f := &Failure{Class: Broken, Command: c, Why: err.Error(), Err: err}
	_, refused := errors.AsType[*session.RefusedError](err)
	_, noKey := errors.AsType[*keys.Error](err)
	if refused || noKey || errors.Is(err, session.ErrEnded) {
		f.Class = Refused
	}
	if r.ctx.Err() != nil {
		f.Class, f.Why, f.Err = Stopped, "stopped", context.Cause(r.ctx)
	}
	f.Screen = r.lastScreen(c)
	return f
}

// lastScreen is what the program that a command means shows now, if it does.
func (r *runner) lastScreen(c *Command) *Screen {
	p := r.programs[c.On]
	if p == nil {
		return nil
	}
	// A stopped script is still to show where it stood.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), time.Second)
	defer cancel()
	s, err := p.Screen(ctx)
	if err != nil {
		return nil
	}
	return &s
}

// program is the one that a command means.
func (r *runner) program(c *Command) (*program, error) {
	if p := r.programs[c.On]; p != nil {
		return p, nil
	}
	why := "no program was started yet"
	if c.On != "" {
		why = "the program " + c.On + " was not started yet"
	}
	return nil, &Failure{Class: Unusable, Command: c, Why: why, Hint: "the run that starts it stands in a branch that was not taken"}
}

// text is a text with its variables' values.
func (r *runner) text(t Text, c *Command) (string, error) {
	s, err := t.expand(r.vars)
	if err != nil {
		return "", &Failure{Class: Unusable, Command: c, Why: err.Error()}
	}
	return s, nil
}

// regexp compiles one that was checked before; ^ and $ are the ends of lines.
func (r *runner) regexp(src string) *regexp.Regexp {
	re := r.regexps[src]
	if re == nil {
		re = regexp.MustCompile("(?m)" + src)
		r.regexps[src] = re
	}
	return re
}

package dialogue

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/sluicerun/sluice/job"
)

func (o *Run) do(r *runner, c *Command) error {
	spec := StartSpec{}
	for _, a := range o.Args {
		s, err := r.text(a, c)
		if err != nil {
			return err
		}
		spec.Args = append(spec.Args, s)
	}
	return r.start(spec, o.Launch, c)
}

func (o *Shell) do(r *runner, c *Command) error {
	prompt, err := r.text(o.Prompt, c)
	if err != nil {
		return err
	}
	return r.start(StartSpec{Shell: o.Kind, Prompt: prompt}, o.Launch, c)
}

// start starts a program in the place of one that has ended.
func (r *runner) start(spec StartSpec, l Launch, c *Command) error {
	if old := r.programs[l.As]; old != nil {
		s, err := old.Screen(r.ctx)
		if err != nil {
			return err
		}
		if !s.Ended {
			return &Failure{Class: Unusable, Command: c, Why: "the program before still runs", Hint: "wait exit waits for its end; run --as NAME starts one beside it", Screen: &s}
		}
	}
	spec.Name, spec.Size, spec.Hidden = l.As, r.size, r.hidden
	if l.Size != (Size{}) {
		spec.Size = l.Size
	}
	spec.Env = slices.Clone(r.env)
	for _, e := range l.Env {
		s, err := r.text(e, c)
		if err != nil {
			return err
		}
		spec.Env = append(spec.Env, s)
	}
	var err error
	if spec.Cwd, err = r.text(l.Cwd, c); err != nil {
		return err
	}
	t, err := r.host.Start(r.ctx, spec)
	if err != nil {
		if r.ctx.Err() != nil {
			return err
		}
		return &Failure{Class: NotStarted, Command: c, Why: err.Error(), Err: err}
	}
	p := &program{Terminal: t, name: l.As}
	r.programs[l.As] = p
	r.order = append(r.order, p)
	return nil
}

func (o *Resize) do(r *runner, c *Command) error {
	p, err := r.program(c)
	if err != nil {
		return err
	}
	return p.Resize(r.ctx, o.Size)
}

func (o *Signal) do(r *runner, c *Command) error {
	p, err := r.program(c)
	if err != nil {
		return err
	}
	sig, err := job.ParseSignal(o.Name)
	if err != nil {
		return err
	}
	return p.Signal(r.ctx, sig)
}

func (o *Sleep) do(r *runner, c *Command) error { return r.o.Sleep(r.ctx, o.D) }

func (o *Set) do(r *runner, c *Command) error {
	switch o.Name {
	case "timeout":
		r.timeout = o.D
	case "typing":
		r.pace, r.jitter = o.D, o.Jitter
	case "size":
		r.size = o.Size
	case "env":
		s, err := r.text(o.Env, c)
		if err != nil {
			return err
		}
		r.env = append(r.env, s)
	}
	return nil
}

func (o *Screenshot) do(r *runner, c *Command) error {
	p, err := r.program(c)
	if err != nil {
		return err
	}
	file, err := r.text(o.File, c)
	if err != nil {
		return err
	}
	if err := p.Screenshot(r.ctx, file); err != nil {
		return fmt.Errorf("making the screenshot %s: %w", file, err)
	}
	return nil
}

func (o *Mark) do(r *runner, c *Command) error {
	p, err := r.program(c)
	if err != nil {
		return err
	}
	label, err := r.text(o.Label, c)
	if err != nil {
		return err
	}
	return p.Mark(r.ctx, label)
}

func (o *Hide) do(r *runner, c *Command) error { return r.record(c, false) }
func (o *Show) do(r *runner, c *Command) error { return r.record(c, true) }

// record pauses or resumes the recording; before a program runs it says how the
// next one begins.
func (r *runner) record(c *Command, on bool) error {
	p := r.programs[c.On]
	if c.On == "" {
		r.hidden = !on
	}
	if p == nil {
		return nil
	}
	return p.Record(r.ctx, on)
}

func (o *Echo) do(r *runner, c *Command) error {
	s, err := r.text(o.Text, c)
	if err == nil {
		r.host.Echo(s)
	}
	return err
}

func (o *Fail) do(r *runner, c *Command) error {
	s, err := r.text(o.Text, c)
	if err != nil {
		return err
	}
	return &Failure{Class: Asserted, Command: c, Why: s, Screen: r.lastScreen(c)}
}

// Require and Output have their time before and after the commands.
func (o *Require) do(*runner, *Command) error { return nil }
func (o *Output) do(*runner, *Command) error  { return nil }

func (o *Include) do(r *runner, c *Command) error { return r.block(&o.Body) }

func (o *Let) do(r *runner, c *Command) error {
	switch {
	case o.Group != "":
		v, why := r.match.group(o.Group)
		if why != "" {
			return &Failure{Class: Unusable, Command: c, Why: why, Screen: r.lastScreen(c)}
		}
		r.vars[o.Name] = v
		return nil
	case o.Env != "":
		if v, set := r.host.Getenv(o.Env); set {
			r.vars[o.Name] = v
			return nil
		}
		if o.Text == nil {
			return &Failure{Class: Unusable, Command: c, Why: "the variable " + o.Env + " is not in the environment", Hint: "let " + o.Name + " = env " + o.Env + ` or "…" says what it is then`}
		}
	}
	v, err := r.text(o.Text, c)
	if err == nil {
		r.vars[o.Name] = v
	}
	return err
}

// match is what a regular expression found.
type match struct {
	groups []string
	names  []string
	lost   string // the expression, when its text was gone at once
}

// group is what a number or a name stands for, or why there is nothing.
func (m *match) group(name string) (value, why string) {
	switch {
	case m == nil:
		return "", "no regular expression has matched yet"
	case m.lost != "":
		return "", "what " + slashed(m.lost) + " matched was gone from the screen before it could be read"
	}
	n, err := strconv.Atoi(name)
	if err != nil {
		if n = slices.Index(m.names, name); n < 0 {
			return "", "the last regular expression has no group called " + name
		}
	}
	if n >= len(m.groups) {
		return "", fmt.Sprintf("the last regular expression has no group %d, only %d", n, len(m.groups)-1)
	}
	return m.groups[n], ""
}

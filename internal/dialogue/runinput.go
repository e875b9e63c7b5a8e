package dialogue

import (
	"fmt"
	"strings"
	"time"

	"github.com/clipperhouse/displaywidth"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/session"
)

// typed is what was sent to a program last: an Enter must not follow a text at
// once, or programs take both for a paste.
type typed int

const (
	nothing typed = iota
	typedText
	typedKeys
)

// enterGap is the pause between a text and an Enter that comes as a command of
// its own; within one input the session makes it.
const enterGap = 100 * time.Millisecond

// send sends steps as one input.
func (r *runner) send(c *Command, what typed, in session.Input) error {
	p, err := r.program(c)
	if err != nil {
		return err
	}
	if s := in.Steps[0]; s.Delay == 0 {
		switch {
		case p.typed == typedText && len(s.Keys) > 0 && isEnter(s.Keys[0]):
			in.Steps[0].Delay = job.Duration(max(enterGap, time.Duration(s.Pace)))
		case p.typed != nothing && s.Pace > 0:
			in.Steps[0].Delay = s.Pace
		}
	}
	in.Source = r.o.Source
	if r.timeout > 0 {
		in.Timeout = job.Duration(r.timeout)
	}
	if err := p.Send(r.ctx, in); err != nil {
		return err
	}
	p.typed = what
	return nil
}

func isEnter(key string) bool {
	first, _, _ := strings.Cut(strings.TrimSpace(key), " ")
	name, _, _ := strings.Cut(first, "*")
	for _, k := range []string{"Enter", "Return", "CR"} {
		if strings.EqualFold(name, k) {
			return true
		}
	}
	return false
}

func (o *Type) do(r *runner, c *Command) error {
	text, err := r.text(o.Text, c)
	if err != nil {
		return err
	}
	if text == "" && !o.Enter {
		return nil // a variable with nothing in it
	}
	pace := r.paceOf(o.Pace)
	var steps []session.Step
	switch {
	case text == "":
	case pace > 0 && r.jitter > 0 && !o.Pace.Set:
		steps = r.uneven(text, pace)
	default:
		steps = append(steps, session.Step{Text: text, Pace: job.Duration(pace)})
	}
	what := typedText
	if o.Enter {
		enter := session.Step{Keys: []string{"Enter"}}
		if pace > enterGap {
			enter.Delay = job.Duration(pace)
		}
		steps, what = append(steps, enter), typedKeys
	}
	return r.send(c, what, session.Input{Steps: steps})
}

func (r *runner) paceOf(o Opt) time.Duration {
	if o.Set {
		return o.D
	}
	return r.pace
}

// uneven types character by character with pauses that vary around the pace.
func (r *runner) uneven(text string, pace time.Duration) []session.Step {
	var steps []session.Step
	for g := displaywidth.StringGraphemes(text); g.Next(); {
		s := session.Step{Text: g.Value()}
		if len(steps) > 0 {
			vary := (2*r.rand.Float64() - 1) * float64(r.jitter) / 100
			s.Delay = job.Duration(max(time.Millisecond, time.Duration(float64(pace)*(1+vary))))
		} else {
			s.Pace = job.Duration(pace) // for the pause before it
		}
		steps = append(steps, s)
	}
	return steps
}

func (o *Press) do(r *runner, c *Command) error {
	return r.send(c, typedKeys, session.Input{Steps: []session.Step{{Keys: o.Keys, Pace: job.Duration(r.paceOf(o.Pace))}}})
}

func (o *Paste) do(r *runner, c *Command) error {
	if o.File == nil {
		text, err := r.text(o.Text, c)
		if err != nil || text == "" {
			return err
		}
		return r.send(c, typedText, session.Input{Steps: []session.Step{{Paste: []byte(text)}}})
	}
	file, err := r.text(o.File, c)
	if err != nil {
		return err
	}
	data, err := r.host.ReadFile(beside(c.At.File, file))
	if err != nil {
		return &Failure{Class: Unusable, Command: c, Why: fmt.Sprintf("the file %s cannot be read: %s", file, reason(err)), Err: err}
	}
	if len(data) == 0 {
		return nil
	}
	return r.send(c, typedText, session.Input{Steps: []session.Step{{Paste: data}}})
}

func (o *Raw) do(r *runner, c *Command) error {
	data, err := r.text(o.Text, c)
	if err != nil || data == "" {
		return err
	}
	return r.send(c, typedKeys, session.Input{Steps: []session.Step{{Data: []byte(data)}}})
}

func (o *Secret) do(r *runner, c *Command) error {
	v, _ := r.host.Getenv(o.Env)
	if v == "" {
		return &Failure{Class: Unusable, Command: c, Why: "the secret in the variable " + o.Env + " is empty"}
	}
	return r.send(c, typedText, session.Input{Secret: true, Steps: []session.Step{{Text: v}}})
}

func (o *Mouse) do(r *runner, c *Command) error {
	m := o.Do
	if o.On != nil {
		var err error
		if m.On, err = r.text(o.On, c); err != nil {
			return err
		}
	}
	return r.send(c, typedKeys, session.Input{Steps: []session.Step{{Mouse: &m}}})
}

func (o *EOF) do(r *runner, c *Command) error {
	return r.send(c, typedKeys, session.Input{Steps: []session.Step{{EOF: true}}})
}

package dialogue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

func (o *If) do(r *runner, c *Command) error {
	p, err := r.program(c)
	if err != nil {
		return err
	}
	var held bool
	if timeout := r.limit(o.Within); o.Within.Set && timeout != 0 {
		s, err := r.waiting(o.Cond).wait(r.ctx, p, timeout)
		if err != nil && !notMet(err) {
			return err
		}
		if held = err == nil; held {
			r.found(o.Cond, s)
		}
	} else if held, _, err = r.holds(p, o.Cond); err != nil {
		return err
	}
	switch {
	case held != o.Not:
		return r.block(&o.Then)
	case o.Else != nil:
		return r.block(o.Else)
	}
	return nil
}

func (o *Repeat) do(r *runner, c *Command) error {
	for range o.N {
		if o.Until != nil {
			held, err := r.until(o, c)
			if held || err != nil {
				return err
			}
		}
		if err := r.block(&o.Body); err != nil {
			return err
		}
	}
	if o.Until == nil {
		return nil
	}
	held, err := r.until(o, c)
	if held || err != nil {
		return err
	}
	return &Failure{Class: Asserted, Command: c, Why: fmt.Sprintf("this does not hold after %d times", o.N), Wanted: o.Until.String(), Screen: r.lastScreen(c)}
}

func (r *runner) until(o *Repeat, c *Command) (bool, error) {
	p, err := r.program(c)
	if err != nil {
		return false, err
	}
	held, _, err := r.holds(p, *o.Until)
	return held, err
}

func (o *Select) do(r *runner, c *Command) error {
	outer := r.again
	defer func() { r.again = outer }()
	r.again = false
	for {
		chosen, err := r.choose(o, c)
		if err != nil {
			return err
		}
		err = r.step(chosen)
		if !errors.Is(err, errAgain) {
			return err
		}
		r.again = true
	}
}

// A branch that was chosen runs its body.
func (o *On) do(r *runner, c *Command) error     { return r.block(&o.Body) }
func (o *Within) do(r *runner, c *Command) error { return r.block(o.Body) }
func (o *Again) do(*runner, *Command) error      { return errAgain }

// choose waits for the branches of a select: the first that comes true is
// chosen or, of several that hold then, the first in the text.
func (r *runner) choose(o *Select, c *Command) (*Command, error) {
	p, err := r.program(c)
	if err != nil {
		return nil, err
	}
	timeout := r.timeout
	var late *Command
	var branches []*Command
	var waits []waiting
	for _, b := range o.Body.Commands {
		switch op := b.Op.(type) {
		case *Within:
			timeout = op.D
			if op.Body != nil {
				late = b
			}
		case *On:
			cond := op.Cond
			// What the select has answered already does not count again.
			if r.again && (cond.Text != nil || cond.Regexp != "") && cond.Line == "" {
				cond.New = true
			}
			branches = append(branches, b)
			waits = append(waits, r.waiting(cond))
		}
	}
	if timeout == 0 {
		timeout = now
	}
	began := r.o.Now()
	i, s, err := race(r.ctx, p, waits, timeout)
	if err == nil {
		r.found(waits[i].cond, s)
		return branches[i], nil
	}
	switch {
	case !notMet(err):
		return nil, err
	case late != nil && errors.Is(err, ErrNotMet):
		return late, nil
	}
	f := &Failure{Class: TimedOut, Command: c, Why: "no branch came true within " + showDuration(timeout), Waited: r.o.Now().Sub(began), Screen: &s, Err: err}
	if !errors.Is(err, ErrNotMet) {
		f.Why = fmt.Sprintf("the program has ended (status %d), and no branch came true", s.Status)
	}
	for i, b := range branches {
		if i > 0 {
			f.Wanted += ", or "
		}
		f.Wanted += b.Op.(*On).Cond.String()
	}
	return nil, f
}

// race waits for all conditions at once and gives the one to be taken. When none
// comes, the error is ErrNotMet if time was the reason for any.
func race(ctx context.Context, t Terminal, waits []waiting, timeout time.Duration) (int, Screen, error) {
	all, cancel := context.WithCancel(ctx)
	defer cancel()
	screens := make([]Screen, len(waits))
	errs := make([]error, len(waits))
	var wg sync.WaitGroup
	for i, w := range waits {
		wg.Go(func() {
			screens[i], errs[i] = w.wait(all, t, timeout)
			// One that ended in vain leaves the others their time.
			if errs[i] == nil || !notMet(errs[i]) {
				cancel()
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return 0, Screen{}, err
	}
	winner := -1
	for i := range waits {
		if errs[i] == nil {
			winner = i
			break
		}
	}
	// Those that were cut off may hold too, and come first in the text.
	for i := range max(winner, 0) {
		if s, err := waits[i].wait(ctx, t, now); err == nil {
			return i, s, nil
		}
	}
	if winner >= 0 {
		return winner, screens[winner], nil
	}
	var last Screen
	found := error(nil)
	for i, err := range errs {
		switch {
		case errors.Is(err, context.Canceled):
		case !notMet(err):
			return 0, screens[i], err
		case found == nil || errors.Is(err, ErrNotMet):
			found, last = err, screens[i]
		}
	}
	return 0, last, found
}

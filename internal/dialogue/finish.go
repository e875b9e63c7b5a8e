package dialogue

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// require looks for what the script cannot do without, before anything runs.
func (r *runner) require() *Failure {
	var found *Failure
	r.script.Walk(func(c *Command, _ int) {
		if found != nil {
			return
		}
		switch op := c.Op.(type) {
		case *Require:
			for _, p := range op.Programs {
				if err := r.host.LookPath(p); err != nil {
					found = &Failure{Class: NotStarted, Command: c, Why: fmt.Sprintf("the program %q, which the script requires, is not there", clip(p)), Err: err}
					return
				}
			}
		case *Secret:
			if _, set := r.host.Getenv(op.Env); !set {
				found = &Failure{Class: Unusable, Command: c, Why: "the variable " + op.Env + " is not in the environment", Hint: op.Env + "=… in the environment of sluice is the secret"}
			}
		}
	})
	return found
}

// finish makes the pictures that the script asks for and ends the programs, the
// last first, whatever went wrong before.
func (r *runner) finish() *Failure {
	ctx := context.WithoutCancel(r.ctx)
	var failure *Failure
	if p := r.main(); p != nil {
		r.script.Walk(func(c *Command, _ int) {
			o, ok := c.Op.(*Output)
			if !ok || isRecording(o.File) {
				return
			}
			if err := p.Screenshot(ctx, o.File); err != nil && failure == nil {
				failure = &Failure{Class: Broken, Command: c, Why: fmt.Sprintf("writing the screen to %s: %v", o.File, err), Err: err}
			}
		})
	}
	for _, p := range slices.Backward(r.order) {
		e := End{Name: p.name}
		if s, err := p.Screen(ctx); err == nil {
			e.Ended, e.Status = s.Ended, s.Status
		}
		if err := p.Close(ctx); err != nil {
			e.Err = fmt.Errorf("ending the program: %w", err)
		}
		r.report.Ends = append(r.report.Ends, e)
	}
	slices.Reverse(r.report.Ends)
	return failure
}

// main is the program that a script's outputs are about: the one without a name,
// or else the first.
func (r *runner) main() *program {
	if p := r.programs[""]; p != nil || len(r.order) == 0 {
		return p
	}
	return r.order[0]
}

func isRecording(file string) bool {
	return slices.Contains(recordingKinds, strings.ToLower(filepath.Ext(file)))
}

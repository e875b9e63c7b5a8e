package dialogue

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// finish makes the pictures that the script asks for, ends the programs, the last
// first, and then makes the recordings, which have all of it: whatever went wrong
// before.
func (r *runner) finish() *Failure {
	ctx := context.WithoutCancel(r.ctx)
	var failure *Failure
	outputs := func(recordings bool, what string, write func(file string) error) {
		r.script.Walk(func(c *Command, _ int) {
			o, ok := c.Op.(*Output)
			if !ok || isRecording(o.File) != recordings {
				return
			}
			err := write(o.File)
			if err == nil {
				return
			}
			why := fmt.Sprintf("writing the %s to %s: %v", what, o.File, err)
			if failure == nil {
				failure = &Failure{Class: Broken, Command: c, Why: why, Err: err}
			} else {
				r.note(c, why)
			}
		})
	}
	main := r.main()
	if main != nil {
		outputs(false, "screen", func(file string) error { return main.Screenshot(ctx, file) })
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
	if main != nil {
		outputs(true, "recording", func(file string) error { return main.Recording(ctx, file) })
	}
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

package dialogue

import (
	"fmt"
	"slices"
	"strings"
)

// Surroundings is the part of a Host that a script's needs are looked for in.
type Surroundings interface {
	Getenv(name string) (value string, set bool)
	LookPath(program string) error
}

// Check looks for what a script cannot do without, which Play does too before
// anything runs: the programs that it requires, and the variables of the
// environment that hold its secrets or that it reads without saying what they are
// otherwise. The error is a *Failure, at the first that is missing.
func Check(s *Script, in Surroundings) error {
	if f := missing(s, in); f != nil {
		return f
	}
	return nil
}

func missing(s *Script, in Surroundings) *Failure {
	var found *Failure
	var names []string // of the variables
	var why, hint string
	variable := func(c *Command, name, is, what string) {
		if slices.Contains(names, name) {
			return
		}
		if names = append(names, name); found == nil {
			found = &Failure{Class: Unusable, Command: c}
			why, hint = is, what
		}
	}
	var program *Failure
	s.Walk(func(c *Command, _ int) {
		switch op := c.Op.(type) {
		case *Require:
			for _, p := range op.Programs {
				if err := in.LookPath(p); err != nil && program == nil {
					program = &Failure{Class: NotStarted, Command: c, Why: fmt.Sprintf("the program %q, which the script requires, is not there", clip(p)), Err: err}
				}
			}
		case *Secret:
			hint := op.Env + "=… in the environment of sluice is the secret"
			if v, set := in.Getenv(op.Env); !set {
				variable(c, op.Env, "is not in the environment", hint)
			} else if v == "" {
				variable(c, op.Env, "is empty in the environment, and is to be a secret", hint)
			}
		case *Let:
			if _, set := in.Getenv(op.Env); op.Env != "" && !set && op.Text == nil {
				variable(c, op.Env, "is not in the environment", "let "+op.Name+" = env "+op.Env+` or "…" says what it is then`)
			}
		}
	})
	if program != nil || found == nil {
		return program
	}
	found.Why, found.Hint = "the variable "+names[0]+" "+why, hint
	if more := names[1:]; len(more) > 0 {
		found.Why += "; also missing or empty: " + strings.Join(more, ", ")
	}
	return found
}

// Command compare times two commands alternately (A B A B ...) and prints the
// ratio of their medians, so that a noisy machine disturbs both alike.
//
//	compare [flags] A [ARG...] :: B [ARG...]
//
// With a goal "<=R" the ratio is A/B (A may take up to R times as long); with ">=R" it
// is B/A (A is to be R times as fast). Both commands must end with status 0. Their
// output goes to /dev/null; a command that needs a pipe is given as sh -c.
//
// With -stamps it is not the wall time that counts: the commands write times of
// CLOCK_MONOTONIC, in nanoseconds, as lines into that file, and what is measured
// is the time from the start to the earliest of them (-span first) or from the
// earliest to the latest (-span between).
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/sluicerun/sluice/bench/result"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	c, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "compare: %v\n", err)
		return 2
	}
	a, b, err := c.measure()
	if err != nil {
		fmt.Fprintf(stderr, "compare: %s: %v\n", c.name, err)
		return 1
	}
	s := summarize(c.labels, a, b, c.goal)
	s.most = c.most
	s.print(stdout, c.name)
	if err := s.row(c.name).Append(c.rows); err != nil {
		fmt.Fprintf(stderr, "compare: %v\n", err)
		return 1
	}
	return 0
}

type comparison struct {
	name   string
	labels [2]string
	rounds int
	warmup int
	before string
	rows   string
	goal   result.Goal
	most   time.Duration
	stamps string
	span   string
	a, b   []string
}

func parse(args []string, stderr io.Writer) (comparison, error) {
	c := comparison{labels: [2]string{"A", "B"}}
	var goal string
	fs := flag.NewFlagSet("compare", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&c.name, "name", "comparison", "what is compared")
	fs.StringVar(&c.labels[0], "a", c.labels[0], "the `name` of the first command")
	fs.StringVar(&c.labels[1], "b", c.labels[1], "the `name` of the second command")
	fs.IntVar(&c.rounds, "n", 11, "time each command this `often`")
	fs.IntVar(&c.warmup, "warmup", 1, "run each command this `often` before")
	fs.StringVar(&c.before, "before", "", "a shell `command` to run, untimed, before each timed one")
	fs.StringVar(&goal, "goal", "", "<=`R` for A/B or >=R for B/A")
	fs.DurationVar(&c.most, "most", 0, "a goal for A's own time")
	fs.StringVar(&c.stamps, "stamps", "", "the `file` of times that the commands write")
	fs.StringVar(&c.span, "span", spanFirst, "with -stamps: first or between")
	fs.StringVar(&c.rows, "rows", "", "add the result to this `file`")
	err := fs.Parse(args)
	if err != nil {
		return c, err
	}
	if c.goal, err = result.ParseGoal(goal); err != nil {
		return c, err
	}
	if c.rounds < 1 || c.warmup < 0 {
		return c, fmt.Errorf("-n %d -warmup %d: want at least one round", c.rounds, c.warmup)
	}
	if c.span != spanFirst && c.span != spanBetween {
		return c, fmt.Errorf("-span %s: want %s or %s", c.span, spanFirst, spanBetween)
	}
	c.a, c.b, err = split(fs.Args())
	return c, err
}

// split parts the two commands at "::".
func split(args []string) (a, b []string, err error) {
	for i, s := range args {
		if s == "::" {
			a, b = args[:i], args[i+1:]
			break
		}
	}
	if len(a) == 0 || len(b) == 0 {
		return nil, nil, fmt.Errorf("want two commands with :: between them, have %q", args)
	}
	return a, b, nil
}

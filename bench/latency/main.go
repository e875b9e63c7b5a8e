// Command latency measures how long a worker's line takes to the console.
//
//	latency worker [-n LINES] [-every DURATION]
//	latency measure [flags] COMMAND [ARG...] [:: PEER [ARG...]]
//
// The worker writes lines with the monotonic clock's time in them. measure starts
// COMMAND, a launcher told to run such a worker, reads its console from a pipe and
// subtracts: one clock, so no error but the reader's own wake-up. Peers run
// alternately; the figures are medians over the runs.
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
	mode := ""
	if len(args) > 0 {
		mode, args = args[0], args[1:]
	}
	var err error
	switch mode {
	case "worker":
		err = worker(args, stdout, stderr)
	case "measure":
		err = measureMain(args, stdout, stderr)
	default:
		err = usageError{fmt.Errorf("want worker or measure, have %q", mode)}
	}
	var usage usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "latency: %v\n", err)
		return 2
	}
	fmt.Fprintf(stderr, "latency: %v\n", err)
	return 1
}

type usageError struct{ error }

func worker(args []string, stdout, stderr io.Writer) error {
	fs := flag.NewFlagSet("latency worker", flag.ContinueOnError)
	fs.SetOutput(stderr)
	lines := fs.Int("n", 1000, "write this many `lines`")
	every := fs.Duration("every", 5*time.Millisecond, "one `each`")
	if err := fs.Parse(args); err != nil {
		return usageError{err}
	}
	if *lines < 1 || *every <= 0 {
		return usageError{fmt.Errorf("-n %d -every %s: want at least one line and some time", *lines, *every)}
	}
	tick := time.NewTicker(*every)
	defer tick.Stop()
	for range *lines {
		<-tick.C
		now, err := monotonic()
		if err != nil {
			return err
		}
		if _, err := io.WriteString(stdout, stampLine(now)); err != nil {
			return err
		}
	}
	return nil
}

func measureMain(args []string, stdout, stderr io.Writer) error {
	var m measurement
	var most50, most99 string
	fs := flag.NewFlagSet("latency measure", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&m.name, "name", "latency", "what is measured")
	fs.StringVar(&m.labels[0], "a", "A", "the `name` of the command")
	fs.StringVar(&m.labels[1], "b", "B", "the `name` of the peer")
	fs.IntVar(&m.rounds, "rounds", 3, "run each this `often`")
	fs.IntVar(&m.skip, "skip", 20, "leave out this many first `lines` of a run")
	fs.StringVar(&m.before, "before", "", "a shell `command` to run before each")
	fs.StringVar(&most50, "p50", "", "the goal for the median in µs, <=`N`")
	fs.StringVar(&most99, "p99", "", "the goal for the 99th percentile in µs, <=`N`")
	fs.StringVar(&m.rows, "rows", "", "add the results to this `file`")
	err := fs.Parse(args)
	if err == nil {
		m.goals[0], err = result.ParseGoal(most50)
	}
	if err == nil {
		m.goals[1], err = result.ParseGoal(most99)
	}
	if err == nil {
		err = m.split(fs.Args())
	}
	if err != nil {
		return usageError{err}
	}
	return m.run(stdout)
}

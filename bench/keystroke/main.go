// Command keystroke measures how long a key takes to a program on a terminal and
// its echo back.
//
//	keystroke echo
//	keystroke measure [flags] COMMAND [ARG...] [:: PEER [ARG...]]
//
// echo is the program at the far end: it puts its terminal into raw mode, says
// that it is ready, gives back every byte it reads, and ends at Ctrl+D.
//
// measure is the person: it owns a terminal, starts COMMAND on it (a program that
// brings "keystroke echo" to this terminal through one of its own), types keys
// at random moments and takes the time until each is back. The floor is echo
// itself on such a terminal with nothing in between; what counts is what COMMAND
// adds to the floor's p50 and p99. All sides run in turn, with the same pauses;
// the figures are medians over the rounds. Linux only.
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
	case "echo":
		err = echo(os.Stdin, os.Stdout)
	case "measure":
		err = measureMain(args, stdout, stderr)
	default:
		err = usageError{fmt.Errorf("want echo or measure, have %q", mode)}
	}
	var usage usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "keystroke: %v\n", err)
		return 2
	}
	fmt.Fprintf(stderr, "keystroke: %v\n", err)
	return 1
}

type usageError struct{ error }

func measureMain(args []string, stdout, stderr io.Writer) error {
	var m measurement
	var most50, most99 string
	fs := flag.NewFlagSet("keystroke measure", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&m.name, "name", "keystroke", "what is measured")
	fs.StringVar(&m.labels[0], "a", "A", "the `name` of the command")
	fs.StringVar(&m.labels[1], "b", "B", "the `name` of the peer")
	fs.IntVar(&m.rounds, "rounds", 3, "run each this `often`")
	fs.IntVar(&m.typing.keys, "n", 2000, "type so many `keys` in a run")
	fs.IntVar(&m.typing.skip, "skip", 50, "and this many `keys` before them, which do not count")
	fs.DurationVar(&m.typing.pause[0], "min", time.Millisecond, "the shortest `pause` between two keys")
	fs.DurationVar(&m.typing.pause[1], "max", 5*time.Millisecond, "the longest `pause`")
	fs.DurationVar(&m.typing.patience, "patience", 10*time.Second, "give up on a key, a start or an end after this `long`")
	fs.StringVar(&m.before, "before", "", "a shell `command` to run before each")
	fs.StringVar(&most50, "p50", "", "the goal for what is added to the median, in µs, <=`N`")
	fs.StringVar(&most99, "p99", "", "the goal for what is added to the 99th percentile, in µs, <=`N`")
	fs.StringVar(&m.rows, "rows", "", "add the results to this `file`")
	err := fs.Parse(args)
	if err == nil {
		m.goals[0], err = result.ParseGoal(most50)
	}
	if err == nil {
		m.goals[1], err = result.ParseGoal(most99)
	}
	if err == nil {
		err = m.complete(fs.Args())
	}
	if err != nil {
		return usageError{err}
	}
	return m.run(stdout)
}

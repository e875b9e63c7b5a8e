// Command roundtrip measures how long a script takes to press a key in a terminal
// and to see the answer on its screen.
//
//	roundtrip answer
//	roundtrip measure [flags]
//
// answer is the program on the terminal: it gives every key a number and shows
// it. measure runs it under sluice and under tmux, both at the same time, and
// asks them in turn:
//
//	commands     sluice press, then sluice wait --text
//	             against tmux send-keys, then tmux capture-pane until it is there
//	command      sluice press --until, which is both, against the same
//	connection   the same over the run's control socket, from one process,
//	             against one tmux client in control mode
//
// tmux cannot wait for a text; -poll is the pause between two looks. Without one it
// is as fast as it can be, at the price of a busy processor.
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
	case "answer":
		err = answer(os.Stdin, os.Stdout)
	case "measure":
		err = measureMain(args, stdout, stderr)
	default:
		err = usageError{fmt.Errorf("want answer or measure, have %q", mode)}
	}
	var usage usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "roundtrip: %v\n", err)
		return 2
	}
	fmt.Fprintf(stderr, "roundtrip: %v\n", err)
	return 1
}

type usageError struct{ error }

func measureMain(args []string, stdout, stderr io.Writer) error {
	var m measurement
	var goal string
	fs := flag.NewFlagSet("roundtrip measure", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&m.name, "name", "round trip", "what is measured")
	fs.StringVar(&m.way, "way", "commands", "commands, command or connection")
	fs.StringVar(&m.sluice, "sluice", "sluice", "the `program` that is measured")
	fs.StringVar(&m.tmux, "tmux", "tmux", "the `peer`")
	fs.IntVar(&m.trips, "n", 50, "so many `trips` of each")
	fs.IntVar(&m.skip, "skip", 5, "and this many before, which do not count")
	fs.DurationVar(&m.poll, "poll", 0, "the `pause` between two looks at tmux's screen")
	fs.DurationVar(&m.patience, "patience", 10*time.Second, "give up on an answer after this `long`")
	fs.StringVar(&goal, "goal", "", ">=`R` for how many times as fast")
	fs.StringVar(&m.rows, "rows", "", "add the result to this `file`")
	err := fs.Parse(args)
	if err == nil {
		m.goal, err = result.ParseGoal(goal)
	}
	if err == nil {
		err = m.check(fs.Args())
	}
	if err != nil {
		return usageError{err}
	}
	return m.run(stdout)
}

// Command account measures what a launcher itself costs: the CPU time, memory and
// threads of its own processes, without those of the workers. Linux only.
//
//	account idle     -workers N -window 10s [flags] [-detached PROGRAM] LAUNCHER [ARG...]
//	account transfer -workers N -bytes BYTES [flags] LAUNCHER [ARG...] [:: PEER [ARG...]]
//
// The launcher's own processes are those below the started one, itself included,
// that run the same executable. With -detached the launcher ends when all is
// started, and its own processes are what it left behind that runs PROGRAM; they end
// at a SIGTERM. The workers report through FIFOs: $BENCH_READY gets
// one byte from each when it is up (and, for transfer, another when it has written
// its BYTES, which it begins to do when somebody opens $BENCH_GO for writing).
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/sluicerun/sluice/bench/result"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

type accounting struct {
	name, rows string
	labels     [2]string
	workers    int
	settle     time.Duration
	window     time.Duration
	bytes      int64
	detached   string
	goals      map[string]result.Goal
}

func run(args []string, stdout, stderr io.Writer) int {
	var a accounting
	mode, report := "", (func(accounting, []string, io.Writer) error)(nil)
	if len(args) > 0 {
		mode, args = args[0], args[1:]
	}
	switch mode {
	case "idle":
		report = accounting.idle
	case "transfer":
		report = accounting.transfer
	default:
		fmt.Fprintf(stderr, "account: want idle or transfer, have %q\n", mode)
		return 2
	}
	argv, err := a.parse(mode, args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "account: %v\n", err)
		return 2
	}
	if err := report(a, argv, stdout); err != nil {
		fmt.Fprintf(stderr, "account: %s: %v\n", a.name, err)
		return 1
	}
	return 0
}

func (a *accounting) parse(mode string, args []string, stderr io.Writer) ([]string, error) {
	goals := map[string]*string{}
	fs := flag.NewFlagSet("account "+mode, flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&a.name, "name", mode, "what is measured")
	fs.StringVar(&a.rows, "rows", "", "add the results to this `file`")
	fs.StringVar(&a.labels[0], "a", "A", "the `name` of the launcher")
	fs.StringVar(&a.labels[1], "b", "B", "the `name` of the peer")
	fs.IntVar(&a.workers, "workers", 1, "how many `workers` will report")
	switch mode {
	case "idle":
		fs.DurationVar(&a.settle, "settle", 2*time.Second, "let the start's work end for this `long`")
		fs.DurationVar(&a.window, "window", 10*time.Second, "watch for this `long`")
		fs.StringVar(&a.detached, "detached", "", "watch the `program` that the launcher leaves behind")
		for _, what := range []string{"cpu", "memory", "threads"} {
			goals[what] = fs.String(what, "", "the goal for "+map[string]string{"cpu": "% of a core", "memory": "MB", "threads": "threads"}[what]+", <=`N`")
		}
	case "transfer":
		fs.Int64Var(&a.bytes, "bytes", 1e9, "how many `bytes` all workers write together")
		goals["cpu"] = fs.String("cpu", "", "the goal for ms of CPU per GB, <=`N`")
	}
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if a.detached != "" {
		var err error
		if a.detached, err = filepath.EvalSymlinks(a.detached); err != nil {
			return nil, fmt.Errorf("-detached: %w", err)
		}
		if a.detached, err = filepath.Abs(a.detached); err != nil {
			return nil, fmt.Errorf("-detached: %w", err)
		}
	}
	a.goals = map[string]result.Goal{}
	for what, text := range goals {
		g, err := result.ParseGoal(*text)
		if err != nil {
			return nil, err
		}
		a.goals[what] = g
	}
	if fs.NArg() == 0 || a.workers < 1 || mode == "transfer" && a.bytes < 1 || mode == "idle" && a.window <= 0 {
		return nil, errors.New("want a LAUNCHER, at least one worker and something to measure")
	}
	return fs.Args(), nil
}

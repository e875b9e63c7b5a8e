// Command nodes measures the rendezvous of many agents: how long they take to meet,
// and to meet again when one is killed, what they cost while nothing happens, and
// what crosses the network while somebody looks at one rank. Linux only.
//
//	nodes meet -agents N [-local] [-python PROGRAM] [flags]
//	nodes idle -agents N [flags]
//	nodes tail -agents N [flags]
//	nodes start -agents N -sluice PROGRAM [flags]
//	nodes restart -agents N -sluice PROGRAM -stamp PROGRAM [flags]
//	nodes init -sluice PROGRAM [flags]
//
// The agents of meet, idle and tail are goroutines of this process, each with a
// TCP connection of its own to the server that is embedded in the first; with
// -local there are no sockets at all. With -python torchrun's c10d rendezvous does
// the same, each agent in a process that has imported torch before. start
// starts real processes, one `sluice run --nodes N` for each agent, and so does
// restart, where a worker of one node fails. init tells what the program's packages
// do before main.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/sluicerun/sluice/bench/result"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// measurement is what the flags say.
type measurement struct {
	rows, python   string
	sluice, stamp  string // absolute paths
	agents, rounds int
	local          bool
	window         time.Duration
	rate           float64
	goal           result.Goal
	out            io.Writer
}

func run(args []string, stdout, stderr io.Writer) int {
	m := measurement{out: stdout}
	modes := map[string]func(context.Context) error{"meet": m.meet, "idle": m.idle, "tail": m.tail, "start": m.start, "restart": m.restart, "init": m.inits}
	mode := ""
	if len(args) > 0 {
		mode, args = args[0], args[1:]
	}
	measure := modes[mode]
	if measure == nil {
		fmt.Fprintf(stderr, "nodes: want meet, idle, tail, start, restart or init, have %q\n", mode)
		return 2
	}
	if err := m.parse(mode, args, stderr); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		fmt.Fprintf(stderr, "nodes: %v\n", err)
		return 2
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	if err := measure(ctx); err != nil {
		fmt.Fprintf(stderr, "nodes %s: %v\n", mode, err)
		return 1
	}
	return 0
}

func (m *measurement) parse(mode string, args []string, stderr io.Writer) error {
	fs := flag.NewFlagSet("nodes "+mode, flag.ContinueOnError)
	fs.SetOutput(stderr)
	var goal string
	fs.String("name", mode, "for whoever reads the command line")
	fs.StringVar(&m.rows, "rows", "", "add the results to this `file` of tab-separated rows")
	fs.StringVar(&goal, "goal", "", "the goal for the figure, <=`R` or >=R")
	if mode != "init" {
		fs.IntVar(&m.agents, "agents", 64, "how `many` agents")
	}
	switch mode {
	case "meet":
		fs.IntVar(&m.rounds, "rounds", 5, "measure `n` times")
		fs.BoolVar(&m.local, "local", false, "without sockets")
		fs.StringVar(&m.python, "python", "", "also torchrun's rendezvous, of the `program` that can import torch")
	case "start":
		fs.IntVar(&m.rounds, "rounds", 3, "measure `n` times")
	case "restart":
		fs.IntVar(&m.rounds, "rounds", 11, "measure `n` times")
		fs.StringVar(&m.stamp, "stamp", "", "the worker, a `program` built of bench/stamp.c")
	case "idle":
		fs.DurationVar(&m.window, "window", 20*time.Second, "watch for this `long`")
	case "tail":
		fs.DurationVar(&m.window, "window", 5*time.Second, "look for this `long`")
		fs.Float64Var(&m.rate, "rate", 10e6, "what each rank writes, in `bytes` per second")
	}
	processes := mode == "start" || mode == "restart" || mode == "init"
	if processes {
		fs.StringVar(&m.sluice, "sluice", "", "the `program`")
	}
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 0 || mode != "init" && m.agents < 2 || fs.Lookup("rounds") != nil && m.rounds < 1 {
		return fmt.Errorf("-agents %d -rounds %d %q: want two agents or more, a round or more, and nothing else", m.agents, m.rounds, fs.Args())
	}
	var err error
	if processes {
		if m.sluice, err = program("sluice", m.sluice); err != nil {
			return err
		}
	}
	if mode == "restart" {
		if m.stamp, err = program("stamp", m.stamp); err != nil {
			return err
		}
	}
	m.goal, err = result.ParseGoal(goal)
	return err
}

// program is the absolute path of what a flag names: nodes have directories of
// their own.
func program(flag, name string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return "", fmt.Errorf("-%s %q: want a program: %w", flag, name, err)
	}
	return path, nil
}

// tell prints a figure and adds a row; value is what the goal speaks of.
func (m *measurement) tell(name, ours, peer string, value float64, format string) error {
	r := result.Row{Name: name, Ours: ours, Peer: peer, Value: fmt.Sprintf(format, value), Goal: m.goal.String(), Verdict: m.goal.Verdict(value)}
	fmt.Fprintf(m.out, "%s: %s  %s  %s\n", r.Name, r.Ours, r.Peer, r.Value)
	return r.Append(m.rows)
}

// used is the CPU time that this process has used.
func used() time.Duration {
	var ru syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &ru); err != nil {
		panic(err) // the arguments are right
	}
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}

// spread is the median and the quartiles of durations.
func spread(all []time.Duration) string {
	return fmt.Sprintf("%s (%s)", short(result.Median(all)), strings.Join([]string{short(result.Quantile(all, 0.25)), short(result.Quantile(all, 0.75))}, " to "))
}

func short(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(100 * time.Microsecond).String()
}

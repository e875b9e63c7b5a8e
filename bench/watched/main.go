// Command watched measures what being watched costs a process for each line it writes.
//
//	watched write N
//	watched measure [flags] COMMAND [ARG...] :: PEER [ARG...]
//
// write is the process: at a line on stdin it writes N lines of 80 bytes to stdout,
// each by one write(2), and tells on stderr how many nanoseconds one took.
//
// measure starts it with a pipe as stdout that is emptied, then COMMAND, in whose
// arguments {} is its pid and which watches it once it has said what -ready wants; what
// counts is by how much longer a write takes than without being watched. PEER is
// measured the same way, in turn.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/sluicerun/sluice/bench/result"
)

func main() {
	if err := run(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "watched:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "write":
		n, err := strconv.Atoi(args[1])
		if err != nil || n < 1 {
			return fmt.Errorf("%q is no number of lines", args[1])
		}
		return write(n)
	case len(args) > 1 && args[0] == "measure":
		return measureMain(args[1:])
	}
	return errors.New("want: write N, or measure [flags] COMMAND :: PEER")
}

// write is the process that is watched.
func write(n int) error {
	if _, err := os.Stdin.Read(make([]byte, 1)); err != nil {
		return fmt.Errorf("waiting for the word: %w", err)
	}
	line := fmt.Appendf(nil, "%079d\n", 0)
	begun := time.Now()
	for range n {
		if _, err := os.Stdout.Write(line); err != nil {
			return err
		}
	}
	fmt.Fprintln(os.Stderr, time.Since(begun).Nanoseconds()/int64(n))
	return nil
}

func measureMain(args []string) error {
	var m measurement
	f := flag.NewFlagSet("measure", flag.ContinueOnError)
	f.StringVar(&m.name, "name", "watched", "`NAME` of the row")
	f.StringVar(&m.labels[0], "a", "ours", "`LABEL` of COMMAND")
	f.StringVar(&m.labels[1], "b", "peer", "`LABEL` of PEER")
	f.StringVar(&m.ready[0], "ready", "", "`TEXT` on COMMAND's stderr that says that it watches")
	f.StringVar(&m.ready[1], "peer-ready", "", "the same of PEER")
	f.IntVar(&m.writes, "writes", 20000, "write `N` lines a round")
	f.IntVar(&m.rounds, "rounds", 5, "`N` rounds")
	goal := f.String("goal", "", "of the peer's time over ours, such as >=2")
	f.StringVar(&m.rows, "rows", "", "append the row to `FILE`")
	if err := f.Parse(args); err != nil {
		return err
	}
	var err error
	if m.goal, err = result.ParseGoal(*goal); err != nil {
		return err
	}
	i := slices.Index(f.Args(), "::")
	if i < 1 || i == f.NArg()-1 || m.rounds < 1 || m.writes < 1 {
		return errors.New("want COMMAND :: PEER, and at least one round and line")
	}
	m.commands = [2][]string{f.Args()[:i], f.Args()[i+1:]}
	return m.run(os.Stdout)
}

// run measures both sides in turn, and nothing at all between them.
func (m *measurement) run(stdout io.Writer) error {
	var bare []float64
	var more [2][]float64
	for range m.rounds {
		alone, err := m.once(nil, "")
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		bare = append(bare, alone)
		for side, command := range m.commands {
			took, err := m.once(command, m.ready[side])
			if err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
			// Noise may make it less than nothing.
			more[side] = append(more[side], max(took-alone, 1))
		}
	}
	ours, peer := result.Median(more[0]), result.Median(more[1])
	ratio := peer / ours
	us := func(ns float64) string { return fmt.Sprintf("+%.2f us", ns/1000) }
	fmt.Fprintf(stdout, "%s: a write takes %.2f us; %s %s, %s %s, ratio %.1f, goal %v, %s\n", m.name, result.Median(bare)/1000,
		m.labels[0], us(ours), m.labels[1], us(peer), ratio, m.goal, m.goal.Verdict(ratio))
	return result.Row{Name: m.name, Ours: us(ours), Peer: m.labels[1] + " " + us(peer), Value: fmt.Sprintf("%.1f x", ratio),
		Goal: m.goal.String(), Verdict: m.goal.Verdict(ratio)}.Append(m.rows)
}

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/sluicerun/sluice/bench/result"
)

// idle watches a gang that does nothing.
func (a accounting) idle(argv []string, stdout io.Writer) error {
	pidsOf := func(g *gang) ([]int, error) { return household("/proc", g.cmd.Process.Pid) }
	begin := start
	if a.detached != "" {
		pidsOf = func(*gang) ([]int, error) { return below("/proc", os.Getpid(), a.detached) }
		begin = func(argv []string, workers int) (*gang, error) { return startDetached(argv, workers, a.detached) }
	}
	g, err := begin(argv, a.workers)
	if err != nil {
		return err
	}
	defer g.stop()
	// Time itself is what is measured here: there is no event to wait for.
	time.Sleep(a.settle)
	pids, err := pidsOf(g)
	if err == nil && len(pids) == 0 {
		err = fmt.Errorf("nothing that runs %s was left behind", a.detached)
	}
	if err != nil {
		return err
	}
	before, err := g.cost(pids)
	if err != nil {
		return err
	}
	since := time.Now()
	time.Sleep(a.window)
	after, err := g.cost(pids)
	if err != nil {
		return err
	}
	percent := 100 * float64(after-before) / float64(time.Since(since))
	var sum footprint
	for _, pid := range pids {
		fp, err := footprintOf("/proc", pid)
		if err != nil {
			return err
		}
		sum.rss += fp.rss
		sum.threads += fp.threads
	}
	fmt.Fprintf(stdout, "%s\n  %d workers, %d processes of the launcher\n", a.name, a.workers, len(pids))
	for _, x := range []struct {
		what, unit string
		value      float64
		format     string
	}{
		{"cpu", "% of a core", percent, "%.3f"},
		{"memory", "MB resident", float64(sum.rss) / 1e6, "%.1f"},
		{"threads", "threads", float64(sum.threads), "%.0f"},
	} {
		text := fmt.Sprintf(x.format+" %s", x.value, x.unit)
		row := result.Row{Name: a.name + " " + x.what, Ours: text, Value: text, Goal: a.goals[x.what].String(), Verdict: a.goals[x.what].Verdict(x.value)}
		fmt.Fprintf(stdout, "  %-8s %s  goal %s  %s\n", x.what, text, row.Goal, row.Verdict)
		if err := row.Append(a.rows); err != nil {
			return err
		}
	}
	return nil
}

// transfer measures what the workers' bytes cost the launcher.
func (a accounting) transfer(argv []string, stdout io.Writer) error {
	commands := [][]string{argv}
	if i := slices.Index(argv, "::"); i >= 0 {
		commands = [][]string{argv[:i], argv[i+1:]}
		if i == 0 || i == len(argv)-1 {
			return errors.New("want a command before and after the :: mark")
		}
	}
	var perGB [2]float64
	for side, argv := range commands {
		cost, err := a.transferOnce(argv)
		if err != nil {
			return fmt.Errorf("%s: %w", a.labels[side], err)
		}
		perGB[side] = cost.Seconds() * 1e3 / (float64(a.bytes) / 1e9)
	}
	row := result.Row{
		Name: a.name, Ours: fmt.Sprintf("%.2f ms/GB", perGB[0]), Value: fmt.Sprintf("%.2f ms/GB", perGB[0]),
		Goal: a.goals["cpu"].String(), Verdict: a.goals["cpu"].Verdict(perGB[0]),
	}
	fmt.Fprintf(stdout, "%s\n  %-24s %10.2f ms of CPU per GB  goal %s  %s\n", a.name, a.labels[0], perGB[0], row.Goal, row.Verdict)
	if len(commands) > 1 {
		row.Peer = fmt.Sprintf("%s %.2f ms/GB", a.labels[1], perGB[1])
		fmt.Fprintf(stdout, "  %-24s %10.2f ms of CPU per GB\n", a.labels[1], perGB[1])
	}
	return row.Append(a.rows)
}

func (a accounting) transferOnce(argv []string) (time.Duration, error) {
	g, err := start(argv, a.workers)
	if err != nil {
		return 0, err
	}
	defer g.stop()
	// The start's own work must not be counted in.
	time.Sleep(500 * time.Millisecond)
	pids, err := household("/proc", g.cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	before, err := g.cost(pids)
	if err != nil {
		return 0, err
	}
	gate, err := g.release()
	if err != nil {
		return 0, err
	}
	defer gate.Close()
	if err := g.await(a.workers); err != nil {
		return 0, err
	}
	after, err := g.cost(pids)
	return after - before, err
}

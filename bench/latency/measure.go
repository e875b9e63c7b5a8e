package main

import (
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/sluicerun/sluice/bench/result"
)

type measurement struct {
	name, before, rows string
	labels             [2]string
	rounds, skip       int
	// goals are those of p50 and p99.
	goals [2]result.Goal
	// commands is ours and, if there is one, the peer's.
	commands [][]string
}

// quantiles are those that are shown; goals belong to them in this order.
var quantiles = [2]struct {
	name string
	q    float64
}{{"p50", 0.50}, {"p99", 0.99}}

func (m *measurement) split(args []string) error {
	ours, peer := args, []string(nil)
	if i := slices.Index(args, "::"); i >= 0 {
		ours, peer = args[:i], args[i+1:]
		if len(peer) == 0 {
			return errors.New("there is no command after the :: mark")
		}
	}
	if len(ours) == 0 {
		return errors.New("want a COMMAND")
	}
	if m.rounds < 1 || m.skip < 0 {
		return fmt.Errorf("-rounds %d -skip %d: want at least one round", m.rounds, m.skip)
	}
	m.commands = [][]string{ours}
	if peer != nil {
		m.commands = append(m.commands, peer)
	}
	return nil
}

// run measures both sides alternately and reports.
func (m *measurement) run(stdout io.Writer) error {
	// figures[side][quantile] holds one value a round.
	var figures [2][2][]time.Duration
	for range m.rounds {
		for side, argv := range m.commands {
			took, err := m.once(argv)
			if err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
			for i, q := range quantiles {
				figures[side][i] = append(figures[side][i], result.Quantile(took, q.q))
			}
		}
	}
	fmt.Fprintln(stdout, m.name)
	for i, q := range quantiles {
		ours := result.Median(figures[0][i])
		us := float64(ours) / float64(time.Microsecond)
		row := result.Row{
			Name: m.name + " " + q.name, Ours: short(ours), Value: fmt.Sprintf("%.0f us", us),
			Goal: m.goals[i].String(), Verdict: m.goals[i].Verdict(us),
		}
		if m.goals[i].Op != "" {
			row.Goal += " us"
		}
		fmt.Fprintf(stdout, "  %s  %-8s %9s  (runs %s)", q.name, m.labels[0], short(ours), spread(figures[0][i]))
		if len(m.commands) > 1 {
			peer := result.Median(figures[1][i])
			row.Peer = m.labels[1] + " " + short(peer)
			fmt.Fprintf(stdout, "  %s %9s  (runs %s)  ratio %.1f", m.labels[1], short(peer), spread(figures[1][i]), float64(peer)/float64(ours))
		}
		fmt.Fprintf(stdout, "  goal %s  %s\n", row.Goal, row.Verdict)
		if err := row.Append(m.rows); err != nil {
			return err
		}
	}
	return nil
}

// once runs one command to its end and returns each line's way.
func (m *measurement) once(argv []string) ([]time.Duration, error) {
	if m.before != "" {
		if out, err := exec.Command("sh", "-c", m.before).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("running %s: %w: %s", m.before, err, out)
		}
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	console, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", argv[0], err)
	}
	took, err := follow(console)
	if err2 := cmd.Wait(); err == nil && err2 != nil {
		err = fmt.Errorf("running %s: %w:\n%s", strings.Join(argv, " "), err2, said.String())
	}
	if err == nil && len(took) <= m.skip {
		err = fmt.Errorf("running %s: %d stamped lines came, want more than %d", strings.Join(argv, " "), len(took), m.skip)
	}
	if err != nil {
		return nil, err
	}
	return took[m.skip:], nil
}

// follow reads the console to its end. Lines that come in one read are all as
// late as that read.
func follow(console io.Reader) ([]time.Duration, error) {
	// A thread of its own spares the reader one hand-over between threads.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var took []time.Duration
	buf, rest := make([]byte, 64<<10), []byte(nil)
	for {
		n, err := console.Read(buf)
		now, clockErr := monotonic()
		if clockErr != nil {
			return nil, clockErr
		}
		data := append(rest, buf[:n]...)
		rest = slices.Clone(stamps(data, func(at time.Duration) { took = append(took, now-at) }))
		if err == io.EOF {
			return took, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading the console: %w", err)
		}
	}
}

func spread(values []time.Duration) string {
	return short(result.Quantile(values, 0)) + " to " + short(result.Quantile(values, 1))
}

// short is in whole microseconds below 10 ms. It says "us": the table counts
// bytes for columns.
func short(d time.Duration) string {
	if d >= 10*time.Millisecond {
		return d.Round(100 * time.Microsecond).String()
	}
	return fmt.Sprintf("%dus", d.Round(time.Microsecond)/time.Microsecond)
}

package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/bench/result"
)

// quiet is how long nothing more may come before the first key: a client draws
// the screen at its start.
const quiet = 200 * time.Millisecond

// typing says how a person types.
type typing struct {
	keys, skip int
	pause      [2]time.Duration
	patience   time.Duration
}

type measurement struct {
	name, before, rows string
	labels             [2]string
	rounds             int
	typing             typing
	// goals are those of what is added to p50 and p99.
	goals [2]result.Goal
	// commands is the floor, ours and, if there is one, the peer's.
	commands [][]string
}

// quantiles are those that are shown; goals belong to them in this order.
var quantiles = [2]struct {
	name string
	q    float64
}{{"p50", 0.50}, {"p99", 0.99}}

// complete takes the commands and checks everything.
func (m *measurement) complete(args []string) error {
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
	y := m.typing
	if m.rounds < 1 || y.keys < 1 || y.skip < 0 {
		return fmt.Errorf("-rounds %d -n %d -skip %d: want at least one round of one key", m.rounds, y.keys, y.skip)
	}
	if y.pause[0] < 0 || y.pause[1] < y.pause[0] || y.patience <= 0 {
		return fmt.Errorf("-min %v -max %v -patience %v: want a shortest and a longest pause, and some patience", y.pause[0], y.pause[1], y.patience)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding the echo: %w", err)
	}
	m.commands = [][]string{{self, "echo"}, ours}
	if peer != nil {
		m.commands = append(m.commands, peer)
	}
	return nil
}

// run measures all sides in turn and reports.
func (m *measurement) run(stdout io.Writer) error {
	// figures[side][quantile] holds one value a round.
	figures := make([][2][]time.Duration, len(m.commands))
	for round := range m.rounds {
		for side, argv := range m.commands {
			took, err := m.once(argv, uint64(round))
			if err != nil {
				return fmt.Errorf("%s: %w", strings.Join(argv, " "), err)
			}
			for i, q := range quantiles {
				figures[side][i] = append(figures[side][i], result.Quantile(took, q.q))
			}
		}
	}
	fmt.Fprintln(stdout, m.name)
	labels := append([]string{"bare"}, m.labels[:]...)
	for i, q := range quantiles {
		for side := range m.commands {
			fmt.Fprintf(stdout, "  %s  %-16s %9s  (runs %s)\n", q.name, labels[side], short(result.Median(figures[side][i])), spread(figures[side][i]))
		}
		extra := added(figures[1][i], figures[0][i])
		row := result.Row{
			Name: m.name + " " + q.name, Ours: short(result.Median(figures[1][i])),
			Peer:  "bare " + short(result.Median(figures[0][i])),
			Value: fmt.Sprintf("+%.0f us", extra), Goal: m.goals[i].String(), Verdict: m.goals[i].Verdict(extra),
		}
		if m.goals[i].Op != "" {
			row.Goal += " us"
		}
		fmt.Fprintf(stdout, "  %s  %s adds %.0f us", q.name, labels[1], extra)
		if len(m.commands) > 2 {
			theirs := added(figures[2][i], figures[0][i])
			row.Peer += fmt.Sprintf(", %s +%.0f us", labels[2], theirs)
			fmt.Fprintf(stdout, ", %s %.0f us", labels[2], theirs)
		}
		fmt.Fprintf(stdout, "  goal %s  %s\n", row.Goal, row.Verdict)
		if err := row.Append(m.rows); err != nil {
			return err
		}
	}
	return nil
}

// added is the median over the rounds of what came on top of the floor, in µs.
func added(figures, floor []time.Duration) float64 {
	more := make([]time.Duration, len(figures))
	for i := range more {
		more[i] = figures[i] - floor[i]
	}
	return float64(result.Median(more)) / float64(time.Microsecond)
}

// once runs one command to its end and returns each key's way.
func (m *measurement) once(argv []string, seed uint64) ([]time.Duration, error) {
	if m.before != "" {
		if out, err := exec.Command("sh", "-c", m.before).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("running %s: %w: %s", m.before, err, out)
		}
	}
	y := m.typing
	t, err := open(argv, 4*y.patience+time.Duration(y.keys+y.skip)*(y.pause[1]+20*time.Millisecond))
	if err != nil {
		return nil, err
	}
	defer t.close()
	var took []time.Duration
	err = t.use(func(fd int) error {
		if err := t.hear(fd, []byte(ready), y.patience); err != nil {
			return err
		}
		if err := t.settle(fd, quiet); err != nil {
			return err
		}
		if took, err = y.typeAll(t, fd, rand.New(rand.NewPCG(seed, 0))); err != nil {
			return err
		}
		return t.finish(fd, y.patience)
	})
	return took[min(y.skip, len(took)):], err
}

// typeAll types every key and waits for each.
func (y typing) typeAll(t *terminal, fd int, rnd *rand.Rand) ([]time.Duration, error) {
	took := make([]time.Duration, 0, y.skip+y.keys)
	for i := range y.skip + y.keys {
		time.Sleep(y.pause[0] + time.Duration(rnd.Int64N(int64(y.pause[1]-y.pause[0])+1)))
		if err := t.settle(fd, 0); err != nil {
			return nil, err
		}
		key := []byte{alphabet[i%len(alphabet)]}
		begin := time.Now()
		if _, err := unix.Write(fd, key); err != nil {
			return nil, fmt.Errorf("typing key %d: %w", i, err)
		}
		if err := t.hear(fd, key, y.patience); err != nil {
			return nil, fmt.Errorf("key %d: %w", i, err)
		}
		took = append(took, time.Since(begin))
	}
	return took, nil
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

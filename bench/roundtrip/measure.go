package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/sluicerun/sluice/bench/result"
)

// side is one of the two that show the answers.
type side interface {
	// start starts argv on a terminal, stop ends it.
	start(ctx context.Context, argv []string) error
	// press presses one key.
	press(ctx context.Context) error
	// wait returns when the screen shows text.
	wait(ctx context.Context, text string) error
	stop() error
}

type measurement struct {
	name, way, sluice, tmux, rows string
	trips, skip                   int
	poll, patience                time.Duration
	goal                          result.Goal
}

func (m *measurement) check(args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("there is nothing to make of %q", args)
	}
	if !slices.Contains([]string{"commands", "command", "connection"}, m.way) {
		return fmt.Errorf("-way %s: want commands, command or connection", m.way)
	}
	if m.trips < 1 || m.skip < 0 || m.poll < 0 || m.patience <= 0 {
		return fmt.Errorf("-n %d -skip %d -poll %v -patience %v: want at least one trip and some patience", m.trips, m.skip, m.poll, m.patience)
	}
	return nil
}

// sides are sluice and the peer.
func (m *measurement) sides(dir string) [2]side {
	s := sluiceRun{program: m.sluice, patience: m.patience}
	t := tmuxServer{program: m.tmux, socket: dir + "/tmux", poll: m.poll}
	switch m.way {
	case "connection":
		return [2]side{&sluiceSocket{sluiceRun: s}, &tmuxControl{tmuxServer: t}}
	case "command":
		return [2]side{&sluiceCommand{sluiceRun: s}, &t}
	}
	return [2]side{&s, &t}
}

func (m *measurement) run(stdout io.Writer) (err error) {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding the program that answers: %w", err)
	}
	dir, err := os.MkdirTemp("", "roundtrip-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	sides := m.sides(dir)
	var took [2][]time.Duration
	for _, s := range sides {
		ctx, cancel := context.WithTimeout(context.Background(), m.patience)
		defer cancel()
		if err := s.start(ctx, []string{self, "answer"}); err != nil {
			return err
		}
		defer func() {
			if serr := s.stop(); err == nil {
				err = serr
			}
		}()
		if err := s.wait(ctx, answerTo(0)); err != nil {
			return fmt.Errorf("waiting for the start: %w", err)
		}
	}
	for key := 1; key <= m.skip+m.trips; key++ {
		for i, s := range sides {
			d, err := m.trip(s, key)
			if err != nil {
				return err
			}
			if key > m.skip {
				took[i] = append(took[i], d)
			}
		}
	}
	return m.report(stdout, took)
}

// trip is one way there and back.
func (m *measurement) trip(s side, key int) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), m.patience)
	defer cancel()
	begin := time.Now()
	if err := s.press(ctx); err != nil {
		return 0, fmt.Errorf("pressing key %d: %w", key, err)
	}
	if err := s.wait(ctx, answerTo(key)); err != nil {
		return 0, fmt.Errorf("waiting for %q: %w", answerTo(key), err)
	}
	return time.Since(begin), nil
}

// report tells the ratio of the medians, with the quartiles over the pairs.
func (m *measurement) report(stdout io.Writer, took [2][]time.Duration) error {
	fmt.Fprintln(stdout, m.name)
	for i, label := range []string{"sluice", "tmux"} {
		fmt.Fprintf(stdout, "  %-8s min %9s  median %9s  p90 %9s\n", label,
			short(result.Quantile(took[i], 0)), short(result.Median(took[i])), short(result.Quantile(took[i], 0.9)))
	}
	ratios := make([]float64, len(took[0]))
	for i := range ratios {
		ratios[i] = float64(took[1][i]) / float64(took[0][i])
	}
	ratio := float64(result.Median(took[1])) / float64(result.Median(took[0]))
	value := fmt.Sprintf("%.2f (%.2f-%.2f)", ratio, result.Quantile(ratios, 0.25), result.Quantile(ratios, 0.75))
	fmt.Fprintf(stdout, "  tmux / sluice = %s  goal %s  %s\n", value, m.goal, m.goal.Verdict(ratio))
	return result.Row{
		Name: m.name, Ours: short(result.Median(took[0])), Peer: "tmux " + short(result.Median(took[1])),
		Value: value, Goal: m.goal.String(), Verdict: m.goal.Verdict(ratio),
	}.Append(m.rows)
}

func short(d time.Duration) string {
	if d >= 10*time.Millisecond {
		return d.Round(100 * time.Microsecond).String()
	}
	return fmt.Sprintf("%dus", d.Round(time.Microsecond)/time.Microsecond)
}

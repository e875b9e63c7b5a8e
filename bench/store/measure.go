package main

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/sluicerun/sluice/bench/result"
)

//go:embed torchserver.py
var torchServer string

//go:embed torchclient.py
var torchClient string

type measurement struct {
	python, rows           string
	rounds, pairs, clients int
}

// sides are ours and the peer's, in every pair of figures.
var sides = [2]string{"sluice", "torch"}

func (m *measurement) run(stdout io.Writer) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var ports [2]int
	for i, argv := range [2][]string{{self, "serve"}, {m.python, "-c", torchServer}} {
		var stop func() error
		ports[i], stop, err = start(argv)
		if err != nil {
			return fmt.Errorf("starting the server of %s: %w", sides[i], err)
		}
		defer stop()
	}
	took, err := m.setGet(ports)
	if err != nil {
		return err
	}
	if err := m.report(stdout, "store, set+get by torch's client", "per pair", m.pairs, took); err != nil {
		return err
	}
	took = [2][]time.Duration{}
	for range m.rounds {
		for i, port := range ports {
			d, err := storm(port, m.clients)
			if err != nil {
				return fmt.Errorf("connecting %d clients to %s: %w", m.clients, sides[i], err)
			}
			took[i] = append(took[i], d)
		}
	}
	return m.report(stdout, fmt.Sprintf("store, %d clients at once", m.clients), "in all", 1, took)
}

// start starts a server that prints its port; stop ends it.
func start(argv []string) (port int, stop func() error, err error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return 0, nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return 0, nil, err
	}
	if err := cmd.Start(); err != nil {
		return 0, nil, err
	}
	stop = func() error { stdin.Close(); return cmd.Wait() }
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err == nil {
		port, err = strconv.Atoi(strings.TrimSpace(line))
	}
	if err != nil {
		stop()
		return 0, nil, fmt.Errorf("it did not print its port: %w", err)
	}
	return port, stop, nil
}

// setGet lets one Python process use both servers in turn.
func (m *measurement) setGet(ports [2]int) (took [2][]time.Duration, err error) {
	cmd := exec.Command(m.python, "-c", torchClient, strconv.Itoa(m.rounds), strconv.Itoa(m.pairs), strconv.Itoa(ports[0]), strconv.Itoa(ports[1]))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return took, fmt.Errorf("running torch's client: %w", err)
	}
	words := strings.Fields(string(out))
	if len(words) != 2*m.rounds {
		return took, fmt.Errorf("torch's client printed %d figures, want %d", len(words), 2*m.rounds)
	}
	for i, w := range words {
		seconds, err := strconv.ParseFloat(w, 64)
		if err != nil {
			return took, fmt.Errorf("torch's client printed %q: %w", w, err)
		}
		took[i%2] = append(took[i%2], time.Duration(seconds*float64(time.Second)))
	}
	return took, nil
}

// report prints one comparison; a ratio above 1 says that ours is faster.
func (m *measurement) report(stdout io.Writer, name, unit string, n int, took [2][]time.Duration) error {
	var ratios []float64
	for i, ours := range took[0] {
		ratios = append(ratios, float64(took[1][i])/float64(ours))
	}
	shown := [2]string{}
	for i := range sides {
		one := result.Median(took[i]) / time.Duration(n)
		shown[i] = fmt.Sprintf("%.1fus", float64(one)/1e3)
		if n > 1 {
			shown[i] += fmt.Sprintf(" (%.0f/s)", float64(time.Second)/float64(one))
		}
	}
	ratio := float64(result.Median(took[1])) / float64(result.Median(took[0]))
	value := fmt.Sprintf("%.2f (%.2f-%.2f)", ratio, result.Quantile(ratios, 0.25), result.Quantile(ratios, 0.75))
	fmt.Fprintf(stdout, "%s: %s %s, %s %s %s; ratio %s\n", name, sides[0], shown[0], sides[1], shown[1], unit, value)
	row := result.Row{Name: name, Ours: shown[0], Peer: sides[1] + " " + shown[1], Value: value, Goal: "-", Verdict: result.Goal{}.Verdict(ratio)}
	return row.Append(m.rows)
}

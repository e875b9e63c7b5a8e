package main

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

//go:embed c10d.py
var c10d string

// torch has torchrun's rendezvous do the same, once: it takes its time.
func (m *measurement) torch(ctx context.Context) (took [2]time.Duration, err error) {
	cmd := exec.CommandContext(ctx, m.python, "-c", c10d, strconv.Itoa(m.agents))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return took, err
	}
	if err := cmd.Start(); err != nil {
		return took, fmt.Errorf("starting %s: %w", m.python, err)
	}
	lines := bufio.NewScanner(out)
	n := 0
	for lines.Scan() {
		word, seconds, ok := strings.Cut(lines.Text(), " ")
		s, perr := strconv.ParseFloat(seconds, 64)
		if !ok || perr != nil || n == len(took) {
			fmt.Fprintln(m.out, lines.Text())
			continue
		}
		fmt.Fprintf(m.out, "c10d: %s round: %.3f s\n", word, s)
		took[n] = time.Duration(s * float64(time.Second))
		n++
	}
	if err := cmd.Wait(); err != nil {
		return took, fmt.Errorf("torchrun's rendezvous of %d agents: %w", m.agents, err)
	}
	if n < len(took) {
		return took, fmt.Errorf("torchrun's rendezvous of %d agents told %d times, not %d", m.agents, n, len(took))
	}
	return took, nil
}

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sluicerun/sluice/bench/result"
)

// program copies a file to standard output as cat does, and writes its own CPU
// time, in nanoseconds, into a second file.
func program(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("want TEXT and USAGE, have %q", args)
	}
	f, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer f.Close()
	// Not io.Copy, which may not copy in this process.
	for buf := make([]byte, 128<<10); ; {
		n, err := f.Read(buf)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if _, err := os.Stdout.Write(buf[:n]); err != nil {
			return err
		}
	}
	took, err := ownTime()
	if err != nil {
		return err
	}
	return os.WriteFile(args[1], []byte(strconv.FormatInt(int64(took), 10)), 0o600)
}

// recorder is one way to record.
type recorder struct {
	label string
	need  string // a program that may be missing
	// command records prog into file.
	command func(prog []string, file string) []string
	goal    string // for what we take over what it takes
	took    []cost
}

func (b *bench) recorders(onTerminal bool) []*recorder {
	shell := func(prog []string) string { return "'" + strings.Join(prog, "' '") + "'" }
	return []*recorder{
		{label: "sluice rec", command: func(prog []string, file string) []string {
			argv := []string{b.sluice, "rec", "-q", file + ".cast"}
			if !onTerminal {
				argv = append(argv, "--headless")
			}
			return append(append(argv, "--"), prog...)
		}},
		{label: "asciinema rec", need: "asciinema", goal: "<=0.5", command: func(prog []string, file string) []string {
			return []string{"asciinema", "rec", "-q", "-c", shell(prog), file + ".cast"}
		}},
		{label: "script", need: "script", goal: "<=1.3", command: func(prog []string, file string) []string {
			return []string{"script", "-q", "-e", "-c", shell(prog), file}
		}},
		// It has times, as the others do.
		{label: "script, timing", need: "script", command: func(prog []string, file string) []string {
			return []string{"script", "-q", "-e", "-c", shell(prog), "-O", file, "-T", file + ".timing"}
		}},
	}
}

// flood compares recorders.
func (b *bench) flood() error {
	defer os.RemoveAll(b.dir)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	text := filepath.Join(b.dir, "text")
	if err := writeText(text, b.bytes); err != nil {
		return fmt.Errorf("writing the text: %w", err)
	}
	for _, onTerminal := range []bool{false, true} {
		where := "headless"
		if onTerminal {
			where = "on a terminal"
		}
		all := b.recorders(onTerminal)
		for round := range b.rounds {
			for _, r := range all {
				if _, err := exec.LookPath(r.need); r.need != "" && err != nil {
					continue
				}
				c, err := b.record(r, self, text, onTerminal)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", r.label, where, err)
				}
				r.took = append(r.took, c)
				fmt.Fprintf(b.out, "  %s, %s, round %d: %v of CPU, %v\n", r.label, where, round+1, c.cpu.Round(time.Millisecond), c.wall.Round(time.Millisecond))
			}
		}
		for _, peer := range all[1:] {
			if err := b.compare("recording "+where+" / "+peer.label, all[0], peer); err != nil {
				return err
			}
		}
	}
	return nil
}

// record records the text once. The CPU time is without the program's.
func (b *bench) record(r *recorder, self, text string, onTerminal bool) (cost, error) {
	dir, err := os.MkdirTemp(b.dir, "round-")
	if err != nil {
		return cost{}, err
	}
	defer os.RemoveAll(dir)
	usage := filepath.Join(dir, "usage")
	// Whatever a recorder keeps beside its file goes with the round.
	for _, v := range []string{"XDG_STATE_HOME", "XDG_RUNTIME_DIR"} {
		before, was := os.LookupEnv(v)
		os.Setenv(v, filepath.Join(dir, v))
		if err := os.Mkdir(filepath.Join(dir, v), 0o700); err != nil {
			return cost{}, err
		}
		defer func() {
			if os.Unsetenv(v); was {
				os.Setenv(v, before)
			}
		}()
	}
	file := filepath.Join(dir, "recording")
	c, err := costOf(r.command([]string{self, "program", text, usage}, file), onTerminal)
	if err != nil {
		return c, err
	}
	p, err := os.ReadFile(usage)
	if err != nil {
		return c, fmt.Errorf("the program did not come to its end: %w", err)
	}
	own, err := strconv.ParseInt(string(p), 10, 64)
	if err != nil {
		return c, err
	}
	c.cpu -= time.Duration(own)
	return c, b.complete(file)
}

// complete checks that a recording has everything: it is longer than the text.
func (b *bench) complete(file string) error {
	for _, name := range []string{file, file + ".cast"} {
		if info, err := os.Stat(name); err == nil {
			if info.Size() >= b.bytes {
				return nil
			}
			return fmt.Errorf("%s has %d bytes of a text of %d", filepath.Base(name), info.Size(), b.bytes)
		}
	}
	return errors.New("there is no recording")
}

func (b *bench) compare(name string, ours, peer *recorder) error {
	if len(peer.took) == 0 {
		return b.row(result.Row{Name: name, Verdict: "skipped: needs " + peer.need})
	}
	goal, err := result.ParseGoal(peer.goal)
	if err != nil {
		return err
	}
	mb := float64(b.bytes) / 1e6
	var cpu [2]float64
	var text [2]string
	for i, r := range []*recorder{ours, peer} {
		var c cost
		c.cpu, c.wall = median(r.took)
		cpu[i] = c.cpu.Seconds() * 1000 / mb
		text[i] = fmt.Sprintf("%s %.1f ms of CPU/MB (%.2f s)", r.label, cpu[i], c.wall.Seconds())
	}
	var ratios []float64
	for i := range peer.took {
		ratios = append(ratios, float64(ours.took[i].cpu)/float64(peer.took[i].cpu))
	}
	ratio := cpu[0] / cpu[1]
	return b.row(result.Row{
		Name: name, Ours: text[0], Peer: text[1],
		Value: fmt.Sprintf("%.2f (%.2f-%.2f)", ratio, result.Quantile(ratios, 0.25), result.Quantile(ratios, 0.75)),
		Goal:  goal.String(), Verdict: goal.Verdict(ratio),
	})
}

// median is that of both times, each by itself.
func median(all []cost) (cpu, wall time.Duration) {
	var cpus, walls []time.Duration
	for _, c := range all {
		cpus, walls = append(cpus, c.cpu), append(walls, c.wall)
	}
	return result.Median(cpus), result.Median(walls)
}

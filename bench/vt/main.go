// Command vt measures the terminal emulator of sluice against two others for Go,
// github.com/charmbracelet/x/vt and github.com/hinshun/vt10x, in one run: the same
// bytes in pieces of 4096, the emulators in turn, and of each the median.
//
//	cd bench/vt && go run . [-rounds 7] [-mb 8]
//
// It is a module of its own, so that the project does not depend on its peers. The
// peers keep less: vt10x has no scrollback and no wide characters.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	xvt "github.com/charmbracelet/x/vt"
	"github.com/hinshun/vt10x"

	"github.com/sluicerun/sluice/vt"
)

func main() {
	rounds := flag.Int("rounds", 7, "measurements of each emulator")
	mb := flag.Int("mb", 8, "megabytes in each measurement")
	flag.Parse()
	if err := compare(os.Stdout, *rounds, *mb<<20); err != nil {
		fmt.Fprintln(os.Stderr, "vt:", err)
		os.Exit(1)
	}
}

var emulators = []struct {
	name string
	make func() io.Writer
}{
	{"sluice", func() io.Writer { return vt.New(80, 24, vt.Options{}) }},
	{"x/vt", func() io.Writer { return xvt.NewEmulator(80, 24) }},
	{"vt10x", func() io.Writer { return vt10x.New(vt10x.WithSize(80, 24)) }},
}

// goals are the rates, in MB/s on one core, and the ratio to x/vt to be reached.
var goals = map[string]float64{"plain": 250, "colour": 100, "editor": 150}

const goalRatio = 10

func compare(w io.Writer, rounds, size int) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "stream\tsluice MB/s\tgoal\tx/vt\tratio (goal 10)\tvt10x\tratio")
	for _, s := range streams(size) {
		rates := make([][]float64, len(emulators))
		for range rounds {
			for i, e := range emulators {
				r, err := rate(e.make(), s.data)
				if err != nil {
					return fmt.Errorf("feeding %s to %s: %w", s.name, e.name, err)
				}
				rates[i] = append(rates[i], r)
			}
		}
		var m [3]float64
		for i := range rates {
			slices.Sort(rates[i])
			m[i] = rates[i][len(rates[i])/2]
		}
		goal := "-"
		if g := goals[s.name]; g > 0 {
			goal = verdict(g, m[0] >= g)
		}
		fmt.Fprintf(out, "%s\t%.0f\t%s\t%.1f\t%.1f %s\t%.1f\t%.1f\n", s.name, m[0], goal, m[1], m[0]/m[1], verdict(goalRatio, m[0]/m[1] >= goalRatio), m[2], m[0]/m[2])
	}
	return out.Flush()
}

func verdict(goal float64, ok bool) string {
	if ok {
		return fmt.Sprintf("%.0f met", goal)
	}
	return fmt.Sprintf("%.0f MISSED", goal)
}

// rate feeds data and returns megabytes (10^6 bytes) a second.
func rate(w io.Writer, data []byte) (float64, error) {
	start := time.Now()
	for rest := data; len(rest) > 0; {
		n := min(len(rest), 4096)
		if _, err := w.Write(rest[:n]); err != nil {
			return 0, err
		}
		rest = rest[n:]
	}
	return float64(len(data)) / 1e6 / time.Since(start).Seconds(), nil
}

type namedStream struct {
	name string
	data []byte
}

// streams are the kinds of output that vt's own benchmarks have, of about size
// bytes each.
func streams(size int) []namedStream {
	repeat := func(name string, piece func(i int) string) namedStream {
		var b strings.Builder
		for i := 0; b.Len() < size; i++ {
			b.WriteString(piece(i))
		}
		return namedStream{name, []byte(b.String())}
	}
	return []namedStream{
		repeat("plain", func(i int) string {
			return fmt.Sprintf("%-78.78s\r\n", fmt.Sprintf("2026-01-02T03:04:05Z step %d loss 0.%06d throughput 123456 tokens/s on 8 devices, all good", i, i*7919%1000000))
		}),
		repeat("colour", func(i int) string {
			return fmt.Sprintf("\x1b[2m2026-01-02T03:04:05Z\x1b[0m \x1b[32m INFO\x1b[0m \x1b[1;34mtrain::step\x1b[0m: step \x1b[33m%d\x1b[0m loss 0.%06d\r\n", i, i*7919%1000000)
		}),
		repeat("editor", func(n int) string {
			var b strings.Builder
			b.WriteString("\x1b[?25l\x1b[H")
			for y := range 23 {
				fmt.Fprintf(&b, "\x1b[%d;1H\x1b[33m%4d \x1b[m\x1b[35mfunc\x1b[m (t *Terminal) \x1b[34mname%d\x1b[m(x \x1b[32mint\x1b[m) { \x1b[35mreturn\x1b[m x + \x1b[31m%d\x1b[m }\x1b[K", y+1, n+y, n*y, n)
			}
			fmt.Fprintf(&b, "\x1b[24;1H\x1b[7m file.go [+] %60d,1 Top \x1b[m\x1b[%d;%dH\x1b[?25h", n, n%23+1, n%70+1)
			return b.String()
		}),
		repeat("unicode", func(int) string {
			return "日本語のテキストと漢字が続く。Ünïcödé e\u0301 ─── 👩‍🚀 🇩🇪 ok\r\n"
		}),
	}
}

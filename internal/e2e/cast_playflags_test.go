//go:build linux

package e2e

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// What is asked for on the command line.
func TestPlayFlags(t *testing.T) {
	thorough(t)
	t.Parallel()
	o := newOuter(newWorld(t))
	o.write("s.cast", scenes)
	o.write("tick.cast", "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n"+
		`[0, "o", "\u001b[2J\u001b[Htick"]`+"\n"+`[0.3, "o", "\u001b[2J\u001b[Htock"]`+"\n"+`[0.3, "x", "0"]`+"\n")
	p := o.main
	p.line("$S play s.cast --from 1:40 --until 3:20 --speed max")
	p.prompted()
	p.shows("scene three") // the last screen stays
	if got := p.seen(); strings.Contains(got, "scene four") {
		t.Errorf("beyond --until:\n%s", got)
	}
	p.fresh("$S play s.cast --pause-on-markers --idle-limit 0.1 --keys")
	p.bar("paused 1:40.0")
	p.keys("Space")
	p.shows("ls<Enter>")
	p.bar("paused 5:00.0")
	p.keys("Space")
	p.prompted()
	p.shows("scene four")
	p.fresh("$S play tick.cast --loop")
	for range 2 {
		p.shows("tick")
		p.shows("tock")
	}
	p.keys("q")
	p.prompted()

	// A recording larger than the window: the cursor's row is seen.
	o.write("large.cast", "{\"version\":3,\"term\":{\"cols\":200,\"rows\":60}}\n"+
		`[0, "o", "\u001b[2J\u001b[Htop\u001b[60;1Hbottom line`+strings.Repeat("-", 150)+`end"]`+"\n"+`[1000, "x", "0"]`+"\n")
	p.fresh("$S play large.cast")
	p.shows("bottom line---")
	if got := p.seen(); strings.Contains(got, "top") || strings.Contains(got, "end") {
		t.Errorf("the window shows\n%s", got)
	}
	p.keys("q")
	p.prompted()
	// A run's logs.
	o.must("run", "--pty", "--name", "job", "-q", "--", "echo", "out of the logs")
	p.fresh("$S play job --speed max")
	p.prompted()
	p.shows("out of the logs")
	p.fresh("$S cast convert job/0 | $S play - --speed max")
	p.prompted()
	p.shows("out of the logs")
}

// Into a pipe goes what was written, without what asks or changes the terminal;
// what makes no sense is refused before anything is written.
func TestPlayPipe(t *testing.T) {
	t.Parallel()
	testpeer.Need(t, "bash", "bash")
	w := newWorld(t)
	w.write("s.cast", scenes)
	got := w.must("play", "s.cast", "--speed", "max")
	for _, text := range []string{"scene one", "scene two", "scene three", "scene four"} {
		if !strings.Contains(got, text) {
			t.Errorf("%s is not in %q", text, got)
		}
	}
	if strings.Contains(got, "\x1b[6n") || strings.Contains(got, "?1000h") {
		t.Errorf("what asks the terminal is in %q", got)
	}
	if got := w.must("play", "s.cast", "--speed", "1e6", "--from", "150", "--until", "250"); !strings.Contains(got, "scene two") || !strings.Contains(got, "scene three") || strings.Contains(got, "one") || strings.Contains(got, "four") {
		t.Errorf("%q", got)
	}
	// Its reader has enough.
	r := w.runWith(func(c *exec.Cmd) {
		c.Path, c.Args = "/bin/bash", []string{"bash", "-c", sluice + ` play s.cast --loop --speed max | head -c 20 >/dev/null; echo ${PIPESTATUS[0]}`}
	})
	if r.stdout != "141\n" && r.stdout != "0\n" || r.stderr != "" {
		t.Errorf("%+v", r)
	}
	w.write("empty.cast", "")
	for _, args := range [][]string{
		{"nothing.cast"}, {"."}, {"empty.cast"}, {"no-such-run"}, {}, {"s.cast", "s.cast"},
		{"s.cast", "--speed", "0"}, {"s.cast", "--speed", "fast"}, {"s.cast", "--speed", "inf"}, {"s.cast", "--until", "0"}, {"s.cast", "--from", "5", "--until", "5"}, {"s.cast", "--from", "x"}, {"s.cast", "--no-such-flag"},
	} {
		r := w.run(append([]string{"play"}, args...)...)
		if r.status != 2 || r.stdout != "" || !strings.HasPrefix(r.stderr, "sluice: ") {
			t.Errorf("%q: %+v", args, r)
		}
	}
}

// Every column is drawn, also the last one of a recording as wide as its window.
func TestPlayFull(t *testing.T) {
	thorough(t)
	t.Parallel()
	o := newOuter(newWorld(t))
	var screen strings.Builder
	for y := range 24 {
		fmt.Fprintf(&screen, "\\u001b[%d;1H%02d%s", y+1, y, strings.Repeat("-", 77)+"|")
	}
	o.write("full.cast", "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n"+`[0, "o", "`+screen.String()+`"]`+"\n"+`[1000, "x", "0"]`+"\n")
	p := o.main
	p.line("$S play full.cast")
	p.shows("23-----")
	want := o.must("cast", "screen", "full.cast")
	if got := p.capture() + "\n"; got != want || !strings.Contains(want, "-|\n") {
		t.Errorf("the window shows\n%s\nand the recording has\n%s", got, want)
	}
	p.keys("Space")
	p.bar("paused")
	p.keys("Space")
	p.until("the bar goes away", func() bool { return p.capture()+"\n" == want })
	p.keys("q")
	p.prompted()
}

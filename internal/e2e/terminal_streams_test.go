//go:build linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The program's exit status is that of sluice, whatever of its streams is a
// terminal.
func TestStoryStreams(t *testing.T) {
	thorough(t)
	t.Parallel()
	o := newOuter(newWorld(t))
	p := o.main
	for _, c := range []struct{ line, want, status string }{
		{`$S run --pty -- sh -c 'tty <&0 >&2; exit 7'`, "/dev/pts/", "7"},
		{`$S run --pty -- sh -c 'kill -TERM $$'`, "", "143"},
		{`printf 'a\nb\n' | $S run --pty -- cat`, "a\nb\na\nb\n", "0"},
		{`printf 'a\nb' | $S run --pty -- cat -A`, "a$\nb", "0"},
		{`$S run --pty -- ls --color=auto / | cat -v`, "^[[01;34metc^[[0m", "0"},
		{`printf 'one\n' | $S run --pty -- cat | tr a-z A-Z`, "ONE\nONE\n", "0"},
		{`$S run --pty -- sh -c 'stty size; exit 3' > out; cat out; (exit 3)`, "24 80", "3"},
		{`$S run --pty -- sh -c 'stty size' < /dev/null | cat`, "24 80", "0"},
		{`$S run --pty -- no-such-program`, "no-such-program", "127"},
		{`$S run --pty -- /etc/passwd`, "no permission", "126"},
		{`$S run --pty --size 132x43 -- stty size`, "43 132", "0"},
		{`$S run --pty --term vt100 -- sh -c 'echo TERM=$TERM.'`, "TERM=vt100.", "0"},
		{`$S run --pty -- sh -c 'echo TERM=$TERM.'`, "TERM=" + o.tmux("show-options", "-gv", "default-terminal") + ".", "0"},
		{`$S run --pty -- sh -c 'echo in=$SLUICE_RANK; $S press self Ctrl+D; cat'`, "in=0", "0"},
	} {
		p.line(c.line)
		p.prompted()
		got := strings.TrimRight(p.capture("-J"), "\n ")
		if !strings.Contains(c.line, "--size") { // another size is shown from the top
			_, got, _ = strings.Cut(got, "\n")
		}
		if st := p.status(); st != c.status || !strings.Contains(got, c.want) {
			t.Errorf("%s\nstatus %s, want %s; it shows\n%s\nwant %q in it", c.line, st, c.status, got, c.want)
		}
		p.keys("C-l")
	}
	if got := p.modes(); got != sane {
		t.Errorf("the terminal is left with %s", got)
	}
}

// A line of a file that is longer than the terminal keeps costs no other line: its
// own end is left out, and that is told once.
func TestStoryLongLines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.endRuns()
	var text, want strings.Builder
	for i := range 3000 {
		n := 20
		if i == 1000 {
			n = 5000
		} else if i == 2000 {
			n = 300_000 // over several messages
		}
		fmt.Fprintf(&text, "%s\n", strings.Repeat(string(rune('a'+i%26)), n))
		fmt.Fprintf(&want, "%s\n", strings.Repeat(string(rune('a'+i%26)), min(n, 4095)))
	}
	w.write("text", text.String())
	r := w.runWith(func(c *exec.Cmd) {
		f, err := os.Open(w.path("text"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		c.Stdin = f
	}, "run", "--pty", "--", "sh", "-c", "stty -echo; cat >copy")
	if r.status != 0 || strings.Count(r.stderr, "longer than the 4095") != 1 {
		t.Errorf("%d: %s", r.status, clip(r.stderr))
	}
	if got := w.read(w.path("copy")); got != want.String() {
		t.Errorf("%d bytes in %d lines came, not %d in %d", len(got), strings.Count(got, "\n"), want.Len(), 3000)
	}
}

// Without any terminal at all: bytes in, bytes out.
func TestStoryNoTerminal(t *testing.T) {
	thorough(t)
	t.Parallel()
	w := newWorld(t)
	w.endRuns()
	in := func(text string) func(*exec.Cmd) {
		return func(c *exec.Cmd) { c.Stdin = strings.NewReader(text) }
	}
	r := w.runWith(in("a\nb\n"), "run", "--pty", "--", "sh", "-c", "stty -echo; echo ready; cat; exit 7")
	// What came before the echo was off is shown twice.
	if r.status != 7 || !strings.HasSuffix(strings.Replace(r.stdout, "ready\r\n", "", 1), "a\r\nb\r\n") {
		t.Errorf("%+v", r)
	}
	// Programs that are over before anybody has looked.
	for range 20 {
		r := w.runWith(in("1\n2\n3\n"), "run", "--pty", "--", "cat")
		for _, line := range []string{"1\r\n", "2\r\n", "3\r\n"} {
			if strings.Count(r.stdout, line) != 2 {
				t.Fatalf("cat of three lines, with their echo: %+v", r)
			}
		}
	}
	// More than the terminal takes at once, in both directions.
	var lines strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&lines, "line %d\n", i)
	}
	r = w.runWith(in(lines.String()), "run", "--pty", "--", "sh", "-c", "stty raw -echo; echo; exec head -c "+fmt.Sprint(lines.Len()))
	if got := strings.TrimPrefix(r.stdout, "\n"); r.status != 0 || !strings.HasSuffix(r.stdout, "line 19999\n") {
		t.Errorf("status %d, %d bytes of %d, which end in %q\n%s", r.status, len(got), lines.Len(), got[max(0, len(got)-40):], r.stderr)
	}
	r = w.runWith(in(lines.String()), "run", "--pty", "--", "sh", "-c", "stty -echo; echo; cat")
	if got := strings.ReplaceAll(r.stdout, "\r\n", "\n"); r.status != 0 || !strings.HasSuffix(got, "line 19998\nline 19999\n") {
		t.Errorf("line by line: status %d, it ends in %q\n%s", r.status, got[max(0, len(got)-40):], r.stderr)
	}
}

// A window that changes its size changes that of the program's terminal.
func TestStoryResize(t *testing.T) {
	t.Parallel()
	o := newOuter(newWorld(t))
	p := o.main
	o.script("size", `trap 'stty size' WINCH; trap 'kill $!; exit 5' USR1; stty size; sleep 600 & while :; do wait; done`)
	p.line("$S run --pty -- ./size")
	p.shows("24 80")
	p.resize(101, 31)
	p.shows("31 101")
	p.resize(40, 10)
	p.shows("10 40")
	o.must("resize", "size", "132x43")
	o.waitText("size", "43 132")
	p.types("x") // who types has the size
	o.must("wait", "size", "--regex", `(?s)43 132.*10 40`)
	dir := o.dirOf("size")
	o.must("signal", "size", "USR1")
	p.prompted()
	if st := p.status(); st != "5" {
		t.Errorf("status %s", st)
	}
	if got := o.read(dir + "/timing"); !strings.Contains(got, "SIGWINCH ROWS=31 COLS=101\n") {
		t.Errorf("timing does not tell of the resize:\n%s", got)
	}
}

// Standard error on a pipe of its own: it has a log, and is shown.
func TestStorySplit(t *testing.T) {
	t.Parallel()
	o := newOuter(newWorld(t))
	p := o.main
	o.script("two", `test -t 1 && echo OUT; test -t 2 || echo ERR >&2; read x; exit 3`)
	p.line("$S run --pty --stderr split -- ./two")
	p.shows("OUT")
	p.shows("ERR")
	p.types("\r")
	p.prompted()
	if st := p.status(); st != "3" {
		t.Errorf("status %s", st)
	}
	dir := o.dirOf("two")
	if got := o.read(dir + "/stderr.log"); got != "ERR\n" {
		t.Errorf("stderr.log: %q", got)
	}
	if got := o.read(dir + "/stdout.log"); got != "OUT\r\n\r\n" {
		t.Errorf("stdout.log: %q", got)
	}
	p.line("$S run --pty --stderr split -- ./two 2> errors; cat errors")
	p.shows("OUT")
	p.types("\r")
	p.prompted()
	if got := p.capture(); !strings.Contains(got, "\nOUT\n\nERR\n") {
		t.Errorf("with stderr in a file:\n%s", strings.TrimSpace(got))
	}
}

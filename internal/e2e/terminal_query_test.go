//go:build linux

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// asker asks its terminal who it is, where the cursor is and whether it is well,
// and after all answers are there whether it is well once more: a second answer
// to anything would come before that.
const asker = `import os, sys, tty, termios
old = termios.tcgetattr(0)
tty.setraw(0)
def ask(q, n):
    os.write(1, q)
    got = b""
    while got.count(b"0n") < n:
        got += os.read(0, 1000)
    return got
got = ask(b"\x1b[2;5H\x1b[c\x1b[6n\x1b[5n", 1) + ask(b"\x1b[5n", 1)
termios.tcsetattr(0, termios.TCSADRAIN, old)
print("\r\ngot", got.decode("latin1").replace("\x1b[", " "), "end")
input()
`

// A program's question gets one answer: of the terminal that shows it, or of the
// emulator if none does.
func TestStoryQuery(t *testing.T) {
	t.Parallel()
	python := testpeer.Need(t, "python3", "python3")
	o := newOuter(newWorld(t))
	o.script("ask", fmt.Sprintf("exec %s -c '%s'", python, asker))
	answer := func(screen string) string {
		_, rest, _ := strings.Cut(screen, "got  ")
		got, _, ok := strings.Cut(rest, " end")
		if !ok {
			t.Fatalf("there is no answer:\n%s", screen)
		}
		return got
	}
	p := o.main
	p.line("./ask")
	p.shows(" end")
	tmux := answer(p.capture("-J"))
	p.keys("Enter")
	if !strings.HasSuffix(tmux, " 2;5R 0n 0n") {
		t.Fatalf("tmux itself answers %q", tmux)
	}

	p.fresh("$S run --pty -- ./ask")
	p.shows(" end")
	if got := answer(p.capture("-J")); got != tmux {
		t.Errorf("in the window: %q, want %q", got, tmux)
	}
	// Two more who show it, one of whom only watches.
	second, watch := o.window(), o.window()
	o.must("run", "--pty", "-d", "--name", "three", "--", "sh", "-c", "read x; exec ./ask")
	p.keys("Enter")
	for _, c := range []struct {
		p    *pane
		line string
	}{{p, "$S attach three"}, {second, "$S attach three"}, {watch, "$S attach three -r"}} {
		c.p.fresh(c.line)
		c.p.until("it is attached", func() bool { return c.p.format("#{pane_current_command}") == "sluice" })
	}
	until(t, "all are attached", func() bool { return strings.Contains(o.must("sessions", "three"), " 2+1r ") })
	second.keys("Enter")
	watch.shows(" end")
	if got := answer(p.capture("-J")); got != tmux {
		t.Errorf("in three windows: %q, want %q", got, tmux)
	}
	second.keys("Enter")
	for _, p := range []*pane{p, second, watch} {
		p.prompted()
	}

	o.must("run", "--pty", "-d", "--name", "none", "--", "./ask")
	o.waitText("none", " end")
	got := answer(o.must("screen", "none", "--join"))
	if got == tmux || !strings.HasPrefix(got, "?6") || !strings.HasSuffix(got, " 2;5R 0n 0n") {
		t.Errorf("without a window: %q", got)
	}
	var replies strings.Builder
	for _, s := range o.journal("none") {
		if s.source != "reply" {
			t.Errorf("%q came from %s", s.bytes, s.source)
		}
		replies.WriteString(s.bytes)
	}
	if r := strings.ReplaceAll(replies.String(), "\x1b[", " "); r != " "+got {
		t.Errorf("the journal has the answers %q", r)
	}
}

// An answer that comes after the program's end is not typed into the shell.
func TestStoryLateReply(t *testing.T) {
	thorough(t)
	t.Parallel()
	o := newOuter(newWorld(t))
	p := o.main
	for range 10 {
		p.fresh(`$S run --pty -- printf '\033[6n\033[c\033[5n\033[?2004$p'`)
		p.prompted()
	}
	p.line("$S run --pty -n 1 -d --name q -- sh -c 'read x; printf \"\\033[6n\\033[c\\033[>c\"'")
	p.fresh("$S attach q")
	p.until("it is attached", func() bool { return strings.Contains(o.must("sessions", "q"), " 1 ") })
	p.keys("Enter")
	p.line("echo still a shell")
	p.shows("still a shell")
}

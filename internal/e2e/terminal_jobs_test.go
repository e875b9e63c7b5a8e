//go:build linux

package e2e

import (
	"strings"
	"syscall"
	"testing"
)

// ^Z gives the person's shell back, fg comes back to the program as it was.
func TestStorySuspend(t *testing.T) {
	t.Parallel()
	o := newOuter(newWorld(t))
	p := o.main
	p.line("$S run --pty --name cat -- cat; echo over=$?")
	o.workersOf(1)
	p.types("one\r")
	p.shows("one\none")

	p.keys("C-z")
	p.shows("Stopped")
	p.prompted()
	pid := o.workersOf(1)
	p.until("the program is stopped", allStopped(pid, true))
	p.line("echo in the shell")
	p.line("fg")
	p.until("the program goes on", allStopped(pid, false))
	p.types("two\r")
	o.waitText("cat", "two\ntwo")
	p.shows("two\ntwo")

	// Stopped by somebody else.
	syscall.Kill(pid[0], syscall.SIGSTOP)
	p.prompted()
	p.line("fg")
	p.until("the program goes on", allStopped(pid, false))
	p.types("three\r")
	p.shows("three\nthree")

	// sluice is told to stop.
	syscall.Kill(o.ps()[0].Launcher.Pid, syscall.SIGTSTP)
	p.prompted()
	p.line("fg")
	p.types("four\r")
	p.shows("four\nfour")
	p.keys("C-d")
	p.prompted()
	if got := p.modes(); got != sane {
		t.Errorf("the terminal is left with %s", got)
	}
}

// A program with a screen of its own is drawn again.
func TestStorySuspendScreen(t *testing.T) {
	t.Parallel()
	o := newOuter(newWorld(t))
	p := o.main
	p.line("seq 100 > numbers; $S run --pty --name less -- less numbers")
	p.shows("23\nnumbers")
	// All but the last line, where less has a new prompt afterwards.
	drawn := func() string { s := p.capture("-e"); return s[:strings.LastIndex(s, "\n")] }
	before, pid := drawn(), o.workersOf(1)
	for range 3 {
		p.keys("C-z")
		p.shows("Stopped")
		p.prompted()
		p.until("the program is stopped", allStopped(pid, true))
		if got := p.modes(); got != sane {
			t.Errorf("in the shell meanwhile: %s", got)
		}
		p.line("fg")
		p.until("it is drawn as before", func() bool { return drawn() == before })
		p.until("the program goes on", allStopped(pid, false))
	}
	// In the background it goes on, and waits to be seen again.
	p.keys("C-z")
	p.prompted()
	p.fresh("bg")
	p.until("the program goes on", allStopped(pid, false))
	o.must("press", "less", "Space")
	o.waitText("less", "46")
	if got := p.capture(); strings.Contains(got, "46") {
		t.Errorf("a job in the background writes to the terminal:\n%s", got)
	}
	p.line("fg")
	p.shows("46")
	p.types("q")
	p.prompted()
	if st := p.status(); st != "0" {
		t.Errorf("status %s", st)
	}
}

// Started in the background, it waits until it is brought to the front.
func TestStoryBackground(t *testing.T) {
	t.Parallel()
	o := newOuter(newWorld(t))
	p := o.main
	p.line("$S run --pty --name cat -- cat &")
	o.workersOf(1)
	p.fresh("jobs")
	p.shows("Running")
	o.must("type", "cat", "hello", "--enter")
	o.waitText("cat", "hello\nhello")
	p.line("fg")
	p.shows("hello\nhello")
	p.types("there\r")
	p.shows("there\nthere")
	p.keys("C-d")
	p.prompted()
	if st := p.status(); st != "0" {
		t.Errorf("status %s", st)
	}
}

//go:build linux

package e2e

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// A script edits in vim while a person watches, and types too.
func TestStoryVim(t *testing.T) {
	t.Parallel()
	testpeer.Need(t, "vim", "vim")
	o := newOuter(newWorld(t))
	first := o.main
	first.line("$S run --pty --name ed -- vim -u NONE -i NONE -N notes; echo over=$?")
	first.shows(`"notes" [New]`)
	second := o.window()
	second.line("$S attach ed; echo over=$?")
	second.shows(`"notes" [New]`)

	o.must("type", "ed", "-e", "iby the script<Enter><Esc>")
	second.shows("by the script")
	second.types("iby a person\r")
	o.waitText("ed", "by a person")
	second.keys("Escape")
	o.must("wait", "ed", "--gone", "-- INSERT --", "--timeout", "30s")
	paste := func(c *exec.Cmd) { c.Stdin = strings.NewReader("pasted\n") }
	o.must("type", "ed", "-e", ":set paste<Enter>i")
	o.waitText("ed", "(paste)")
	if r := o.runWith(paste, "paste", "ed"); r.status != 0 {
		t.Fatalf("paste: %+v", r)
	}
	o.waitText("ed", "pasted")
	o.must("press", "ed", "Esc")
	o.must("type", "ed", "-e", ":syntax on<Enter>:set hlsearch number<Enter>/by<Enter>")
	// Both show the same, in the same colours, as does the emulator.
	same := func() bool { return first.capture("-e") == second.capture("-e") }
	first.shows("1 by the script")
	second.until("both windows show the same", same)
	second.until("sluice screen shows the same", func() bool {
		return strings.TrimRight(o.must("screen", "ed"), "\n") == strings.TrimRight(second.capture(), "\n")
	})

	// The size is that of who typed last, and never that of who only watches.
	second.resize(100, 30)
	second.types("j")
	o.sized("ed", 100, 30)
	second.types(":echo &columns &lines\r")
	second.shows("100 30")
	o.waitText("ed", "100 30")
	watch := o.window()
	watch.resize(110, 35)
	watch.line("$S attach ed --read-only; echo over=$?")
	watch.shows("by the script")
	watch.types("x")
	watch.shows("watching only")
	watch.resize(120, 40)
	watch.types("x")
	o.must("type", "ed", "-e", ":echo &columns+0 &lines<Enter>")
	watch.shows("100 30")
	first.types("j")
	o.sized("ed", 80, 24)
	first.types(":echo &columns &lines\r")
	first.shows("80 24")
	watch.shows("80 24")

	o.must("type", "ed", "-e", ":wq<Enter>")
	for _, p := range []*pane{first, second, watch} {
		p.shows("over=0")
		p.prompted()
		if got := p.modes(); got != sane {
			t.Errorf("a terminal is left with %s", got)
		}
	}
	if got := o.read(o.path("notes")); got != "by the script\nby a person\npasted\n\n" && got != "by the script\nby a person\npasted\n" {
		t.Errorf("the file: %q", got)
	}
}

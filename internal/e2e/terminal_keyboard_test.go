//go:build linux

package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// A person pastes more than a terminal takes at once, and a script types
// meanwhile: neither lands inside the other.
func TestStoryBigPaste(t *testing.T) {
	t.Parallel()
	o := newOuter(newWorld(t))
	p := o.main
	var text strings.Builder
	for i := range 8000 {
		fmt.Fprintf(&text, "line %d with ünïcode 世界\r", i)
	}
	if err := os.WriteFile(o.path("text"), []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	const begin, end, typed = "\x1b[200~", "\x1b[201~", "<<typed by a script>>"
	size := len(begin) + text.Len() + len(end) + 3*len(typed)
	o.script("take", fmt.Sprintf(`stty raw -echo; printf '\033[?2004hready'; head -c %d > taken; stty sane; exit 3`, size))
	p.line("$S run --pty -- ./take")
	p.shows("ready")
	o.tmux("load-buffer", o.path("text"))
	o.tmux("paste-buffer", "-p", "-r", "-t", p.id)
	for range 3 {
		o.must("type", "take", "--timeout", "30s", typed)
	}
	p.prompted()
	if st := p.status(); st != "3" {
		t.Errorf("status %s", st)
	}
	got := o.read(o.path("taken"))
	if n := strings.Count(got, typed); n != 3 {
		t.Errorf("%d of 3 texts of the script arrived whole", n)
	}
	if got := strings.ReplaceAll(got, typed, ""); got != begin+text.String()+end {
		t.Errorf("%d bytes arrived of a paste of %d, or with other bytes between them", len(got), text.Len())
	}
	a, b := strings.Index(got, begin), strings.Index(got, end)
	if i := strings.Index(got[max(a, 0):max(b, 0)], typed); a >= 0 && i >= 0 {
		t.Errorf("the script typed into the paste, at %d", i)
	}
}

// The terminal's own keys are the program's: what they do is up to its terminal.
func TestStoryInterrupt(t *testing.T) {
	t.Parallel()
	o := newOuter(newWorld(t))
	p := o.main
	for _, c := range []struct{ key, status string }{{"C-c", "130"}, {`C-\`, "131"}} {
		p.line("$S run --pty -- sleep 600")
		p.until("the program runs", func() bool {
			recs := o.ps()
			return len(recs) > 0 && recs[0].State == "running" && recs[0].Workers[0].PID > 0
		})
		p.keys(c.key)
		p.prompted()
		if st := p.status(); st != c.status {
			t.Errorf("%s: status %s, want %s", c.key, st, c.status)
		}
	}
	// A program that catches it goes on.
	o.script("catch", `trap 'echo caught' INT; echo ready; until read x; do :; done; exit 6`)
	p.line("$S run --pty -- ./catch")
	p.shows("ready")
	p.keys("C-c")
	p.shows("caught")
	p.keys("C-c")
	p.shows("caught\n^Ccaught")
	p.types("end\r")
	p.prompted()
	if st := p.status(); st != "6" {
		t.Errorf("status %s", st)
	}
}

// One terminal in another.
func TestStoryNested(t *testing.T) {
	t.Parallel()
	o := newOuter(newWorld(t))
	p := o.main
	o.script("inner", `stty size; printf '\033[6n'; read x; echo "<$x>" | cat -v; read y; echo "[$y]"; exit 7`)
	p.line("$S run --pty --name a -- $S run --pty --name b -- ./inner")
	p.shows("24 80")
	p.resize(90, 20)
	o.sized("b", 90, 20)
	p.keys("Enter")
	p.shows("<^[[")
	o.must("type", "b", "from outside", "--enter")
	p.shows("[from outside]")
	p.prompted()
	if st := p.status(); st != "7" {
		t.Errorf("status %s", st)
	}
	if got := p.modes(); got != sane {
		t.Errorf("the terminal is left with %s", got)
	}
}

// The window is closed: what was started there ends as without us, and what is
// only shown there goes on.
func TestStoryWindowClosed(t *testing.T) {
	t.Parallel()
	o := newOuter(newWorld(t))
	o.script("wait", `trap 'echo hung up >> left; exit 9' HUP; echo ready; while :; do read x || sleep 0.01; done`)
	p := o.window()
	p.line("$S run --pty --name here -- ./wait")
	p.shows("ready")
	id := o.ps()[0].ID
	o.tmux("kill-window", "-t", p.id)
	until(t, "the run ends", func() bool { return o.ps()[0].State == "ended" })
	if got := o.read(o.path("left")); !strings.HasPrefix(got, "hung up\n") {
		t.Errorf("the program left %q", got)
	}
	until(t, "nothing is left", func() bool { return len(marked("SLUICE_RUN="+id)) == 0 && len(o.sluices()) == 0 })

	o.must("run", "--pty", "-d", "--name", "there", "--", "./wait")
	p = o.window()
	p.line("$S attach there")
	p.shows("ready")
	o.tmux("kill-window", "-t", p.id)
	until(t, "nobody is attached", func() bool { return strings.Contains(o.must("screen", "there", "--json"), `"clients":[]`) })
	if rec := o.ps()[0]; rec.State != "running" || !alive(rec.Workers[0].PID) {
		t.Errorf("the run: %+v", rec)
	}
}

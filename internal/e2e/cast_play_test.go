//go:build linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// scenes is a recording of four screens, a hundred seconds apart, so that nothing
// moves while a test looks.
const scenes = `{"version": 2, "width": 40, "height": 10}
[0.0, "o", "\u001b[2J\u001b[Hscene one\r\n\u001b[?1000h\u001b[?1h\u001b]0;title\u0007\u001b[6n"]
[100.0, "m", "the second"]
[100.0, "o", "\u001b[2J\u001b[Hscene two, a needle\r\n"]
[200.0, "o", "\u001b[2J\u001b[Hscene three\r\n"]
[200.1, "i", "ls\r"]
[300.0, "m", "the fourth"]
[300.0, "o", "\u001b[2J\u001b[Hscene four, a needle\r\n"]
[400.0, "x", "0"]
`

// write makes a file of this world's.
func (w *world) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(w.path(name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// bar waits until the player's bar shows text.
func (p *pane) bar(text string) {
	p.o.t.Helper()
	p.until(fmt.Sprintf("the bar shows %q", text), func() bool {
		lines := strings.Split(p.capture(), "\n")
		return strings.Contains(lines[len(lines)-1], text)
	})
}

// left waits for the shell and looks at what the player has left of its terminal.
func (p *pane) left(stty string) {
	p.o.t.Helper()
	p.prompted()
	if got := p.modes(); got != sane {
		p.o.t.Errorf("the terminal is left with %s", got)
	}
	if got := p.stty(); got != stty {
		p.o.t.Errorf("the terminal is set to\n%s\nand was\n%s", got, stty)
	}
}

// A person moves about in a recording.
func TestPlayKeys(t *testing.T) {
	thorough(t)
	t.Parallel()
	o := newOuter(newWorld(t))
	o.write("s.cast", scenes)
	p := o.main
	stty := p.stty()
	p.line("$S play s.cast")
	p.shows("scene one")
	if p.format("#{mouse_any_flag}#{keypad_cursor_flag}") != "00" {
		t.Error("the recording's modes came to the terminal")
	}
	for _, c := range []struct{ key, bar, screen string }{
		{"Space", "paused 0:0", "scene one"},
		{"]", "the second", "scene two"},
		{"]", "the fourth", "scene four"},
		{"[", "the second", "scene two"},
		{"Right", "paused 1:45.0", "scene two"},
		{"S-Right", "paused 2:45.0", "scene two"},
		{"5", "paused 3:20.0", "scene three"},
		{"Left", "paused 3:15.0", "scene two"},
		{"S-Left", "paused 2:15.0", "scene two"},
		{".", "paused 3:20.0", "scene three"},
		{",", "paused 1:40.0", "scene two"},
		{"9", "paused 6:00.0", "scene four"},
		{"]", "no marker after this", "scene four"},
		{"0", "paused 0:00.0", "scene one"},
		{"[", "no marker before this", "scene one"},
		{"n", "nothing is searched for", "scene one"},
		{"+", "speed 1.25", "scene one"},
		{"-", "speed 1", "scene one"},
		{"End", "paused 6:40.0", "scene four"},
		{"k", "keys that were typed are shown", "scene four"},
		{"Home", "paused 0:00.0", "scene one"},
		{"F5", "paused 0:00.0", "scene one"}, // no meaning
		{"?", "paused 0:00.0", "leave"},
		{"q", "paused 0:00.0", "scene one"}, // closes the help
	} {
		p.keys(c.key)
		p.bar(c.bar)
		p.shows(c.screen)
	}
	p.types("/NEEDLE")
	p.bar("/NEEDLE")
	p.keys("Enter") // a capital letter counts
	p.bar("not found: NEEDLE")
	p.types("/needle\r")
	p.bar("found: scene two")
	p.keys("n")
	p.bar("found: scene four")
	p.keys("n")
	p.bar("beyond the other end")
	p.shows("scene two")
	p.keys("N")
	p.shows("scene four")
	p.types("/(needle\r") // no expression: as it is
	p.bar("not found: (needle")
	p.types("/x")
	p.bar("/x")
	p.keys("Escape")
	p.bar("paused")

	p.keys("s")
	p.bar("saved s-00.05.00.000.svg")
	if got := o.read(o.path("s-00.05.00.000.txt")); !strings.Contains(got, "scene four") {
		t.Errorf("saved: %q", got)
	}
	// Other windows.
	for _, size := range [][2]int{{30, 6}, {9, 2}, {120, 40}, {80, 24}} {
		p.resize(size[0], size[1])
		p.until(fmt.Sprintf("the window has the size %v", size), func() bool {
			return strings.Contains(p.stty(), fmt.Sprintf("rows %d; columns %d;", size[1], size[0]))
		})
		p.bar(" paused ")
		p.shows("scene fou")
	}
	p.keys("q")
	p.left(stty)
	if st := p.status(); st != "0" {
		t.Errorf("status %s", st)
	}
}

// However the player is stopped or ended, the shell gets its terminal as it was.
func TestPlayEnds(t *testing.T) {
	thorough(t)
	t.Parallel()
	o := newOuter(newWorld(t))
	o.write("s.cast", scenes)
	p := o.main
	stty := p.stty()
	pid := func() int {
		var pid int
		p.until("the player is there", func() bool {
			out, _ := exec.Command("pgrep", "-t", strings.TrimPrefix(p.format("#{pane_tty}"), "/dev/"), "-f", "play s.cast").Output()
			pid, _ = strconv.Atoi(strings.TrimSpace(string(out)))
			return pid > 0
		})
		return pid
	}
	p.line("$S play s.cast --from 150")
	p.shows("scene two")
	p.keys("C-z")
	p.left(stty)
	p.shows("Stopped")
	p.line("clear; fg")
	p.shows("scene two")
	if got := p.format("#{alternate_on}"); got != "1" {
		t.Errorf("alternate screen %s after fg", got)
	}
	p.keys("C-c")
	p.left(stty)
	if st := p.status(); st != "0" {
		t.Errorf("status %s of Ctrl+C", st)
	}
	for sig, status := range map[syscall.Signal]string{syscall.SIGKILL: "137", syscall.SIGTERM: "143", syscall.SIGHUP: "129"} {
		p.fresh("$S play s.cast")
		p.shows("scene one")
		if err := syscall.Kill(pid(), sig); err != nil {
			t.Fatal(err)
		}
		if sig == syscall.SIGKILL {
			// The shell may be faster with its prompt than who cleans up.
			p.until("the screen is the shell's again", func() bool { return p.modes() == sane })
			p.keys("Enter")
		}
		p.left(stty)
		if st := p.status(); st != status {
			t.Errorf("status %s after %v, want %s", st, sig, status)
		}
	}
	// The window is closed: nothing is left behind.
	q := o.window()
	q.line("$S play s.cast")
	q.shows("scene one")
	p = q
	last := pid()
	o.tmux("kill-window", "-t", q.id)
	until(t, "the player ends with its window", func() bool { return !alive(last) })
}

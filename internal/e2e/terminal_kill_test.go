//go:build linux

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// busy is a program that changes its terminal in all ways and writes on, and
// notes in a file what it has written.
const busy = `printf '\033[?1049h\033[?1h\033=\033[?1002h\033[?1006h\033[?1004h\033[?2004h\033[?25l\033[?7l\033[4h\033[31m\033[3;9r\033[>1u\033]0;busy\007\033(0'
stty raw -echo
i=0
while :; do i=$((i+1)); printf 'line %d\r\n' $i; echo $i >> counts; sleep 0.01; done`

// victim finds the processes of a run that are to be killed.
type victim func(rec record) []int

func launcherOf(rec record) []int { return []int{rec.Launcher.Pid} }
func agentOf(rec record) []int    { return []int{rec.Agent.Pid} }
func bothOf(rec record) []int     { return []int{rec.Agent.Pid, rec.Launcher.Pid} }

// kill -9 of anything of ours leaves the person's terminal sane, nothing running,
// and everything that the program wrote in its log.
func TestStoryKill(t *testing.T) {
	thorough(t)
	t.Parallel()
	for name, victims := range map[string]victim{"launcher": launcherOf, "agent": agentOf, "both": bothOf} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newBusy(t)
			p, before := o.kept("true")
			p.keys("C-d")
			p, _ = o.kept("$S run --pty -- ./busy")
			o.isBusy(p)
			rec := o.ps()[0]
			for _, pid := range victims(rec) {
				syscall.Kill(pid, syscall.SIGKILL)
			}
			o.isSane(p, before)
			until(t, "nothing of it is left", func() bool { return len(marked("SLUICE_RUN="+rec.ID)) == 0 && len(o.sluices()) == 0 })
			p.keys("C-d")
			if st := p.status(); st != "0" {
				t.Errorf("status %s of what reads after sluice", st)
			}
			if rec = o.ps()[0]; rec.State != "ended" {
				t.Errorf("the run is %s", rec.State)
			}
			o.wroteAll(rec, name == "both")
		})
	}
}

// kill -9 of who is attached does nothing to the program.
func TestStoryKillAttached(t *testing.T) {
	t.Parallel()
	o := newBusy(t)
	p, before := o.kept("true")
	p.keys("C-d")
	o.must("run", "--pty", "-d", "--name", "b", "--", "./busy")
	p, _ = o.kept("$S attach b")
	o.isBusy(p)
	var s struct {
		State struct{ Clients []struct{ PID int } }
	}
	if err := json.Unmarshal([]byte(o.must("screen", "b", "--json")), &s); err != nil || len(s.State.Clients) != 1 {
		t.Fatalf("screen --json: %v, clients %+v", err, s.State.Clients)
	}
	syscall.Kill(s.State.Clients[0].PID, syscall.SIGKILL)
	o.isSane(p, before)
	until(t, "nobody is attached", func() bool { return strings.Contains(o.must("screen", "b", "--json"), `"clients":[]`) })
	o.must("signal", "b", "KILL")
	if st := o.waitEnded("b"); st != 137 {
		t.Errorf("status %d", st)
	}
	o.wroteAll(o.ps()[0], false)
}

// newBusy has a script of busy, and one for kept.
func newBusy(t *testing.T) *outer {
	t.Helper()
	o := newOuter(newWorld(t))
	o.script("busy", busy)
	o.script("keep", `"$@"; echo "over=$?"; exec cat`)
	return o
}

// kept runs a command line below a shell that does not, as bash does, repair the
// terminal after a job that was killed, and reads afterwards. It returns how the
// terminal is set then, if the command is over.
func (o *outer) kept(line string) (*pane, string) {
	o.t.Helper()
	p := o.main
	p.fresh("./keep " + line)
	if line != "true" {
		return p, ""
	}
	p.shows("over=0")
	p.until("cat reads", func() bool { return p.format("#{pane_current_command}") == "cat" })
	return p, p.stty()
}

// isBusy waits until busy has made the window what it makes of it.
func (o *outer) isBusy(p *pane) {
	o.t.Helper()
	p.until("the program is in the window", func() bool {
		return p.modes() == "alternate=1 cursor=0 mouse=11 keypad=1 cursorkeys=1 insert=1 origin=0 wrap=0" && lastCount(o.world) > 10
	})
}

// isSane waits until the window is as it was before.
func (o *outer) isSane(p *pane, before string) {
	o.t.Helper()
	p.until("the terminal's modes are left", func() bool { return p.modes() == sane })
	p.until("the terminal is set as before", func() bool { return p.stty() == before })
	// What the shell said first may have come before the terminal was given back,
	// and so be on the screen that was left.
	p.until("the shell goes on", func() bool { return p.format("#{pane_current_command}") == "cat" })
	// Characters are themselves again, in their own colour, in the whole window.
	p.types("qqq\r")
	p.shows("qqq\nqqq")
	if got := p.capture("-e"); strings.Contains(got, "\x1b[31m") || strings.Contains(got, "\x0e") {
		o.t.Errorf("colour or character set are left behind:\n%q", strings.TrimSpace(got))
	}
	if got := p.format("#{scroll_region_upper} #{scroll_region_lower}"); got != "0 23" {
		o.t.Errorf("the scroll region is left at %s", got)
	}
	if got := p.capture("-J"); strings.Contains(got, "^[") {
		o.t.Errorf("answers of the terminal became text:\n%s", got)
	}
}

// wroteAll compares the log with what the program says it wrote. cut: the end
// may be missing.
func (o *outer) wroteAll(rec record, cut bool) {
	o.t.Helper()
	log := o.read(rec.Dir + "/attempt_0/0/stdout.log")
	lines := regexp.MustCompile(`line (\d+)\r\n`).FindAllStringSubmatch(log, -1)
	for i, m := range lines {
		if m[1] != fmt.Sprint(i+1) {
			o.t.Fatalf("line %d of the log is %s", i+1, m[0])
		}
	}
	if n := lastCount(o.world); len(lines) < n && !cut || len(lines) == 0 {
		o.t.Errorf("the log has %d lines of %d", len(lines), n)
	}
}

// lastCount is the last number in the file counts.
func lastCount(w *world) int {
	b, _ := os.ReadFile(w.path("counts"))
	return bytes.Count(b, []byte("\n"))
}

// sluices are the processes of sluice's own in this world: agents, guards, what
// was typed in.
func (w *world) sluices() (pids []int) {
	w.t.Helper()
	mine := []byte("XDG_STATE_HOME=" + w.path("state") + "\x00")
	ents, _ := os.ReadDir("/proc")
	for _, e := range ents {
		exe, _ := os.Readlink("/proc/" + e.Name() + "/exe")
		env, _ := os.ReadFile("/proc/" + e.Name() + "/environ")
		var pid int
		if fmt.Sscan(e.Name(), &pid); exe == sluice && bytes.Contains(env, mine) && alive(pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

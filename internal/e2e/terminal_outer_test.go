//go:build linux

package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// outer is the person's own terminal: tmux, with a shell in every window. It has
// a server of its own, which the person's settings do not reach.
type outer struct {
	*world
	sock string
	main *pane
}

// prompt is what the outer shells show.
const prompt = "outer$"

// newOuter starts tmux with one window of 80 by 24. In it, $S is sluice, and the
// shell is in the world's directory.
func newOuter(w *world) *outer {
	w.t.Helper()
	testpeer.Need(w.t, "tmux", "tmux")
	testpeer.Need(w.t, "bash", "bash")
	dir, err := os.MkdirTemp("", "tm") // a socket's path may have 108 bytes
	if err != nil {
		w.t.Fatal(err)
	}
	w.endRuns()
	o := &outer{world: w, sock: filepath.Join(dir, "s")}
	w.t.Cleanup(func() {
		if w.t.Failed() {
			w.t.Logf("%s", o.tmux("list-panes", "-a", "-F", "#{pane_id} #{cursor_x} #{cursor_y} #{alternate_on} #{pane_current_command} #{pane_tty}"))
			for id := range strings.FieldsSeq(o.tmux("list-panes", "-a", "-F", "#{pane_id}")) {
				w.t.Logf("window %s:\n%s", id, strings.TrimRight(o.tmux("capture-pane", "-p", "-t", id), "\n"))
			}
		}
		o.tmux("kill-server")
		os.RemoveAll(dir)
	})
	o.main = o.open("new-session", "-x", "80", "-y", "24")
	return o
}

// tmux runs a command of tmux and returns what it prints.
func (o *outer) tmux(args ...string) string {
	o.t.Helper()
	cmd := exec.Command("tmux", append([]string{"-S", o.sock, "-f", os.DevNull}, args...)...)
	cmd.Dir = o.dir
	for _, kv := range o.env {
		if !strings.HasPrefix(kv, "TMUX") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env, "S="+sluice, "HISTFILE=", "LC_ALL=C.UTF-8", "TERM=xterm-256color")
	out, err := cmd.Output()
	var ee *exec.ExitError
	if errors.As(err, &ee) {
		o.t.Logf("tmux %v: %v\n%s", args, err, ee.Stderr)
	}
	return strings.TrimSuffix(string(out), "\n")
}

// open makes a window by one of tmux's commands and waits for its shell.
func (o *outer) open(args ...string) *pane {
	o.t.Helper()
	// PS1 not from the environment: the shell by which tmux runs this drops it.
	args = append(args, "-d", "-P", "-F", "#{pane_id}", "PS1='"+prompt+" ' exec bash --norc --noprofile")
	p := &pane{o: o, id: o.tmux(args...)}
	p.prompted()
	return p
}

// window opens another window, as large as the first was.
func (o *outer) window() *pane { o.t.Helper(); return o.open("new-window") }

// stopTmux stops the outer terminal: nothing that is written to a window goes
// anywhere until the function it returns is called.
func (o *outer) stopTmux() (resume func()) {
	o.t.Helper()
	var pid int
	if _, err := fmt.Sscan(o.tmux("display-message", "-p", "#{pid}"), &pid); err != nil {
		o.t.Fatal(err)
	}
	syscall.Kill(pid, syscall.SIGSTOP)
	resume = sync.OnceFunc(func() { syscall.Kill(pid, syscall.SIGCONT) })
	o.t.Cleanup(resume)
	return resume
}

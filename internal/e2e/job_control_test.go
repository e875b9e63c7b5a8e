//go:build linux

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// shell is an interactive bash on a terminal of its own.
type shell struct {
	*screen
	t     *testing.T
	asked int
}

// interactive starts it, with $S for sluice.
func interactive(w *world) *shell {
	w.t.Helper()
	bash := testpeer.Need(w.t, "bash", "bash")
	s := &shell{screen: newScreen(w.t), t: w.t}
	cmd := exec.Command(bash, "--norc", "--noprofile", "--noediting", "-i")
	cmd.Dir, cmd.Env = w.dir, append(w.env, "PS1=$ ", "HISTFILE=", "S="+sluice, "TERM=dumb")
	s.use(cmd)
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	w.t.Cleanup(func() {
		if w.t.Failed() {
			w.t.Logf("screen:\n%s", clip(s.String()))
			w.run("stop", "--kill")
		}
		cmd.Process.Kill()
		<-ended
	})
	return s
}

func (s *shell) keys(text string) {
	s.t.Helper()
	if _, err := s.master.WriteString(text); err != nil {
		s.t.Fatal(err)
	}
}

// shows waits for text on the screen.
func (s *shell) shows(text string) {
	s.t.Helper()
	eventually(s.t, fmt.Sprintf("the screen shows %q", text), func() bool { return strings.Contains(s.String(), text) })
}

// answer types a command line and returns what the shell prints for it. In the
// line, $st is the status of what came before.
func (s *shell) answer(line string) string {
	s.t.Helper()
	s.asked++
	// The marks are not in what the terminal echoes.
	s.keys(fmt.Sprintf("st=$?; echo 'be''gin%d'; %s; echo 'en''d%d'\n", s.asked, line, s.asked))
	begin, end := fmt.Sprintf("begin%d\r\n", s.asked), fmt.Sprintf("end%d\r\n", s.asked)
	s.shows(end)
	_, rest, _ := strings.Cut(s.String(), begin)
	out, _, _ := strings.Cut(rest, end)
	return out
}

// inFront waits until the latest run has the terminal.
func (s *shell) inFront(w *world) {
	s.t.Helper()
	launcher := w.ps()[0].Launcher.Pid
	eventually(s.t, "the run is in the foreground", func() bool {
		pgrp := -1
		if rc, err := s.master.SyscallConn(); err == nil {
			rc.Control(func(fd uintptr) { pgrp, _ = unix.IoctlGetInt(int(fd), unix.TIOCGPGRP) })
		}
		return pgrp == launcher
	})
}

// workersOf waits until the latest run has so many workers and returns their pids.
func (w *world) workersOf(n int) []int {
	w.t.Helper()
	var pids []int
	eventually(w.t, "the workers run", func() bool {
		recs := w.ps()
		if len(recs) == 0 || len(recs[0].Workers) != n {
			return false
		}
		pids = pids[:0]
		for _, wk := range recs[0].Workers {
			if wk.PID > 0 && wk.Kind == "running" {
				pids = append(pids, wk.PID)
			}
		}
		return len(pids) == n
	})
	return pids
}

// processState is the letter that ps shows.
func processState(pid int) byte {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	if i := bytes.LastIndexByte(b, ')'); i+2 < len(b) {
		return b[i+2]
	}
	return 0
}

// allStopped also takes D for stopped: a shell whose vfork'ed child was stopped
// before its exec waits in the kernel.
func allStopped(pids []int, want bool) func() bool {
	return func() bool {
		for _, pid := range pids {
			if st := processState(pid); st == 0 || (st == 'T' || st == 'D') != want {
				return false
			}
		}
		return true
	}
}

const beat = `i=0; while :; do i=$((i+1)); echo "beat $i;"; sleep 0.03; done`

// ^Z stops the gang with sluice, bg and fg continue it.
func TestSuspendAndContinue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sh := interactive(w)
	sh.keys("$S run -n 2 -- sh -c '" + beat + "'\n")
	sh.shows("beat 5;")
	pids := w.workersOf(2)
	sh.keys("\x1a")
	sh.shows("Stopped")
	eventually(t, "the workers are stopped", allStopped(pids, true))
	if out := sh.answer("jobs"); !strings.Contains(out, "Stopped") {
		t.Errorf("jobs says %q", out)
	}
	sh.keys("fg\n")
	sh.inFront(w)
	eventually(t, "the workers go on", allStopped(pids, false))
	sh.keys("\x1a")
	eventually(t, "the workers are stopped again", allStopped(pids, true))
	sh.answer("true") // the shell is back
	sh.keys("bg\n")
	eventually(t, "the workers go on in the background", allStopped(pids, false))
	if out := sh.answer("jobs"); !strings.Contains(out, "Running") {
		t.Errorf("jobs says %q", out)
	}
	sh.keys("fg\n")
	sh.inFront(w)
	sh.keys("\x03")
	sh.shows("was stopped")
	if out := sh.answer("echo status=$st"); !strings.Contains(out, "status=130") {
		t.Errorf("after Ctrl-C: %q", out)
	}
	if out := sh.answer("jobs"); strings.Contains(out, "Running") || strings.Contains(out, "Stopped") {
		t.Errorf("jobs says %q", out)
	}
}

// A run in the background is not stopped by what it writes, not even where the
// terminal is told to, and leaves the keyboard to the shell.
func TestInTheBackground(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sh := interactive(w)
	sh.answer("stty tostop")
	sh.keys("$S run -- sh -c 'echo up-$((1+1)); exec cat' &\n")
	sh.shows("up-2")
	if out := sh.answer("echo typed-$((3+4))"); !strings.Contains(out, "typed-7") {
		t.Errorf("the shell read %q", out)
	}
	if out := sh.answer("jobs"); !strings.Contains(out, "Running") {
		t.Errorf("jobs says %q", out)
	}
	// Brought to the front, it has the keyboard.
	sh.keys("fg\n")
	sh.inFront(w)
	sh.keys("to the worker\n")
	eventually(t, "the worker reads what is typed", func() bool { return strings.Count(sh.String(), "to the worker") >= 2 })
	if got := w.log(0, "stdout"); got != "up-2\nto the worker\n" {
		t.Errorf("the worker read %q", got)
	}
	sh.keys("\x04")
	if out := sh.answer("echo status=$st"); !strings.Contains(out, "status=0") {
		t.Errorf("after the end of input: %q", out)
	}
	sh.keys("$S run -n 2 -- sh -c 'echo line; sleep 0.1; exit 3' &\nwait $!; echo waited=$?\n")
	sh.shows("waited=3")
}

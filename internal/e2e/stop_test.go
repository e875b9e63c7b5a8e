//go:build linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// stubborn is a shell worker that says it is ready once signals do it nothing.
const stubborn = `trap "" TERM INT; echo ready; while :; do sleep 1000; done`

// startReady starts sluice run and waits until the workers have said "ready".
func (w *world) startReady(workers int, args ...string) *started {
	w.t.Helper()
	s := w.start(append([]string{"run", "-n", strconv.Itoa(workers)}, args...)...)
	s.ready(workers)
	return s
}

func (s *started) ready(n int) {
	s.w.t.Helper()
	eventually(s.w.t, fmt.Sprintf("%d workers are ready", n), func() bool {
		return strings.Count(s.out.String(), "ready") >= n
	})
}

func (s *started) says(what string) {
	s.w.t.Helper()
	defer func() {
		if s.w.t.Failed() {
			s.w.t.Logf("sluice says: %s", s.err)
		}
	}()
	eventually(s.w.t, fmt.Sprintf("sluice says %q", what), func() bool { return strings.Contains(s.err.String(), what) })
}

func TestCtrlCThreeTimes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.startReady(3, "--grace", "forever", "--", "sh", "-c",
		`if [ $RANK = 1 ]; then trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done; fi; `+stubborn)
	s.Process.Signal(syscall.SIGINT)
	s.says("stopping ranks 0-2 (SIGTERM, then SIGKILL never)")
	eventually(t, "rank 1 has ended", func() bool { return w.ps()[0].Workers[1].Kind == "exited" })
	s.Process.Signal(syscall.SIGINT)
	s.says("hurrying: ranks 0,2")
	s.Process.Signal(syscall.SIGINT)
	s.says("killing ranks 0,2")
	if status := s.end(); status != 130 {
		t.Errorf("exit status %d", status)
	}
	rec := w.ps()[0]
	for _, r := range rec.Workers {
		if r.Cause != "user" || (r.Rank == 1) != (r.Kind == "exited") {
			t.Errorf("rank %d: %+v", r.Rank, r)
		}
	}
	if rec.Result.Verdict != "stopped" {
		t.Errorf("verdict %s", rec.Result.Verdict)
	}
}

// The first Ctrl-C after a rank failed must not be the one that hurries, and
// tells who is still there.
func TestCtrlCWhilePeersStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.startReady(2, "--grace", "forever", "--", "sh", "-c",
		`[ $RANK = 1 ] && { echo ready; read x < `+w.fifo("go")+`; exit 7; }; `+stubborn)
	w.feed("go")
	eventually(t, "the gang is being stopped", func() bool { return w.ps()[0].State == "stopping" })
	for _, want := range []string{"rank 0", "hurrying: rank 0", "killing rank 0"} {
		s.Process.Signal(syscall.SIGINT)
		s.says(want)
	}
	// Why it was stopped stands.
	if status := s.end(); status != 7 {
		t.Errorf("exit status %d", status)
	}
	if !strings.Contains(s.err.String(), "rank 1 exited with code 7") {
		t.Errorf("report: %s", s.err)
	}
}

// fifo makes a FIFO; feed writes a line into it once somebody reads.
func (w *world) fifo(name string) string {
	w.t.Helper()
	if err := syscall.Mkfifo(w.path(name), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return w.path(name)
}

func (w *world) feed(name string) {
	w.t.Helper()
	if err := os.WriteFile(w.path(name), []byte("go\n"), 0); err != nil {
		w.t.Fatal(err)
	}
}

func TestGrace(t *testing.T) {
	for _, grace := range []string{"0", "300ms"} {
		t.Run(grace, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.startReady(2, "--grace", grace, "--", "sh", "-c", stubborn)
			s.Process.Signal(syscall.SIGTERM)
			if status := s.end(); status != 143 {
				t.Errorf("exit status %d", status)
			}
			for _, r := range w.ps()[0].Workers {
				if r.Kind != "signaled" || r.Signal != "SIGKILL" || r.Cause != "user" {
					t.Errorf("rank %d: %+v", r.Rank, r)
				}
			}
		})
	}
}

// What a shell started is as much the worker as the shell: it has the whole
// grace, also when the shell ends at once.
func TestGraceIsForTheWholeGroup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.startReady(1, "--", "sh", "-c",
		`sh -c 'trap "sleep 1.5; echo saved; exit 0" TERM; echo ready; while :; do sleep 0.05; done'; true`)
	s.Process.Signal(syscall.SIGTERM)
	if status := s.end(); status != 143 {
		t.Errorf("exit status %d", status)
	}
	if log := w.log(0, "stdout"); log != "ready\nsaved\n" {
		t.Errorf("the child had no time to save: %q\n%s", log, s.err)
	}
}

func TestStoppedWorkersStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.startReady(2, "--grace", "forever", "--", "sh", "-c",
		`trap 'echo bye; exit 0' TERM; echo ready; kill -STOP $$; while :; do sleep 0.05; done`)
	eventually(t, "both are stopped", func() bool {
		n := 0
		for _, r := range w.ps()[0].Workers {
			if stateOf(r.PID) == "T" {
				n++
			}
		}
		return n == 2
	})
	s.Process.Signal(syscall.SIGTERM)
	if status := s.end(); status != 143 {
		t.Errorf("exit status %d", status)
	}
	if n := strings.Count(s.out.String(), "bye"); n != 2 {
		t.Errorf("they said bye %d times", n)
	}
}

// stateOf is the letter of a process's state (proc(5)), "" if it is gone.
func stateOf(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	s := string(b)
	return s[strings.LastIndexByte(s, ')')+2:][:1]
}

func TestStopSignal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.startReady(2, "--stop-signal", "INT", "--grace", "forever", "--", "sh", "-c",
		`trap 'echo got INT; exit 0' INT; trap '' TERM; echo ready; while :; do sleep 0.05; done`)
	s.Process.Signal(syscall.SIGTERM)
	if status := s.end(); status != 143 {
		t.Errorf("exit status %d", status)
	}
	if n := strings.Count(s.out.String(), "got INT"); n != 2 {
		t.Errorf("the stop signal arrived %d times", n)
	}
}

// Data loaders must live until the checkpoint is written.
func TestStopLeaderFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.startReady(1, "--stop-leader-first", "--", "sh", "-c", `
		sh -c 'trap "echo loader ended; exit 0" TERM; echo loading; while :; do sleep 0.05; done' &
		loader=$!
		trap 'sleep 0.3; kill -0 $loader && echo saved with its loader; exit 0' TERM
		echo ready; while :; do sleep 0.05; done`)
	eventually(t, "the loader runs", func() bool { return strings.Contains(s.out.String(), "loading") })
	s.Process.Signal(syscall.SIGTERM)
	if status := s.end(); status != 143 {
		t.Errorf("exit status %d", status)
	}
	out := s.out.String()
	saved, ended := strings.Index(out, "saved with its loader"), strings.Index(out, "loader ended")
	if saved < 0 || ended < saved {
		t.Errorf("the order of ends: %q", out)
	}
}

func TestSignalsToTheLauncher(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.startReady(2, "--", "sh", "-c", `echo ready; exec sleep 1000`)
			s.Process.Signal(sig)
			if status := s.end(); status != 128+int(sig) {
				t.Errorf("exit status %d", status)
			}
			rec := w.ps()[0]
			if rec.Result.Verdict != "stopped" || rec.Result.Status != 128+int(sig) {
				t.Errorf("%+v", rec.Result)
			}
			if !strings.Contains(s.err.String(), "stopped on request: 0-1") {
				t.Errorf("report: %s", s.err)
			}
		})
	}
}

func TestUserSignalsAreForwarded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.startReady(2, "--", "sh", "-c",
		`trap 'echo got it' USR1; trap 'exit 0' USR2; echo ready; while :; do sleep 0.05; done`)
	s.Process.Signal(syscall.SIGUSR1)
	eventually(t, "both got SIGUSR1", func() bool { return strings.Count(s.out.String(), "got it") == 2 })
	s.Process.Signal(syscall.SIGUSR2)
	if status := s.end(); status != 0 {
		t.Errorf("exit status %d: %s", status, s.err)
	}
}

// As nohup has it: what was ignored when sluice started stays so, here and in
// the workers.
func TestIgnoredSignalsStayIgnored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.startWith(func(c *exec.Cmd) {
		c.Args = append([]string{"sh", "-c", `trap "" HUP INT; exec "$@"`, "sh", sluice}, c.Args[1:]...)
		c.Path = "/bin/sh"
	}, "run", "-n", "2", "--", "sh", "-c", `grep SigIgn /proc/self/status; echo ready; until [ -e `+w.path("go")+` ]; do sleep 0.05; done`)
	s.ready(2)
	s.Process.Signal(syscall.SIGHUP)
	s.Process.Signal(syscall.SIGINT)
	for _, r := range w.ps()[0].Workers {
		syscall.Kill(r.PID, syscall.SIGHUP)
	}
	if err := os.WriteFile(w.path("go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if status := s.end(); status != 0 {
		t.Errorf("exit status %d: %s", status, s.err)
	}
	for line := range strings.Lines(s.out.String()) {
		_, mask, ok := strings.Cut(line, "SigIgn:")
		if !ok {
			continue
		}
		bits, err := strconv.ParseUint(strings.TrimSpace(mask), 16, 64)
		if err != nil || bits&3 != 3 {
			t.Errorf("a worker ignores %s", line)
		}
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.run("run", "-n", "2", "--timeout", "300ms", "--grace", "200ms", "--", "sh", "-c",
		`[ $RANK = 1 ] && trap "" TERM; while :; do sleep 0.05; done`)
	if r.status != 124 {
		t.Errorf("exit status %d", r.status)
	}
	for _, want := range []string{"timed out after 300ms", "stopped when the time was up: 0-1 (it took SIGKILL for 1)", "exit status 124"} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("the report lacks %q:\n%s", want, r.stderr)
		}
	}
	if v := w.ps()[0].Result.Verdict; v != "timed-out" {
		t.Errorf("verdict %s", v)
	}
}

func TestStall(t *testing.T) {
	thorough(t)
	for _, redirect := range []string{"none", "all"} {
		t.Run("redirect="+redirect, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			// It is busy for longer than the limit, then silent. The stacks of a
			// shell: a trap.
			r := w.run("run", "-n", "2", "--redirect", redirect, "--stall-timeout", "800ms", "--stall-signal", "USR1",
				"--on-stall", `sleep 3; echo looking at $SLUICE_PIDS; kill -USR2 $SLUICE_PIDS; sleep 0.3`, "--", "sh", "-c",
				`trap 'echo stack of $RANK' USR1; trap 'echo seen $RANK' USR2; trap 'exit 0' TERM
				i=0; while [ $i -lt 15 ]; do sleep 0.1; echo busy; i=$((i+1)); done
				while :; do sleep 0.05; done`)
			if r.status != 124 {
				t.Errorf("exit status %d\n%s", r.status, r.stderr)
			}
			rec := w.ps()[0]
			if rec.Result.Verdict != "stalled" {
				t.Errorf("verdict %s", rec.Result.Verdict)
			}
			for rank := range 2 {
				want := strings.Repeat("busy\n", 15) + fmt.Sprintf("stack of %d\nseen %d\n", rank, rank)
				if log := w.log(rank, "stdout"); log != want {
					t.Errorf("rank %d: %q\n%s", rank, log, r.stderr)
				}
			}
			b, err := os.ReadFile(filepath.Join(rec.Dir, "on-stall.log"))
			want := fmt.Sprintf("looking at %d %d\n", rec.Workers[0].PID, rec.Workers[1].PID)
			if err != nil || string(b) != want {
				t.Errorf("on-stall.log: %q, %v", b, err)
			}
			if !strings.Contains(r.stderr, "no output from any rank for") {
				t.Errorf("report: %s", r.stderr)
			}
		})
	}
}

// A gang that the signal ended may start again, and what was wrong with the old
// one is forgotten: the new one writes, for longer than the pause after the signal.
func TestStallSignalEndsTheGang(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.run("run", "-n", "2", "--stall-timeout", "1s", "--stall-signal", "KILL", "--restarts", "1", "--", "sh", "-c",
		`[ $SLUICE_ATTEMPT = 0 ] && exec sleep 1000; i=0; while [ $i -lt 30 ]; do echo busy; sleep 0.1; i=$((i+1)); done`)
	if r.status != 0 || strings.Count(r.stdout, "busy") != 60 {
		t.Errorf("%+v", r)
	}
	s := w.start("run", "--name", "asked", "--", "sh", "-c", "echo up; exec sleep 1000")
	eventually(t, "it runs", func() bool { return strings.Contains(s.out.String(), "up") })
	w.run("signal", "asked", "KILL")
	if s.end(); !strings.Contains(s.err.String(), "sluice had sent that signal") || strings.Contains(s.err.String(), "did not send") {
		t.Errorf("the report does not know its own signal:\n%s", s.err)
	}
}

// A gang that ends while its stacks are waited for has stalled and not failed, and
// none of it is stopped before it has written.
func TestStalledGangThatEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ flag, value, worker string }{
		"signal":  {"--stall-signal", "QUIT", `exec sleep 1000`},
		"code":    {"--stall-signal", "QUIT", `trap 'echo a stack; exit 3' QUIT; while :; do sleep 0.05; done`},
		"command": {"--on-stall", "kill -9 $SLUICE_PIDS", `exec sleep 1000`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.run("run", "-n", "2", "--stall-timeout", "500ms", c.flag, c.value, "--", "sh", "-c", c.worker)
			if r.status != 124 || !strings.Contains(r.stderr, "stalled: nothing was written for 500ms\n") || strings.Contains(r.stderr, "fail") {
				t.Errorf("exit status %d\n%s", r.status, r.stderr)
			}
			rec := w.ps()[0]
			if rec.Result.Verdict != "stalled" || rec.Workers[0].Cause != "stall" || rec.Workers[1].Cause != "stall" {
				t.Errorf("%+v", rec)
			}
			if name == "code" && strings.Count(r.stdout, "a stack") != 2 {
				t.Errorf("one of the two was stopped before it had written:\n%s", r.stdout)
			}
		})
	}
}

func TestStopOneRank(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.startReady(3, "--grace", "200ms", "--", "sh", "-c",
		`[ $RANK = 1 ] && trap "" TERM; echo ready; while :; do sleep 0.05; [ -e `+w.path("done")+` ] && exit 0; done`)
	r := w.run("stop", w.ps()[0].ID+"/1")
	if r.status != 0 || !strings.Contains(r.stderr, "rank 1") {
		t.Fatalf("sluice stop: %+v", r)
	}
	eventually(t, "rank 1 has ended", func() bool { return w.ps()[0].Workers[1].Kind == "signaled" })
	rec := w.ps()[0]
	if rec.State != "running" || rec.Workers[0].Kind != "running" || rec.Workers[2].Kind != "running" {
		t.Errorf("the others: %+v", rec)
	}
	if r := w.run("stop", rec.ID+"/1"); r.status == 0 {
		t.Errorf("stopping it again: %+v", r)
	}
	if err := os.WriteFile(w.path("done"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if status := s.end(); status != 0 {
		t.Errorf("exit status %d: %s", status, s.err)
	}
	if rec := w.ps()[0]; rec.Workers[1].Cause != "user" || rec.Result.Verdict != "succeeded" {
		t.Errorf("%+v", rec)
	}
}

func TestStopRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.startReady(2, "--", "sh", "-c", `echo ready; exec sleep 1000`)
	if r := w.run("stop"); r.status != 0 || !strings.Contains(r.stderr, "stopped") {
		t.Errorf("sluice stop: %+v", r)
	}
	if status := s.end(); status != 143 {
		t.Errorf("exit status %d", status)
	}
	if !strings.Contains(s.err.String(), "stopped by sluice stop (pid ") {
		t.Errorf("report: %s", s.err)
	}
	if r := w.run("stop"); r.status != 0 || !strings.Contains(r.stderr, "has ended already") {
		t.Errorf("stopping it again: %+v", r)
	}
}

// A shell has signals blocked while it forks: a stop signal that comes then ends the
// shell and is unknown to the child. That does not live until the grace is over.
func TestStopDuringFork(t *testing.T) {
	t.Parallel()
	python := testpeer.NeedPython(t, "signal", "python3")
	w := newWorld(t)
	w.write("forks.py", `
import os, signal, time
term = {signal.SIGTERM}
signal.pthread_sigmask(signal.SIG_BLOCK, term)
print("ready", flush=True)
while not signal.sigpending() & term:
    time.sleep(0.01)
if os.fork() == 0:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, term)
    os.execlp("sleep", "sleep", "1000")
signal.pthread_sigmask(signal.SIG_UNBLOCK, term)
`)
	s := w.start("run", "--grace", "15s", "--", python, w.path("forks.py"))
	s.prints("ready")
	s.Process.Signal(syscall.SIGTERM)
	if got := s.end(); got != 143 {
		t.Errorf("exit status %d\n%s", got, s.err)
	}
	if strings.Contains(s.err.String(), "SIGKILL)") || strings.Contains(s.err.String(), "killing") {
		t.Errorf("it took the whole grace:\n%s", s.err)
	}
	if got := w.ps()[0].Workers[0]; got.Signal != "SIGTERM" || got.Detail != "" {
		t.Errorf("%+v", got)
	}
}

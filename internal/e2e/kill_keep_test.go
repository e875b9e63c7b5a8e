//go:build linux

package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// ticking is a worker that says where it is until the file $1 exists.
const ticking = `i=0; while [ ! -e "$1" ]; do i=$((i+1)); echo tick $i; sleep 0.05; done; echo done; exit $2`

// keep starts a run that outlives its launcher, and kills that.
func (w *world) keep(status string) record {
	w.t.Helper()
	s := w.start("run", "-n", "2", "--on-launcher-death", "keep", "--", "sh", "-c", ticking, "sh", w.path("stop"), status)
	eventually(w.t, "the workers run", func() bool {
		return strings.Contains(s.out.String(), "[0] tick 2") && strings.Contains(s.out.String(), "[1] tick 2")
	})
	s.kill()
	var rec record
	eventually(w.t, "the run has a guardian and no launcher", func() bool {
		rec = w.ps()[0]
		return rec.Launcher == nil && rec.Guardian != nil
	})
	if rec.State != "running" || !alive(rec.Guardian.Pid) || !alive(rec.Agent.Pid) {
		w.t.Fatalf("after the launcher was killed: %+v", rec)
	}
	return rec
}

func TestKeptRunIsResumed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.keep("5")
	if r := w.run("ps"); !strings.Contains(r.stdout, "running (detached)") {
		t.Errorf("sluice ps:\n%s", r.stdout)
	}
	s := w.start("resume", rec.ID)
	eventually(t, "the console is here", func() bool {
		return strings.Contains(s.out.String(), "[0] tick") && strings.Contains(s.out.String(), "[1] tick")
	})
	if strings.Contains(s.out.String(), "tick 1\n") {
		t.Errorf("the console begins with old lines:\n%s", clip(s.out.String()))
	}
	if rec := w.ps()[0]; rec.Launcher == nil || rec.Launcher.Pid != s.Process.Pid {
		t.Errorf("the new launcher is not on record: %+v", rec)
	}
	if r := w.run("resume", rec.ID); r.status != 125 || !strings.Contains(r.stderr, "this run has a launcher") {
		t.Errorf("resuming it twice: %+v", r)
	}
	if err := os.WriteFile(w.path("stop"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if status := s.end(); status != 5 {
		t.Errorf("exit status %d", status)
	}
	for _, want := range []string{"exited with code 5", "exit status 5"} {
		if !strings.Contains(s.err.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, s.err)
		}
	}
	if out := s.out.String(); strings.Count(out, "done\n") == 0 {
		t.Errorf("the console ends early: %q", out)
	}
	end := w.ps()[0]
	if end.Result.Verdict != "failed" || end.Result.Status != 5 {
		t.Errorf("%+v", end.Result)
	}
	eventually(t, "agent and guardian are gone", func() bool { return !alive(rec.Agent.Pid) && !alive(rec.Guardian.Pid) })
	if end = w.ps()[0]; end.Result.Verdict != "failed" {
		t.Errorf("the guardian changed the outcome: %+v", end.Result)
	}
}

func TestKeptRunIsResumedAndStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.keep("0")
	// Twice: the second launcher may be killed as well.
	s := w.start("resume")
	eventually(t, "the console is here", func() bool { return strings.Contains(s.out.String(), "tick") })
	s.kill()
	eventually(t, "the launcher is gone", func() bool { return w.ps()[0].Launcher == nil })
	if again := w.ps()[0]; again.Guardian == nil || again.Guardian.Pid != rec.Guardian.Pid || again.State != "running" {
		t.Fatalf("after the second launcher was killed: %+v", again)
	}
	s = w.start("resume")
	eventually(t, "the console is here again", func() bool { return strings.Contains(s.out.String(), "tick") })
	s.Process.Signal(syscall.SIGINT)
	if status := s.end(); status != 130 {
		t.Errorf("exit status %d: %s", status, s.err)
	}
	if !strings.Contains(s.err.String(), "stopped on request") {
		t.Errorf("report: %s", s.err)
	}
	eventually(t, "agent and guardian are gone", func() bool { return !alive(rec.Agent.Pid) && !alive(rec.Guardian.Pid) })
}

// A kept or a detached run whose agent is killed has its guardian.
func TestKillAgentOfGuardedRun(t *testing.T) {
	for _, how := range [][]string{{"-d"}, {"--on-launcher-death", "keep"}} {
		t.Run(how[0], func(t *testing.T) {
			eachUser(t, func(t *testing.T, as *syscall.Credential) {
				w := newKillWorld(t, as)
				for range rounds(10) {
					s := w.begin(how...)
					eventually(t, "the workers run", func() bool {
						n, _ := written(w.side, 0)
						m, _ := written(w.side, 1)
						k, _ := written(w.side, 2)
						return n > 0 && m > 0 && k > 0
					})
					if how[0] == "-d" {
						if status := s.end(); status != 0 {
							t.Fatalf("sluice run -d: status %d: %s", status, s.err)
						}
					} else {
						s.kill()
					}
					var rec record
					eventually(t, "it has a guardian and no launcher", func() bool {
						rec = w.ps()[0]
						return rec.Launcher == nil && rec.Guardian != nil
					})
					syscall.Kill(rec.Agent.Pid, syscall.SIGKILL)
					r := w.run("wait", rec.ID)
					if r.status != 125 {
						t.Fatalf("sluice wait: %+v", r)
					}
					w.nothingLeft("after the end")
					eventually(t, "the guardian has gone", func() bool { return !alive(rec.Guardian.Pid) })
					rec = w.ps()[0]
					if rec.Result.Verdict != "lost" || !strings.Contains(rec.Result.Detail, "still under way are in the logs") {
						t.Fatalf("ps says %+v", rec.Result)
					}
					w.checkLogs(rec, true)
				}
			})
		})
	}
}

// A guardian is nobody's parent: without cgroups it has only the cookie to find
// whom a worker leaves by, and there is none in the middle of an execve, where
// these are most of the time.
func TestKillAgentOfThoseWhoExecute(t *testing.T) {
	w := newKillWorld(t, nobody(t))
	looper := w.path("looper")
	if err := os.WriteFile(looper, testpeer.Reexecuting(t), 0o755); err != nil {
		t.Fatal(err)
	}
	for range rounds(64) {
		if r := w.run("run", "-d", "--env", "MARK="+w.mark, "--", "sh", "-c", `setsid "$1" & setsid "$1" & echo ready; exec sleep 1000`, "sh", looper); r.status != 0 {
			t.Fatalf("sluice run -d: %+v", r)
		}
		var loopers []int
		eventually(t, "they are there", func() bool { loopers = executingOf(looper); return len(loopers) == 2 })
		rec := w.ps()[0]
		syscall.Kill(rec.Agent.Pid, syscall.SIGKILL)
		if r := w.run("wait", rec.ID); r.status != 125 {
			t.Fatalf("sluice wait: %+v", r)
		}
		if left := executingOf(looper); len(left) > 0 {
			for _, pid := range left {
				syscall.Kill(pid, syscall.SIGKILL)
			}
			t.Fatalf("after the end %d of %d are left", len(left), len(loopers))
		}
	}
}

// executingOf are the live processes of a program.
func executingOf(path string) (pids []int) {
	exes, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, exe := range exes {
		if at, err := os.Readlink(exe); err == nil && at == path {
			pid, _ := strconv.Atoi(strings.Split(exe, "/")[2])
			pids = append(pids, pid)
		}
	}
	return pids
}

func TestKillAgentAndGuardian(t *testing.T) {
	w := newKillWorld(t, nil)
	w.begin("-d").end()
	rec := w.ps()[0]
	syscall.Kill(rec.Guardian.Pid, syscall.SIGKILL)
	syscall.Kill(rec.Agent.Pid, syscall.SIGKILL)
	eventually(t, "agent, guardian and workers have ended", func() bool {
		for _, r := range rec.Workers {
			if alive(r.PID) {
				return false
			}
		}
		return !alive(rec.Agent.Pid) && !alive(rec.Guardian.Pid)
	})
	// A process of several threads may look dead before the last of them is.
	eventually(t, "ps says that it has ended", func() bool { rec = w.ps()[0]; return rec.State == "ended" })
	if rec.Result.Verdict != "lost" {
		t.Fatalf("ps says %+v", rec)
	}
	w.nothingLeft("after sluice ps")
	w.checkLogs(rec, false)
}

func TestDetached(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.run("run", "-d", "-n", "2", "--on-failure", "continue", "--", "sh", "-c", ticking, "sh", w.path("stop"), "3")
	id := strings.TrimSuffix(r.stdout, "\n")
	if r.status != 0 || r.stderr != "" || !strings.HasPrefix(id, "sh-") || strings.ContainsAny(id, " \n") {
		t.Fatalf("run -d: %+v", r)
	}
	rec := w.ps()[0]
	if rec.ID != id || rec.State != "running" || rec.Launcher != nil || rec.Guardian == nil {
		t.Fatalf("%+v", rec)
	}
	for _, pid := range []int{rec.Agent.Pid, rec.Guardian.Pid, rec.Workers[0].PID} {
		if tty := stateField(pid, 5); tty != "0" {
			t.Errorf("process %d has terminal %s", pid, tty)
		}
	}
	logs := w.start("logs", "-f", id+"/1")
	eventually(t, "logs -f follows", func() bool { return strings.Contains(logs.out.String(), "tick 3\n") })
	wait := w.start("wait", id)
	if err := os.WriteFile(w.path("stop"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if status := wait.end(); status != 3 {
		t.Errorf("sluice wait: status %d: %s", status, wait.err)
	}
	if status := logs.end(); status != 0 || !strings.HasSuffix(logs.out.String(), "\ndone\n") || !strings.HasPrefix(logs.out.String(), "tick 1\n") {
		t.Errorf("logs -f: status %d: %s%s", status, clip(logs.out.String()), logs.err)
	}
	eventually(t, "agent and guardian are gone", func() bool { return !alive(rec.Agent.Pid) && !alive(rec.Guardian.Pid) })
}

func TestDetachedIsStoppedAndResumed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run("run", "-d", "--name", "x", "--", "sh", "-c", ticking, "sh", w.path("stop"), "0")
	s := w.start("resume", "x")
	eventually(t, "the console is here", func() bool { return strings.Contains(s.out.String(), "tick") })
	if r := w.run("stop", "x"); r.status != 0 {
		t.Errorf("sluice stop: %+v", r)
	}
	if status := s.end(); status != 143 {
		t.Errorf("exit status %d: %s", status, s.err)
	}
	if r := w.run("resume", "x"); r.status != 143 {
		t.Errorf("resuming what has ended: %+v", r)
	}
}

// stateField is a field of /proc/PID/stat, counted from 1 after the name's
// parenthesis: 1 state, 2 ppid, 3 pgrp, 4 session, 5 tty_nr.
func stateField(pid, n int) string {
	b, err := os.ReadFile("/proc/" + itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	s := string(b)
	return strings.Fields(s[strings.LastIndexByte(s, ')')+1:])[n-1]
}

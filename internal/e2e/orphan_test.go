//go:build linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// eachUserWorld runs a test in a world with cgroups, and in one without.
func eachUserWorld(t *testing.T, f func(t *testing.T, w *world)) {
	eachUser(t, func(t *testing.T, as *syscall.Credential) {
		w := newWorld(t)
		if as != nil {
			w.become(as)
		}
		f(t, w)
	})
}

// brood makes a worker leave a grandchild in a session of its own that ignores
// SIGTERM, one in its group, and one that has forgotten its environment.
const brood = `
	sh -c 'setsid sh -c "trap \"\" TERM HUP INT; setsid sleep 1000 & exit" x "$1" &' x "$1"
	sleep 1000 &
	sh -c 'setsid env -i /bin/sh -c "trap \"\" TERM; while :; do sleep 1000; done" x "$1" &' x "$1"
	echo ready
`

func TestNoOrphans(t *testing.T) {
	thorough(t)
	for _, c := range []struct {
		name, then string
		flags      []string
		signal     syscall.Signal
		status     int
	}{
		{"success", "exit 0", nil, 0, 0},
		{"failure", "[ $RANK = 1 ] && exit 3; sleep 1000", nil, 0, 3},
		{"crash", "[ $RANK = 1 ] && kill -SEGV $$; sleep 1000", nil, 0, 139},
		{"signal", "while :; do sleep 0.05; done", nil, syscall.SIGTERM, 143},
		{"stubborn", `trap "" TERM; while :; do sleep 0.05; done`, []string{"--grace", "200ms"}, syscall.SIGINT, 130},
		{"timeout", "while :; do sleep 0.05; done", []string{"--timeout", "500ms"}, 0, 124},
		{"leader-first", "while :; do sleep 0.05; done", []string{"--stop-leader-first"}, syscall.SIGTERM, 143},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachUserWorld(t, func(t *testing.T, w *world) {
				t.Parallel()
				mark := w.mark()
				args := append([]string{"run", "-n", "2"}, c.flags...)
				s := w.start(append(args, "--env", "MARK="+mark, "--", "sh", "-c", brood+c.then, "sh", mark)...)
				if c.signal != 0 {
					s.ready(2)
					s.Process.Signal(c.signal)
				}
				if status := s.end(); status != c.status {
					t.Errorf("exit status %d: %s", status, s.err)
				}
				w.clean(mark)
			})
		})
	}
}

// clean fails if the latest run, which is over, left anything.
func (w *world) clean(mark string) {
	w.t.Helper()
	if left := marked(mark); len(left) > 0 {
		var names []string
		for _, pid := range left {
			b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
			names = append(names, strings.ReplaceAll(string(b), "\x00", " "))
		}
		w.t.Errorf("processes are left: %v %q", left, names)
	}
	rec := w.ps()[0]
	if rec.State != "ended" {
		w.t.Errorf("the run is %s", rec.State)
	}
	if w.as == nil && rec.Cgroup == "" {
		w.t.Log("without cgroups: this machine gives none")
	}
	if w.as != nil && rec.Cgroup != "" {
		w.t.Errorf("an unprivileged user has the cgroup %s", rec.Cgroup)
	}
	if rec.Cgroup != "" {
		if _, err := os.Stat(rec.Cgroup); !os.IsNotExist(err) {
			w.t.Errorf("the cgroup %s is left (%v)", rec.Cgroup, err)
		}
	}
	if socks := w.sockets(); len(socks) > 0 {
		w.t.Errorf("sockets are left: %v", socks)
	}
	for _, r := range rec.Workers {
		if stateOf(r.PID) == "Z" {
			w.t.Errorf("rank %d is a zombie", r.Rank)
		}
	}
}

// sockets are the control sockets in this world.
func (w *world) sockets() []string {
	run := ""
	for _, kv := range w.env {
		if v, ok := strings.CutPrefix(kv, "XDG_RUNTIME_DIR="); ok {
			run = v
		}
	}
	socks, _ := filepath.Glob(filepath.Join(run, "sluice", "*"))
	return socks
}

func TestNoOrphansDetached(t *testing.T) {
	for _, end := range []string{"stop", "kill"} {
		t.Run(end, func(t *testing.T) {
			eachUserWorld(t, func(t *testing.T, w *world) {
				t.Parallel()
				mark := w.mark()
				if r := w.run("run", "-d", "-n", "2", "--env", "MARK="+mark, "--", "sh", "-c", brood+"exec sleep 1000", "sh", mark); r.status != 0 {
					t.Fatalf("%+v", r)
				}
				rec := w.ps()[0]
				if len(w.sockets()) != 1 {
					t.Errorf("sockets of a live run: %v", w.sockets())
				}
				args := []string{"stop"}
				if end == "kill" {
					args = append(args, "--kill")
				}
				if r := w.run(args...); r.status != 0 {
					t.Errorf("sluice stop: %+v", r)
				}
				eventually(t, "agent and guardian are gone", func() bool { return !alive(rec.Agent.Pid) && !alive(rec.Guardian.Pid) })
				w.clean(mark)
			})
		})
	}
}

// A tree that forks faster than one can look at it.
func TestForkingTreeIsEnded(t *testing.T) {
	eachUserWorld(t, func(t *testing.T, w *world) {
		mark := w.mark()
		s := w.startReady(1, "--grace", "200ms", "--", "sh", "-c", `
			trap "" TERM
			breed() { n=0; while [ $n -lt 12 ]; do n=$((n+1)); setsid sh -c 'trap "" TERM; sleep 0.2; exec sh -c "$1" sh "$1" "$2"' sh "$1" "$2" & sleep 0.02; done; wait; }
			echo ready
			while :; do breed 'sleep 0.3' "$1"; done`, "sh", mark)
		eventually(t, "it breeds", func() bool { return len(marked(mark)) > 5 })
		s.Process.Signal(syscall.SIGTERM)
		if status := s.end(); status != 143 {
			t.Errorf("exit status %d: %s", status, s.err)
		}
		w.clean(mark)
	})
}

// Nobody is left a zombie in a process that did not ask for children: a parent
// that is a subreaper sees none of the gang's.
func TestNoZombies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.startReady(2, "--", "sh", "-c",
		`for i in 1 2 3 4 5; do sh -c 'setsid true & setsid sleep 0.0$0 &' $i; done; sleep 0.3; echo ready; until [ -e `+w.path("stop")+` ]; do sleep 0.05; done`)
	rec := w.ps()[0]
	eventually(t, "the strangers are reaped", func() bool {
		for _, pid := range childrenOf(rec.Agent.Pid) {
			if stateOf(pid) == "Z" {
				return false
			}
		}
		return len(childrenOf(rec.Agent.Pid)) == 2
	})
	if err := os.WriteFile(w.path("stop"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if status := s.end(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// A shell that executes sluice in its own place had children before: they are
// no part of the run, whatever ends it.
func TestChildrenOfTheShellAreSpared(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mark := w.mark()
	s := w.startWith(func(c *exec.Cmd) {
		c.Args = append([]string{"sh", "-c", `MARK=` + mark + ` sh -c 'sleep 1000; :' >&- 2>&- & exec "$@"`, "sh", sluice}, c.Args[1:]...)
		c.Path = "/bin/sh"
	}, "run", "--", "sh", "-c", "echo ready; exec sleep 1000")
	s.ready(1)
	mine := marked(mark)
	if len(mine) == 0 {
		t.Fatal("the shell's child is not there")
	}
	defer func() {
		for _, pid := range marked(mark) { // and its sleep
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}()
	syscall.Kill(w.ps()[0].Agent.Pid, syscall.SIGKILL)
	if status := s.end(); status != 125 {
		t.Errorf("exit status %d", status)
	}
	if !alive(mine[0]) {
		t.Error("the shell's child was killed with the run")
	}
}

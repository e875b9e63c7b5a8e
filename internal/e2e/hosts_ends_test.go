//go:build linux

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestHostsStop(t *testing.T) {
	thorough(t)
	t.Parallel()
	f := newFleet(t)
	s := f.start("run", "--hosts", "a:2,b", "--grace", "30s", "--", "sh", "-c",
		`trap 'echo bye $RANK; exit 0' TERM; echo up $RANK; while :; do sleep 0.1; done`)
	for rank := range 3 {
		(&started{w: f.world, out: s.out, err: s.err}).prints(fmt.Sprint("up ", rank))
	}
	s.Process.Signal(syscall.SIGINT)
	if status := s.end(); status != 130 {
		t.Errorf("exit status %d\n%s", status, s.err)
	}
	for rank := range 3 {
		if !strings.Contains(s.out.String(), fmt.Sprintf("[%d] bye %[1]d", rank)) {
			t.Errorf("rank %d did not end well:\n%s", rank, s.out)
		}
	}
	f.gone()
}

// The starter's machine has the run on record while it goes on: it is seen, waited for
// and stopped from there; what only the hosts have is asked there.
func TestHostsFromTheStarter(t *testing.T) {
	thorough(t)
	t.Parallel()
	for _, kill := range []bool{false, true} {
		t.Run(fmt.Sprintf("kill %v", kill), func(t *testing.T) {
			t.Parallel()
			f := newFleet(t)
			s := f.start("run", "--hosts", "a:2,b", "--name", "train", "--grace", "60s", "--", "sh", "-c",
				`trap 'echo bye $RANK; exit 0' TERM; [ $0 = true ] && trap "" TERM; echo up $RANK; while :; do sleep 0.1; done`, fmt.Sprint(kill))
			for rank := range 3 {
				s.prints(fmt.Sprint("up ", rank))
			}
			if r := f.run("ps", "train"); r.status != 0 || !strings.Contains(r.stdout, "n=3") || !strings.Contains(r.stdout, "running") {
				t.Errorf("%+v", r)
			}
			for _, args := range [][]string{{"logs", "train"}, {"attach", "train/2"}, {"signal", "train", "USR1"}, {"stop", "train/1"}, {"gather", "train", "all"}} {
				r := f.run(args...)
				if r.status != 2 || !strings.Contains(r.stderr, "it goes on on a, b") || !strings.Contains(r.stderr, f.ssh+" a sluice logs -f train-") {
					t.Errorf("%v: %+v", args, r)
				}
			}
			waits := f.start("wait", "train")
			want, stop := 143, []string{"stop", "train"}
			if kill {
				stop = append(stop, "--kill")
			}
			if r := f.run(stop...); r.status != 0 || !strings.Contains(r.stderr, fmt.Sprint("stopped, exit status ", want)) {
				t.Errorf("%+v", r)
			}
			for what, s := range map[string]*started{"run": s, "wait": waits} {
				if status := s.end(); status != want {
					t.Errorf("%s: exit status %d\n%s", what, status, s.err)
				}
			}
			if bye := strings.Count(s.out.String(), "bye"); !kill && bye != 3 || kill && bye != 0 {
				t.Errorf("%d said goodbye:\n%s", bye, s.out)
			}
			if r := f.run("stop", "train"); r.status != 0 || !strings.Contains(r.stderr, "has ended already") {
				t.Errorf("%+v", r)
			}
		})
	}
}

// A host that does not answer is named, and is not waited for when the user is tired of
// it.
func TestHostsStopEarly(t *testing.T) {
	thorough(t)
	t.Parallel()
	f := newFleet(t)
	began := filepath.Join(f.dir, "began")
	deaf := filepath.Join(f.dir, "deaf")
	if err := os.WriteFile(deaf, []byte("#!/bin/sh\necho up >"+began+"\nFLEET="+f.mark+" sleep 1000\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := f.start("run", "--hosts", "a", "--ssh", deaf, "--", "true")
	eventually(t, "it is being reached", func() bool { b, _ := os.ReadFile(began); return len(b) > 1 })
	s.says("sluice: waiting for an answer over ssh from a\n")
	s.Process.Signal(syscall.SIGINT)
	if status := s.end(); status != 130 {
		t.Errorf("exit status %d\n%s", status, s.err)
	}
	f.gone()
}

// An agent that is killed, and a node, end the run on all hosts.
func TestHostsKilled(t *testing.T) {
	thorough(t)
	t.Parallel()
	for _, tt := range []struct{ what, says string }{
		{"__agent", "host b: was lost"},
		{"__node", "host b: the connection is lost, or sluice there was killed"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t)
			s := f.start("run", "--hosts", "a,b", "--grace", "2s", "--", "sh", "-c", "echo up $RANK; exec sleep 1000")
			s.prints("up 0")
			s.prints("up 1")
			pids := f.sluices("b", tt.what)
			if len(pids) != 1 {
				t.Fatalf("%v", pids)
			}
			syscall.Kill(pids[0], syscall.SIGKILL)
			if status := s.end(); status == 0 || !strings.Contains(s.err.String(), tt.says) {
				t.Errorf("exit status %d\n%s", status, s.err)
			}
		})
	}
}

// Who does not listen is hurried, and then killed.
func TestHostsStopThrice(t *testing.T) {
	thorough(t)
	t.Parallel()
	f := newFleet(t)
	s := f.start("run", "--hosts", "a,b", "--grace", "forever", "--", "sh", "-c", `trap '' TERM INT; echo up $RANK; while :; do sleep 0.1; done`)
	s.prints("up 0")
	s.prints("up 1")
	s.Process.Signal(syscall.SIGTERM)
	eventually(t, "both hosts stop", func() bool { return strings.Count(s.err.String(), "stopping rank") == 2 })
	s.Process.Signal(syscall.SIGTERM)
	eventually(t, "both hosts hurry", func() bool { return strings.Count(s.err.String(), "hurrying") == 2 })
	s.Process.Signal(syscall.SIGTERM)
	if status := s.end(); status != 143 {
		t.Errorf("exit status %d\n%s", status, s.err)
	}
}

// When the starter is killed, the hosts stop their workers, with grace.
func TestHostsStarterKilled(t *testing.T) {
	thorough(t)
	t.Parallel()
	f := newFleet(t)
	done := filepath.Join(f.dir, "saved")
	s := f.start("run", "--hosts", "a,b:2,c", "--", "sh", "-c",
		`trap 'echo saved >>"`+done+`"; exit 0' TERM; echo up $RANK; while :; do sleep 0.1; done`)
	for rank := range 4 {
		s.prints(fmt.Sprint("up ", rank))
	}
	s.Process.Kill()
	f.gone()
	if b, _ := os.ReadFile(done); strings.Count(string(b), "saved") != 4 {
		t.Errorf("workers were not asked to stop: %q", b)
	}
	// Their logs are found from where the run was started, as if it had ended by itself.
	if r := f.run("gather", "sh", "all"); r.status != 0 || !strings.Contains(r.stdout, "\n3 of 3 machines: ") {
		t.Errorf("%+v", r)
	}
	if got := f.read(filepath.Join(f.world.dir, "all", "node-1-b", "attempt_0", "1", "stdout.log")); got != "up 2\n" {
		t.Errorf("rank 2's log: %q", got)
	}
}

func TestHostsConnectionLost(t *testing.T) {
	thorough(t)
	t.Parallel()
	f := newFleet(t)
	s := f.start("run", "--hosts", "a,b,c", "--grace", "5s", "--", "sh", "-c", "echo up $RANK; exec sleep 1000")
	for rank := range 3 {
		s.prints(fmt.Sprint("up ", rank))
	}
	for _, pid := range f.sshs("b") {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	if status := s.end(); status != 125 {
		t.Errorf("exit status %d", status)
	}
	if got := s.err.String(); !strings.Contains(got, "host b: the connection is lost: ssh was killed by SIGKILL") {
		t.Errorf("%s", got)
	}
	f.gone()
}

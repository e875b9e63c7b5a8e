//go:build linux

package e2e

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
)

func init() {
	workers["nothing"] = func() {}
}

// Workers have descriptors 0, 1 and 2, whatever sluice was given.
func TestNoDescriptorLeaks(t *testing.T) {
	thorough(t)
	t.Parallel()
	w := newWorld(t)
	leak, err := os.Open(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer leak.Close()
	events := filepath.Join(w.dir, "events")
	for _, args := range [][]string{
		{"-n", "40"}, {"-n", "40", "--redirect", "all"}, {"-n", "3", "--stdin", "all"}, {"-n", "1"},
		{"-n", "3", "--stdin", "fifo:" + filepath.Join(w.dir, "fifo")},
		{"-n", "3", "--events", events, "--rlimit", "core=0", "--log-max-size", "10K"},
		{"-n", "3", "--redirect", "all", "--log-max-size", "10K", "--log-compress"},
	} {
		args = append(append([]string{"run", "--name", "fds"}, args...), "--")
		r := w.runWith(func(cmd *exec.Cmd) { cmd.ExtraFiles = []*os.File{leak, leak, leak} },
			append(args, "sh", "-c", "ls /proc/$$/fd; :")...)
		if r.status != 0 {
			t.Fatalf("%v: %+v", args, r)
		}
		rec := w.ps()[0]
		for rank := range rec.Workers {
			out := w.log(rank, "stdout")
			if out != "0\n1\n2\n" {
				t.Fatalf("%v: rank %d has descriptors\n%s", args, rank, out)
			}
		}
	}
}

// What sluice raises for itself, workers do not get.
func TestWorkersHaveTheUsersLimit(t *testing.T) {
	t.Parallel()
	testpeer.Need(t, "prlimit", "util-linux")
	w := newWorld(t)
	limit := wrapped("prlimit", "--nofile=300:4096")
	for _, args := range [][]string{{}, {"--rlimit", "core=0"}} {
		r := w.runWith(limit, append(append([]string{"run"}, args...), "--", "sh", "-c", "ulimit -Sn; ulimit -Hn")...)
		if r.stdout != "300\n4096\n" {
			t.Errorf("%v: %+v", args, r)
		}
	}
	r := w.runWith(limit, "run", "--rlimit", "nofile=77:99", "--", "sh", "-c", "ulimit -Sn; ulimit -Hn")
	if r.stdout != "77\n99\n" {
		t.Errorf("%+v", r)
	}
	// A batch that is larger than the soft limit allows still starts.
	if r := w.runWith(limit, "run", "-n", "100", "--redirect", "all", "true"); r.status != 0 {
		t.Errorf("%+v", r)
	}
}

// sigState reads SigBlk and SigIgn of a worker.
func sigState(t *testing.T, w *world, change func(*exec.Cmd), flags ...string) map[string]uint64 {
	t.Helper()
	// grep: a shell would have handlers of its own.
	r := w.runWith(change, append(append([]string{"run"}, flags...), "--", "grep", "^Sig", "/proc/self/status")...)
	if r.status != 0 {
		t.Fatalf("%+v", r)
	}
	state := map[string]uint64{}
	sc := bufio.NewScanner(strings.NewReader(r.stdout))
	for sc.Scan() {
		var name string
		var set uint64
		if n, _ := fmt.Sscanf(sc.Text(), "%s %x", &name, &set); n == 2 {
			state[strings.TrimSuffix(name, ":")] = set
		}
	}
	return state
}

// Workers begin with nothing blocked. What nohup and a shell's background job
// ignore stays ignored; a SIGPIPE that a careless parent ignores does not.
func TestSignalsOfWorkers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bit := func(s syscall.Signal) uint64 { return 1 << (s - 1) }
	// 32 and 33 are the C library's own; who starts the tests may have left
	// them ignored.
	const libc = 3 << 31
	for _, flags := range [][]string{nil, {"--rlimit", "core=0"}} {
		st := sigState(t, w, nil, flags...)
		if st["SigBlk"] != 0 || st["SigIgn"]&^libc != 0 {
			t.Errorf("%v: blocked %x, ignored %x", flags, st["SigBlk"], st["SigIgn"])
		}
		st = sigState(t, w, wrapped("env", "--ignore-signal=HUP,INT,PIPE", "--block-signal=TERM,USR1"), flags...)
		want := bit(syscall.SIGHUP) | bit(syscall.SIGINT)
		if st["SigIgn"]&^libc != want || st["SigBlk"] != 0 {
			t.Errorf("%v: ignored %x, not %x; blocked %x", flags, st["SigIgn"], want, st["SigBlk"])
		}
	}
}

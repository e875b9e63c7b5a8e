//go:build linux

package e2e

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
	"github.com/sluicerun/sluice/report"
)

var lossLine = regexp.MustCompile(`rank (\d+) of \d+ attempt \d+ step (\d+) loss (\S+)\n`)

// losses are those of an attempt in the output of testdata/train_ddp.py.
func losses(t *testing.T, out, attempt string, ranks int) string {
	t.Helper()
	var all []string
	for _, m := range lossLine.FindAllStringSubmatch(out, -1) {
		if strings.Contains(m[0], " attempt "+attempt+" ") {
			all = append(all, "rank "+m[1]+" step "+m[2]+" loss "+m[3])
		}
	}
	slices.Sort(all)
	if len(all) != 4*ranks {
		t.Errorf("there are %d losses of %d ranks:\n%s", len(all), ranks, clip(out))
	}
	return strings.Join(all, "\n")
}

// The same training gives the same losses, to the last bit, under Debian's own
// torchrun and under ours: on one node, in the second attempt after a rank has
// failed, and over two nodes.
//
// Checklist 62, 66.
func TestTrainLikeTorchrun(t *testing.T) {
	thorough(t)
	t.Parallel()
	python := testpeer.NeedPython(t, "torch", "python3-torch")
	w := newTorchWorld(t, "PYTHON_EXEC="+python)
	torchrun, err := filepath.Abs("../../bench/torchrun113.py")
	if err != nil {
		t.Fatal(err)
	}
	train := testdata(t, "train_ddp.py")
	theirs := func(n int) string {
		r := w.command(python, torchrun, "--nproc_per_node", itoa(n), "--monitor_interval", "0.1", "--master_port", unusedPort(t), train)
		if r.status != 0 {
			t.Fatalf("torchrun with %d ranks: %+v", n, r)
		}
		return losses(t, r.stdout, "0", n)
	}

	if testpeer.Strict() { // many seconds of importing torch
		r := w.torchrun("--nproc-per-node", "4", train)
		if want := theirs(4); r.status != 0 || losses(t, r.stdout, "0", 4) != want {
			t.Errorf("4 ranks: %+v\ntorchrun:\n%s", r, want)
		}
	}

	want := theirs(2)
	r := w.torchrun("--nproc-per-node", "2", "--max-restarts", "1", train, "--fail-rank", "1", "--fail-attempts", "1")
	if r.status != 0 || losses(t, r.stdout, "1", 2) != want {
		t.Errorf("2 ranks in the second attempt: %+v\ntorchrun:\n%s", r, want)
	}
	// Rank 0 lost its connection to rank 1, raised an exception as well and ended
	// before: it is not taken for the culprit.
	rec := w.ps()[0]
	if rec.Result.Attempts != 2 || rec.Result.Verdict != "succeeded" || !regexp.MustCompile(`rank 1 failed \((exit code 1|SIGTERM)\): restarting the gang \(1 of 1\)`).MatchString(r.stderr) {
		t.Errorf("%+v\n%s", rec.Result, r.stderr)
	}
	for rank, words := range []string{"RuntimeError", "rank 1 gives up in attempt 0"} {
		file := filepath.Join(rec.Dir, "attempt_0", itoa(rank), "error.json")
		if e, err := report.ReadErrorFile(file); err != nil || !strings.Contains(e.Message, words) {
			t.Errorf("rank %d: %+v, %v", rank, e, err)
		}
	}

	t.Run("two nodes", func(t *testing.T) {
		p := newPair(t)
		var all [2]*started
		for node := range all {
			p.nodes[node].env = append(p.nodes[node].env, "GLOO_SOCKET_IFNAME=veth0", "PYTHON_EXEC="+python)
			all[node] = p.start(node, []string{"--nproc-per-node=1"}, train)
		}
		out := ""
		for node, s := range all {
			if status := s.end(); status != 0 {
				t.Errorf("node %d: exit status %d\n%s", node, status, s.err)
			}
			out += s.out.String()
		}
		if got := losses(t, out, "0", 2); got != want {
			t.Errorf("over two nodes:\n%s\ntorchrun:\n%s", got, want)
		}
	})
}

// Failures that leave no exception: each with its words and its status.
//
// Checklist 60, 70, 71.
func TestTrainDies(t *testing.T) {
	thorough(t)
	python := testpeer.NeedPython(t, "ctypes", "python3")
	for _, c := range []struct {
		how    string
		flags  []string
		status int
		says   []string
	}{
		{"segfault", nil, 1, []string{"rank 1 was killed by SIGSEGV (segmentation fault)", "rank 1 failed first", "| rank 1 begins", "stopped because of rank 1: 0", "exit status 1"}},
		{"exit", nil, 1, []string{"rank 1 exited with code 85", "rank 1 failed first", "| rank 1 begins", "stopped because of rank 1: 0", "exit status 1"}},
		{"exit", []string{"--exit-code", "first", "--max-restarts", "1"}, 85, []string{"failed in attempt 2: rank 1 exited with code 85", "exit status 85"}},
		{"hang", []string{"--stall-timeout", "1s"}, 124, []string{"stalled: nothing was written for 1s", "stopped for the stall: 0-1", "exit status 124"}},
	} {
		t.Run(strings.Join(append([]string{c.how}, c.flags...), " "), func(t *testing.T) {
			t.Parallel()
			w := newTorchWorld(t, "PYTHON_EXEC="+python)
			mark := w.mark()
			r := w.torchrun(append(append([]string{"--nproc-per-node", "2"}, c.flags...), testdata(t, "train_die.py"), c.how, mark)...)
			r.says(t, c.status, c.says...)
			nothingRuns(t, mark)
		})
	}
}

// Not parallel: there is one small memory at a time.
//
// Checklist 60, 70.
func TestTrainOutOfMemory(t *testing.T) {
	thorough(t)
	python := testpeer.NeedPython(t, "ctypes", "python3")
	procs := smallMemory(t, 200<<20)
	w := newTorchWorld(t, "PYTHON_EXEC="+python)
	r := w.runWith(wrapped("sh", "-c", `echo $$ >`+procs+`; exec "$0" "$@"`),
		"torchrun", "--nproc-per-node", "2", testdata(t, "train_die.py"), "oom")
	r.says(t, 1, "rank 1 was killed by the kernel's out-of-memory killer (SIGKILL)", "rank 1 failed first", "stopped because of rank 1: 0", "exit status 1")
	if wk := w.ps()[0].Workers[1]; wk.Cause != "oom" {
		t.Errorf("%+v", wk)
	}
}

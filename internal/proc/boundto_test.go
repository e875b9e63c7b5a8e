//go:build linux

package proc

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicerun/sluice/internal/testpeer"
	"github.com/sluicerun/sluice/job"
)

// A big machine, with a thread that went its own way.
func TestBoundToFixture(t *testing.T) {
	status := func(cpus, mems string) string {
		return "Name:\tpython\nCpus_allowed:\tffff\nCpus_allowed_list:\t" + cpus + "\nMems_allowed:\t1\nMems_allowed_list:\t" + mems + "\nvoluntary_ctxt_switches:\t1\n"
	}
	root := fakeTree(t, map[string]string{
		"proc/70/status":         status("0-2,1024-1025", "0-1"),
		"proc/70/task/70/status": status("0-2,1024-1025", "0-1"),
		"proc/70/task/71/status": status("2", "0-1"),
		"proc/70/numa_maps":      "55d0 prefer (many)=static:0-1 file=/usr/bin/python3 mapped=2 N0=2\n55d1 default heap\n",
		"proc/80/status":         status("4", ""),
		"proc/80/task/80/status": status("4", ""),
		"proc/81/status":         "Name:\tx\n",
		"proc/82/status":         status("0-x", ""),
	})
	many := []int{0, 1, 2, 1024, 1025}
	got, err := BoundTo(root, 70)
	want := Bound{CPUs: many, Mems: []int{0, 1}, Policy: "prefer (many)=static", PolicyNodes: []int{0, 1},
		Threads: []ThreadBound{{70, many, []int{0, 1}}, {71, []int{2}, []int{0, 1}}}}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v %s", err, d)
	}
	got, err = BoundTo(root, 80)
	if d := cmp.Diff(Bound{CPUs: []int{4}}, got); d != "" || err != nil {
		t.Errorf("%v %s", err, d)
	}
	if _, err := BoundTo(root, 81); err == nil || err.Error() != "reading what process 81 is bound to: no Cpus_allowed_list in the status" {
		t.Errorf("no list: %v", err)
	}
	var syntax *job.SyntaxError
	if _, err := BoundTo(root, 82); !errors.As(err, &syntax) || !strings.HasPrefix(err.Error(), "reading what process 82 is bound to: Cpus_allowed_list: ") {
		t.Errorf("damaged list: %v", err)
	}
	if _, err := BoundTo(root, 99); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nobody: %v", err)
	}
}

// A thread that another program binds is seen.
func TestBoundToThreads(t *testing.T) {
	taskset := testpeer.Need(t, "taskset", "util-linux")
	all := allowedCPUs(t, 2)
	if !inner(t) {
		return
	}
	before := boundTo(t, os.Getpid())
	tids, err := os.ReadDir("/proc/self/task")
	if err != nil || len(tids) < 2 {
		t.Fatalf("%d threads, %v", len(tids), err)
	}
	last := tids[len(tids)-1].Name()
	if out, err := exec.Command(taskset, "-cp", listOf(all[:1]), last).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	got := boundTo(t, os.Getpid())
	if !slices.Equal(got.CPUs, before.CPUs) {
		t.Errorf("the process is on %v, want %v", got.CPUs, before.CPUs)
	}
	found := false
	for _, th := range got.Threads {
		want := before.CPUs
		if strconv.Itoa(th.TID) == last {
			want, found = all[:1], true
		}
		if !slices.Equal(th.CPUs, want) {
			t.Errorf("thread %d is on %v, want %v", th.TID, th.CPUs, want)
		}
	}
	if !found {
		t.Errorf("no thread %s among %v", last, got.Threads)
	}
}

func TestParsePolicy(t *testing.T) {
	for line, want := range map[string]struct {
		mode  string
		nodes []int
	}{
		"55a7 default file=/bin/head mapped=2":        {"default", nil},
		"55a7 bind:0-1,4 anon=1":                      {"bind", []int{0, 1, 4}},
		"55a7 bind=static:3":                          {"bind=static", []int{3}},
		"55a7 prefer:1 heap":                          {"prefer", []int{1}},
		"55a7 prefer (many):0-1 heap":                 {"prefer (many)", []int{0, 1}},
		"55a7 weighted interleave:0-1":                {"weighted interleave", []int{0, 1}},
		"55a7 weighted interleave=relative:2 stack\n": {"weighted interleave=relative", []int{2}},
		"55a7 local stack":                            {"local", nil},
		"55a7 newer:0 stack":                          {"newer", []int{0}},
	} {
		mode, nodes, err := parsePolicy(line)
		if err != nil || mode != want.mode || !slices.Equal(nodes, want.nodes) {
			t.Errorf("%q: %q, %v, %v", line, mode, nodes, err)
		}
	}
	for _, line := range []string{"", "55a7", "55a7 ", "55a7 :0", "55a7 bind:x", "55a7 bind:1-0 a"} {
		if mode, nodes, err := parsePolicy(line); err == nil {
			t.Errorf("%q: %q, %v", line, mode, nodes)
		}
	}
}

// What is read as a list is what the kernel would write for it.
func FuzzBound(f *testing.F) {
	own, err := os.ReadFile("/proc/self/status")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(own), "0-3,8", "55a7 bind:0-1 file=/x")
	f.Add("Cpus_allowed_list:\t0-1\nMems_allowed_list:\t\n", "", "55a7 prefer (many)=static:0 heap")
	f.Add("Cpus_allowed_list:0-1048575", "1024,1026-4000", "a weighted interleave")
	f.Add("Mems_allowed_list:\t99999999999", "0-0", "a default\n")
	f.Add(":", "5-4,", " :")
	f.Fuzz(func(t *testing.T, status, list, line string) {
		if _, err := parseAllowed(status); err != nil && err.Error() == "" {
			t.Error("an error without words")
		}
		if numbers, err := parseNumbers(list); err == nil {
			if again, err := parseNumbers(listOf(numbers)); err != nil || !slices.Equal(again, numbers) {
				t.Errorf("%q: %v, then %v, %v", list, numbers, again, err)
			}
		}
		if mode, _, err := parsePolicy(line); err == nil && !strings.Contains(line, " "+mode) {
			t.Errorf("%q: mode %q", line, mode)
		}
	})
}

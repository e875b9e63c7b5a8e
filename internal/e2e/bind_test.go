//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/topo"
)

// myCPUs are the CPUs that workers may have here; two at least.
func myCPUs(t *testing.T) []int {
	t.Helper()
	allowed, err := topo.Allowed()
	if err != nil {
		t.Fatal(err)
	}
	cpus := slices.Collect(allowed.All())
	if len(cpus) < 2 {
		testpeer.Missing(t, "needs two CPUs, there is %v", allowed)
	}
	return cpus
}

// What a worker and its child are bound to, by three judges of their own.
func TestBindAsOthersSeeIt(t *testing.T) {
	t.Parallel()
	taskset := testpeer.Need(t, "taskset", "util-linux")
	hwloc := testpeer.Need(t, "hwloc-bind", "hwloc")
	numactl := testpeer.Need(t, "numactl", "numactl")
	cpus := myCPUs(t)
	w := newWorld(t)
	lists := fmt.Sprintf("%d:%d", cpus[1], cpus[0])
	script := fmt.Sprintf(`%s -cp $$ | sed 's/.*: /cpus /'; sh -c '%s --get'; %s --show | grep -E '^(policy|membind)'`, taskset, hwloc, numactl)
	r := w.run("run", "-n", "2", "--prefix", "{rank} ", "--bind", lists, "--mem-bind", "local", "--report-bindings", "--", "sh", "-c", script)
	if r.status != 0 {
		t.Fatalf("%+v", r)
	}
	for rank, cpu := range []int{cpus[1], cpus[0]} {
		for _, want := range []string{fmt.Sprintf("%d cpus %d\n", rank, cpu), fmt.Sprintf("%d 0x%08x\n", rank, 1<<cpu), fmt.Sprintf("%d policy: bind\n", rank), fmt.Sprintf("%d membind: 0 \n", rank)} {
			if !strings.Contains(r.stdout, want) {
				t.Errorf("there is no %q in\n%s", want, r.stdout)
			}
		}
		if !regexp.MustCompile(fmt.Sprintf(`rank %d \(pid \d+\): CPUs %d, memory of node 0 \(bind 0\): .*list`, rank, cpu)).MatchString(r.stderr) {
			t.Errorf("rank %d is not reported in\n%s", rank, r.stderr)
		}
	}
}

// Both names of the flag, a restart, limits (which go through another program),
// and sluice itself, which stays as it was.
func TestBindModes(t *testing.T) {
	t.Parallel()
	cpus := myCPUs(t)
	w := newWorld(t)
	const ask = `grep Cpus_allowed_list: /proc/self/status | cut -f2`
	for _, flags := range []string{
		"run -n 2 --bind exclusive", "run -n 2 --bind core", "torchrun --nproc-per-node 2 --numa-binding exclusive --no-python",
		"run -n 2 --bind exclusive --rlimit nofile=100",
	} {
		if len(cpus) != 2 && strings.Contains(flags, "exclusive") {
			continue // shares of more are not one CPU each
		}
		args := append(strings.Fields(flags), "sh", "-c", ask)
		if args[0] == "run" {
			args = append(append(strings.Fields(flags), "--prefix", ""), "sh", "-c", ask)
		}
		r := w.run(args...)
		if got := strings.Fields(r.stdout); r.status != 0 || !slices.Equal(sorted(got), []string{itoa(cpus[0]), itoa(cpus[1])}) {
			t.Errorf("%s: %+v", flags, r)
		}
	}
	all := job.CPUs(cpus...).String()
	for _, flags := range []string{"", "--bind none", "--bind exclusive --bind-fallback -n " + itoa(len(cpus)+1)} {
		r := w.run(append(append([]string{"run", "--prefix", ""}, strings.Fields(flags)...), "sh", "-c", ask)...)
		if got := strings.Fields(r.stdout); r.status != 0 || len(slices.Compact(got)) != 1 || got[0] != all {
			t.Errorf("%q: %+v, not %s", flags, r, all)
		}
	}
	r := w.run("run", "--prefix", "", "--bind", itoa(cpus[1]), "--restarts", "1", "sh", "-c", ask+`; [ $TORCHELASTIC_RESTART_COUNT = 1 ]`)
	if r.status != 0 || r.stdout != fmt.Sprintf("%d\n%d\n", cpus[1], cpus[1]) {
		t.Errorf("after a restart: %+v", r)
	}
}

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

// Checklist 99: no numactl is needed, nor anything else that sluice would look for.
func TestBindNeedsNoProgram(t *testing.T) {
	t.Parallel()
	cpus := myCPUs(t)
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.env = append(w.env, "PATH="+w.path("empty"))
	r := w.run("run", "--bind", itoa(cpus[1]), "--mem-bind", "local", "--", sh, "-c",
		`while read -r key value; do [ "$key" = Cpus_allowed_list: ] && echo "$value"; done < /proc/$$/status; true`)
	if r.status != 0 || r.stdout != itoa(cpus[1])+"\n" {
		t.Errorf("%+v", r)
	}
}

// What cannot be bound is refused before anything is made.
func TestBindIsRefused(t *testing.T) {
	t.Parallel()
	cpus := myCPUs(t)
	w := newWorld(t)
	for args, words := range map[string]string{
		"-n " + itoa(len(cpus)+1) + " --bind exclusive": "cores allowed for",
		"--bind 4000":                  "4000",
		"-n 2 --bind " + itoa(cpus[0]): "2 workers and lists for 1",
		"--bind nod":                   "did you mean node?",
		"--mem-bind local":             "not bound",
		"--machine /":                  "--dry-run",
	} {
		r := w.run(append(append([]string{"run"}, strings.Fields(args)...), "sh", "-c", "touch "+w.path("started"))...)
		r.says(t, 2, words)
	}
	if _, err := os.Stat(w.path("started")); err == nil {
		t.Error("a worker was started")
	}
	w.noRuns("")
}

// A machine that was saved can be planned for anywhere.
func TestBindPlanForAnother(t *testing.T) {
	t.Parallel()
	cpus := myCPUs(t)
	w := newWorld(t)
	saved := w.path("saved")
	if r := w.run("topo", "--save", saved); r.status != 0 {
		t.Fatalf("%+v", r)
	}
	// As it would be with one node more, of one CPU without any memory.
	for path, text := range map[string]string{
		"sys/devices/system/node/node0/cpulist": itoa(cpus[0]),
		"sys/devices/system/node/node1/cpulist": itoa(cpus[1]), "sys/devices/system/node/online": "0-1",
		"sys/devices/system/node/possible": "0-1", "sys/devices/system/node/node1/meminfo": "Node 1 MemTotal: 1024 kB",
		"sys/devices/system/node/node1/distance": "20 10", "sys/devices/system/node/node0/distance": "10 20",
	} {
		path = filepath.Join(saved, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := w.run("run", "-n", "2", "--bind", "node", "--mem-bind", "local", "--dry-run", "--json", "--machine", saved, "--", "true")
	var plan struct {
		Workers []struct{ Bound string }
	}
	if err := json.Unmarshal([]byte(r.stdout), &plan); err != nil || len(plan.Workers) != 2 {
		t.Fatalf("%v: %+v", err, r)
	}
	for rank, p := range plan.Workers {
		if want := fmt.Sprintf("CPUs %d, memory of node %d (local): ", cpus[rank], rank); !strings.HasPrefix(p.Bound, want) {
			t.Errorf("rank %d: %q, not %q...", rank, p.Bound, want)
		}
	}
	r = w.run("topo", "--root", saved, "--bind", "node", "-n", "2")
	if r.status != 0 || !strings.Contains(r.stdout, "node 1") {
		t.Errorf("%+v", r)
	}
}

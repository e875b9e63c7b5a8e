package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/topo"
)

// smallMachine is a tree of two nodes of two CPUs, with a GPU each.
func smallMachine(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	set := func(text, path string, args ...any) {
		full := filepath.Join(root, fmt.Sprintf(path, args...))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	set("0-3", "sys/devices/system/cpu/online")
	set("0-3", "sys/devices/system/cpu/possible")
	for cpu := range 4 {
		set(fmt.Sprint(cpu/2), "sys/devices/system/cpu/cpu%d/topology/physical_package_id", cpu)
		set(fmt.Sprint(cpu), "sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu)
	}
	for node := range 2 {
		set(fmt.Sprintf("%d-%d", 2*node, 2*node+1), "sys/devices/system/node/node%d/cpulist", node)
		set("MemTotal: 1048576 kB", "sys/devices/system/node/node%d/meminfo", node)
		set("0x030200", "sys/bus/pci/devices/0000:0%d:00.0/class", 1-node)
		set("0x10de", "sys/bus/pci/devices/0000:0%d:00.0/vendor", 1-node)
		set("0x2330", "sys/bus/pci/devices/0000:0%d:00.0/device", 1-node)
		set(fmt.Sprint(node), "sys/bus/pci/devices/0000:0%d:00.0/numa_node", 1-node)
	}
	return root
}

// topoWith runs sluice topo, and returns what it prints and its exit status.
func topoWith(args ...string) (stdout, stderr string, status int) {
	var out, errs bytes.Buffer
	a := &app{stdout: &out, stderr: &errs}
	root := newRoot(a)
	root.SetArgs(append([]string{"topo"}, args...))
	status = a.explain(root.Execute())
	return out.String(), errs.String(), status
}

func TestTopo(t *testing.T) {
	root := smallMachine(t)
	t.Setenv("CUDA_VISIBLE_DEVICES", "") // of this machine, not of that one
	for _, c := range []struct {
		args   string
		want   string
		status int
	}{
		{"", "2 sockets, 2 nodes, 4 cores, 4 CPUs", 0},
		{"--ascii", "+- socket 1", 0},
		{"--bind node -n 2", "0     00:00.0  2-3   any     node 1, near GPU 0\n1     01:00.0  0-1   any     node 0, near GPU 1", 0},
		{"--bind node -n 2 --gpus none --mem-bind local", "0     -    0-1   local 0  node 0\n1     -    2-3   local 1  node 1", 0},
		{"--bind node -n 1 --gpus 1", "0     01:00.0  0-1", 0},
		{"--bind exclusive -n 2 --gpus none --allowed 0,3", "0     -    0     any     share 1 of 2 of all cores\n1     -    3", 0},
		{"--bind 0:1-2 -n 2", "1     01:00.0  1-2   any     as listed", 0},
		{"--bind none", "0     00:00.0  any   any     no binding was asked for", 0},
		{"--bind node -n 3 --bind-fallback", "2     -        any   any     not bound: binding local rank 2", 0},
		{"--bind node -n 3", "2 GPUs visible for 3 local ranks", 2},
		{"--bind node -n 0", "there is nobody to bind", 2},
		{"--bind nod", "did you mean node?", 2},
		{"--bind none --mem-bind local", "invalid --mem-bind", 2},
		{"-n 2", "--workers goes with --bind", 2},
		{"--root /nowhere", "no such file or directory", 2},
		{"x", "takes no arguments", 2},
	} {
		out, errs, status := topoWith(append([]string{"--root", root}, strings.Fields(c.args)...)...)
		if status != c.status || !strings.Contains(out+errs, c.want) || (status == 0) != (errs == "") {
			t.Errorf("%s: status %d\n%s%s\nwant %d and %q", c.args, status, out, errs, c.status, c.want)
		}
	}
}

func TestTopoJSON(t *testing.T) {
	root := smallMachine(t)
	out, errs, status := topoWith("--root", root, "--json")
	var m topo.Machine
	if err := json.Unmarshal([]byte(out), &m); err != nil || status != 0 || m.Online.String() != "0-3" || len(m.GPUs) != 2 {
		t.Errorf("%v, status %d: %s%s", err, status, out, errs)
	}
	out, errs, status = topoWith("--root", root, "--json", "--bind", "node", "-n", "2", "--mem-bind", "preferred")
	var plan []struct {
		LocalRank int       `json:"local_rank"`
		GPU       *topo.GPU `json:"gpu"`
		topo.Binding
	}
	if err := json.Unmarshal([]byte(out), &plan); err != nil || status != 0 || len(plan) != 2 || plan[1].LocalRank != 1 ||
		plan[1].CPUs.String() != "0-1" || plan[1].GPU.Address != "0000:01:00.0" || fmt.Sprint(plan[1].MemNodes, plan[1].MemMode) != "[0]preferred" {
		t.Errorf("%v, status %d: %s%s", err, status, out, errs)
	}
}

// This machine can be shown and planned for, whatever it is.
func TestTopoHere(t *testing.T) {
	for _, args := range [][]string{nil, {"--json"}, {"--bind", "auto", "-n", "2"}} {
		if out, errs, status := topoWith(args...); status != 0 || out == "" {
			t.Errorf("%v: status %d, %s%s", args, status, out, errs)
		}
	}
}

func TestUTF8Locale(t *testing.T) {
	for env, want := range map[string]bool{
		"": false, "LANG=C.UTF-8": true, "LANG=en_US.utf8": true, "LANG=C.UTF-8 LC_ALL=C": false, "LC_CTYPE=POSIX LANG=C.UTF-8": false,
		"LC_ALL= LANG=de_DE.UTF-8": true,
	} {
		got := utf8Locale(func(name string) string {
			for _, word := range strings.Fields(env) {
				if v, ok := strings.CutPrefix(word, name+"="); ok {
					return v
				}
			}
			return ""
		})
		if got != want {
			t.Errorf("%q: %v", env, got)
		}
	}
}

// A machine that was saved is drawn as itself; what cannot be done is bad usage.
func TestTopoSave(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "saved")
	if err := topoRun(newTopo(&app{}), &app{}, topoOptions{root: "/", save: dir}); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"no such file or directory": {"topo", "--root", dir + "/no"},
		"2000 local ranks":          {"topo", "--root", dir, "--bind", "exclusive", "-n", "2000"},
	} {
		var stdout, stderr bytes.Buffer
		a := &app{stdout: &stdout, stderr: &stderr}
		root := newRoot(a)
		root.SetArgs(args)
		if status := a.explain(root.Execute()); status != 2 || !strings.Contains(stderr.String(), want) || stdout.Len() > 0 {
			t.Errorf("%q: %d, %s", args, status, stderr.String())
		}
	}
}

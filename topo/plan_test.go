package topo

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/sluicerun/sluice/job"
)

func cpuList(t testing.TB, s string) job.CPUList {
	t.Helper()
	l, err := job.ParseCPUList(s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func bind(t testing.TB, s string) job.Bind {
	t.Helper()
	b, err := job.ParseBind(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The vectors of torch's own tests of its binding.
func TestTorchVectors(t *testing.T) {
	for _, c := range []struct {
		sockets, nodes, gpus, l3s, cores int
		allowed, mode                    string
		rank                             int
		want, err                        string
	}{
		{4, 2, 2, 4, 2, "", "node", 11, "80-95", ""},
		{4, 2, 2, 4, 2, "", "socket", 15, "96-127", ""},
		{4, 1, 2, 4, 2, "", "socket", 7, "48-63", ""},
		{2, 1, 2, 1, 3, "", "exclusive", 0, "0-3", ""},
		{2, 1, 2, 1, 3, "", "exclusive", 1, "4-5", ""},
		{2, 1, 2, 1, 1, "", "exclusive", 1, "", "node 0 has 1 core allowed for 2 GPUs"},
		{2, 1, 2, 3, 3, "", "core-complex", 3, "24-29", ""},
		{2, 1, 2, 1, 3, "", "core-complex", 3, "6-11", ""},
		{2, 1, 2, 1, 3, "", "core-complex", 2, "6-11", ""},
		{1, 1, 1, 3, 3, "0,4,6,7,9", "core-complex", 0, "6-7,9", ""},
		{1, 1, 1, 2, 1, "", "core-complex", 0, "0-1", ""},
		// The same machines with our own modes.
		{1, 1, 1, 3, 3, "0,4,6,7,9", "l3", 0, "0,4", ""},
		{2, 1, 2, 3, 3, "", "l3", 3, "24-29", ""},
		{2, 1, 2, 3, 3, "", "core", 3, "20-21", ""},
		{2, 1, 2, 1, 1, "", "core", 3, "2-3", ""},
		{2, 1, 2, 1, 3, "", "auto", 1, "4-5", ""},
		{2, 1, 2, 1, 1, "", "auto", 1, "0-1", ""}, // a node, for want of cores
		// A sibling that is not allowed keeps its core's place.
		{1, 1, 2, 1, 3, "1-4", "exclusive", 0, "1-3", ""},
		{1, 1, 2, 1, 3, "1-4", "exclusive", 1, "4", ""},
		{2, 1, 2, 1, 3, "0-5", "node", 2, "", "none of the 6 CPUs of node 1"},
		{4, 2, 2, 4, 2, "0-15,32-40", "socket", 1, "0-15", ""}, // node 1 has nothing left
		{1, 1, 1, 2, 2, "", "node", 1, "", "1 GPU visible for 2 local ranks"},
	} {
		m := readMachine(t, upstream(c.sockets, c.nodes, c.gpus, c.l3s, c.cores).files())
		req := Request{Bind: bind(t, c.mode), Local: c.rank + 1, GPUs: m.GPUs, Allowed: cpuList(t, c.allowed)}
		plan, err := Plan(m, req)
		name := fmt.Sprintf("%+v", c)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) || !strings.Contains(err.Error(), "--bind-fallback") {
				t.Errorf("%s: got %v, %v", name, plan, err)
			}
			// The fallback leaves the same worker unbound and says why.
			req.Bind.Fallback = true
			plan, err = Plan(m, req)
			if err != nil || !plan[c.rank].CPUs.IsZero() || !strings.Contains(plan[c.rank].Why, c.err) {
				t.Errorf("%s: the fallback gives %v, %v", name, plan, err)
			}
			continue
		}
		if err != nil || plan[c.rank].CPUs.String() != c.want {
			t.Errorf("%s: got %v, %v", name, plan, err)
		}
	}
}

// A GPU whose node is not known is near node 0.
func TestPlanNodeUnknown(t *testing.T) {
	b := upstream(1, 1, 1, 1, 2)
	b.devices[0].node = -1
	m := readMachine(t, b.files())
	plan, err := Plan(m, Request{Bind: bind(t, "node"), Local: 1, GPUs: m.GPUs})
	if err != nil || plan[0].CPUs.String() != "0-3" || m.GPUs[0].Node != -1 {
		t.Errorf("%v, %v", plan, err)
	}
}

func TestPlanWithoutGPU(t *testing.T) {
	m := readMachine(t, upstream(2, 2, 0, 2, 2).files()) // 4 nodes of 8 CPUs, 2 caches each
	for _, c := range []struct {
		mode    string
		local   int
		allowed string
		want    string // of all ranks, with spaces
	}{
		{"none", 2, "", " "},
		{"node", 4, "", "0-7 8-15 16-23 24-31"},
		{"node", 2, "", "0-7 16-23"},
		{"node", 8, "", "0-7 0-7 8-15 8-15 16-23 16-23 24-31 24-31"},
		{"node", 2, "8-20", "8-15 16-20"},
		{"socket", 2, "", "0-15 16-31"},
		{"socket", 3, "", "0-15 0-15 16-31"},
		{"l3", 2, "", "0-3 16-19"},
		{"core-complex", 8, "", "0-3 4-7 8-11 12-15 16-19 20-23 24-27 28-31"},
		{"core-complex", 4, "0,4-7,9-13", "4-7 0 9-11 12-13"},
		{"exclusive", 2, "", "0-15 16-31"},
		{"exclusive", 3, "", "0-11 12-21 22-31"},
		{"exclusive", 3, "0-5,31", "0-3 4-5 31"},
		{"core", 3, "", "0-1 2-3 4-5"},
		{"core", 3, "1,30", "1 30 1"},
		{"auto", 2, "", "0-15 16-31"},
		{"auto", 3, "0-3", "0-3 0-3 0-3"},
		{"0-3:1:2,31", 3, "", "0-3 1 2,31"},
		{"0-3:1:2,31", 2, "", "0-3 1"},
	} {
		plan, err := Plan(m, Request{Bind: bind(t, c.mode), Local: c.local, Allowed: cpuList(t, c.allowed)})
		var got []string
		for _, b := range plan {
			got = append(got, b.CPUs.String())
			if b.Why == "" {
				t.Errorf("%+v: no reason is given", c)
			}
		}
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%+v: got %q, %v", c, got, err)
		}
	}
	for _, c := range []struct {
		mode    string
		local   int
		allowed string
		want    string
	}{
		{"exclusive", 17, "", "16 cores allowed for 17 local ranks"},
		{"0-3:1", 3, "", "there are lists for 2 of 3 local ranks"},
		{"0-40", 1, "", "CPUs 32-40 are not there: this machine has 0-31"},
		{"0-3", 1, "2-31", "CPUs 0-1 are not allowed: this process may use 2-31"},
		{"node", 1, "77", "none of the allowed CPUs 77 is online: this machine has 0-31"},
		{"core", 1, "77", "none of the allowed CPUs"},
		{"l3", 1, "77", "none of the allowed CPUs"},
	} {
		_, err := Plan(m, Request{Bind: bind(t, c.mode), Local: c.local, Allowed: cpuList(t, c.allowed)})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "--bind-fallback") {
			t.Errorf("%+v: got %v", c, err)
		}
	}
	for _, req := range []Request{{Local: -1}, {Local: job.MaxWorkers + 1}, {Local: 1, Bind: job.Bind{Mode: "nod"}}} {
		if plan, err := Plan(m, req); err == nil {
			t.Errorf("%+v: %v", req, plan)
		}
	}
}

// Files that a machine does not have cost the modes that need them.
func TestPlanWithoutFacts(t *testing.T) {
	for _, c := range []struct{ gone, mode, want string }{
		{"/cache/", "core-complex", "the caches of CPU 0 are not known"},
		{"/cache/", "node", ""},
		{"/physical_package_id", "socket", "physical_package_id: file does not exist"},
		{"/physical_package_id", "exclusive", ""},
		{"sys/devices/system/node/", "node", ""},
		{"/node0/cpulist", "node", ""},
	} {
		f := upstream(2, 1, 0, 1, 2).files()
		for path := range f {
			if strings.Contains(path, c.gone) {
				delete(f, path)
			}
		}
		m := readMachine(t, f)
		if len(m.Missing) == 0 && !strings.Contains(c.gone, "/cache/") {
			t.Errorf("%+v: nothing is said to be missing", c)
		}
		_, err := Plan(m, Request{Bind: bind(t, c.mode), Local: 2})
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v", c, err)
		}
	}
}

func TestPlanMemory(t *testing.T) {
	m := packedMachine(t, "cxl-memory")
	for _, c := range []struct {
		mode, mem, want string
	}{
		{"node", "none", "[] []"}, {"node", "local", "[0] [1]"}, {"exclusive", "preferred", "[0] [1]"},
		{"0-15:8", "local", "[0 1] [1]"},
	} {
		b := bind(t, c.mode)
		b.Mem = job.BindMem(c.mem)
		plan, err := Plan(m, Request{Bind: b, Local: 2, GPUs: m.GPUs})
		if err != nil || fmt.Sprint(plan[0].MemNodes, plan[1].MemNodes) != c.want {
			t.Errorf("%+v: %+v, %v", c, plan, err)
		}
	}
	// The GPU of a node without CPUs is near the closest node that has some.
	plan, err := Plan(m, Request{Bind: bind(t, "socket"), Local: 2, GPUs: m.GPUs})
	if err != nil || plan[1].CPUs.String() != "8-15" || m.GPUs[1].Node != 2 {
		t.Errorf("%+v, %v", plan, err)
	}
	// A node without memory takes that of the closest one.
	f := unpack(t, "cxl-memory")
	f.set("sys/devices/system/node/node1/meminfo", "Node 1 MemTotal: 0 kB")
	b := bind(t, "node")
	b.Mem = job.MemLocal
	plan, err = Plan(readMachine(t, f), Request{Bind: b, Local: 2})
	if err != nil || fmt.Sprint(plan[0].MemNodes, plan[1].MemNodes) != "[0] [2]" {
		t.Errorf("%+v, %v", plan, err)
	}
}

// More workers than GPUs are spread by auto, which never fails.
func TestPlanAutoShares(t *testing.T) {
	m := readMachine(t, upstream(2, 1, 1, 1, 2).files())
	for local, want := range map[int]string{2: "0-3 4-7", 4: "0-1 2-3 4-5 6-7", 5: "0-3 0-3 0-3 4-7 4-7"} {
		plan, err := Plan(m, Request{Bind: bind(t, "auto"), Local: local, GPUs: m.GPUs})
		var got []string
		for _, b := range plan {
			got = append(got, b.CPUs.String())
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%d: %v, %v", local, got, err)
		}
	}
	plan, err := Plan(m, Request{Bind: bind(t, "auto"), Local: 2, Allowed: job.CPUs(99)})
	if err != nil || !plan[0].CPUs.IsZero() || !strings.HasPrefix(plan[0].Why, "not bound") {
		t.Errorf("%v, %v", plan, err)
	}
}

// What holds for any plan of any machine: CPUs are allowed ones, exclusive
// shares do not overlap and split no core.
func TestPlanProperties(t *testing.T) {
	var all []*Machine
	for _, name := range packed(t) {
		all = append(all, packedMachine(t, name))
	}
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.SampledFrom(all).Draw(t, "machine")
		var cpus []int
		for c := range m.Online.All() {
			cpus = append(cpus, c)
		}
		allowed := job.CPUs(rapid.SliceOfN(rapid.SampledFrom(cpus), 1, 2*len(cpus)).Draw(t, "allowed")...)
		mode := rapid.SampledFrom([]string{"auto", "node", "socket", "exclusive", "core-complex", "core", "l3"}).Draw(t, "mode")
		req := Request{Local: rapid.IntRange(0, 2*len(cpus)).Draw(t, "local"), Allowed: allowed}
		req.Bind.Mode = job.BindMode(mode)
		req.Bind.Fallback = rapid.Bool().Draw(t, "fallback")
		if rapid.Bool().Draw(t, "gpus") {
			req.GPUs = m.GPUs
		}
		plan, err := Plan(m, req)
		if err != nil {
			if req.Bind.Fallback || mode == "auto" {
				t.Fatalf("it failed all the same: %v", err)
			}
			return
		}
		if len(plan) != req.Local {
			t.Fatalf("%d bindings", len(plan))
		}
		var taken job.CPUList
		for rank, b := range plan {
			if off := b.CPUs.Without(allowed); !off.IsZero() {
				t.Fatalf("rank %d got %s, which are not allowed", rank, off)
			}
			if b.CPUs.IsZero() && !req.Bind.Fallback && mode != "auto" {
				t.Fatalf("rank %d got nothing: %s", rank, b.Why)
			}
			if mode != "exclusive" {
				continue
			}
			if both := taken.And(b.CPUs); !both.IsZero() {
				t.Fatalf("rank %d got %s again", rank, both)
			}
			taken = taken.Or(b.CPUs)
			for _, c := range m.Cores {
				if mine := c.CPUs.And(allowed); !mine.And(b.CPUs).IsZero() && !mine.Without(b.CPUs).IsZero() {
					t.Fatalf("rank %d got a part of core %d", rank, c.Key)
				}
			}
		}
		if mode == "exclusive" && len(req.GPUs) == 0 && err == nil && req.Local > 0 && !taken.IsZero() && !taken.Equal(allowed) {
			t.Fatalf("%s of %s were given away", taken, allowed)
		}
	})
}

// Of caches of one level the first listed counts, an instruction cache never,
// and what is called otherwise is no cache.
func TestPlanLastCache(t *testing.T) {
	f := upstream(1, 1, 1, 1, 4).files()
	for cpu := range 8 {
		for name, cache := range map[string][3]string{
			"index4": {"3", "Unified", fmt.Sprint(cpu)}, "index10": {"9", "Instruction", fmt.Sprint(cpu)}, "index_x": {"9", "Unified", fmt.Sprint(cpu)},
		} {
			f.set(cpuFile(cpu, "cache/"+name+"/level"), cache[0])
			f.set(cpuFile(cpu, "cache/"+name+"/type"), cache[1])
			f.set(cpuFile(cpu, "cache/"+name+"/shared_cpu_list"), cache[2])
		}
	}
	m := readMachine(t, f)
	for _, mode := range []string{"core-complex", "l3"} {
		plan, err := Plan(m, Request{Bind: bind(t, mode), Local: 1, GPUs: m.GPUs})
		if err != nil || plan[0].CPUs.String() != "0-7" {
			t.Errorf("%s: %v, %v", mode, plan, err)
		}
	}
	for cpu := range 8 { // an L4 cache above halves of the L3
		f.set(cpuFile(cpu, "cache/index3/shared_cpu_list"), []string{"0-3", "4-7"}[cpu/4])
		f.set(cpuFile(cpu, "cache/index4/level"), "4")
		f.set(cpuFile(cpu, "cache/index4/shared_cpu_list"), "0-7")
	}
	m = readMachine(t, f)
	for mode, want := range map[string]string{"core-complex": "0-7", "l3": "0-3"} {
		plan, err := Plan(m, Request{Bind: bind(t, mode), Local: 1, GPUs: m.GPUs})
		if err != nil || plan[0].CPUs.String() != want {
			t.Errorf("%s: %v, %v", mode, plan, err)
		}
	}
}

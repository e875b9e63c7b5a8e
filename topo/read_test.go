package topo

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicerun/sluice/job"
)

// The facts of each packed machine in short.
func TestRead(t *testing.T) {
	for name, want := range map[string]string{
		"desktop":         "1 sockets, 1 nodes, 8 cores, 16 CPUs, 25 caches, 3 devices, 1 GPUs, 0 missing",
		"dell-2s-smt":     "2 sockets, 2 nodes, 56 cores, 112 CPUs, 170 caches, 4 devices, 0 GPUs, 0 missing",
		"xeon-4s-snc":     "4 sockets, 8 nodes, 96 cores, 192 CPUs, 292 caches, 0 devices, 0 GPUs, 1 missing",
		"dgx-h100":        "2 sockets, 2 nodes, 112 cores, 224 CPUs, 338 caches, 16 devices, 8 GPUs, 0 missing",
		"epyc-nps4-mi210": "2 sockets, 8 nodes, 128 cores, 256 CPUs, 400 caches, 8 devices, 8 GPUs, 0 missing",
		"laptop-hybrid":   "1 sockets, 1 nodes, 12 cores, 16 CPUs, 31 caches, 3 devices, 0 GPUs, 0 missing",
		"cxl-memory":      "2 sockets, 3 nodes, 16 cores, 16 CPUs, 50 caches, 2 devices, 2 GPUs, 0 missing",
		"firecracker-vm":  "1 sockets, 1 nodes, 2 cores, 2 CPUs, 7 caches, 1 devices, 0 GPUs, 0 missing",
	} {
		m := packedMachine(t, name)
		got := fmt.Sprintf("%d sockets, %d nodes, %d cores, %d CPUs, %d caches, %d devices, %d GPUs, %d missing", len(m.Packages), len(m.Nodes),
			len(m.Cores), m.Online.Len(), len(m.Caches), len(m.Devices), len(m.GPUs), len(m.Missing))
		if got != want {
			t.Errorf("%s: %s, want %s %v", name, got, want, m.Missing)
		}
	}
}

func TestReadDetails(t *testing.T) {
	m := packedMachine(t, "dgx-h100")
	g := GPU{Vendor: NVIDIA, Address: "0000:9d:00.0", Model: "NVIDIA H100 80GB HBM3", UUID: m.GPUs[4].UUID, Minor: 4, Dev: "/dev/nvidia4", Driver: "nvidia", Node: 1}
	if !cmp.Equal(m.GPUs[4], g) || !strings.HasPrefix(g.UUID, "GPU-") {
		t.Errorf("GPU 4: %s", cmp.Diff(g, m.GPUs[4]))
	}
	if n := m.Nodes[1]; n.CPUs.String() != "56-111,168-223" || n.Memory>>30 != 1004 || fmt.Sprint(n.Distance) != "[21 10]" {
		t.Errorf("node 1: %+v", n)
	}
	if d := m.Devices[0]; d.Address != "0000:18:00.0" || d.Kind != Network || fmt.Sprint(d.Names) != "[mlx5_0 ibp24s0]" || d.CPUs.String() != "0-55,112-167" {
		t.Errorf("device 0: %+v", d)
	}
	if c := m.Cores[60]; c.Key != 60 || c.CPUs.String() != "60,172" || c.Package != 1 || c.Node != 1 || c.Kind != "" {
		t.Errorf("core 60: %+v", c)
	}
	if c := m.Caches[3]; c.Level != 3 || c.Type != "Unified" || c.Size != 105<<20 || c.CPUs.String() != "0-55,112-167" {
		t.Errorf("cache 3: %+v", c)
	}
	m = packedMachine(t, "laptop-hybrid")
	if m.Cores[0].Kind != Performance || m.Cores[11].Kind != Efficiency || m.Cores[11].CPUs.String() != "15" {
		t.Errorf("cores %+v and %+v", m.Cores[0], m.Cores[11])
	}
	m = packedMachine(t, "epyc-nps4-mi210")
	if g := m.GPUs[0]; g.Vendor != AMD || g.Node != 3 || g.UUID != "GPU-1a2b3c4d5e6f7000" || g.Dev != "/dev/dri/renderD128" || g.Model != "aldebaran" {
		t.Errorf("%+v", g)
	}
	m = packedMachine(t, "cxl-memory")
	if n := m.Nodes[2]; !n.CPUs.IsZero() || n.Memory == 0 {
		t.Errorf("the node of memory alone: %+v", n)
	}
}

func TestReadKindsByCapacity(t *testing.T) {
	f := upstream(1, 1, 0, 1, 2).files()
	for cpu, capacity := range []string{"446", "446", "1024", "1024"} {
		f.set(cpuFile(cpu, "cpu_capacity"), capacity)
	}
	m := readMachine(t, f)
	if m.Cores[0].Kind != Efficiency || m.Cores[1].Kind != Performance {
		t.Errorf("%+v", m.Cores)
	}
	f.set(cpuFile(0, "cpu_capacity"), "1024")
	f.set(cpuFile(1, "cpu_capacity"), "1024")
	if m = readMachine(t, f); m.Cores[0].Kind != "" {
		t.Errorf("%+v", m.Cores)
	}
}

// CPUs that are offline have no directory of their own to speak of, and still
// give their core its key.
func TestReadOffline(t *testing.T) {
	f := upstream(1, 1, 0, 1, 2).files()
	f.set("sys/devices/system/cpu/online", "1-3")
	m := readMachine(t, f)
	if m.Online.String() != "1-3" || m.Possible.String() != "0-3" || len(m.Cores) != 2 || m.Cores[0].Key != 0 || m.Cores[0].CPUs.String() != "1" || m.Nodes[0].CPUs.String() != "1-3" {
		t.Errorf("%+v", m)
	}
	delete(f, "sys/devices/system/cpu/online")
	delete(f, "sys/devices/system/cpu/possible")
	if m = readMachine(t, f); m.Online.String() != "0-3" || len(m.Missing) == 0 {
		t.Errorf("%+v", m)
	}
	f.set("sys/devices/system/cpu/online", "0-1048575")
	if m = readMachine(t, f); m.Online.String() != "0-3" || !strings.Contains(fmt.Sprint(m.Missing), "4-1048575") {
		t.Errorf("%+v", m.Missing)
	}
}

// Each file may be missing, and then something is known no more; each may be
// nonsense, and then the error names it.
func TestReadEachFile(t *testing.T) {
	for _, machine := range []string{"desktop", "laptop-hybrid", "firecracker-vm"} {
		whole := unpack(t, machine)
		for path, text := range whole {
			// The first of CPUs that are alike, and of those that share a cache.
			if p := perCPU.FindStringSubmatch(path); p != nil && p[2] != "0" && p[2] != "8" {
				continue
			}
			if strings.HasSuffix(path, "/size") && !strings.Contains(path, "/cpu0/") {
				continue
			}
			delete(whole, path)
			if m, err := read(whole.fs(), "ROOT"); err != nil || m.Online.IsZero() {
				t.Errorf("%s without %s: %v", machine, path, err)
			}
			whole[path] = "\xff nonsense"
			m, err := read(whole.fs(), "ROOT")
			free := strings.HasSuffix(path, "/uevent") || strings.HasSuffix(path, "/core_id") || strings.HasSuffix(path, "/cpuinfo") ||
				strings.HasPrefix(path, "dev/") || strings.HasSuffix(path, "/information") || strings.HasSuffix(path, "node/online") ||
				strings.HasSuffix(path, "node/possible")
			// What other kinds of devices say of themselves is not read.
			if strings.HasPrefix(path, pciDir) && !strings.HasSuffix(path, "/class") {
				text, _ := parseID(strings.TrimSpace(whole[filepath.Dir(path)+"/class"]))
				free = free || kindOf(text) == ""
			}
			switch {
			case free && err != nil:
				t.Errorf("%s with nonsense in %s: %v", machine, path, err)
			case !free && (err == nil || !strings.Contains(err.Error(), "ROOT/"+path+": ")):
				t.Errorf("%s with nonsense in %s: %v, %v", machine, path, m != nil, err)
			}
			whole[path] = text
		}
	}
}

func TestReadDistances(t *testing.T) {
	f := upstream(2, 1, 0, 1, 1).files()
	f.set("sys/devices/system/node/node0/distance", "10 21 31")
	m := readMachine(t, f)
	if m.Nodes[0].Distance != nil || fmt.Sprint(m.Nodes[1].Distance) != "[21 10]" || !strings.Contains(fmt.Sprint(m.Missing), "3 distances for 2 nodes") {
		t.Errorf("%+v %+v", m.Nodes, m.Missing)
	}
	f.set("sys/devices/system/node/online", "0-2") // and node 1's directory was not packed
	f["sys/devices/system/node/node2/cpulist"] = f["sys/devices/system/node/node1/cpulist"]
	delete(f, "sys/devices/system/node/node1/cpulist")
	delete(f, "sys/devices/system/node/node1/distance")
	delete(f, "sys/devices/system/node/node1/meminfo")
	if m = readMachine(t, f); fmt.Sprint(m.Nodes[0].Distance) != "[10 31]" {
		t.Errorf("%+v %+v", m.Nodes, m.Missing)
	}
}

func TestReadRoot(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for root, want := range map[string]string{
		"": "no such file", filepath.Join(dir, "none"): "no such file", file: "is no directory", dir: "no CPU was found in " + dir + "/sys/devices/system/cpu",
	} {
		if m, err := Read(root); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v", root, m, err)
		}
	}
	// A pipe where a file should be blocks nobody.
	unpack(t, "firecracker-vm").write(t, dir)
	pipe := filepath.Join(dir, "sys/devices/system/cpu/online")
	if err := os.Remove(pipe); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := Read(dir)
	if err != nil || m.Online.String() != "0-1" || len(m.Missing) != 1 || m.Missing[0] != (Missing{Path: pipe, Reason: "it is no regular file"}) {
		t.Errorf("%+v, %v", m, err)
	}
}

// A Machine survives JSON.
func TestMachineJSON(t *testing.T) {
	m := packedMachine(t, "dgx-h100")
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var back Machine
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(*m, back); d != "" {
		t.Error(d)
	}
}

// What cannot be read is counted, not repeated for each CPU.
func TestMissingIsCounted(t *testing.T) {
	f := upstream(1, 1, 0, 1, 4).files()
	for path := range f {
		if strings.HasSuffix(path, packageFile) {
			delete(f, path)
		}
	}
	m := readMachine(t, f)
	// The other one is PCI, which this machine does not have.
	if len(m.Missing) != 2 || m.Missing[0].More != 7 || m.Packages[0].ID != -1 {
		t.Errorf("%+v", m.Missing)
	}
	if !m.Packages[0].CPUs.Equal(job.CPUs(0, 1, 2, 3, 4, 5, 6, 7)) {
		t.Errorf("%+v", m.Packages)
	}
}

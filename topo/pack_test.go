package topo

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/tools/txtar"

	"github.com/sluicerun/sluice/job"
)

var (
	update   = flag.Bool("update", false, "pack the machines that are built anew, and write the golden files")
	packFrom = flag.String("pack", "", "pack the machine below this root into the file -as")
	packAs   = flag.String("as", "", "what to call the machine of -pack")
	unpackTo = flag.String("unpack", "", "put the packed machines as folders into this one, for sluice topo --root")
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A machine is packed as a txtar archive. Files of several CPUs that say the
// same stand there once: "cpu{0-3,8}" is the directories cpu0 to cpu3 and cpu8.
var perCPU = regexp.MustCompile(`^(sys/devices/system/cpu/cpu)(\d+)(/.*)$`)

func pack(f files) []byte {
	type group struct{ before, after, text string }
	cpus := map[group][]int{}
	a := &txtar.Archive{}
	for _, path := range slices.Sorted(maps.Keys(f)) {
		if p := perCPU.FindStringSubmatch(path); p != nil {
			n, _ := parseInt(p[2])
			g := group{p[1], p[3], f[path]}
			cpus[g] = append(cpus[g], n)
			continue
		}
		a.Files = append(a.Files, txtar.File{Name: path, Data: []byte(f[path])})
	}
	for g, list := range cpus {
		a.Files = append(a.Files, txtar.File{Name: g.before + "{" + job.CPUs(list...).String() + "}" + g.after, Data: []byte(g.text)})
	}
	rank := func(f txtar.File) (string, int) {
		before, rest, ok := strings.Cut(f.Name, "{")
		list, after, _ := strings.Cut(rest, "}")
		if !ok {
			return f.Name, -1
		}
		l, _ := job.ParseCPUList(list)
		return before + after, l.Min()
	}
	slices.SortFunc(a.Files, func(x, y txtar.File) int {
		xName, xMin := rank(x)
		yName, yMin := rank(y)
		if c := strings.Compare(xName, yName); c != 0 {
			return c
		}
		return xMin - yMin
	})
	return txtar.Format(a)
}

func unpack(t testing.TB, name string) files {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join("testdata", "machines", name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	f := files{}
	for _, file := range a.Files {
		before, rest, ok := strings.Cut(file.Name, "{")
		if !ok {
			f[file.Name] = string(file.Data)
			continue
		}
		list, after, _ := strings.Cut(rest, "}")
		cpus, err := job.ParseCPUList(list)
		if err != nil {
			t.Fatal(err)
		}
		for cpu := range cpus.All() {
			f[before+job.CPUs(cpu).String()+after] = string(file.Data)
		}
	}
	return f
}

// packed are the names of all machines in testdata.
func packed(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "machines", "*.txtar"))
	if err != nil || len(paths) < 5 {
		t.Fatalf("%d machines in testdata (%v)", len(paths), err)
	}
	for i, p := range paths {
		paths[i] = strings.TrimSuffix(filepath.Base(p), ".txtar")
	}
	return paths
}

// readMachine reads a tree without writing it to a disk first.
func readMachine(t testing.TB, f files) *Machine {
	t.Helper()
	m, err := read(f.fs(), "ROOT")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var cache sync.Map

// packedMachine reads a machine of testdata once for all tests, which leave it
// as it is.
func packedMachine(t testing.TB, name string) *Machine {
	t.Helper()
	if m, ok := cache.Load(name); ok {
		return m.(*Machine)
	}
	m := readMachine(t, unpack(t, name))
	cache.Store(name, m)
	return m
}

// The packed machines are what this package's tests say they are.
func TestPacked(t *testing.T) {
	for name, b := range machines() {
		want := b.files()
		path := filepath.Join("testdata", "machines", name+".txtar")
		if *update {
			if err := os.WriteFile(path, pack(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got := unpack(t, name); !maps.Equal(got, want) {
			t.Errorf("%s is not the machine of machines_test.go (go test -update packs it anew)", path)
		}
		if *unpackTo != "" {
			want.write(t, filepath.Join(*unpackTo, name))
		}
	}
}

// TestPack packs a real machine when -pack ROOT -as NAME ask for it.
func TestPack(t *testing.T) {
	if *packFrom == "" {
		return
	}
	f := files{}
	for _, pattern := range []string{
		"sys/devices/system/cpu/online", "sys/devices/system/cpu/possible", "sys/devices/system/cpu/cpu*/cpu_capacity",
		"sys/devices/system/cpu/cpu*/topology/physical_package_id", "sys/devices/system/cpu/cpu*/topology/die_id",
		"sys/devices/system/cpu/cpu*/topology/core_id", "sys/devices/system/cpu/cpu*/topology/thread_siblings_list",
		"sys/devices/system/cpu/cpu*/cache/index*/level", "sys/devices/system/cpu/cpu*/cache/index*/type",
		"sys/devices/system/cpu/cpu*/cache/index*/size", "sys/devices/system/cpu/cpu*/cache/index*/shared_cpu_list",
		"sys/devices/cpu_*/cpus", "sys/devices/system/node/online", "sys/devices/system/node/possible",
		"sys/devices/system/node/node*/cpulist", "sys/devices/system/node/node*/meminfo", "sys/devices/system/node/node*/distance",
		"sys/bus/pci/devices/*/class", "sys/bus/pci/devices/*/vendor", "sys/bus/pci/devices/*/device", "sys/bus/pci/devices/*/uevent",
		"sys/bus/pci/devices/*/numa_node", "sys/bus/pci/devices/*/local_cpulist",
		"sys/bus/pci/devices/*/net/*/uevent", "sys/bus/pci/devices/*/infiniband/*/uevent", "sys/bus/pci/devices/*/nvme/*/uevent",
		kfdDir + "/*/gpu_id", kfdDir + "/*/properties", kfdDir + "/*/name", nvidiaDir + "/*/information",
		"proc/cpuinfo", "proc/meminfo", "dev/nvidia[0-9]*", "dev/dri/renderD*",
	} {
		paths, err := filepath.Glob(filepath.Join(*packFrom, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range paths {
			rel, err := filepath.Rel(*packFrom, p)
			if err != nil {
				t.Fatal(err)
			}
			text := []byte("\n")
			if !strings.HasPrefix(rel, "dev/") {
				if text, err = readFile(os.DirFS(*packFrom), rel); err != nil {
					continue
				}
			}
			f[rel] = trimmed(rel, string(text))
		}
	}
	if err := os.WriteFile(filepath.Join("testdata", "machines", *packAs+".txtar"), pack(f), 0o644); err != nil {
		t.Fatal(err)
	}
}

// trimmed leaves out what changes from day to day and tells nothing of the
// machine.
func trimmed(path, text string) string {
	keep := map[string]string{"meminfo": "MemTotal", "cpuinfo": "model name", "uevent": "DRIVER"}[filepath.Base(path)]
	if keep == "" {
		return strings.TrimRight(text, "\n") + "\n"
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.Contains(line, keep) {
			b.WriteString(line)
			if keep == "model name" {
				break
			}
		}
	}
	if b.Len() == 0 {
		return "\n"
	}
	return b.String()
}

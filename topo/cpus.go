package topo

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/sluicerun/sluice/job"
)

const (
	cpuDir      = "sys/devices/system/cpu"
	packageFile = "topology/physical_package_id"
)

func cpuFile(cpu int, name string) string { return fmt.Sprintf("%s/cpu%d/%s", cpuDir, cpu, name) }

// readCPUs finds out which CPUs there are. Only those count that have a
// directory: the work is bounded by what is in the tree, whatever the lists say.
func readCPUs(t *tree, m *Machine) {
	dirs := job.CPUs(t.numbered(cpuDir, "cpu")...)
	online, ok := t.list(cpuDir + "/online")
	if !ok {
		online = dirs
	}
	m.Online = online.And(dirs)
	if n := online.Without(dirs); !n.IsZero() {
		t.note(cpuDir+"/online", "it lists CPUs that have no directory: "+clipped(n.String()))
	}
	if m.Possible, ok = t.list(cpuDir + "/possible"); !ok {
		m.Possible = dirs
	}
	if t.has("proc/cpuinfo") {
		m.Model, _ = parsed(t, "proc/cpuinfo", parseModel)
	}
	if t.has("proc/meminfo") {
		m.Memory, _ = parsed(t, "proc/meminfo", parseMemTotal)
	}
}

func clipped(s string) string {
	if len(s) > 60 {
		return s[:60] + "..."
	}
	return s
}

// readCores groups the CPUs into cores, dies and packages.
func readCores(t *tree, m *Machine) {
	type dieKey struct{ pkg, die int }
	cores := map[int][]int{}
	pkgs := map[int][]int{}
	dies := map[dieKey][]int{}
	pkgOf := map[int]int{}
	for cpu := range m.Online.All() {
		key := cpu
		// The key counts siblings that are offline, or it would change with them.
		if l, ok := t.list(cpuFile(cpu, "topology/thread_siblings_list")); ok && !l.IsZero() {
			key = l.Min()
		}
		cores[key] = append(cores[key], cpu)
		pkg := t.number(cpuFile(cpu, packageFile), -1)
		pkgOf[cpu] = pkg
		pkgs[pkg] = append(pkgs[pkg], cpu)
		die := 0
		// Kernels before 5.2 know of no dies.
		if file := cpuFile(cpu, "topology/die_id"); t.has(file) {
			die = max(t.number(file, 0), 0)
		}
		dies[dieKey{pkg, die}] = append(dies[dieKey{pkg, die}], cpu)
	}
	for id, cpus := range pkgs {
		m.Packages = append(m.Packages, Package{ID: id, CPUs: job.CPUs(cpus...)})
	}
	slices.SortFunc(m.Packages, func(a, b Package) int { return cmp.Compare(a.ID, b.ID) })
	for k, cpus := range dies {
		i := slices.IndexFunc(m.Packages, func(p Package) bool { return p.ID == k.pkg })
		m.Packages[i].Dies = append(m.Packages[i].Dies, Die{ID: k.die, CPUs: job.CPUs(cpus...)})
	}
	for _, p := range m.Packages {
		slices.SortFunc(p.Dies, func(a, b Die) int { return cmp.Compare(a.ID, b.ID) })
	}
	kinds := readKinds(t, m)
	for key, cpus := range cores {
		m.Cores = append(m.Cores, Core{Key: key, CPUs: job.CPUs(cpus...), Package: pkgOf[cpus[0]],
			Node: m.nodeOf(cpus[0]), Kind: kinds(cpus[0])})
	}
	slices.SortFunc(m.Cores, func(a, b Core) int { return cmp.Compare(a.Key, b.Key) })
}

// readKinds tells the kinds of cores apart: on x86 by the two event sources that
// hybrid processors have, elsewhere by the scheduler's idea of how much a CPU
// can do (1024 is the most).
func readKinds(t *tree, m *Machine) func(cpu int) CoreKind {
	const big, small = "sys/devices/cpu_core/cpus", "sys/devices/cpu_atom/cpus"
	if t.has(big) && t.has(small) {
		p, _ := t.list(big)
		e, _ := t.list(small)
		return func(cpu int) CoreKind {
			switch {
			case p.Contains(cpu):
				return Performance
			case e.Contains(cpu):
				return Efficiency
			}
			return ""
		}
	}
	capacity, low, high := map[int]int{}, 0, 0
	for cpu := range m.Online.All() {
		file := cpuFile(cpu, "cpu_capacity")
		if !t.has(file) {
			return func(int) CoreKind { return "" }
		}
		n := t.number(file, 0)
		if len(capacity) == 0 {
			low, high = n, n
		}
		capacity[cpu], low, high = n, min(low, n), max(high, n)
	}
	return func(cpu int) CoreKind {
		switch {
		case low == high:
			return ""
		case capacity[cpu] == high:
			return Performance
		}
		return Efficiency
	}
}

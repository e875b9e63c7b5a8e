package topo

import (
	"fmt"

	"github.com/sluicerun/sluice/job"
)

// readCaches reads each cache once, though every CPU that shares it has a
// directory for it.
func readCaches(t *tree, m *Machine) {
	type key struct {
		level int
		kind  string
		cpus  string
	}
	seen := map[key]bool{}
	for cpu := range m.Online.All() {
		for _, index := range t.numbered(cpuFile(cpu, "cache"), "index") {
			file := func(name string) string { return cpuFile(cpu, fmt.Sprintf("cache/index%d/%s", index, name)) }
			level, ok := parsed(t, file("level"), parseInt)
			if !ok {
				continue
			}
			kind, ok := parsed(t, file("type"), parseCacheType)
			if !ok {
				continue
			}
			shared, ok := t.list(file("shared_cpu_list"))
			if !ok {
				continue
			}
			if shared.IsZero() {
				shared = job.CPUs(cpu)
			}
			k := key{level, kind, shared.String()}
			if seen[k] {
				continue
			}
			seen[k] = true
			c := Cache{Level: level, Type: kind, CPUs: shared}
			// Virtual machines often leave the size out.
			if t.has(file("size")) {
				c.Size, _ = parsed(t, file("size"), parseSize)
			}
			m.Caches = append(m.Caches, c)
		}
	}
}

// lastCaches maps each CPU to its data cache of the highest level that is not
// above top: the place in m.Caches. Of caches of one level the first counts.
func (m *Machine) lastCaches(top int) map[int]int {
	last := map[int]int{}
	for i, c := range m.Caches {
		if c.Type == "Instruction" || c.Level > top {
			continue
		}
		for cpu := range c.CPUs.And(m.Online).All() {
			if j, ok := last[cpu]; !ok || c.Level > m.Caches[j].Level {
				last[cpu] = i
			}
		}
	}
	return last
}

package topo

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sluicerun/sluice/job"
)

// fewCores is how many cores are shown one by one.
const fewCores = 8

// coreKeys tells the core of a CPU.
func (m *Machine) coreKeys() func(cpu int) int {
	keys := map[int]int{}
	for _, c := range m.Cores {
		for cpu := range c.CPUs.All() {
			keys[cpu] = c.Key
		}
	}
	return func(cpu int) int { return keys[cpu] }
}

// coreGroup are cores that are alike.
type coreGroup struct {
	kind    CoreKind
	threads int
	l2      string // what the L2 cache of a core is like
	cores   []job.CPUList
}

// groups sorts the cores of some CPUs by what they are like.
func (d *drawing) groups(cpus job.CPUList) []coreGroup {
	var out []coreGroup
	for _, c := range d.m.Cores {
		mine := c.CPUs.And(cpus)
		if mine.IsZero() {
			continue
		}
		g := coreGroup{kind: c.Kind, threads: mine.Len(), l2: d.l2(mine)}
		i := slices.IndexFunc(out, func(o coreGroup) bool { return o.kind == g.kind && o.threads == g.threads && o.l2 == g.l2 })
		if i < 0 {
			i = len(out)
			out = append(out, g)
		}
		out[i].cores = append(out[i].cores, mine)
	}
	return out
}

// l2 describes the L2 cache of a core: "L2 1 MiB each", "L2 2 MiB per 4 cores".
func (d *drawing) l2(core job.CPUList) string {
	for _, c := range d.m.Caches {
		if c.Level != 2 || c.Type == "Instruction" || !c.CPUs.Contains(core.Min()) {
			continue
		}
		text := "L2"
		if c.Size > 0 {
			text += " " + bytesText(c.Size)
		}
		if n := len(groupBy(c.CPUs, "", d.m.coreKeys())); n > 1 {
			return fmt.Sprintf("%s per %d cores", text, n)
		}
		return text + " each"
	}
	return ""
}

// name is "8 cores x2" for cores of two hardware threads.
func (g coreGroup) name(times string) string {
	text := count(len(g.cores), "core")
	switch g.kind {
	case Performance:
		text = count(len(g.cores), "P-core")
	case Efficiency:
		text = count(len(g.cores), "E-core")
	}
	if g.threads > 1 {
		text += fmt.Sprintf("%s%d", times, g.threads)
	}
	return text
}

// coresText is a title's account of cores.
func (d *drawing) coresText(cpus job.CPUList) string {
	var parts []string
	for _, g := range d.groups(cpus) {
		parts = append(parts, g.name(d.times))
	}
	return strings.Join(parts, " + ")
}

// cores lists cores with their CPU numbers: one by one where they are few.
func (d *drawing) cores(cpus job.CPUList, width int) []string {
	var lines []string
	groups := d.groups(cpus)
	for _, g := range groups {
		text := ""
		if len(groups) > 1 {
			text = g.name(d.times) + ": "
		}
		if len(g.cores) <= fewCores {
			cells := make([]string, len(g.cores))
			for i, c := range g.cores {
				cells[i] = "[" + strings.ReplaceAll(c.String(), ",", noBreak) + "]"
			}
			text += strings.Join(cells, " ")
		} else {
			var all job.CPUList
			for _, c := range g.cores {
				all = all.Or(c)
			}
			text += "CPUs " + all.String()
		}
		if g.l2 != "" {
			text += " " + strings.ReplaceAll(strings.TrimLeft(d.dot, " ")+g.l2, " ", noBreak)
		}
		lines = append(lines, wrap(text, width)...)
	}
	return lines
}

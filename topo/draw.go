package topo

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sluicerun/sluice/job"
)

// DrawOptions says how a machine is drawn.
type DrawOptions struct {
	// Width is that of the screen in columns; 0 stands for 80. Drawings are
	// never narrower than 40.
	Width int
	// ASCII draws without characters that a plain terminal does not have.
	ASCII bool
}

// How wide the boxes of nodes and caches have to be to stand beside each other.
const nodeColumns, cacheColumns = 44, 30

// manyCaches is how many L3 caches of one kind a node may have before they
// share a box.
const manyCaches = 4

// Draw shows a machine as boxes within boxes: sockets, their NUMA nodes, the L3
// caches of those, and in them the cores with their CPU numbers. Devices stand
// at their nodes. Things that are alike share a line.
func Draw(w io.Writer, m *Machine, opt DrawOptions) error {
	if m == nil {
		return fmt.Errorf("drawing the machine: %w", errNoMachine)
	}
	width := opt.Width
	if width == 0 {
		width = 80
	}
	d := &drawing{m: m, pen: newPen(opt.ASCII)}
	lines := d.machine(max(width, 40))
	_, err := io.WriteString(w, strings.Join(lines, "\n")+"\n")
	return err
}

type drawing struct {
	m *Machine
	pen
}

func (d *drawing) machine(width int) []string {
	lines := wrap(d.summary(), width)
	var blocks [][]string
	inner := d.columns(width)
	for _, p := range d.m.Packages {
		name := fmt.Sprintf("socket %d", p.ID)
		if p.ID < 0 {
			name = "socket"
		}
		if len(p.Dies) > 1 {
			name += fmt.Sprintf(" (%d dies)", len(p.Dies))
		}
		blocks = append(blocks, d.socket(name, p, inner))
	}
	lines = append(lines, d.tile(blocks, width)...)
	for _, n := range d.m.Nodes {
		if n.CPUs.IsZero() {
			text := fmt.Sprintf("node %d: %s of memory, no CPUs", n.ID, memory(n.Memory))
			lines = append(lines, d.indent(text, width)...)
			lines = append(lines, d.devices(n.ID, width)...)
		}
	}
	lines = append(lines, d.lost(width)...)
	for _, f := range d.m.Missing {
		text := fmt.Sprintf("not read: %s: %s", oneLine(f.Path), oneLine(f.Reason))
		if f.More > 0 {
			text += fmt.Sprintf(" (and %d like it)", f.More)
		}
		lines = append(lines, d.indent(text, width)...)
	}
	return lines
}

// columns is how wide a socket's box may be: half of a wide screen where there
// are several.
func (d *drawing) columns(width int) int {
	if len(d.m.Packages) > 1 && width >= 120 {
		return (width - 1) / 2
	}
	return width
}

// summary counts what there is.
func (d *drawing) summary() string {
	m := d.m
	parts := []string{
		count(len(m.Packages), "socket"), count(len(m.Nodes), "node"), count(len(m.Cores), "core"), count(m.Online.Len(), "CPU"),
	}
	total := m.Memory
	if total == 0 {
		for _, n := range m.Nodes {
			total += n.Memory
		}
	}
	if total > 0 {
		parts = append(parts, memory(total))
	}
	if n := len(m.GPUs); n > 0 {
		parts = append(parts, count(n, "GPU"))
	}
	text := strings.Join(parts, ", ")
	if m.Model != "" {
		text = m.Model + ": " + text
	}
	if off := m.Possible.Without(m.Online); !off.IsZero() {
		text += "; not online: CPUs " + clipped(off.String())
	}
	return text
}

func (d *drawing) socket(name string, p Package, width int) []string {
	inner := width - 4
	nodes := d.m.withCPUs(p.CPUs)
	var blocks [][]string
	for _, n := range nodes {
		blocks = append(blocks, d.node(n, boxWidth(inner, len(nodes), nodeColumns)))
	}
	if len(blocks) == 0 {
		return d.box(name, d.cores(p.CPUs, inner), width)
	}
	return d.box(name, d.tile(blocks, inner), width)
}

// boxWidth is the width of one of n boxes that stand beside each other as long as
// each has so many columns.
func boxWidth(width, n, columns int) int {
	n = max(min(n, width/columns), 1)
	return (width - (n - 1)) / n
}

// node draws the CPUs that a node has in one socket.
func (d *drawing) node(n Node, width int) []string {
	inner := width - 4
	name := fmt.Sprintf("node %d", n.ID)
	if n.Memory > 0 {
		name += d.dot + memory(n.Memory)
	}
	name += d.dot + count(len(groupBy(n.CPUs, "", d.m.coreKeys())), "core")
	return d.box(name, append(d.caches(n.CPUs, inner), d.devices(n.ID, inner)...), width)
}

// caches draws the L3 caches of a node, or its cores alone where there are none.
func (d *drawing) caches(cpus job.CPUList, width int) []string {
	type kind struct {
		title string
		sets  []job.CPUList
	}
	var kinds []kind
	rest := cpus
	for _, c := range d.m.Caches {
		mine := c.CPUs.And(cpus)
		if c.Level != 3 || c.Type == "Instruction" || mine.IsZero() {
			continue
		}
		rest = rest.Without(mine)
		title := "L3"
		if c.Size > 0 {
			title += " " + bytesText(c.Size)
		}
		if !c.CPUs.And(d.m.Online).Without(mine).IsZero() {
			title = "part of " + title // the clusters of a socket are nodes that share it
		}
		title += d.dot + d.coresText(mine)
		if i := slices.IndexFunc(kinds, func(k kind) bool { return k.title == title }); i >= 0 {
			kinds[i].sets = append(kinds[i].sets, mine)
			continue
		}
		kinds = append(kinds, kind{title, []job.CPUList{mine}})
	}
	var lines []string
	for _, k := range kinds {
		if len(k.sets) > manyCaches {
			texts := make([]string, len(k.sets))
			for i, s := range k.sets {
				texts[i] = s.String()
			}
			lines = append(lines, d.box(fmt.Sprintf("%s%s%d", k.title, d.times, len(k.sets)), wrap("CPUs "+strings.Join(texts, "  "), width-4), width)...)
			continue
		}
		var blocks [][]string
		for _, s := range k.sets {
			w := boxWidth(width, len(k.sets), cacheColumns)
			blocks = append(blocks, d.box(k.title, d.cores(s, w-4), w))
		}
		lines = append(lines, d.tile(blocks, width)...)
	}
	if !rest.IsZero() {
		lines = append(lines, d.cores(rest, width)...)
	}
	return lines
}

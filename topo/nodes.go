package topo

import (
	"fmt"
	"slices"

	"github.com/sluicerun/sluice/job"
)

const nodeDir = "sys/devices/system/node"

// readNodes reads the NUMA nodes that have a directory. "possible" often lists
// many more. A kernel without NUMA has no nodes at all; then all CPUs and all
// memory are node 0, as they are for a kernel with it.
func readNodes(t *tree, m *Machine) {
	ids := t.numbered(nodeDir, "node")
	for _, id := range ids {
		dir := fmt.Sprintf("%s/node%d/", nodeDir, id)
		n := Node{ID: id}
		cpus, _ := t.list(dir + "cpulist")
		n.CPUs = cpus.And(m.Online)
		n.Memory, _ = parsed(t, dir+"meminfo", parseMemTotal)
		n.Distance = readDistance(t, dir+"distance", ids)
		m.Nodes = append(m.Nodes, n)
	}
	if len(m.Nodes) == 0 {
		m.Nodes = []Node{{ID: 0, CPUs: m.Online, Memory: m.Memory}}
	}
}

// readDistance reads one number for each node that is online, which are those
// that have a directory, unless nodes came or went since.
func readDistance(t *tree, file string, ids []int) []int {
	distances, ok := parsed(t, file, parseDistances)
	if !ok {
		return nil
	}
	online := ids
	if path := nodeDir + "/online"; len(distances) != len(ids) && t.has(path) {
		if l, ok := t.list(path); ok && l.Len() == len(distances) {
			online = slices.Collect(l.All())
		}
	}
	if len(distances) != len(online) {
		t.note(file, fmt.Sprintf("it has %d distances for %d nodes", len(distances), len(ids)))
		return nil
	}
	out := make([]int, len(ids))
	for i, id := range ids {
		j := slices.Index(online, id)
		if j < 0 {
			t.note(file, fmt.Sprintf("node %d is not online", id))
			return nil
		}
		out[i] = distances[j]
	}
	return out
}

// withCPUs are the nodes that have CPUs of a list, with those CPUs.
func (m *Machine) withCPUs(cpus job.CPUList) []Node {
	var out []Node
	for _, n := range m.Nodes {
		if n.CPUs = n.CPUs.And(cpus); !n.CPUs.IsZero() {
			out = append(out, n)
		}
	}
	return out
}

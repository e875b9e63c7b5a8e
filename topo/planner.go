package topo

import (
	"errors"
	"fmt"
	"slices"

	"github.com/sluicerun/sluice/job"
)

// planner holds what the modes of one plan share.
type planner struct {
	m       *Machine
	req     Request
	allowed job.CPUList
	coreKey map[int]int // of each CPU
}

func newPlanner(m *Machine, req Request) *planner {
	p := &planner{m: m, req: req, allowed: m.Online, coreKey: map[int]int{}}
	if !req.Allowed.IsZero() {
		p.allowed = req.Allowed.And(m.Online)
	}
	for _, c := range m.Cores {
		for cpu := range c.CPUs.All() {
			p.coreKey[cpu] = c.Key
		}
	}
	return p
}

// gpuNode is the node of a GPU, with its allowed CPUs, of which there may be
// none.
func (p *planner) gpuNode(g GPU) (Node, error) {
	id := max(g.Node, 0)
	n, ok := p.m.node(id)
	if !ok {
		return n, fmt.Errorf("the node %d of GPU %s is not there", id, g.Address)
	}
	if n.CPUs.IsZero() {
		if n, ok = p.m.nearest(id, func(n Node) bool { return !n.CPUs.IsZero() }); !ok {
			return n, errors.New("no node of this machine has CPUs")
		}
	}
	n.CPUs = n.CPUs.And(p.allowed)
	return n, nil
}

// near is the node of a rank's GPU, and which of the node's n visible GPUs that
// is.
func (p *planner) near(rank int) (node Node, k, n int, err error) {
	if rank >= len(p.req.GPUs) {
		return node, 0, 0, fmt.Errorf("%s visible for %d local ranks: start fewer workers or write lists of CPUs", count(len(p.req.GPUs), "GPU"), p.req.Local)
	}
	if node, err = p.gpuNode(p.req.GPUs[rank]); err != nil {
		return node, 0, 0, err
	}
	for i, g := range p.req.GPUs {
		if other, err := p.gpuNode(g); err == nil && other.ID == node.ID {
			if i < rank {
				k++
			}
			n++
		}
	}
	if node.CPUs.IsZero() {
		all, _ := p.m.node(node.ID)
		err = fmt.Errorf("none of the %d CPUs of node %d, which is GPU %d's, is allowed: this process may use %s",
			all.CPUs.Len(), node.ID, rank, clipped(p.allowed.String()))
	}
	return node, k, n, err
}

func (p *planner) nodeNear(rank int) (job.CPUList, string, error) {
	n, _, _, err := p.near(rank)
	return n.CPUs, fmt.Sprintf("node %d, near GPU %d", n.ID, rank), err
}

func (p *planner) socketNear(rank int) (job.CPUList, string, error) {
	n, _, _, err := p.near(rank)
	if err != nil {
		return job.CPUList{}, "", err
	}
	sockets, err := p.socketList()
	if err != nil {
		return job.CPUList{}, "", err
	}
	// A node is part of the socket of its lowest allowed CPU.
	i := slices.IndexFunc(sockets, func(d domain) bool { return d.cpus.Contains(n.CPUs.Min()) })
	return sockets[i].cpus, fmt.Sprintf("%s, near GPU %d", sockets[i].name, rank), nil
}

// exclusiveNear is the share of one GPU among all visible ones of its node.
func (p *planner) exclusiveNear(rank int) (job.CPUList, string, error) {
	node, k, n, err := p.near(rank)
	if err != nil {
		return job.CPUList{}, "", err
	}
	cores, _ := p.coresOf(node)
	if len(cores) < n {
		return job.CPUList{}, "", fmt.Errorf("node %d has %s allowed for %d GPUs: allow more CPUs, show fewer GPUs or bind to the node", node.ID, count(len(cores), "core"), n)
	}
	return share(cores, k, n), fmt.Sprintf("share %d of %d of node %d's cores, near GPU %d", k+1, n, node.ID, rank), nil
}

// exclusiveSpread divides all cores, node by node.
func (p *planner) exclusiveSpread() placer {
	cores, _ := p.everywhere(p.coresOf)()
	return func(rank int) (job.CPUList, string, error) {
		if len(cores) < p.req.Local {
			return job.CPUList{}, "", fmt.Errorf("%s allowed for %d local ranks: allow more CPUs, start fewer workers or bind to nodes", count(len(cores), "core"), p.req.Local)
		}
		return share(cores, rank, p.req.Local), fmt.Sprintf("share %d of %d of all cores", rank+1, p.req.Local), nil
	}
}

// around deals the groups of a GPU's node out to the node's GPUs.
func (p *planner) around(groups func(Node) ([]domain, error)) placer {
	return func(rank int) (job.CPUList, string, error) {
		node, k, _, err := p.near(rank)
		if err != nil {
			return job.CPUList{}, "", err
		}
		all, err := groups(node)
		if err != nil {
			return job.CPUList{}, "", err
		}
		d := all[k%len(all)]
		return d.cpus, fmt.Sprintf("%s, node %d, near GPU %d", d.name, node.ID, rank), nil
	}
}

// coreSpread goes around all cores, node by node.
func (p *planner) coreSpread() placer {
	cores, _ := p.everywhere(p.coresOf)()
	return func(rank int) (job.CPUList, string, error) {
		if len(cores) == 0 {
			return job.CPUList{}, "", p.nothingAllowed()
		}
		d := cores[rank%len(cores)]
		return d.cpus, d.name, nil
	}
}

// spread gives rank i of L number i*D/L of D domains.
func (p *planner) spread(list func() ([]domain, error)) placer {
	all, err := list()
	if err == nil && len(all) == 0 {
		err = p.nothingAllowed()
	}
	return func(rank int) (job.CPUList, string, error) {
		if err != nil {
			return job.CPUList{}, "", err
		}
		d := all[rank*len(all)/p.req.Local]
		return d.cpus, d.name, nil
	}
}

func (p *planner) nothingAllowed() error {
	return fmt.Errorf("none of the allowed CPUs %s is online: this machine has %s", clipped(p.req.Allowed.String()), clipped(p.m.Online.String()))
}

// memNodes are the nodes of CPUs, or of those without memory the closest that
// has some.
func (p *planner) memNodes(cpus job.CPUList) []int {
	var out []int
	for _, n := range p.m.withCPUs(cpus) {
		id := n.ID
		if other, ok := p.m.nearest(id, func(n Node) bool { return n.Memory > 0 }); ok {
			id = other.ID
		}
		out = append(out, id)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

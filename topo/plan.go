package topo

import (
	"fmt"

	"github.com/sluicerun/sluice/job"
)

// Request asks for the bindings of one machine's workers.
type Request struct {
	Bind job.Bind
	// Local is the number of workers on this machine.
	Local int
	// Allowed are the CPUs that the launcher may use. The zero value stands for
	// all that are online.
	Allowed job.CPUList
	// GPUs are the visible ones; that of a worker is the one at its local rank.
	GPUs []GPU
}

// Binding is where one worker is to run.
type Binding struct {
	// CPUs are those of the worker; none means that it is not to be bound.
	CPUs job.CPUList `json:"cpus,omitzero"`
	// MemNodes are the NUMA nodes for MemMode, none where that is none.
	MemNodes []int       `json:"mem_nodes,omitempty"`
	MemMode  job.BindMem `json:"mem_mode,omitempty"`
	// Why says in a few words where the CPUs come from, or why there are none.
	Why string `json:"why"`
}

// Plan says where each local rank is to run: one Binding for each.
//
// A worker's GPU is the one at its local rank. What the modes give it:
//
//	node          the allowed CPUs of the GPU's node
//	socket        the allowed CPUs of all nodes in that node's socket
//	exclusive     of that node's allowed cores the share of this GPU among all
//	              visible GPUs of the node, whether they have workers or not
//	core-complex  the allowed CPUs of that node under one last-level cache: the
//	              fullest for the node's first GPU, and so on around
//	l3            the same with L3 caches in the order of their CPUs
//	core          the node's first core for its first GPU, and so on around
//	auto          exclusive if there are cores enough for all, else node, else none
//	list          the lists of the request, which have to be allowed
//
// Without any GPU the ranks are spread over the whole machine: of D nodes,
// sockets or caches, rank i of L gets number i*D/L; exclusive divides all
// allowed cores, node by node, into L shares; and core goes around all cores.
// GPUs whose node is not known are taken to be near node 0, and those of a node
// of memory alone to be near the closest node that has CPUs.
//
// With Bind.Fallback a worker that cannot be bound has a Binding without CPUs
// that says why; else the first one that cannot is the error.
func Plan(m *Machine, req Request) ([]Binding, error) {
	if m == nil {
		return nil, fmt.Errorf("planning bindings: %w", errNoMachine)
	}
	if err := req.Bind.Validate(0); err != nil {
		return nil, err
	}
	if req.Local < 0 || req.Local > job.MaxWorkers {
		return nil, fmt.Errorf("planning bindings: %d local ranks: a gang has 1 to %d workers", req.Local, job.MaxWorkers)
	}
	p := newPlanner(m, req)
	out := make([]Binding, req.Local)
	if !req.Bind.Binds() {
		for i := range out {
			out[i].Why = "no binding was asked for"
		}
		return out, nil
	}
	place := p.placer()
	for rank := range out {
		cpus, why, err := place(rank)
		if err != nil {
			err = fmt.Errorf("binding local rank %d (%s): %w", rank, req.Bind.String(), err)
			if !req.Bind.Fallback {
				return nil, fmt.Errorf("%w; or start workers unbound that cannot be bound: --bind-fallback", err)
			}
			out[rank].Why = "not bound: " + err.Error()
			continue
		}
		out[rank] = Binding{CPUs: cpus, Why: why}
		if mem := req.Bind.Mem; !cpus.IsZero() && mem != "" && mem != job.MemNone {
			out[rank].MemMode, out[rank].MemNodes = mem, p.memNodes(cpus)
		}
	}
	return out, nil
}

// placer finds the CPUs of a rank, and says where they are.
type placer func(rank int) (cpus job.CPUList, why string, err error)

// placer is the mode's; auto tries until one suits all ranks.
func (p *planner) placer() placer {
	near := len(p.req.GPUs) > 0
	switch p.req.Bind.Mode {
	case job.BindAuto:
		return p.auto()
	case job.BindList:
		return p.list
	case job.BindExclusive:
		if near {
			return p.exclusiveNear
		}
		return p.exclusiveSpread()
	case job.BindNode:
		if near {
			return p.nodeNear
		}
		return p.spread(p.nodeList)
	case job.BindSocket:
		if near {
			return p.socketNear
		}
		return p.spread(p.socketList)
	case job.BindCore:
		if near {
			return p.around(p.coresOf)
		}
		return p.coreSpread()
	default: // core-complex and l3
		groups := p.byCache(p.req.Bind.Mode)
		if near {
			return p.around(groups)
		}
		return p.spread(p.everywhere(groups))
	}
}

// auto is exclusive, node or none, for all ranks alike. Workers that outnumber
// the GPUs share them in ways that only they know: they are spread instead.
func (p *planner) auto() placer {
	q := p
	if len(p.req.GPUs) > 0 && p.req.Local > len(p.req.GPUs) {
		req := p.req
		req.GPUs = nil
		q = newPlanner(p.m, req)
	}
	for _, mode := range []job.BindMode{job.BindExclusive, job.BindNode} {
		q.req.Bind.Mode = mode
		place, fits := q.placer(), true
		for rank := 0; rank < p.req.Local && fits; rank++ {
			_, _, err := place(rank)
			fits = err == nil
		}
		if fits {
			return place
		}
	}
	return func(int) (job.CPUList, string, error) {
		return job.CPUList{}, "not bound: neither a share of cores nor a node can be had for every rank", nil
	}
}

// list gives the lists that the user wrote.
func (p *planner) list(rank int) (job.CPUList, string, error) {
	lists := p.req.Bind.Lists
	if rank >= len(lists) {
		return job.CPUList{}, "", fmt.Errorf("there are lists for %d of %d local ranks: give one for each", len(lists), p.req.Local)
	}
	l := lists[rank]
	if off := l.Without(p.m.Online); !off.IsZero() {
		return job.CPUList{}, "", fmt.Errorf("CPUs %s are not there: this machine has %s", clipped(off.String()), clipped(p.m.Online.String()))
	}
	if off := l.Without(p.allowed); !off.IsZero() {
		return job.CPUList{}, "", fmt.Errorf("CPUs %s are not allowed: this process may use %s", clipped(off.String()), clipped(p.allowed.String()))
	}
	return l, "as listed", nil
}

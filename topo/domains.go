package topo

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/sluicerun/sluice/job"
)

// domain is a set of CPUs with a name.
type domain struct {
	name string
	cpus job.CPUList
}

func (p *planner) nodeList() ([]domain, error) {
	var out []domain
	for _, n := range p.m.withCPUs(p.allowed) {
		out = append(out, domain{fmt.Sprintf("node %d", n.ID), n.CPUs})
	}
	return out, nil
}

// socketList puts nodes together whose lowest allowed CPUs are in one package.
func (p *planner) socketList() ([]domain, error) {
	var out []domain
	var ids []int
	for _, n := range p.m.withCPUs(p.allowed) {
		i := slices.IndexFunc(p.m.Packages, func(pkg Package) bool { return pkg.CPUs.Contains(n.CPUs.Min()) })
		if i < 0 {
			return nil, fmt.Errorf("the socket of CPU %d is not known", n.CPUs.Min())
		}
		id := p.m.Packages[i].ID
		// Some firmware numbers its only socket -1: that is not the same as not
		// to know.
		if j := slices.IndexFunc(p.m.Missing, func(f Missing) bool { return strings.HasSuffix(f.Path, packageFile) }); id < 0 && j >= 0 {
			return nil, fmt.Errorf("the socket of CPU %d is not known: %s: %s", n.CPUs.Min(), p.m.Missing[j].Path, p.m.Missing[j].Reason)
		}
		at := slices.Index(ids, id)
		if at < 0 {
			at = len(ids)
			ids = append(ids, id)
			out = append(out, domain{name: fmt.Sprintf("socket %d", id)})
		}
		out[at].cpus = out[at].cpus.Or(n.CPUs)
	}
	return out, nil
}

// everywhere are the groups of all nodes, node by node.
func (p *planner) everywhere(groups func(Node) ([]domain, error)) func() ([]domain, error) {
	return func() ([]domain, error) {
		var out []domain
		for _, n := range p.m.withCPUs(p.allowed) {
			some, err := groups(n)
			if err != nil {
				return nil, err
			}
			out = append(out, some...)
		}
		return out, nil
	}
}

// coresOf groups a node's CPUs by core.
func (p *planner) coresOf(n Node) ([]domain, error) {
	return groupBy(n.CPUs, "core %d", func(cpu int) int { return p.coreKey[cpu] }), nil
}

// byCache groups a node's CPUs by the cache that mode means. A group's key is
// the lowest CPU of the cache, allowed or not.
func (p *planner) byCache(mode job.BindMode) func(Node) ([]domain, error) {
	top := math.MaxInt
	if mode == job.BindL3 {
		top = 3
	}
	last := p.m.lastCaches(top)
	return func(n Node) ([]domain, error) {
		for cpu := range n.CPUs.All() {
			if _, ok := last[cpu]; !ok {
				return nil, fmt.Errorf("the caches of CPU %d are not known: bind to the node instead", cpu)
			}
		}
		groups := groupBy(n.CPUs, "the cache of CPU %d", func(cpu int) int { return p.m.Caches[last[cpu]].CPUs.Min() })
		if mode == job.BindCoreComplex {
			slices.SortStableFunc(groups, func(a, b domain) int { return cmp.Compare(b.cpus.Len(), a.cpus.Len()) })
		}
		return groups, nil
	}
}

// groupBy puts CPUs of one key together, in the order of the keys.
func groupBy(cpus job.CPUList, name string, key func(cpu int) int) []domain {
	members := map[int][]int{}
	for cpu := range cpus.All() {
		members[key(cpu)] = append(members[key(cpu)], cpu)
	}
	var out []domain
	for _, k := range slices.Sorted(maps.Keys(members)) {
		out = append(out, domain{fmt.Sprintf(name, k), job.CPUs(members[k]...)})
	}
	return out
}

// share is the k-th of n shares; the first ones have one core more where n does
// not divide them.
func share(cores []domain, k, n int) job.CPUList {
	q, r := len(cores)/n, len(cores)%n
	start := k*q + min(k, r)
	end := start + q
	if k < r {
		end++
	}
	var cpus job.CPUList
	for _, c := range cores[start:end] {
		cpus = cpus.Or(c.cpus)
	}
	return cpus
}

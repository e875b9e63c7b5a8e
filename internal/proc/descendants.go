package proc

import (
	"cmp"
	"slices"
)

// Descendants is the whole tree below pid, zombies included and pid itself not,
// sorted by pid, from one look through <root>/proc. The look is no snapshot: a
// process that forks meanwhile may hide a child until the next one.
func Descendants(root string, pid int) ([]Proc, error) {
	all, err := processes(root)
	if err != nil {
		return nil, err
	}
	return below(all, pid, nil), nil
}

// below collects the descendants of pid. Where skip says so, a process and all
// below it are left out.
func below(all []Proc, pid int, skip func(Proc) bool) []Proc {
	children := map[int][]Proc{}
	for _, p := range all {
		// Numbers read at different moments could make a circle.
		if p.PID != p.PPid && p.PID != pid {
			children[p.PPid] = append(children[p.PPid], p)
		}
	}
	var tree []Proc
	for next := []int{pid}; len(next) > 0; {
		parent := next[len(next)-1]
		next = next[:len(next)-1]
		for _, p := range children[parent] {
			if skip == nil || !skip(p) {
				tree = append(tree, p)
				next = append(next, p.PID)
			}
		}
		delete(children, parent)
	}
	slices.SortFunc(tree, func(a, b Proc) int { return cmp.Compare(a.PID, b.PID) })
	return tree
}

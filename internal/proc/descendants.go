package proc

import (
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strconv"
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

// WithCookie is the processes whose environment at exec had key=value, but this
// one. It costs a look at every process of ours: the last resort for what is
// neither in a cgroup nor a descendant.
func WithCookie(key, value string) []int {
	pids, err := procIn("/").PIDs()
	if err != nil {
		return nil
	}
	var found []int
	for _, pid := range pids {
		if pid != os.Getpid() && hasCookie("/", pid, key+"="+value) {
			found = append(found, pid)
		}
	}
	return found
}

// hasCookie is false for zombies and for processes that are not ours to read.
func hasCookie(root string, pid int, cookie string) bool {
	env, err := os.ReadFile(filepath.Join(root, "proc", strconv.Itoa(pid), "environ"))
	if err != nil {
		return false
	}
	for entry := range bytes.SplitSeq(env, []byte{0}) {
		if string(entry) == cookie {
			return true
		}
	}
	return false
}

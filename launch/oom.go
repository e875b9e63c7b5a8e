package launch

import "fmt"

// oomKilled tells whether the out-of-memory killer ended w, and what says so. A
// worker's own cgroup began at zero, so that its count is proof; the other
// counters are of everything around it and only hint.
func (h *Handle) oomKilled(w *worker) (bool, string) {
	if w.cg != nil {
		if n, ok := w.cg.OOMKills(); ok {
			return n > 0, fmt.Sprintf("memory.events of its cgroup counts %d OOM kill(s)", n)
		}
	}
	if h.oom == nil {
		return false, ""
	}
	return h.oom().Killed()
}

package proc

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// OOMWatch tells whether the kernel's out-of-memory killer struck since it was
// made: a kill looks like any other SIGKILL otherwise.
type OOMWatch struct {
	path   string // the counter's file; empty where there is none
	sure   string // how much the counter proves
	before uint64
}

// NewOOMWatch notes the counter that is nearest to a worker, before its start:
// that of its own cgroup, of the cgroup we are all in (v2, then v1), of the
// machine. Only the first that exists is asked: a kill for want of memory
// anywhere is counted in the victim's cgroup as well, so a nearer counter that
// stands still proves that it was not the OOM killer. cg may be nil.
func NewOOMWatch(root string, cg *Cgroup) *OOMWatch {
	for _, c := range oomCounters(root, cg) {
		if n, ok := counter(c.path, "oom_kill"); ok {
			c.before = n
			return &c
		}
	}
	return &OOMWatch{}
}

func oomCounters(root string, cg *Cgroup) []OOMWatch {
	const shared = "the count of a cgroup that other processes share"
	var cs []OOMWatch
	if cg != nil {
		cs = append(cs, OOMWatch{path: filepath.Join(cg.Path(), "memory.events"), sure: "the worker's own cgroup"})
	}
	if own, err := readOwnCgroups(root); err == nil {
		// memory.events counts for all that is below, so the nearest one up
		// from us has every victim of ours.
		if dir, top, _, err := own.v2(); err == nil {
			for ; strings.HasPrefix(dir, top); dir = filepath.Dir(dir) {
				cs = append(cs, OOMWatch{path: filepath.Join(dir, "memory.events"), sure: shared})
				if dir == top {
					break
				}
			}
		}
		// oom_control counts only for its own processes (oom_kill is of
		// Linux 4.13); a worker stays where we are.
		if dir, ok := own.v1("memory"); ok {
			cs = append(cs, OOMWatch{path: filepath.Join(dir, "memory.oom_control"), sure: shared})
		}
	}
	return append(cs, OOMWatch{path: filepath.Join(root, "proc/vmstat"),
		sure: "the count of the whole machine, so it may have been another process"})
}

// Killed tells whether the counter rose, and what that is worth. To be asked
// about a worker that a SIGKILL ended which nobody sent: the counter may lag
// behind the exit, so a "no" takes up to 50 ms.
func (w *OOMWatch) Killed() (bool, string) {
	if w.path == "" {
		return false, ""
	}
	// Nothing wakes us for the v1 and vmstat counters.
	for _, pause := range []time.Duration{0, 1, 2, 5, 12, 30} {
		time.Sleep(pause * time.Millisecond)
		if n, ok := counter(w.path, "oom_kill"); ok && n > w.before {
			return true, fmt.Sprintf("oom_kill in %s rose from %d to %d: %s", w.path, w.before, n, w.sure)
		}
	}
	return false, ""
}

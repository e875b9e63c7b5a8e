package proc

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/sluicerun/sluice/internal/procfs"
)

// children are the direct children of this process, zombies included. The
// kernel's own list wants CONFIG_PROC_CHILDREN, and misses some when others are
// reaped during the read (proc_tid_children(5)): it counts when it has been the
// same twice. The look at all processes is the fallback.
func children() ([]int, error) {
	var last []int
	for i := range 5 {
		now, ok := childLists()
		if !ok {
			break
		}
		if i > 0 && slices.Equal(now, last) {
			return now, nil
		}
		last = now
	}
	return childrenByScan()
}

// childLists reads the lists of all threads: a child belongs to the thread that
// forked it, an adopted one to the first.
func childLists() ([]int, bool) {
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil || len(lists) == 0 {
		return nil, false
	}
	var pids []int
	for _, list := range lists {
		data, err := procfs.ReadFile(list)
		if err != nil {
			continue // the thread has ended, its children are another's now
		}
		for _, f := range strings.Fields(string(data)) {
			if pid, err := strconv.Atoi(f); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	slices.Sort(pids)
	return pids, true
}

func childrenByScan() ([]int, error) {
	all, err := processes("/")
	if err != nil {
		return nil, fmt.Errorf("looking for children: %w", err)
	}
	var pids []int
	for _, p := range all {
		if p.PPid == os.Getpid() {
			pids = append(pids, p.PID)
		}
	}
	return pids, nil
}

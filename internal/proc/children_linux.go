package proc

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// children are the direct children of this process, zombies included. The
// kernel's own list wants CONFIG_PROC_CHILDREN and misses some while children
// come and go; the full look is the fallback.
func children() ([]int, error) {
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err == nil && len(lists) > 0 {
		var pids []int
		for _, list := range lists {
			data, err := os.ReadFile(list)
			if err != nil {
				continue // the thread has ended, its children are another's now
			}
			for _, f := range strings.Fields(string(data)) {
				if pid, err := strconv.Atoi(f); err == nil {
					pids = append(pids, pid)
				}
			}
		}
		return pids, nil
	}
	return childrenByScan()
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

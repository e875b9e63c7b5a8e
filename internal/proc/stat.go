package proc

import (
	"fmt"
	"path/filepath"

	"github.com/sluicerun/sluice/internal/procfs"
)

// Proc is a process as /proc/<pid>/stat shows it.
type Proc = procfs.Stat

// procIn is the /proc of a root.
func procIn(root string) procfs.FS { return procfs.FS(filepath.Join(root, "proc")) }

// processes reads every process that can be seen; those that end meanwhile are
// left out.
func processes(root string) ([]Proc, error) {
	pids, err := procIn(root).PIDs()
	if err != nil {
		return nil, fmt.Errorf("listing the processes: %w", err)
	}
	procs := make([]Proc, 0, len(pids))
	for _, pid := range pids {
		if p, err := procIn(root).Stat(pid); err == nil {
			procs = append(procs, p)
		}
	}
	return procs, nil
}

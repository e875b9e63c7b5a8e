package topo

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/job"
)

// Allowed is the list of CPUs that this process may use: what taskset, a cpuset
// or a container left of those online.
func Allowed() (job.CPUList, error) {
	// The kernel refuses a mask shorter than its own and does not say how long
	// that is.
	for n := 1024; n <= job.MaxCPU+1; n *= 2 {
		set := unix.NewCPUSet(n)
		err := unix.SchedGetaffinityDynamic(0, set)
		if errors.Is(err, unix.EINVAL) {
			continue
		}
		if err != nil {
			return job.CPUList{}, fmt.Errorf("asking for the CPUs that may be used: sched_getaffinity: %w", err)
		}
		var cpus []int
		for c := range n {
			if set.IsSet(c) {
				cpus = append(cpus, c)
			}
		}
		return job.CPUs(cpus...), nil
	}
	return job.CPUList{}, fmt.Errorf("asking for the CPUs that may be used: the kernel's mask is longer than %d CPUs", job.MaxCPU+1)
}

//go:build !linux

package topo

import (
	"errors"

	"github.com/sluicerun/sluice/job"
)

// Allowed is the list of CPUs that this process may use. Only Linux tells.
func Allowed() (job.CPUList, error) {
	return job.CPUList{}, errors.New("asking for the CPUs that may be used: it is supported on Linux only")
}

//go:build !linux

package agent

import (
	"context"
	"fmt"
	"os"

	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
)

// Agent needs Linux.
type Agent struct{}

// Spawn returns an error outside Linux.
func Spawn() (*Agent, error) { return nil, proc.ErrUnsupported }

// Dismiss does nothing outside Linux.
func (*Agent) Dismiss() {}

// Launch returns an error outside Linux.
func (*Agent) Launch(job.Spec, Start, Terminal) (string, int, error) {
	return "", job.StatusInternal, proc.ErrUnsupported
}

// Resume returns an error outside Linux.
func Resume(context.Context, *runs.Record) (int, error) {
	return job.StatusInternal, proc.ErrUnsupported
}

// Main fails outside Linux.
func Main() int { return unsupported() }

// GuardianMain fails outside Linux.
func GuardianMain() int { return unsupported() }

// NameUnpacked does nothing outside Linux.
func NameUnpacked() {}

func unsupported() int {
	fmt.Fprintln(os.Stderr, "sluice:", proc.ErrUnsupported)
	return job.StatusInternal
}

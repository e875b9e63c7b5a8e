//go:build !linux

package remote

import (
	"fmt"
	"os"

	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/job"
)

// Main fails outside Linux.
func Main(string, []string) int {
	fmt.Fprintln(os.Stderr, "sluice:", proc.ErrUnsupported)
	return job.StatusInternal
}

package proc

import (
	"strconv"

	"github.com/sluicerun/sluice/job"
)

// limit is a job.Rlimit with the kernel's number for its name.
type limit struct {
	resource   int
	soft, hard uint64
}

func limitText(v uint64) string {
	if v == job.RlimInfinity {
		return "unlimited"
	}
	return strconv.FormatUint(v, 10)
}

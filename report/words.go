package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/sluicerun/sluice/job"
)

// describe says how a worker ended, as what follows "rank 3".
func describe(o *job.Outcome) string {
	switch o.Kind {
	case job.KindExited:
		text := fmt.Sprintf("exited with code %d", o.Code)
		switch {
		case o.Cause == job.CauseOOM:
			text += " after the kernel's out-of-memory killer had struck"
		case o.Code > 128 && o.Code < 128+32:
			// Most often a shell whose command died; but any program may use the code.
			text += fmt.Sprintf(" (which is how a shell says %s)", job.Signal(o.Code-128))
		}
		return text
	case job.KindSignaled:
		if o.Cause == job.CauseOOM {
			return fmt.Sprintf("was killed by the kernel's out-of-memory killer (%s)", o.Signal)
		}
		if o.Cause == job.CauseTimer {
			return fmt.Sprintf("was killed by %s when its timer had expired", o.Signal)
		}
		notes := meaning(o.Signal)
		if o.Core {
			notes = append(notes, "core dumped")
		}
		text := "was killed by " + o.Signal.String()
		if len(notes) > 0 {
			text += " (" + strings.Join(notes, ", ") + ")"
		}
		return text
	case job.KindStartFailed:
		if o.Detail == "" {
			return "could not be started"
		}
		return "could not be started: " + printable(o.Detail)
	case job.KindRunning:
		return "is still running"
	}
	return "is gone, and nobody saw how it ended"
}

// meaning explains the signals that programs earn by their own mistakes.
func meaning(s job.Signal) []string {
	switch s {
	case job.SIGSEGV:
		return []string{"segmentation fault"}
	case job.SIGBUS:
		return []string{"bus error"}
	case job.SIGFPE:
		return []string{"arithmetic error"}
	case job.SIGILL:
		return []string{"illegal instruction"}
	case job.SIGABRT:
		return []string{"aborted"}
	case job.SIGXCPU:
		return []string{"CPU time limit"}
	case job.SIGXFSZ:
		return []string{"file size limit"}
	}
	return nil
}

// span writes a duration for people: "431 ms", "12.431 s", "2h3m".
func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.3f s", d.Round(time.Millisecond).Seconds())
	}
	return job.Duration(d.Round(time.Second)).String()
}

// size writes a number of bytes for people.
func size(n int64) string {
	const units = "KMGTPE"
	if n < 1024 {
		return fmt.Sprintf("%d bytes", n)
	}
	v, unit := float64(n)/1024, 0
	for v >= 1024 && unit < len(units)-1 {
		v /= 1024
		unit++
	}
	return fmt.Sprintf("%.1f %ciB", v, units[unit])
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

package proc

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/job"
)

// binding is what a child inherits from the thread that forks it.
type binding struct {
	cpus []int // ascending, each once; none: the thread's
	mem  MemPolicy
}

// bindingOf is nil when the command wants none.
func bindingOf(c *Cmd) (*binding, error) {
	if len(c.CPUs) == 0 && c.Mem.Mode == "" && len(c.Mem.Nodes) == 0 {
		return nil, nil
	}
	if why := cmp.Or(badCPUs(c.CPUs), badPolicy(c.Mem)); why != "" {
		return nil, &StartError{Path: c.Path, Dir: c.Dir, Err: unix.EINVAL, Status: 125, Why: why}
	}
	return &binding{distinct(c.CPUs), MemPolicy{c.Mem.Mode, distinct(c.Mem.Nodes)}}, nil
}

func badCPUs(cpus []int) string {
	for _, cpu := range cpus {
		if cpu < 0 || cpu > job.MaxCPU {
			return fmt.Sprintf("there is no CPU %d: numbers go from 0 to %d", cpu, job.MaxCPU)
		}
	}
	return ""
}

func distinct(numbers []int) []int {
	return slices.Compact(slices.Sorted(slices.Values(numbers)))
}

// binder binds the thread that forks for the time of a fork. It keeps what the
// thread had before for as long as that has not been given back.
type binder struct {
	cpus unix.CPUSetDynamic
	mem  *policy
}

// bind prepares the thread for a child; undo follows. A binding that an earlier
// undo could not take back is taken back now, or no child is made: it would be
// where nobody asked for.
func (r *binder) bind(b *binding) error {
	if err := r.undo(); err != nil {
		return refused(err, "what an earlier process was bound to cannot be taken back: %v", err)
	}
	if b == nil {
		return nil
	}
	err := r.bindCPUs(b.cpus)
	if err == nil {
		err = r.bindMem(b.mem)
	}
	if err != nil {
		_ = r.undo()
	}
	return err
}

// undo gives the thread back what it had.
func (r *binder) undo() error {
	var errs []error
	if r.cpus != nil {
		err := unix.SchedSetaffinityDynamic(0, r.cpus)
		if err == unix.EINVAL {
			// Somebody took all of these CPUs from us meanwhile. We may run on
			// those we have now.
			err = unix.SchedSetaffinityDynamic(0, everyCPU())
		}
		if err == nil {
			r.cpus = nil
		} else {
			errs = append(errs, fmt.Errorf("setting CPUs %s: %w", listOf(numbersOf(r.cpus)), err))
		}
	}
	if r.mem != nil {
		if err := r.mem.set(); err == nil {
			r.mem = nil
		} else {
			errs = append(errs, fmt.Errorf("setting the memory policy: %w", err))
		}
	}
	return errors.Join(errs...)
}

// bindCPUs reads back what it has set: the kernel leaves out CPUs that are
// offline or not in our cpuset, and says nothing unless none remains.
func (r *binder) bindCPUs(cpus []int) error {
	if len(cpus) == 0 {
		return nil
	}
	what := "binding it to CPU " + listOf(cpus)
	before, err := threadCPUs()
	if err != nil {
		return refused(err, "%s: reading on which CPUs we run: %v%s", what, err, filtered(err))
	}
	mask := unix.NewCPUSet(cpus[len(cpus)-1] + 1)
	for _, cpu := range cpus {
		mask.Set(cpu)
	}
	if err = unix.SchedSetaffinityDynamic(0, mask); err != nil && err != unix.EINVAL {
		return refused(err, "%s: %v%s", what, err, filtered(err))
	}
	r.cpus = before
	if err == nil {
		now, err := threadCPUs()
		if err == nil && slices.Equal(numbersOf(now), cpus) {
			return nil
		}
	}
	e := refused(unix.EINVAL, "%s: the kernel does not do it", what)
	// All CPUs, as far as we may have them, are those that may be named.
	if unix.SchedSetaffinityDynamic(0, everyCPU()) == nil {
		if allowed, err := threadCPUs(); err == nil {
			if why := notAllowed(cpus, numbersOf(allowed), "CPU"); why != "" {
				e.Why, e.Hint = what+": "+why, "name others, or change the cpuset of the cgroup or container"
			}
		}
	}
	return e
}

// notAllowed says which numbers are not among those allowed, "" when all are.
func notAllowed(want, allowed []int, what string) string {
	asked, may := job.CPUs(want...), job.CPUs(allowed...)
	out := asked.Without(may)
	switch {
	case out.IsZero():
		return ""
	case out.Equal(asked):
		return fmt.Sprintf("none of these %ss may be used here, but %s", what, may)
	}
	return fmt.Sprintf("%s %s may not be used here, only %s", what, out, may)
}

// refused is the error of a start for who does not know the command.
func refused(err error, format string, args ...any) *StartError {
	return &StartError{Err: errno(err), Status: 125, Why: fmt.Sprintf(format, args...)}
}

// filtered adds what a refusal of a system call that needs no rights means.
func filtered(err error) string {
	if err == unix.EPERM || err == unix.ENOSYS {
		return " (a container's seccomp filter, or a kernel without it)"
	}
	return ""
}

// threadCPUs are the CPUs of the calling thread. The kernel wants room for all
// that it can have, without telling how many these are.
func threadCPUs() (unix.CPUSetDynamic, error) {
	for n := 1024; ; n *= 2 {
		mask := unix.NewCPUSet(n)
		err := unix.SchedGetaffinityDynamic(0, mask)
		if err != unix.EINVAL || n > job.MaxCPU {
			return mask, err
		}
	}
}

func everyCPU() unix.CPUSetDynamic {
	mask := unix.NewCPUSet(job.MaxCPU + 1)
	mask.Fill()
	return mask
}

// numbersOf are the bits set, ascending.
func numbersOf(mask unix.CPUSetDynamic) []int {
	var numbers []int
	for n, left := 0, mask.Count(); left > 0; n++ {
		if mask.IsSet(n) {
			numbers = append(numbers, n)
			left--
		}
	}
	return numbers
}

package proc

import (
	"fmt"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// maxNodes is the most NUMA nodes a kernel can be built for.
const maxNodes = 1024

// policy is a thread's memory policy as the kernel has it: mode with its flags,
// and nodes, which share the layout of CPU masks.
type policy struct {
	mode  int32
	nodes unix.CPUSetDynamic
}

func badPolicy(m MemPolicy) string {
	switch m.Mode {
	case "":
		if len(m.Nodes) > 0 {
			return fmt.Sprintf("its memory has nodes (%s) but no mode: bind or preferred", listOf(m.Nodes))
		}
	case "bind", "preferred":
		if len(m.Nodes) == 0 {
			return fmt.Sprintf("memory mode %q needs a NUMA node", m.Mode)
		}
	default:
		return fmt.Sprintf("there is no memory mode %q: bind or preferred", m.Mode)
	}
	for _, n := range m.Nodes {
		if n < 0 || n >= maxNodes {
			return fmt.Sprintf("there is no NUMA node %d: numbers go from 0 to %d", n, maxNodes-1)
		}
	}
	return ""
}

// policyOf makes a request that badPolicy lets pass the kernel's.
func policyOf(m MemPolicy) *policy {
	p := &policy{mode: unix.MPOL_BIND, nodes: unix.NewCPUSet(maxNodes)}
	switch {
	case m.Mode == "preferred" && len(m.Nodes) > 1:
		p.mode = unix.MPOL_PREFERRED_MANY
	case m.Mode == "preferred":
		p.mode = unix.MPOL_PREFERRED
	}
	for _, n := range m.Nodes {
		p.nodes.Set(n)
	}
	return p
}

// bindMem reads back what it has set: as with CPUs the kernel silently leaves
// out nodes that are not ours or have no memory.
func (r *binder) bindMem(m MemPolicy) error {
	if m.Mode == "" {
		return nil
	}
	what := fmt.Sprintf("setting its memory policy to %s on NUMA node %s", m.Mode, listOf(m.Nodes))
	before, err := threadPolicy(0)
	if err != nil {
		return memError(err, what, "get_mempolicy")
	}
	p := policyOf(m)
	if err = p.set(); err != nil && err != unix.EINVAL {
		return memError(err, what, "set_mempolicy")
	}
	r.mem = before
	if err == nil {
		now, err := threadPolicy(0)
		if err == nil && now.mode == p.mode && slices.Equal(now.nodes, p.nodes) {
			return nil
		}
	}
	e := refused(unix.EINVAL, "%s: the kernel does not do it", what)
	if allowed, err := threadPolicy(unix.MPOL_F_MEMS_ALLOWED); err == nil {
		why := notAllowed(m.Nodes, numbersOf(allowed.nodes), "node")
		switch {
		case why != "":
			e.Why, e.Hint = what+": "+why, "name others, or change the cpuset of the cgroup or container"
		case p.mode == unix.MPOL_PREFERRED_MANY:
			e.Hint = "preferring several nodes needs Linux 5.15: name one"
		}
	}
	return e
}

// memError explains refusals: the calls need no rights, so that somebody has
// filtered them. Docker's default filter lets them pass with CAP_SYS_NICE.
func memError(err error, what, call string) *StartError {
	e := refused(err, "%s: %s: %v%s", what, call, err, filtered(err))
	if err == unix.EPERM {
		e.Hint = "give the container CAP_SYS_NICE, or leave the memory unbound"
	}
	return e
}

// threadPolicy reads the calling thread's policy or, with the flag
// MPOL_F_MEMS_ALLOWED, the nodes it may have at all.
func threadPolicy(flags int) (*policy, error) {
	p := &policy{nodes: unix.NewCPUSet(maxNodes)}
	_, _, e := unix.RawSyscall6(unix.SYS_GET_MEMPOLICY, uintptr(unsafe.Pointer(&p.mode)),
		uintptr(unsafe.Pointer(&p.nodes[0])), maxNodes, 0, uintptr(flags), 0)
	if e != 0 {
		return nil, e
	}
	return p, nil
}

// set is set_mempolicy, not unix.SetMemPolicyDynamic: that one tells the size
// in bytes where the kernel wants bits, and one more than there are.
func (p *policy) set() error {
	_, _, e := unix.RawSyscall(unix.SYS_SET_MEMPOLICY, uintptr(p.mode),
		uintptr(unsafe.Pointer(&p.nodes[0])), maxNodes+1)
	if e != 0 {
		return e
	}
	return nil
}

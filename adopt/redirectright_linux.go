package adopt

import (
	"fmt"
	"os"
)

// mayMove tells why the descriptors of a process are not to be moved.
func (p *Process) mayMove(force bool) *Refusal {
	no := func(right Right, why, fix string) *Refusal {
		return &Refusal{What: "moving the output of " + p.String(), Right: right, Why: why, Fix: fix}
	}
	st, err := p.stat()
	if err != nil {
		r := no(RightKernel, err.Error(), "")
		r.Err = err // ErrGone, mostly
		return r
	}
	switch {
	case !p.sys.live:
		return no(RightKind, "it is of a packed system", "")
	case p.PID == os.Getpid():
		return no(RightKind, "that is this very process", "")
	case st.PPid == os.Getpid():
		// The kernel tells a parent of its traced children's stops if it is
		// their tracer, too, and os.Process.Wait takes one for their end.
		return no(RightKind, "it is a child of this very process, which waits for it", "do it from another process")
	}
	if r := p.MayTrace(); r != nil {
		return r
	}
	switch tid, mode := p.filtered(); {
	case mode == seccompStrict:
		return no(RightSeccomp, fmt.Sprintf("its thread %d may do nothing but read and write (seccomp's strict mode), and would be killed for more", tid), "")
	case mode != 0 && !force:
		return no(RightSeccomp, fmt.Sprintf("its thread %d has a seccomp filter, which may kill it for the system calls that this takes", tid),
			"start it without the filter; or add --force, if the filter is known to permit mmap, socketpair, recvmsg, fcntl, dup3 and close, as those of container engines do")
	}
	status, err := p.status()
	switch {
	case err != nil:
		r := no(RightKernel, err.Error(), "")
		r.Err = err // ErrGone, mostly
		return r
	case force:
		return nil
	case p.PID == 1:
		return no(RightForce, "it is the first process, which everything hangs on", forceFix)
	case p.sys.above(p.PID, os.Getpid()):
		return no(RightForce, "this command descends from it", forceFix)
	case status.UID[0] != os.Getuid() && !p.sys.above(os.Getpid(), p.PID):
		return no(RightForce, fmt.Sprintf("it is %s's, not ours", userName(status.UID[0])), forceFix)
	}
	return nil
}

const forceFix = "add --force if it is meant"

// seccompStrict is the mode of /proc/<pid>/status in which no filter is asked.
const seccompStrict = 1

// filtered is a thread of the process whose system calls are filtered, and how; mode
// 0: none is.
func (p *Process) filtered() (tid, mode int) {
	tids, _ := p.sys.fs.Tasks(p.PID)
	for _, t := range tids {
		st, err := p.sys.fs.TaskStatus(p.PID, t)
		if err == nil && st.Seccomp != 0 && mode != seccompStrict { // else it has ended
			tid, mode = t, st.Seccomp
		}
	}
	return tid, mode
}

// above tells whether pid is an ancestor of another process.
func (s *System) above(pid, other int) bool {
	for range 1000 { // a chain that changes under our eyes is no endless one
		st, err := s.fs.Stat(other)
		if err != nil || st.PPid <= 0 {
			return false
		}
		if st.PPid == pid {
			return true
		}
		other = st.PPid
	}
	return false
}

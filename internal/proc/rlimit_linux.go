package proc

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// resourceOf maps the shell's names (and prlimit's) to the kernel's numbers.
func resourceOf(name string) (int, bool) {
	switch name {
	case "as":
		return unix.RLIMIT_AS, true
	case "core":
		return unix.RLIMIT_CORE, true
	case "cpu":
		return unix.RLIMIT_CPU, true
	case "data":
		return unix.RLIMIT_DATA, true
	case "fsize":
		return unix.RLIMIT_FSIZE, true
	case "locks":
		return unix.RLIMIT_LOCKS, true
	case "memlock":
		return unix.RLIMIT_MEMLOCK, true
	case "msgqueue":
		return unix.RLIMIT_MSGQUEUE, true
	case "nice":
		return unix.RLIMIT_NICE, true
	case "nofile":
		return unix.RLIMIT_NOFILE, true
	case "nproc":
		return unix.RLIMIT_NPROC, true
	case "rss":
		return unix.RLIMIT_RSS, true
	case "rtprio":
		return unix.RLIMIT_RTPRIO, true
	case "rttime":
		return unix.RLIMIT_RTTIME, true
	case "sigpending":
		return unix.RLIMIT_SIGPENDING, true
	case "stack":
		return unix.RLIMIT_STACK, true
	}
	return 0, false
}

func rlimitsOf(c *Cmd) ([]limit, error) {
	var limits []limit
	for _, r := range c.Rlimits {
		resource, ok := resourceOf(r.Name)
		if !ok {
			return nil, &StartError{Path: c.Path, Dir: c.Dir, Err: unix.EINVAL, Status: 125,
				Why: fmt.Sprintf("there is no resource limit called %q", r.Name)}
		}
		limits = append(limits, limit{resource, r.Soft, r.Hard})
	}
	return limits, nil
}

// limitError says which limit could not be set, and the usual reason.
func limitError(c *Cmd, i int, err error) *StartError {
	r := c.Rlimits[i]
	e := &StartError{Path: c.Path, Dir: c.Dir, Err: err, Status: 125,
		Why: fmt.Sprintf("setting limit %s to %s:%s: %s", r.Name, limitText(r.Soft), limitText(r.Hard), err)}
	switch err {
	case unix.EPERM:
		var now unix.Rlimit
		if res, ok := resourceOf(r.Name); ok && unix.Getrlimit(res, &now) == nil {
			e.Hint = fmt.Sprintf("the hard limit here is %s, raising it needs CAP_SYS_RESOURCE", limitText(now.Max))
		}
	case unix.EINVAL:
		e.Hint = "the soft limit must not be above the hard one"
	}
	return e
}

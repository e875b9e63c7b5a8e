package proc

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// explain makes the kernel's one number a reason.
func explain(err error, c *Cmd) *StartError {
	e := &StartError{Path: c.Path, Dir: c.Dir, Err: err, Status: 126, Why: err.Error()}
	switch err {
	case unix.EAGAIN:
		e.Status, e.Why, e.Hint = 125, "the system refuses another process ("+processLimits()+")", "start fewer workers or raise the limit that is reached"
	case unix.EMFILE:
		e.Status, e.Why, e.Hint = 125, fmt.Sprintf("too many open files: this process may have %s", rlimitText(unix.RLIMIT_NOFILE)), "raise the hard limit (ulimit -Hn)"
	case unix.ENFILE:
		e.Status, e.Why = 125, fmt.Sprintf("too many open files in the system: fs.file-max is %s", sysctl("fs/file-max"))
	case unix.ENOMEM:
		e.Status, e.Why = 125, fmt.Sprintf("the kernel has no memory for it (%s)", memory())
	case unix.E2BIG:
		e.Why, e.Hint = tooBig(c)
	case unix.EINVAL:
		if why := holdsNUL(c); why != "" {
			e.Status, e.Why = 125, why
		}
	case unix.ETXTBSY:
		e.Why, e.Hint = "it is still open for writing somewhere (text file busy)", "wait until it is written and closed"
	case unix.EPERM:
		e.Status = 125
		if found := inspect(c.Path, c.Dir); found != nil {
			return found
		}
	case unix.ENOEXEC:
		if found := inspect(c.Path, c.Dir); found != nil {
			return found
		}
		if why := explainELF(inDir(c.Path, c.Dir)); why != "" {
			e.Why = why
		}
	default:
		if found := inspect(c.Path, c.Dir); found != nil {
			return found
		}
		if err == unix.ENOENT {
			e.Status = 127
		}
	}
	return e
}

// processLimits reads everything that clone's EAGAIN may mean.
func processLimits() string {
	parts := []string{"processes of this user: " + rlimitText(unix.RLIMIT_NPROC)}
	if own, err := readOwnCgroups("/"); err == nil {
		if dir, top, _, err := own.v2(); err == nil {
			parts = append(parts, pidsLimits(dir, top)...)
		}
		if dir, ok := own.v1("pids"); ok {
			parts = append(parts, pidsLimits(dir, dir)...)
		}
	}
	parts = append(parts,
		"kernel.threads-max: "+sysctl("kernel/threads-max"),
		"kernel.pid_max: "+sysctl("kernel/pid_max"))
	return strings.Join(parts, ", ")
}

// pidsLimits reads pids.max from dir up to top; "max" is none.
func pidsLimits(dir, top string) []string {
	var parts []string
	for ; strings.HasPrefix(dir, top); dir = parentDir(dir) {
		limit, err := os.ReadFile(dir + "/pids.max")
		if s := strings.TrimSpace(string(limit)); err == nil && s != "max" {
			now, _ := os.ReadFile(dir + "/pids.current")
			parts = append(parts, fmt.Sprintf("pids.max of cgroup %s: %s, in use: %s", dir, s, strings.TrimSpace(string(now))))
		}
		if dir == top {
			break
		}
	}
	return parts
}

func parentDir(dir string) string {
	return dir[:max(strings.LastIndexByte(dir, '/'), 0)]
}

func rlimitText(resource int) string {
	var l unix.Rlimit
	if err := unix.Getrlimit(resource, &l); err != nil {
		return "unknown"
	}
	return limitText(l.Cur)
}

func sysctl(name string) string {
	data, err := os.ReadFile("/proc/sys/" + name)
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(data))
}

func memory() string {
	data, err := os.ReadFile("/proc/meminfo")
	if err == nil {
		for line := range strings.Lines(string(data)) {
			if v, ok := strings.CutPrefix(line, "MemAvailable:"); ok {
				return "available: " + strings.TrimSpace(v)
			}
		}
	}
	return "available: unknown"
}

// tooBig says which of the two limits of execve was met: 128 KiB for a string
// (MAX_ARG_STRLEN, with its NUL), a quarter of the stack limit for all.
func tooBig(c *Cmd) (why, hint string) {
	const maxString = 32 * 4096
	total := 0
	for i, s := range c.Args {
		if len(s)+1 > maxString {
			return fmt.Sprintf("argument %d has %d bytes, the kernel takes at most %d in one", i, len(s), maxString-1), "pass it in a file"
		}
		total += len(s) + 1 + 8
	}
	for _, s := range c.Env {
		if len(s)+1 > maxString {
			name, _, _ := strings.Cut(s, "=")
			return fmt.Sprintf("environment variable %s has %d bytes, the kernel takes at most %d in one", name, len(s), maxString-1), "pass it in a file"
		}
		total += len(s) + 1 + 8
	}
	return fmt.Sprintf("arguments and environment take %d bytes, the limit is a quarter of the stack limit (ulimit -s), which is %s bytes",
		total, rlimitText(unix.RLIMIT_STACK)), "pass less, or pass it in a file"
}

// holdsNUL says which string cannot be passed: a NUL would end it.
func holdsNUL(c *Cmd) string {
	switch {
	case strings.Contains(c.Path, "\x00"):
		return "its path contains a NUL byte"
	case strings.Contains(c.Dir, "\x00"):
		return "its working directory contains a NUL byte"
	}
	for i, s := range c.Args {
		if strings.Contains(s, "\x00") {
			return fmt.Sprintf("argument %d contains a NUL byte", i)
		}
	}
	for _, s := range c.Env {
		if strings.Contains(s, "\x00") {
			name, _, _ := strings.Cut(s, "=")
			return fmt.Sprintf("environment variable %q contains a NUL byte", name)
		}
	}
	return ""
}

package procfs

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Status is what of /proc/<pid>/status (proc_pid_status(5)) tells who a process is
// and what it may do.
type Status struct {
	Name      string
	Tgid, Pid int
	TracerPid int
	UID, GID  [4]int // real, effective, saved, of the file system
	Groups    []int
	NSpid     []int // in each pid namespace, from ours down to its own
	Umask     int   // -1: not told
	// Permitted and Effective are the capabilities, one bit each (capability.h).
	Permitted, Effective uint64
	NoNewPrivs           bool
	Seccomp              int // 0: off, 1: strict, 2: a filter
	Threads              int
	KernelThread         bool
}

// ParseStatus reads /proc/<pid>/status. Lines that it does not know are passed over;
// older kernels have fewer.
func ParseStatus(data []byte) (Status, error) {
	s := Status{Umask: -1}
	seen := map[string]bool{}
	for line := range bytes.Lines(data) {
		key, value, ok := strings.Cut(strings.TrimSuffix(string(line), "\n"), ":")
		if !ok || seen[key] {
			continue
		}
		seen[key] = true
		value = strings.TrimSpace(value)
		var err error
		switch key {
		case "Name":
			s.Name = value // with escapes of \n and \\, as the kernel has them
		case "Umask":
			var n uint64
			n, err = strconv.ParseUint(value, 8, 12)
			s.Umask = int(n)
		case "Tgid":
			s.Tgid, err = strconv.Atoi(value)
		case "Pid":
			s.Pid, err = strconv.Atoi(value)
		case "TracerPid":
			s.TracerPid, err = strconv.Atoi(value)
		case "Threads":
			s.Threads, err = strconv.Atoi(value)
		case "Seccomp":
			s.Seccomp, err = strconv.Atoi(value)
		case "NoNewPrivs":
			s.NoNewPrivs = value == "1"
		case "Kthread":
			s.KernelThread = value == "1"
		case "Uid":
			err = four(value, &s.UID)
		case "Gid":
			err = four(value, &s.GID)
		case "Groups":
			s.Groups, err = ints(value)
		case "NSpid":
			s.NSpid, err = ints(value)
		case "CapPrm":
			s.Permitted, err = strconv.ParseUint(value, 16, 64)
		case "CapEff":
			s.Effective, err = strconv.ParseUint(value, 16, 64)
		}
		if err != nil {
			return Status{}, fmt.Errorf("%s is %q: %w", key, value, err)
		}
	}
	for _, key := range []string{"Pid", "Uid"} {
		if !seen[key] {
			return Status{}, fmt.Errorf("no %s among its lines", key)
		}
	}
	return s, nil
}

func ints(text string) ([]int, error) {
	var all []int
	for _, f := range strings.Fields(text) {
		n, err := strconv.Atoi(f)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

func four(text string, to *[4]int) error {
	all, err := ints(text)
	if err == nil && len(all) != 4 {
		err = fmt.Errorf("%d numbers, not four", len(all))
	}
	copy(to[:], all)
	return err
}

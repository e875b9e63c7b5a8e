package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// household finds root and the processes below it that run the same executable:
// the launcher and its helpers, but not the workers.
func household(proc string, root int) ([]int, error) {
	exe, err := os.Readlink(filepath.Join(proc, strconv.Itoa(root), "exe"))
	if err != nil {
		return nil, fmt.Errorf("looking at the launcher: %w", err)
	}
	return below(proc, root, exe)
}

// below finds the processes from root down that run exe.
func below(proc string, root int, exe string) ([]int, error) {
	children, err := childrenOf(proc)
	if err != nil {
		return nil, err
	}
	var found []int
	for next := []int{root}; len(next) > 0; next = next[1:] {
		pid := next[0]
		next = append(next, children[pid]...)
		if its, err := os.Readlink(filepath.Join(proc, strconv.Itoa(pid), "exe")); err == nil && its == exe {
			found = append(found, pid)
		}
	}
	return found, nil
}

// childrenOf reads every process's parent.
func childrenOf(proc string) (map[int][]int, error) {
	entries, err := os.ReadDir(proc)
	if err != nil {
		return nil, fmt.Errorf("listing processes: %w", err)
	}
	children := map[int][]int{}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile(filepath.Join(proc, e.Name(), "stat"))
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue // it ended meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("listing processes: %w", err)
		}
		parent, err := parentIn(stat)
		if err != nil {
			return nil, fmt.Errorf("reading %s/%d/stat: %w", proc, pid, err)
		}
		children[parent] = append(children[parent], pid)
	}
	for _, pids := range children {
		slices.Sort(pids)
	}
	return children, nil
}

// parentIn takes the parent from a stat line: "pid (name) state parent ...". A
// name may hold spaces and parentheses; the last one ends it.
func parentIn(stat []byte) (int, error) {
	i := bytes.LastIndexByte(stat, ')')
	fields := bytes.Fields(stat[i+1:])
	if i < 0 || len(fields) < 2 {
		return 0, fmt.Errorf("%q is no stat line", stat)
	}
	parent, err := strconv.Atoi(string(fields[1]))
	if err != nil || parent < 0 {
		return 0, fmt.Errorf("%q is no parent", fields[1])
	}
	return parent, nil
}

// cpuTime is the time on a CPU of all threads that pid has or had, to the
// nanosecond: /proc/<pid>/stat counts in hundredths of a second.
func cpuTime(pid int) (time.Duration, error) {
	// clock_getcpuclockid(3): the inverted pid above three bits, of which 2
	// means the scheduler's clock of the whole process.
	const wholeProcess = 2
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|wholeProcess), &ts); err != nil {
		return 0, fmt.Errorf("reading the CPU clock of process %d: %w", pid, err)
	}
	return time.Duration(ts.Nano()), nil
}

// footprint is what /proc/<pid>/status says of a process.
type footprint struct {
	rss     int64 // bytes
	threads int
}

func footprintOf(proc string, pid int) (footprint, error) {
	f, err := os.Open(filepath.Join(proc, strconv.Itoa(pid), "status"))
	if err != nil {
		return footprint{}, err
	}
	defer f.Close()
	var fp footprint
	for lines := bufio.NewScanner(f); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimSpace(value)
		switch key {
		case "VmRSS":
			kib, err := strconv.ParseInt(strings.TrimSuffix(value, " kB"), 10, 64)
			if err != nil {
				return fp, fmt.Errorf("reading %s: %w", f.Name(), err)
			}
			fp.rss = kib << 10
		case "Threads":
			if fp.threads, err = strconv.Atoi(value); err != nil {
				return fp, fmt.Errorf("reading %s: %w", f.Name(), err)
			}
		}
	}
	if fp.threads == 0 {
		return fp, fmt.Errorf("reading %s: it names no threads", f.Name())
	}
	return fp, nil
}

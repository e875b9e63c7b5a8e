package proc

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/sluicerun/sluice/internal/procfs"
	"github.com/sluicerun/sluice/job"
)

// Bound is where a process may run and where its memory comes from, as the
// kernel tells it. Numbers are the kernel's, ascending.
type Bound struct {
	// CPUs and Mems (NUMA nodes) are those of the first thread.
	CPUs, Mems []int
	// Policy is the first thread's memory policy in the kernel's words
	// ("default", "bind", "prefer", "interleave=static"), PolicyNodes are its
	// nodes. It is "" where the kernel has no NUMA or we may not read it.
	Policy      string
	PolicyNodes []int
	// Threads are all threads, by number. Nil when all have the same.
	Threads []ThreadBound
}

// ThreadBound is where one thread may run and have its memory.
type ThreadBound struct {
	TID        int
	CPUs, Mems []int
}

// BoundTo reads what process pid is bound to. root is "/" normally.
func BoundTo(root string, pid int) (Bound, error) {
	dir := filepath.Join(root, "proc", strconv.Itoa(pid))
	first, err := readAllowed(dir)
	if err != nil {
		return Bound{}, fmt.Errorf("reading what process %d is bound to: %w", pid, err)
	}
	b := Bound{CPUs: first.CPUs, Mems: first.Mems}
	if b.Threads, err = differing(dir, first); err != nil {
		return Bound{}, fmt.Errorf("reading what the threads of process %d are bound to: %w", pid, err)
	}
	if line, err := firstLine(filepath.Join(dir, "numa_maps")); err == nil {
		if b.Policy, b.PolicyNodes, err = parsePolicy(line); err != nil {
			return Bound{}, fmt.Errorf("reading the memory policy of process %d: %w", pid, err)
		}
	}
	return b, nil
}

// differing reads all threads and forgets them if none is unlike first. Threads
// that end meanwhile are left out.
func differing(dir string, first ThreadBound) ([]ThreadBound, error) {
	entries, err := os.ReadDir(filepath.Join(dir, "task"))
	if err != nil {
		return nil, err
	}
	var threads []ThreadBound
	differ := false
	for _, e := range entries {
		tid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		t, err := readAllowed(filepath.Join(dir, "task", e.Name()))
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue
		}
		if err != nil {
			return nil, err
		}
		t.TID = tid
		threads = append(threads, t)
		differ = differ || !slices.Equal(t.CPUs, first.CPUs) || !slices.Equal(t.Mems, first.Mems)
	}
	if !differ {
		return nil, nil
	}
	slices.SortFunc(threads, func(a, b ThreadBound) int { return a.TID - b.TID })
	return threads, nil
}

func readAllowed(dir string) (ThreadBound, error) {
	data, err := procfs.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return ThreadBound{}, err
	}
	return parseAllowed(string(data))
}

// parseAllowed reads /proc/<pid>/status (proc_pid_status(5)). A kernel without
// cpusets has no line for memory.
func parseAllowed(status string) (t ThreadBound, err error) {
	found := false
	for line := range strings.Lines(status) {
		key, value, _ := strings.Cut(line, ":")
		switch key {
		case "Cpus_allowed_list":
			found = true
			t.CPUs, err = parseNumbers(strings.TrimSpace(value))
		case "Mems_allowed_list":
			t.Mems, err = parseNumbers(strings.TrimSpace(value))
		}
		if err != nil {
			return ThreadBound{}, fmt.Errorf("%s: %w", key, err)
		}
	}
	if !found {
		return ThreadBound{}, fmt.Errorf("no Cpus_allowed_list in the status")
	}
	return t, nil
}

// parseNumbers reads the kernel's list of CPUs or, in the same notation, nodes.
func parseNumbers(list string) ([]int, error) {
	cpus, err := job.ParseCPUList(list)
	if err != nil {
		return nil, err
	}
	return slices.Collect(cpus.All()), nil
}

func listOf(numbers []int) string { return job.CPUs(numbers...).String() }

// parsePolicy reads a line of numa_maps: an address, the policy, what is mapped.
// A mapping without a policy of its own, as all are after exec, has the task's.
// Two of the kernel's names hold a blank.
func parsePolicy(line string) (mode string, nodes []int, err error) {
	_, rest, ok := strings.Cut(line, " ")
	if !ok {
		return "", nil, fmt.Errorf("no policy in %q", line)
	}
	end := 0
	for _, name := range []string{"prefer (many)", "weighted interleave"} {
		if strings.HasPrefix(rest, name) {
			end = len(name)
		}
	}
	if i := strings.IndexAny(rest[end:], " \n"); i >= 0 {
		rest = rest[:end+i]
	}
	mode, list, _ := strings.Cut(rest, ":")
	if mode == "" {
		return "", nil, fmt.Errorf("no policy in %q", line)
	}
	nodes, err = parseNumbers(list)
	return mode, nodes, err
}

// firstLine reads no more than it must: for every line the kernel walks through
// the pages of a mapping.
func firstLine(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	buf := make([]byte, 4096)
	n, err := f.Read(buf)
	if err != nil && err != io.EOF {
		return "", err
	}
	line, _, ok := strings.Cut(string(buf[:n]), "\n")
	if !ok {
		return "", io.ErrUnexpectedEOF
	}
	return line, nil
}

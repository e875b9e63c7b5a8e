package proc

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Proc is a process as /proc/<pid>/stat shows it.
type Proc struct {
	PID  int
	PPid int
	// Start is the start time in clock ticks since boot: with the pid it
	// names a process for ever (until the next boot).
	Start uint64
	// State is the letter ps shows: R, S, D, T, t, Z, X, I. It is the state
	// of the first thread.
	State byte
	Comm  string
	// Threads tells a zombie from a process whose first thread alone ended.
	Threads int
}

// Dead tells whether nothing of it runs any more.
func (p Proc) Dead() bool {
	return p.State == 'X' || p.State == 'x' || p.State == 'Z' && p.Threads <= 1
}

// parseStat reads a line of /proc/<pid>/stat (proc_pid_stat(5)). The name is in
// parentheses and may hold anything, parentheses and blanks included.
func parseStat(data []byte) (Proc, error) {
	open, shut := bytes.IndexByte(data, '('), bytes.LastIndexByte(data, ')')
	if open < 1 || shut < open {
		return Proc{}, fmt.Errorf("no process name in %q", data)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data[:open])))
	if err != nil {
		return Proc{}, fmt.Errorf("no pid in %q", data)
	}
	// From here f[0] is field 3 of the manual page.
	f := strings.Fields(string(data[shut+1:]))
	if len(f) < 20 || len(f[0]) != 1 {
		return Proc{}, fmt.Errorf("too few fields in %q", data)
	}
	p := Proc{PID: pid, Comm: string(data[open+1 : shut]), State: f[0][0]}
	if p.PPid, err = strconv.Atoi(f[1]); err != nil {
		return Proc{}, fmt.Errorf("no parent in %q", data)
	}
	if p.Threads, err = strconv.Atoi(f[17]); err != nil {
		return Proc{}, fmt.Errorf("no thread count in %q", data)
	}
	if p.Start, err = strconv.ParseUint(f[19], 10, 64); err != nil {
		return Proc{}, fmt.Errorf("no start time in %q", data)
	}
	return p, nil
}

func readStat(root string, pid int) (Proc, error) {
	data, err := readFile(filepath.Join(root, "proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return Proc{}, err
	}
	return parseStat(data)
}

// pidsIn lists the processes of /proc.
func pidsIn(root string) ([]int, error) {
	dir, err := os.Open(filepath.Join(root, "proc"))
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	pids := make([]int, 0, len(names))
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil && pid > 0 {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// processes reads every process that can be seen; those that end meanwhile are
// left out.
func processes(root string) ([]Proc, error) {
	pids, err := pidsIn(root)
	if err != nil {
		return nil, fmt.Errorf("listing the processes: %w", err)
	}
	procs := make([]Proc, 0, len(pids))
	for _, pid := range pids {
		if p, err := readStat(root, pid); err == nil {
			procs = append(procs, p)
		}
	}
	return procs, nil
}

package procfs

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// FS is a /proc: the folder that holds the processes' folders.
type FS string

// Path is a file of a process.
func (fs FS) Path(pid int, elem ...string) string {
	return filepath.Join(append([]string{string(fs), strconv.Itoa(pid)}, elem...)...)
}

// ReadFile reads a file of a process.
func (fs FS) ReadFile(pid int, elem ...string) ([]byte, error) {
	return ReadFile(fs.Path(pid, elem...))
}

func read[T any](fs FS, parse func([]byte) (T, error), pid int, elem ...string) (T, error) {
	data, err := fs.ReadFile(pid, elem...)
	if err != nil {
		var none T
		return none, err
	}
	v, err := parse(data)
	if err != nil {
		return v, fmt.Errorf("%s: %w", fs.Path(pid, elem...), err)
	}
	return v, nil
}

// Stat reads the stat of a process.
func (fs FS) Stat(pid int) (Stat, error) { return read(fs, ParseStat, pid, "stat") }

// TaskStat reads the stat of a thread.
func (fs FS) TaskStat(pid, tid int) (Stat, error) {
	return read(fs, ParseStat, pid, "task", strconv.Itoa(tid), "stat")
}

// BootID names this boot of the machine.
func (fs FS) BootID() (string, error) {
	data, err := ReadFile(filepath.Join(string(fs), "sys/kernel/random/boot_id"))
	return strings.TrimSpace(string(data)), err
}

// TaskStatus reads the status of a thread.
func (fs FS) TaskStatus(pid, tid int) (Status, error) {
	return read(fs, ParseStatus, pid, "task", strconv.Itoa(tid), "status")
}

// Status reads the status of a process.
func (fs FS) Status(pid int) (Status, error) { return read(fs, ParseStatus, pid, "status") }

// FDInfo reads what is told of a descriptor of a process.
func (fs FS) FDInfo(pid, fd int) (FDInfo, error) {
	return read(fs, ParseFDInfo, pid, "fdinfo", strconv.Itoa(fd))
}

// Mounts reads the mounts that a process sees.
func (fs FS) Mounts(pid int) ([]Mount, error) {
	data, err := fs.ReadFile(pid, "mountinfo")
	return ParseMountInfo(data), err
}

// PIDs lists the processes, in order.
func (fs FS) PIDs() ([]int, error) { return numbers(string(fs), 1) }

// FDs lists the descriptors of a process, in order.
func (fs FS) FDs(pid int) ([]int, error) { return numbers(fs.Path(pid, "fd"), 0) }

// Tasks lists the threads of a process, in order.
func (fs FS) Tasks(pid int) ([]int, error) { return numbers(fs.Path(pid, "task"), 1) }

// numbers lists the entries of a folder that are numbers of at least least.
func numbers(path string, least int) ([]int, error) {
	dir, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	all := make([]int, 0, len(names))
	for _, name := range names {
		if n, err := strconv.Atoi(name); err == nil && n >= least {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return all, nil
}

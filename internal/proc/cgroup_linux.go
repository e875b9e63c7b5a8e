package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sluicerun/sluice/internal/procfs"
	"golang.org/x/sys/unix"
)

// Cgroup is one cgroup v2 directory and what is below it.
type Cgroup struct{ path string }

// OpenCgroup names an existing cgroup by its directory.
func OpenCgroup(path string) *Cgroup { return &Cgroup{path: path} }

// Path is the directory.
func (c *Cgroup) Path() string { return c.path }

func (c *Cgroup) open() (*os.File, error) { return openDir(c.path) }

// lateJoin tells that a process was put into its cgroup after its start.
type lateJoin struct{ err error }

func (e *lateJoin) Error() string {
	return "joined the cgroup only after the start: " + e.err.Error()
}
func (e *lateJoin) Unwrap() error { return e.err }

// join moves a running process; what it has forked by now stays outside.
func (c *Cgroup) join(pid int, why error) error {
	if err := writeControl(c.file("cgroup.procs"), strconv.Itoa(pid)); err != nil {
		return why
	}
	return &lateJoin{why}
}

func (c *Cgroup) file(name string) string { return filepath.Join(c.path, name) }

// Kill sends SIGKILL to everything in the cgroup and below. The kernel does it
// in one step that no fork can escape (cgroup.kill, Linux 5.14); before that
// it is repeated until nobody new is found. The processes may still be dying
// when it returns: see WaitEmpty.
func (c *Cgroup) Kill() error {
	err := writeControl(c.file("cgroup.kill"), "1")
	if err == nil || gone(c.path) {
		return nil
	}
	if err := c.Signal(unix.SIGKILL); err != nil {
		return fmt.Errorf("killing cgroup %s: %w", c.path, err)
	}
	return nil
}

// Pids are the processes in the cgroup and below, zombies left out. A cgroup
// that is gone has none.
func (c *Cgroup) Pids() ([]int, error) {
	var pids []int
	err := filepath.WalkDir(c.path, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENODEV):
			return nil // removed since it was listed
		case err != nil:
			return err
		case !d.IsDir():
			return nil
		}
		p, err := readPids(path)
		pids = append(pids, p...)
		return err
	})
	if err != nil {
		return pids, fmt.Errorf("reading the processes of cgroup %s: %w", c.path, err)
	}
	return pids, nil
}

// readPids reads cgroup.procs. In a threaded cgroup only threads can be read;
// a thread's number serves as well for signals.
func readPids(dir string) ([]int, error) {
	data, err := procfs.ReadFile(filepath.Join(dir, "cgroup.procs"))
	if errors.Is(err, unix.EOPNOTSUPP) {
		data, err = procfs.ReadFile(filepath.Join(dir, "cgroup.threads"))
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV) {
		return nil, nil
	}
	return parsePids(data), err
}

// parsePids leaves out 0, which stands for a process outside of our pid
// namespace and means "my own group" to kill(2).
func parsePids(data []byte) []int {
	var pids []int
	for _, f := range strings.Fields(string(data)) {
		if pid, err := strconv.Atoi(f); err == nil && pid > 0 {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Signal sends sig once to each process, until a look finds nobody who has not
// had it: children forked meanwhile get it as well.
func (c *Cgroup) Signal(sig syscall.Signal) error {
	sent := map[int]bool{}
	for range 100 {
		pids, err := c.Pids()
		if err != nil {
			return err
		}
		fresh := pids[:0]
		for _, pid := range pids {
			if !sent[pid] && pid > 1 && pid != os.Getpid() {
				fresh = append(fresh, pid)
			}
		}
		if len(fresh) == 0 {
			return nil
		}
		if err := c.signalAll(fresh, sig, sent); err != nil {
			return err
		}
	}
	return fmt.Errorf("sending %s to cgroup %s: it forks faster than it can be signalled", unix.SignalName(sig), c.path)
}

// signalAll opens pidfds first and then looks again: who is still listed is
// who the pidfd means, whatever became of the numbers in between.
func (c *Cgroup) signalAll(pids []int, sig syscall.Signal, sent map[int]bool) error {
	const batch = 64 // descriptors held at a time
	for len(pids) > 0 {
		now := pids[:min(batch, len(pids))]
		pids = pids[len(now):]
		handles := make([]handle, 0, len(now))
		for _, pid := range now {
			handles = append(handles, openHandle(pid))
		}
		listed, err := c.Pids()
		still := map[int]bool{}
		for _, pid := range listed {
			still[pid] = true
		}
		for _, h := range handles {
			if err == nil && still[h.pid] {
				if e := h.signal(sig); e != nil && e != unix.ESRCH {
					err = fmt.Errorf("sending %s to process %d: %w", unix.SignalName(sig), h.pid, e)
				}
				sent[h.pid] = true
			}
			h.close()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Populated tells whether a live process is in the cgroup or below it.
func (c *Cgroup) Populated() bool {
	n, ok := counter(c.file("cgroup.events"), "populated")
	return ok && n != 0
}

// WaitEmpty waits until nobody lives in the cgroup, at most d, and tells
// whether that is so. The kernel wakes it.
func (c *Cgroup) WaitEmpty(d time.Duration) bool {
	fd, err := unix.Open(c.file("cgroup.events"), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return !c.Populated()
	}
	defer unix.Close(fd)
	deadline := time.Now().Add(d)
	buf := make([]byte, 256)
	for {
		// Reading arms the notification; it says POLLPRI at the next change.
		n, err := unix.Pread(fd, buf, 0)
		if err != nil {
			return !c.Populated()
		}
		if v, ok := parseCounter(buf[:n], "populated"); ok && v == 0 {
			return true
		}
		left := time.Until(deadline)
		if left <= 0 {
			return false
		}
		pollFor([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLPRI}}, left)
	}
}

// Remove removes the cgroup and those that the worker made in it. It waits a
// moment for processes that have ended but are still being taken out.
func (c *Cgroup) Remove() error {
	err := removeTree(c.path)
	if errors.Is(err, unix.EBUSY) && c.WaitEmpty(100*time.Millisecond) {
		err = removeTree(c.path)
	}
	if err != nil {
		pids, _ := c.Pids()
		return fmt.Errorf("removing cgroup %s (processes in it: %v): %w", c.path, pids, err)
	}
	return nil
}

// removeTree removes directories only: the files in them are the kernel's.
func removeTree(dir string) error {
	err := unix.Rmdir(dir)
	if err == nil || err == unix.ENOENT {
		return nil
	}
	entries, lerr := os.ReadDir(dir)
	if lerr != nil {
		return err
	}
	removed := false
	for _, e := range entries {
		if e.IsDir() {
			if err := removeTree(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
			removed = true
		}
	}
	if removed {
		return unix.Rmdir(dir)
	}
	return err
}

// OOMKills is how many processes in it the out-of-memory killer has ended.
// False where the memory controller does not count for this cgroup.
func (c *Cgroup) OOMKills() (int, bool) {
	n, ok := counter(c.file("memory.events"), "oom_kill")
	return int(n), ok
}

func gone(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

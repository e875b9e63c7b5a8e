package proc

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sluicerun/sluice/internal/procfs"
	"golang.org/x/sys/unix"
)

// Cgroups is the cgroup of one run, with one child for each worker. It lies
// below our own: a process may only be put where it has the common ancestor.
type Cgroups struct{ Cgroup }

// NewCgroups makes the run's cgroup. The error wraps ErrNoCgroup and says why
// there can be none.
func NewCgroups(root, runID string) (*Cgroups, error) {
	own, err := readOwnCgroups(root)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoCgroup, err)
	}
	dir, _, m, err := own.v2()
	if err != nil {
		return nil, err
	}
	if m.ReadOnly() {
		return nil, fmt.Errorf("%w: %s is mounted read-only", ErrNoCgroup, m.Point)
	}
	// A directory of ours in a cgroup that is not ours would be useless: the
	// clone into it needs our own cgroup.procs, the common ancestor's.
	if err := unix.Access(filepath.Join(dir, "cgroup.procs"), unix.W_OK); err != nil {
		return nil, fmt.Errorf("%w: %s is not writable for us: %w", ErrNoCgroup, dir, err)
	}
	g := &Cgroups{Cgroup{path: filepath.Join(dir, "sluice-"+cgroupName(runID))}}
	if err := os.Mkdir(g.path, 0o755); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoCgroup, err)
	}
	g.countMemory()
	return g, nil
}

// FindCgroups names the cgroup that a process which sits where we do made, or
// would make, for a run. It is "" where there can be none.
func FindCgroups(root, runID string) string {
	own, err := readOwnCgroups(root)
	if err != nil {
		return ""
	}
	dir, _, _, err := own.v2()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "sluice-"+cgroupName(runID))
}

// countMemory gives the workers memory.events, where the memory controller has
// been delegated to us. Without it OOM kills are told from other counters.
func (g *Cgroups) countMemory() {
	have, err := procfs.ReadFile(filepath.Join(g.path, "cgroup.controllers"))
	if err != nil || !slices.Contains(strings.Fields(string(have)), "memory") {
		return
	}
	_ = writeControl(filepath.Join(g.path, "cgroup.subtree_control"), "+memory")
}

// OpenCgroups names the cgroup of a run that another process made, to kill and
// remove what is in it.
func OpenCgroups(path string) *Cgroups { return &Cgroups{Cgroup{path: path}} }

// Worker makes the cgroup of one worker.
func (g *Cgroups) Worker(name string) (*Cgroup, error) {
	c := &Cgroup{path: filepath.Join(g.path, cgroupName(name))}
	if err := os.Mkdir(c.path, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("making the cgroup of worker %s: %w", name, err)
	}
	return c, nil
}

// cgroupName keeps a name one directory, and apart from the kernel's files:
// those have a dot.
func cgroupName(name string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '/', '.', '\n', 0:
			return '_'
		}
		return r
	}, name)
}

// writeControl writes a control file. Never with O_CREATE: on a directory that
// is no cgroup that would make a file and look like success.
func writeControl(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(text)
	return err
}

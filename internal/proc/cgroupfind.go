package proc

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/sluicerun/sluice/internal/procfs"
)

// ErrNoCgroup is what NewCgroups returns when workers cannot have cgroups of
// their own; the text says why.
var ErrNoCgroup = errors.New("no cgroup v2 for the workers")

// mount shows cgroups, or others.
type mount struct{ procfs.Mount }

// dir is the directory of the cgroup with the given path in /proc/self/cgroup,
// below root. A mount may show only a part of the tree (a container without a
// cgroup namespace); a process may sit outside of what its namespace shows.
func (m mount) dir(root, path string) (string, bool) {
	if path == ".." || strings.HasPrefix(path, "/..") {
		return "", false
	}
	rel := path
	if m.Root != "/" {
		var ok bool
		if rel, ok = strings.CutPrefix(path, m.Root); !ok || (rel != "" && rel[0] != '/') {
			return "", false
		}
	}
	return filepath.Join(root, m.Point, rel), true
}

// parseSelfCgroup returns the path by controller; "" is the v2 hierarchy.
func parseSelfCgroup(data []byte) map[string]string {
	paths := map[string]string{}
	for line := range strings.Lines(string(data)) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(f) != 3 || !strings.HasPrefix(f[2], "/") {
			continue
		}
		path := strings.TrimSuffix(f[2], " (deleted)")
		for _, controller := range strings.Split(f[1], ",") {
			paths[controller] = path
		}
	}
	return paths
}

// ownCgroups is where this process sits.
type ownCgroups struct {
	root   string
	mounts []mount
	paths  map[string]string
}

// realOwnCgroups is of this machine: who moves us later leaves our workers'
// cgroups where they are.
var realOwnCgroups = sync.OnceValues(func() (ownCgroups, error) { return parseOwnCgroups("/") })

func readOwnCgroups(root string) (ownCgroups, error) {
	if root == "/" {
		return realOwnCgroups()
	}
	return parseOwnCgroups(root)
}

func parseOwnCgroups(root string) (ownCgroups, error) {
	o := ownCgroups{root: root}
	info, err := procfs.ReadFile(filepath.Join(root, "proc/self/mountinfo"))
	if err != nil {
		return o, err
	}
	own, err := procfs.ReadFile(filepath.Join(root, "proc/self/cgroup"))
	if err != nil {
		return o, err
	}
	for _, m := range procfs.ParseMountInfo(info) {
		o.mounts = append(o.mounts, mount{m})
	}
	o.paths = parseSelfCgroup(own)
	return o, nil
}

// v2 is our directory in the unified hierarchy and the directory where that is
// mounted. The last mount wins: it covers the earlier ones.
func (o ownCgroups) v2() (dir, top string, m mount, err error) {
	path, ok := o.paths[""]
	if !ok {
		return "", "", m, fmt.Errorf("%w: the kernel has cgroup v1 only", ErrNoCgroup)
	}
	found := false
	for _, m = range slices.Backward(o.mounts) {
		if m.Type != "cgroup2" {
			continue
		}
		found = true
		if dir, ok := m.dir(o.root, path); ok {
			return dir, filepath.Join(o.root, m.Point), m, nil
		}
	}
	if found {
		return "", "", m, fmt.Errorf("%w: our own cgroup %s is outside of what is mounted here", ErrNoCgroup, path)
	}
	return "", "", m, fmt.Errorf("%w: cgroup2 is not mounted", ErrNoCgroup)
}

// v1 is our directory in the v1 hierarchy of a controller.
func (o ownCgroups) v1(controller string) (string, bool) {
	path, ok := o.paths[controller]
	if !ok {
		return "", false
	}
	for _, m := range slices.Backward(o.mounts) {
		if m.Type == "cgroup" && slices.Contains(m.Super, controller) {
			if dir, ok := m.dir(o.root, path); ok {
				return dir, true
			}
		}
	}
	return "", false
}

// counter reads one number of a file of "key number" lines.
func counter(path, key string) (uint64, bool) {
	data, err := procfs.ReadFile(path)
	if err != nil {
		return 0, false
	}
	return parseCounter(data, key)
}

func parseCounter(data []byte, key string) (uint64, bool) {
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) == 2 && f[0] == key {
			n, err := strconv.ParseUint(f[1], 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}

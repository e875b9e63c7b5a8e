package topo

import (
	"fmt"
	"io/fs"
	"os"
)

// Read reads the machine whose /sys, /proc and /dev lie below root. A file that
// is not there or may not be read costs what it would have told, see
// Machine.Missing; an error names the first file whose content makes no sense.
func Read(root string) (*Machine, error) {
	fi, err := os.Stat(root)
	if err != nil {
		return nil, fmt.Errorf("reading the machine: %w", err)
	}
	if !fi.IsDir() {
		return nil, fmt.Errorf("reading the machine: %s is no directory: name the one that holds sys and proc", root)
	}
	return read(os.DirFS(root), root)
}

func read(fsys fs.FS, root string) (*Machine, error) {
	t := &tree{fsys: fsys, root: root}
	m := &Machine{}
	readCPUs(t, m)
	if t.err == nil && m.Online.IsZero() {
		return nil, fmt.Errorf("reading the machine: no CPU was found in %s: name the directory that holds sys and proc", t.path(cpuDir))
	}
	readNodes(t, m)
	readCores(t, m)
	readCaches(t, m)
	readDevices(t, m)
	readGPUs(t, m)
	_, err := fs.Stat(fsys, "dev/null")
	m.HasDev = err == nil
	m.Missing = t.missing
	if t.err != nil {
		return nil, t.err
	}
	return m, nil
}

package adopt

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sluicerun/sluice/internal/procfs"
)

// A pty's number is one of its devpts file system, of which each container has
// another. The program's side is a node of that file system; for the master the
// kernel looks at where its /dev/ptmx lies: in a devpts, or beside one that is
// mounted at "pts" (Documentation/filesystems/devpts.rst).

// master finds out the pty's number and its devpts.
func (g *glance) master(d *Descriptor, n numbers) {
	info, err := g.sys.fs.FDInfo(g.pid, d.FD)
	if err != nil {
		return
	}
	d.Index = info.TTYIndex
	all := g.allMounts()
	for _, m := range all {
		if m.Type == "devpts" && d.Dev != 0 && makeDev(m.Dev.Major, m.Dev.Minor) == d.Dev {
			d.DevPTS = d.Dev
			return
		}
	}
	dir := filepath.Dir(d.Name)
	mount := n.mount
	if mount <= 0 {
		mount = info.MntID
	}
	for _, m := range all {
		if m.ID != mount {
			continue
		}
		if m.Type == "devpts" {
			d.DevPTS = g.mountDev(mount)
			return
		}
		// Of a mount that we do not see, the link's path begins at the mount.
		if dir != m.Point && !strings.HasPrefix(dir, strings.TrimSuffix(m.Point, "/")+"/") {
			dir = filepath.Join(m.Point, dir)
		}
	}
	d.DevPTS = devptsAt(all, filepath.Join(dir, "pts"))
}

// devptsAt is the devpts that is mounted at a path: of several on top of each
// other, that which is no other's ground.
func devptsAt(all []procfs.Mount, path string) uint64 {
	under := map[int]bool{}
	for _, m := range all {
		if m.Point == path {
			under[m.Parent] = true
		}
	}
	for _, m := range all {
		if m.Point == path && m.Type == "devpts" && !under[m.ID] {
			return makeDev(m.Dev.Major, m.Dev.Minor)
		}
	}
	return 0
}

func (g *glance) allMounts() []procfs.Mount {
	if g.mounts == nil {
		g.mounts, _ = g.sys.fs.Mounts(g.pid)
	}
	return g.mounts
}

func (g *glance) mountOf(fd int) int {
	info, err := g.sys.fs.FDInfo(g.pid, fd)
	if err != nil {
		return -1
	}
	return info.MntID
}

func (g *glance) mountDev(id int) uint64 {
	for _, m := range g.allMounts() {
		if m.ID == id && m.Type == "devpts" {
			return makeDev(m.Dev.Major, m.Dev.Minor)
		}
	}
	return 0
}

// devTTY finds out which pty was opened as /dev/tty: the process's controlling
// terminal, unless that has changed since, which the kernel does not show.
func (g *glance) devTTY(d *Descriptor) {
	st, err := g.sys.fs.Stat(g.pid)
	if err != nil {
		return
	}
	n, ok := st.TTY.PTS()
	if !ok {
		return
	}
	d.Kind, d.Index, d.DevPTS = PTY, n, g.devptsOf(st)
}

// devptsOf is the devpts of a process's controlling terminal, 0 if it is not
// known. /proc shows its number only, so the same number is looked for among what the
// process has open, then its session's leader, then where its own /dev/pts is.
func (g *glance) devptsOf(st procfs.Stat) uint64 {
	n, ok := st.TTY.PTS()
	if !ok {
		return 0
	}
	for _, pid := range []int{g.pid, st.Session, st.PPid} {
		if pid <= 0 {
			continue
		}
		if pid != g.pid {
			if o, err := g.sys.fs.Stat(pid); err != nil || o.TTY != st.TTY || o.Session != st.Session {
				continue
			}
		}
		other := g
		if pid != g.pid {
			other = g.sys.lookAt(pid)
		}
		for _, fd := range []int{0, 1, 2, 255, 10} { // the last two are shells' own
			link, err := os.Readlink(g.sys.fs.Path(pid, "fd", strconv.Itoa(fd)))
			if err != nil || filepath.Base(link) != strconv.Itoa(n) && filepath.Base(link) != "console" {
				continue
			}
			if d, err := other.descriptor(fd); err == nil && d.Kind == PTY && d.Index == n && d.DevPTS != 0 {
				return d.DevPTS
			}
		}
	}
	return devptsAt(g.allMounts(), "/dev/pts")
}

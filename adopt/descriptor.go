package adopt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sluicerun/sluice/internal/procfs"
)

// Kind is what a descriptor is of.
type Kind string

// The kinds of descriptors.
const (
	File   Kind = "file"
	Dir    Kind = "dir"
	Pipe   Kind = "pipe" // without a name
	FIFO   Kind = "fifo" // a pipe with a name
	Socket Kind = "socket"
	PTY    Kind = "pty"    // the program's side of a pseudo-terminal: /dev/pts/N
	Master Kind = "master" // the other side, that a terminal emulator has
	TTY    Kind = "tty"    // another terminal: a console, a serial line
	Null   Kind = "null"   // /dev/null
	Device Kind = "device" // another device
	Memory Kind = "memory" // memfd
	Anon   Kind = "anon"   // eventfd, epoll, pidfd and the like: Name tells
	Other  Kind = "other"  // nothing could be found out
)

// Descriptor is one open file of a process.
type Descriptor struct {
	FD   int  `json:"fd"`
	Kind Kind `json:"kind"`
	// Name is the path, or what the kernel shows for one: pipe:[4711], [eventfd]. A
	// terminal that was opened as /dev/tty keeps that name, and opening the name
	// again gives the terminal of whoever opens it.
	Name     string `json:"name"`
	Deleted  bool   `json:"deleted,omitempty"` // the path is no more, or is another file's
	Readable bool   `json:"readable"`
	Writable bool   `json:"writable"`

	// Dev and Ino name the object among those of its kind; 0 if it could not be
	// asked. Dev is 0 for pipes and sockets, that have no file system.
	Dev uint64 `json:"dev,omitempty"`
	Ino uint64 `json:"ino,omitempty"`
	// Index is the number of a pty, of both its sides; else -1.
	Index int `json:"index"`
	// DevPTS is the device of the devpts file system that counts so: each container
	// has its own /dev/pts/0. 0 if it is not known.
	DevPTS uint64 `json:"devpts,omitempty"`
}

// numbers are what stat(2) tells of an object.
type numbers struct {
	dev, ino, rdev uint64
	size           int64
	links          uint32
	mode           fs.FileMode // its type; 0: not known
	mount          int         // the mount's id, -1: not told
}

// Descriptors lists the open files of the process, in order. Whoever may not is
// told by a *Refusal.
func (p *Process) Descriptors() ([]Descriptor, error) {
	all, err := p.sys.lookAt(p.PID).descriptors()
	if err = p.sure(err); err != nil {
		return nil, p.refuse("looking at the descriptors of", err)
	}
	return all, nil
}

// Descriptor is one open file. The error is fs.ErrNotExist if it is not open.
func (p *Process) Descriptor(fd int) (Descriptor, error) {
	d, err := p.sys.descriptor(p.PID, fd)
	if err = p.sure(err); err != nil {
		return d, p.refuse(fmt.Sprintf("looking at descriptor %d of", fd), err)
	}
	return d, nil
}

// glance looks at the descriptors of whoever has the pid now, and reads once what
// several of them need.
type glance struct {
	sys    *System
	pid    int
	mounts []procfs.Mount
}

func (s *System) lookAt(pid int) *glance { return &glance{sys: s, pid: pid} }

// descriptors looks at all of them. A security module may let the folder be listed and
// none of its links be read: that is an error, not a process that has nothing open.
func (g *glance) descriptors() ([]Descriptor, error) {
	fds, err := g.sys.fs.FDs(g.pid)
	if err != nil {
		return nil, err
	}
	var all []Descriptor
	var denied error
	for _, fd := range fds {
		switch d, err := g.descriptor(fd); {
		case err == nil:
			all = append(all, d)
		case errors.Is(err, fs.ErrPermission):
			denied = err
		} // else it was closed meanwhile
	}
	if len(all) == 0 {
		return nil, denied
	}
	return all, nil
}

// descriptor looks at one descriptor of whoever has the pid now.
func (s *System) descriptor(pid, fd int) (Descriptor, error) { return s.lookAt(pid).descriptor(fd) }

func (g *glance) descriptor(fd int) (Descriptor, error) {
	s := g.sys
	path := s.fs.Path(g.pid, "fd", strconv.Itoa(fd))
	d := Descriptor{FD: fd, Index: -1}
	link, err := os.Readlink(path)
	if err != nil {
		return d, err
	}
	d.open(s, g.pid, path)
	var n numbers
	if d.unnamed(link) {
		return d, nil
	}
	if s.live {
		n, _ = look(path, 0)
		d.Dev, d.Ino = n.dev, n.ino
	}
	d.undelete(s, g.pid, link, n)
	d.named(n)
	switch {
	case d.Kind == Master:
		g.master(&d, n)
	case d.Kind == PTY && s.live:
		d.DevPTS = d.Dev
	case d.Kind == PTY:
		d.DevPTS = g.mountDev(g.mountOf(fd))
	case d.Kind == TTY && filepath.Base(d.Name) == "tty":
		g.devTTY(&d)
	}
	return d, nil
}

// open finds out how the file is open: the link's own permissions tell it without
// another file being read.
func (d *Descriptor) open(s *System, pid int, path string) {
	if s.live {
		if n, ok := lookLink(path); ok {
			d.Readable, d.Writable = n.mode&0o400 != 0, n.mode&0o200 != 0
			return
		}
	}
	if info, err := s.fs.FDInfo(pid, d.FD); err == nil {
		d.access(info.Flags)
	}
}

// access reads Linux's O_RDONLY, O_WRONLY and O_RDWR.
func (d *Descriptor) access(flags int) { d.Readable, d.Writable = flags&3 != 1, flags&3 != 0 }

// unnamed reads the link of what has no path; false: this has one.
func (d *Descriptor) unnamed(link string) bool {
	d.Name, d.Kind = link, Other
	if strings.HasPrefix(link, "/memfd:") {
		d.Name, d.Kind = strings.TrimSuffix(link, " (deleted)"), Memory
		return true
	}
	if strings.HasPrefix(link, "/") {
		return false
	}
	switch kind, rest, _ := strings.Cut(link, ":"); kind {
	case "pipe", "socket":
		d.Kind = Kind(kind)
		d.Ino, _ = strconv.ParseUint(strings.Trim(rest, "[]"), 10, 64)
	case "anon_inode":
		d.Kind, d.Name = Anon, rest
	case "pidfd":
		d.Kind, d.Name = Anon, "[pidfd]"
	}
	return true
}

// undelete reads the path in a link, of which the end "(deleted)" is the kernel's
// or the name's own.
func (d *Descriptor) undelete(s *System, pid int, link string, n numbers) {
	d.Name = link
	path, ok := strings.CutSuffix(link, " (deleted)")
	if !ok {
		return
	}
	if n.links > 0 {
		for _, really := range []string{link, s.fs.Path(pid, "root") + link} {
			if o, ok := lookLink(really); ok && o.dev == n.dev && o.ino == n.ino {
				return
			}
		}
	}
	d.Name, d.Deleted = path, true
}

// named finds out the kind by the object and, where it could not be asked, by its
// path.
func (d *Descriptor) named(n numbers) {
	major, minor := majorMinor(n.rdev)
	device, unasked := n.mode&fs.ModeDevice != 0, n.mode == 0
	char := n.mode&fs.ModeCharDevice != 0
	base, inPTS := filepath.Base(d.Name), filepath.Base(filepath.Dir(d.Name)) == "pts"
	num, err := strconv.Atoi(base)
	switch {
	case char && major >= 136 && major <= 143:
		d.Kind, d.Index = PTY, int(major-136)<<8|int(minor)
		if major == 136 {
			d.Index = int(minor)
		}
	case unasked && inPTS && err == nil && num >= 0:
		d.Kind, d.Index = PTY, num
	case char && major == 5 && minor == 2, unasked && base == "ptmx":
		d.Kind = Master
	case char && major == 1 && minor == 3, unasked && d.Name == "/dev/null":
		d.Kind = Null
	case char && (major == 4 || major == 5 || major == 229 || major >= 204 && major <= 205 || major == 188 || major == 166),
		unasked && (strings.HasPrefix(d.Name, "/dev/tty") || d.Name == "/dev/console"):
		d.Kind = TTY
	case device, unasked && strings.HasPrefix(d.Name, "/dev/"):
		d.Kind = Device
	case n.mode.IsDir():
		d.Kind = Dir
	case n.mode&fs.ModeNamedPipe != 0:
		d.Kind = FIFO
	case n.mode&fs.ModeSocket != 0:
		d.Kind = Socket
	case !unasked && n.mode.IsRegular():
		d.Kind = File
	}
}

package adopt

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
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
	FD   int
	Kind Kind
	// Name is the path, or what the kernel shows for one: pipe:[4711], [eventfd].
	Name     string
	Deleted  bool // the path is no more, or is another file's
	Readable bool
	Writable bool

	// Dev and Ino name the object among those of its kind; 0 if it could not be
	// asked.
	Dev, Ino uint64
	// Index is the number of a pty, of both its sides; else -1.
	Index int
}

// Descriptors lists the open files of the process, in order. Whoever may not is
// told by a *Refusal.
func (p *Process) Descriptors() ([]Descriptor, error) {
	fds, err := p.sys.fs.FDs(p.PID)
	var all []Descriptor
	for _, fd := range fds {
		d, err := p.sys.descriptor(p.PID, fd)
		if err == nil { // else it was closed meanwhile
			all = append(all, d)
		}
	}
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

// descriptor looks at a descriptor of whoever has the pid now.
func (s *System) descriptor(pid, fd int) (Descriptor, error) {
	path := s.fs.Path(pid, "fd", strconv.Itoa(fd))
	d := Descriptor{FD: fd, Index: -1}
	link, err := os.Readlink(path)
	if err != nil {
		return d, err
	}
	// The link's own permissions are how the file is open.
	if fi, err := os.Lstat(path); err == nil && s.live {
		d.Readable, d.Writable = fi.Mode()&0o400 != 0, fi.Mode()&0o200 != 0
	} else if info, err := s.fs.FDInfo(pid, fd); err == nil {
		d.access(info.Flags)
	}
	var mode fs.FileMode
	var rdev uint64
	if s.live {
		if fi, err := os.Stat(path); err == nil {
			mode = fi.Mode()
			d.Dev, d.Ino, rdev = numbersOf(fi)
		}
	}
	d.name(link, mode, rdev)
	if d.Kind == Master {
		if info, err := s.fs.FDInfo(pid, fd); err == nil {
			d.Index = info.TTYIndex
		}
	}
	return d, nil
}

// access reads Linux's O_RDONLY, O_WRONLY and O_RDWR.
func (d *Descriptor) access(flags int) { d.Readable, d.Writable = flags&3 != 1, flags&3 != 0 }

// name finds out the kind by what the link says and, where it could be asked, by
// the object itself.
func (d *Descriptor) name(link string, mode fs.FileMode, rdev uint64) {
	d.Name, d.Kind = link, Other
	if kind, rest, ok := strings.Cut(link, ":"); ok && !strings.HasPrefix(link, "/") {
		switch kind {
		case "pipe", "socket":
			d.Kind = Kind(kind)
			n, _ := strconv.ParseUint(strings.Trim(rest, "[]"), 10, 64)
			if d.Ino == 0 {
				d.Ino = n
			}
		case "anon_inode":
			d.Kind, d.Name = Anon, rest
		}
		return
	}
	if strings.HasPrefix(link, "/memfd:") {
		d.Kind, d.Name, d.Deleted = Memory, strings.TrimSuffix(link, " (deleted)"), false
		return
	}
	if path, ok := strings.CutSuffix(link, " (deleted)"); ok {
		if _, err := os.Lstat(link); err != nil { // or it is really called so
			d.Name, d.Deleted = path, true
		}
	}
	major, minor := majorMinor(rdev)
	base, inPTS := filepath.Base(d.Name), filepath.Base(filepath.Dir(d.Name)) == "pts"
	n, err := strconv.Atoi(base)
	switch {
	case major == 136, rdev == 0 && inPTS && err == nil:
		d.Kind, d.Index = PTY, n
		if major == 136 {
			d.Index = int(minor)
		}
	case major == 5 && minor == 2, rdev == 0 && base == "ptmx":
		d.Kind = Master
	case major == 1 && minor == 3, rdev == 0 && d.Name == "/dev/null":
		d.Kind = Null
	case major == 4 || major == 5, rdev == 0 && (strings.HasPrefix(d.Name, "/dev/tty") || d.Name == "/dev/console"):
		d.Kind = TTY
	case mode&fs.ModeDevice != 0, mode == 0 && strings.HasPrefix(d.Name, "/dev/"):
		d.Kind = Device
	case mode.IsDir():
		d.Kind = Dir
	case mode&fs.ModeNamedPipe != 0:
		d.Kind = FIFO
	case mode&fs.ModeSocket != 0:
		d.Kind = Socket
	case mode.IsRegular():
		d.Kind = File
	}
}

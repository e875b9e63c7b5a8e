package adopt

import (
	"errors"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// flagNames are the names of open(2)'s flags; those of this machine's architecture,
// of which a few have other numbers elsewhere.
func flagNames(flags int) []string {
	var names []string
	for _, f := range []struct {
		bits int
		name string
	}{
		{unix.O_APPEND, "O_APPEND"}, {unix.O_NONBLOCK, "O_NONBLOCK"}, {unix.O_SYNC, "O_SYNC"}, {unix.O_DSYNC, "O_DSYNC"},
		{unix.O_ASYNC, "O_ASYNC"}, {unix.O_DIRECT, "O_DIRECT"}, {unix.O_PATH, "O_PATH"}, {unix.O_TMPFILE, "O_TMPFILE"},
		{unix.O_DIRECTORY, "O_DIRECTORY"}, {unix.O_NOFOLLOW, "O_NOFOLLOW"}, {unix.O_NOATIME, "O_NOATIME"}, {unix.O_CLOEXEC, "O_CLOEXEC"},
	} {
		if flags&f.bits == f.bits {
			names = append(names, f.name)
			flags &^= f.bits
		}
	}
	return names
}

// pipeState asks how many bytes wait in a pipe and how many it holds. A copy of
// the process's own descriptor changes nothing. Where that right is missing, the pipe
// is opened for reading, only if somebody else has it so: a first reader would wake
// who waits for one, and the last one to leave would break a writer.
func (p *Process) pipeState(d Descriptor, t *Table) (waiting, capacity int, ok bool) {
	if !p.sys.live {
		return 0, 0, false
	}
	fd, err := p.hold.getfd(d.FD)
	if err == nil && p.isStill(fd, d) != nil {
		unix.Close(fd)
		return 0, 0, false
	}
	if err != nil {
		readers := 0
		for _, h := range t.Same(d) {
			if h.Readable {
				readers++
			}
		}
		if readers == 0 {
			return 0, 0, false
		}
		fd, err = unix.Open(p.sys.fs.Path(p.PID, "fd", strconv.Itoa(d.FD)), unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
		if err != nil {
			return 0, 0, false
		}
	}
	defer unix.Close(fd)
	waiting, err = unix.IoctlGetInt(fd, unix.TIOCINQ)
	capacity, err2 := unix.FcntlInt(uintptr(fd), unix.F_GETPIPE_SZ, 0)
	return waiting, capacity, err == nil && err2 == nil
}

var errChanged = errors.New("the descriptor is of something else now")

// isStill tells whether a copied descriptor is of what was seen: the process may
// have closed it and opened another meanwhile.
func (p *Process) isStill(fd int, d Descriptor) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Ino != d.Ino {
		return errChanged
	}
	return nil
}

// socketFamily is the protocol of a socket that no list of its namespace has.
func (p *Process) socketFamily(fd int) string {
	if !p.sys.live {
		return ""
	}
	buf := make([]byte, 64)
	n, err := unix.Getxattr(p.sys.fs.Path(p.PID, "fd", strconv.Itoa(fd)), "system.sockprotoname", buf)
	if err != nil {
		return ""
	}
	return strings.ToLower(strings.TrimRight(string(buf[:n]), "\x00"))
}

// modes asks a terminal how it is set. The copy of a descriptor is the first
// choice: a terminal is not opened for it, and one that was opened as /dev/tty would be
// another one if we did.
func (t *Table) modes(term TerminalState, holders []Holder) (*Modes, error) {
	if !t.sys.live {
		return nil, errors.ErrUnsupported
	}
	last := error(os.ErrNotExist)
	for _, h := range holders {
		p, err := t.sys.Open(h.PID)
		if err != nil {
			last = err
			continue
		}
		m, err := p.modes(h.Descriptor)
		p.Close()
		if err == nil {
			return m, nil
		}
		last = err
	}
	return nil, last
}

func (p *Process) modes(d Descriptor) (*Modes, error) {
	fd, err := p.hold.getfd(d.FD)
	if err == nil && p.isStill(fd, d) != nil {
		unix.Close(fd)
		return nil, errChanged
	}
	if err != nil && d.Kind == PTY && d.Name != "/dev/tty" {
		fd, err = unix.Open(p.sys.fs.Path(p.PID, "fd", strconv.Itoa(d.FD)), unix.O_RDONLY|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	}
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	tio, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, err
	}
	m := &Modes{Canonical: tio.Lflag&unix.ICANON != 0, Echo: tio.Lflag&unix.ECHO != 0, Signals: tio.Lflag&unix.ISIG != 0}
	m.Raw = !m.Canonical && !m.Echo && !m.Signals && tio.Oflag&unix.OPOST == 0
	if size, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ); err == nil {
		m.Cols, m.Rows = int(size.Col), int(size.Row)
	}
	return m, nil
}

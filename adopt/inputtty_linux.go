package adopt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// ttyFile is the program's side of a terminal, opened to look at it.
type ttyFile struct{ fd int }

func (t *ttyFile) close() { unix.Close(t.fd) }

// waiting is how many bytes the program has not read yet; of those that make no whole
// line yet the kernel does not tell.
func (t *ttyFile) waiting() (int, error) { return unix.IoctlGetInt(t.fd, unix.TIOCINQ) }

func (t *ttyFile) line() (*Line, error) {
	tio, err := unix.IoctlGetTermios(t.fd, unix.TCGETS)
	if err != nil {
		return nil, err
	}
	l := &Line{Canonical: tio.Lflag&unix.ICANON != 0, Echo: tio.Lflag&unix.ECHO != 0, eof: tio.Cc[unix.VEOF],
		cr: tio.Iflag&unix.ICRNL != 0, ends: []byte{'\n'}}
	for _, c := range []byte{tio.Cc[unix.VEOF], tio.Cc[unix.VEOL], tio.Cc[unix.VEOL2]} {
		if c != 0 && !slices.Contains(l.ends, c) {
			l.ends = append(l.ends, c)
		}
	}
	if l.cr && tio.Iflag&unix.IGNCR == 0 {
		l.ends = append(l.ends, '\r')
	}
	if size, err := unix.IoctlGetWinsize(t.fd, unix.TIOCGWINSZ); err == nil {
		l.Columns, l.Rows = int(size.Col), int(size.Row)
	}
	return l, nil
}

// openTerminal opens the terminal, without making it ours (O_NOCTTY) and without
// waiting for a line that is not there (O_NONBLOCK, of this opening alone). It is
// opened by what somebody has open, since /dev/pts/N may be another container's.
func (in *Input) openTerminal(mode int) (*ttyFile, error) {
	tt := in.Terminal
	if tt == nil {
		return nil, &Refusal{What: "opening the terminal of " + in.process.String(), Right: RightKind, Why: "it has none"}
	}
	mode |= unix.O_NOCTTY | unix.O_NONBLOCK | unix.O_CLOEXEC
	denied := ""
	try := func(path string) *ttyFile {
		fd, err := unix.Open(path, mode, 0)
		if isDenied(err) {
			denied = path
		}
		if err != nil {
			return nil
		}
		t := &ttyFile{fd}
		if !tt.is(fd) {
			t.close()
			return nil
		}
		return t
	}
	for _, h := range tt.same {
		if h.Name == "/dev/tty" || h.Deleted {
			continue
		}
		if t := try(in.process.sys.fs.Path(h.PID, "fd", strconv.Itoa(h.FD))); t != nil {
			return t, nil
		}
	}
	if t := try(tt.Name); t != nil {
		return t, nil
	}
	r := &Refusal{What: "opening " + tt.Name + " of " + in.process.String(), Right: RightUser, Err: fs.ErrPermission, Fix: "do it as root",
		Why: "it may not be opened by " + userName(os.Geteuid())}
	if fi, err := os.Stat(denied); err == nil {
		if owner, ok := ownerOf(fi); ok {
			r.Why = fmt.Sprintf("%s is %s's, and may not be opened by %s", tt.Name, userName(owner), userName(os.Geteuid()))
			r.Fix = "do it as " + userName(owner) + ", or as root"
		}
	}
	if denied != "" {
		return nil, r
	}
	return nil, fmt.Errorf("the terminal %s of %v cannot be opened from here: %w", tt.Name, in.process, errors.ErrUnsupported)
}

// is tells whether an open file is this terminal and not one that is called so too.
func (tt *Terminal) is(fd int) bool {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFCHR {
		return false
	}
	if tt.desc.Kind != PTY {
		return unix.Major(uint64(st.Rdev)) == 4 || unix.Major(uint64(st.Rdev)) > 5
	}
	return unix.Major(uint64(st.Rdev)) == ptsMajor && int(unix.Minor(uint64(st.Rdev))) == tt.desc.Index &&
		(tt.desc.DevPTS == 0 || uint64(st.Dev) == tt.desc.DevPTS)
}

// ptsMajor is that of the program's side of ptys (devices.txt).
const ptsMajor = 136

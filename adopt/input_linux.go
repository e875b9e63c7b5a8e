package adopt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/procfs"
)

// Input finds out how input gets into the process: what it reads, which ways there
// are, and which of them are permitted. Nothing is written, and whatever is copied or
// opened for it is closed again.
func (p *Process) Input(ctx context.Context, t *Table) (*Input, error) {
	if !p.sys.live {
		return nil, fmt.Errorf("a packed system takes no input: %w", errors.ErrUnsupported)
	}
	in := &Input{process: p}
	fds, err := p.Descriptors()
	if err != nil && !errors.As(err, &in.Unseen) {
		return nil, err
	}
	st, err := p.stat()
	if err != nil {
		return nil, fmt.Errorf("%v: %w", p, err)
	}
	in.reads(st, fds, t)
	in.lookTerminal()
	in.background(st)
	in.Ways = p.friendly(ctx, in, t)
	in.Ways = append(in.Ways, p.masterWay(in, t), p.tiocstiWay(in, st), p.stdinWay(in, t))
	settle(in.Ways, in.against)
	return in, p.sure(nil)
}

// against is what speaks against a way that could be taken.
func (in *Input) against(w *Way) string {
	stdin := w.Name == ViaStdin
	switch {
	case in.From == "":
		return "it does not read it, as far as can be seen"
	case stdin && in.From == FromTerminal:
		return "it reads its keys from the terminal"
	case !stdin && in.From == FromStdin:
		return "it reads its standard input, not the terminal"
	case !stdin && in.Background != "":
		return in.Background
	}
	return ""
}

// reads finds out what the process reads its input from. Most programs have the
// terminal open for reading and writing as descriptors 1 and 2, as the shell left
// them: that means nothing. What means something is a descriptor of it that the
// program made itself, as fzf and less do, who get their data by standard input and
// their keys by /dev/tty; or to be caught in the act.
func (in *Input) reads(st procfs.Stat, fds []Descriptor, t *Table) {
	for i := range fds {
		if fds[i].FD == 0 {
			in.Stdin = &fds[i]
		}
	}
	if d := in.Stdin; d != nil && d.isTerminal() && d.Readable {
		in.From, in.Because = FromTerminal, "its standard input is the terminal"
		in.terminal(*d, d.FD, st, fds, t)
		return
	}
	ctty := func(d Descriptor) bool {
		n, pts := st.TTY.PTS()
		return d.Readable && (d.Kind == PTY && pts && d.Index == n || d.Kind == TTY && !pts && st.TTY != procfs.Dev{})
	}
	reading := in.process.reading()
	var any *Descriptor
	for i, d := range fds {
		if !ctty(d) {
			continue
		}
		if any == nil {
			any = &fds[i]
		}
		switch {
		case d.FD > 2:
			in.From = FromTerminal
			in.Because = fmt.Sprintf("it has opened the terminal for reading, as descriptor %d", d.FD)
		case reading[d.FD]:
			in.From = FromTerminal
			in.Because = fmt.Sprintf("it is reading the terminal just now, by descriptor %d", d.FD)
		default:
			continue
		}
		in.terminal(d, d.FD, st, fds, t)
		return
	}
	if _, pts := st.TTY.PTS(); any != nil {
		in.terminal(*any, -1, st, fds, t)
	} else if n, _ := st.TTY.PTS(); pts {
		d := Descriptor{FD: -1, Kind: PTY, Name: "/dev/tty", Index: n, DevPTS: in.process.sys.lookAt(st.PID).devptsOf(st)}
		in.terminal(d, -1, st, fds, t)
	}
	switch d := in.Stdin; {
	case in.Unseen != nil && in.Terminal != nil && st.TPGid == st.PGrp:
		// Such as what sudo runs in a terminal of ours.
		in.From, in.Because = FromTerminal, "what it has open may not be seen, and it has the keyboard of its terminal"
	case in.Unseen != nil:
		in.Because = "what it has open may not be seen: " + in.Unseen.Why
	case in.process.sys.kernelThread(st):
		in.Because = "it is a thread of the kernel"
	case d == nil:
		in.Because = "its standard input is closed, and it does not read a terminal"
	case d.isStream() && d.Readable:
		in.From, in.Because = FromStdin, fmt.Sprintf("its standard input is a %s", d.Kind)
		if in.Terminal != nil {
			in.Because += ", and it has not opened its terminal to read keys from it"
		}
	case d.Kind == File || d.Kind == Memory:
		in.Because = "its standard input is the file " + d.Name + ": writing would change the file, and the program would not read that"
	case d.Kind == Null:
		in.Because = "its standard input is /dev/null, where everything is lost"
	default:
		in.Because = fmt.Sprintf("its standard input is %s (%s), which takes no input from others", d.Name, d.Kind)
	}
}

// reading are the descriptors that threads of the process are in a read(2) of, as
// far as that may be seen.
func (p *Process) reading() map[int]bool {
	fds := map[int]bool{}
	tasks, _ := p.sys.fs.Tasks(p.PID)
	for _, tid := range tasks {
		data, err := p.sys.fs.ReadFile(p.PID, "task", strconv.Itoa(tid), "syscall")
		if err != nil {
			continue
		}
		if fd, ok := parseRead(string(data), unix.SYS_READ); ok {
			fds[fd] = true
		}
	}
	return fds
}

// parseRead takes the first argument of the system call nr from a line of
// /proc/<pid>/syscall (proc_pid_syscall(5)).
func parseRead(line string, nr int) (fd int, ok bool) {
	f := strings.Fields(line)
	if len(f) < 2 || f[0] != strconv.Itoa(nr) {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(f[1], "0x"), 16, 64)
	return int(int32(n)), err == nil // the kernel takes the low half
}

// terminal notes the terminal, which d names, and who holds it.
func (in *Input) terminal(d Descriptor, fd int, st procfs.Stat, fds []Descriptor, t *Table) {
	tt := &Terminal{Name: d.Name, FD: fd, desc: d}
	if d.Kind == PTY {
		n, pts := st.TTY.PTS()
		tt.Controlling = pts && n == d.Index && (d.DevPTS == 0 || d.DevPTS == in.process.sys.lookAt(st.PID).devptsOf(st))
		if d.Name == "/dev/tty" {
			tt.Name = fmt.Sprintf("/dev/pts/%d", d.Index)
		}
		tt.Masters = t.Ends(d)
	} else {
		tt.Controlling = st.TTY != procfs.Dev{}
	}
	if tt.Controlling && st.TPGid > 0 {
		tt.Foreground = st.TPGid
	}
	// The process's own first: they are of a devpts that is the right one.
	for _, o := range fds {
		if o.Kind == d.Kind && o.Index == d.Index && o.Name != "/dev/tty" {
			tt.same = append(tt.same, Holder{PID: in.process.PID, Descriptor: o})
		}
	}
	tt.same = append(tt.same, t.Same(d)...)
	in.Terminal = tt
}

// lookTerminal asks for the terminal's modes.
func (in *Input) lookTerminal() {
	if in.Terminal == nil {
		return
	}
	in.Terminal.Line, _ = in.LineNow()
}

// LineNow asks how the terminal treats now what is typed.
func (in *Input) LineNow() (*Line, error) {
	tty, err := in.openTerminal(unix.O_RDONLY)
	if err == nil {
		defer tty.close()
		return tty.line()
	}
	// What may not be opened may still be had from the other side.
	m, merr := in.master()
	if merr != nil {
		return nil, err
	}
	defer m.close()
	return m.peer.line()
}

// background says who has the keyboard, if the process has not.
func (in *Input) background(st procfs.Stat) {
	if in.Terminal == nil || in.Terminal.Foreground == 0 || in.Terminal.Foreground == st.PGrp {
		return
	}
	in.Background = fmt.Sprintf("it is in the background of its terminal: the keyboard is that of process group %d", in.Terminal.Foreground)
	if who, err := in.process.sys.fs.Stat(in.Terminal.Foreground); err == nil {
		in.Background += " (" + who.Comm + ")"
	}
}

// EOF ends the input as Ctrl+D does, by a way.
func (in *Input) EOF(ctx context.Context, w *Way) error {
	what := "ending the input of " + in.process.String()
	if w.Name == ViaStdin {
		return &Refusal{What: what, Right: RightKind, Why: "its standard input is a " + string(in.Stdin.Kind) + ", which ends when all who write to it have closed it",
			Fix: "end those; sluice inspect " + strconv.Itoa(in.process.PID) + " shows them"}
	}
	l, err := in.LineNow()
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	switch {
	case !l.Canonical:
		return &Refusal{What: what, Right: RightKind, Why: "it reads single keys, which have no end", Fix: "press the key that it ends by, such as Ctrl+D or q"}
	case l.eof == 0:
		return &Refusal{What: what, Right: RightKind, Why: "its terminal has no end-of-file character (stty eof)"}
	}
	return w.Type(ctx, []byte{l.eof})
}

// Resize gives the terminal another size; the program is told (SIGWINCH). It is the
// program's side that is asked first, which needs no right but to open it.
func (in *Input) Resize(columns, rows int) error {
	what := "resizing the terminal of " + in.process.String()
	if in.Terminal == nil {
		return &Refusal{What: what, Right: RightKind, Why: "it has no terminal"}
	}
	size := &unix.Winsize{Col: uint16(columns), Row: uint16(rows)}
	set := func(fd int) error {
		if now, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ); err == nil && now.Col > 0 && now.Row > 0 {
			// The pixels of a cell stay as they are.
			size.Xpixel = uint16(int(now.Xpixel) / int(now.Col) * columns)
			size.Ypixel = uint16(int(now.Ypixel) / int(now.Row) * rows)
		}
		return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, size)
	}
	tty, err := in.openTerminal(unix.O_RDONLY)
	if err == nil {
		defer tty.close()
		if err = set(tty.fd); err == nil {
			return nil
		}
	}
	m, merr := in.master()
	if merr == nil {
		defer m.close()
		if err := set(m.fd); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	}
	var r *Refusal
	if errors.As(err, &r) {
		again := *r
		again.What = what
		return &again
	}
	return fmt.Errorf("%s: %w", what, err)
}

// isDenied tells the errors by which the kernel says that one may not.
func isDenied(err error) bool { return errors.Is(err, fs.ErrPermission) }

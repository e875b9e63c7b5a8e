package adopt

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"unicode"

	"github.com/sluicerun/sluice/internal/procfs"
)

// terminals finds out what terminals the process has to do with: the controlling
// one first, then those that it has open.
func (p *Process) terminals(r *Report, t *Table) {
	st := r.stat
	if st.TTY != (procfs.Dev{}) {
		r.Terminals = append(r.Terminals, p.controlling(st, t))
	}
	for _, f := range r.Descriptors {
		if f.Kind != PTY && f.Kind != TTY {
			continue
		}
		i := slices.IndexFunc(r.Terminals, func(o TerminalState) bool { return o.is(f.Descriptor) })
		if i < 0 {
			i = len(r.Terminals)
			r.Terminals = append(r.Terminals, TerminalState{Name: f.Name, Index: f.Index, DevPTS: f.DevPTS, FDs: []int{}})
		}
		term := &r.Terminals[i]
		term.FDs = append(term.FDs, f.FD)
		if term.DevPTS == 0 {
			term.DevPTS = f.DevPTS
		}
	}
	for i := range r.Terminals {
		p.terminal(&r.Terminals[i], r, t)
	}
}

// is tells whether a descriptor is of the terminal.
func (term TerminalState) is(d Descriptor) bool {
	if d.Kind == PTY {
		return term.Index == d.Index && (term.DevPTS == d.DevPTS || term.DevPTS == 0 || d.DevPTS == 0)
	}
	return term.Index < 0 && (term.Name == d.Name || term.Controlling && d.Name == "/dev/tty")
}

func (p *Process) controlling(st procfs.Stat, t *Table) TerminalState {
	term := TerminalState{Index: -1, Controlling: true, FDs: []int{}}
	if n, ok := st.TTY.PTS(); ok {
		term.Name, term.Index, term.DevPTS = fmt.Sprintf("/dev/pts/%d", n), n, p.sys.lookAt(p.PID).devptsOf(st)
	} else if term.Name = consoleName(st.TTY); term.Name == "" {
		term.Name = "the terminal with device number " + st.TTY.String()
	}
	if st.TPGid > 0 {
		fg := &Foreground{Group: st.TPGid, Processes: []Who{}, Ours: st.TPGid == st.PGrp}
		for pid, o := range t.procs {
			if o.PGrp == st.TPGid {
				fg.Processes = append(fg.Processes, Who{pid, o.Comm})
			}
		}
		slices.SortFunc(fg.Processes, func(a, b Who) int { return a.PID - b.PID })
		term.Foreground = fg
	}
	return term
}

// consoleName names virtual consoles and serial lines (devices.txt).
func consoleName(d procfs.Dev) string {
	switch {
	case d.Major == 4 && d.Minor < 64:
		return fmt.Sprintf("/dev/tty%d", d.Minor)
	case d.Major == 4:
		return fmt.Sprintf("/dev/ttyS%d", d.Minor-64)
	case d.Major == 5 && d.Minor == 1:
		return "/dev/console"
	case d.Major == 229:
		return fmt.Sprintf("/dev/hvc%d", d.Minor)
	}
	return ""
}

// terminal finds out who holds the master, and how the terminal is set.
func (p *Process) terminal(term *TerminalState, r *Report, t *Table) {
	term.Masters = []End{}
	var holders []Holder
	for _, f := range r.Descriptors {
		if slices.Contains(term.FDs, f.FD) {
			holders = append(holders, Holder{PID: p.PID, Comm: p.Comm, Descriptor: f.Descriptor})
		}
	}
	if term.Index >= 0 {
		side := Descriptor{Kind: PTY, Index: term.Index, DevPTS: term.DevPTS}
		term.Masters = t.ends(r.stat, t.Ends(side))
		if len(holders) == 0 { // it has closed it; others of the session may have not
			holders = t.Same(side)
		}
	}
	m, err := t.modes(*term, holders)
	switch {
	case err == nil:
		term.Modes = m
	case errors.Is(err, errors.ErrUnsupported):
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrGone):
		term.Note = "nobody who can be looked into has it open, so that its modes are not known"
	case errors.Is(err, fs.ErrPermission):
		term.Note = "its modes may not be asked: " + err.Error()
	default:
		term.Note = "its modes could not be asked: " + err.Error()
	}
	if term.Index >= 0 && len(term.Masters) == 0 && len(t.Blind) == 0 && p.sys.live {
		term.Note = "nobody here holds its master: that is in another pid namespace, or was closed"
	}
}

// printable excludes what has a width of nothing or changes the direction, too.
func printable(r rune) bool { return unicode.IsPrint(r) && !unicode.Is(unicode.Cf, r) }

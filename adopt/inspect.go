package adopt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/sluicerun/sluice/internal/procfs"
)

// Report is what could be found out of a process. Its JSON form is stable; bytes
// of names that are not UTF-8 are replaced there.
type Report struct {
	PID     int      `json:"pid"`
	Comm    string   `json:"comm"`
	Command []string `json:"command"` // its arguments; empty if it has none to be seen
	Exe     string   `json:"exe,omitempty"`
	Cwd     string   `json:"cwd,omitempty"`
	Root    string   `json:"root,omitempty"`
	State   string   `json:"state"` // running, sleeping, waiting for a disk, stopped, traced, idle, zombie
	Threads int      `json:"threads"`
	Tracer  *Who     `json:"tracer,omitempty"`
	Parent  *Who     `json:"parent,omitempty"`
	UID     int      `json:"uid"`
	GID     int      `json:"gid"`
	Group   int      `json:"process_group"`
	Session int      `json:"session"`
	Cgroup  string   `json:"cgroup,omitempty"`
	// Namespaces are those that differ from this process's (of a packed system: from
	// process 1's): mnt, pid, net, ...
	Namespaces []string `json:"namespaces"`
	// PIDs are its pids in the pid namespaces below ours, the innermost last.
	PIDs        []int           `json:"pids,omitempty"`
	Terminals   []TerminalState `json:"terminals"`
	Descriptors []OpenFile      `json:"descriptors"`
	Unseen      []int           `json:"unseen,omitempty"` // the processes that may not be looked into: an end may be theirs
	Notes       []string        `json:"notes,omitempty"`  // what could not be found out, and why
	Refusal     *Refusal        `json:"-"`                // why its descriptors may not be seen; nil: they were

	stat procfs.Stat
}

// Who is a process that another one has to do with.
type Who struct {
	PID  int    `json:"pid"`
	Comm string `json:"comm"`
}

// OpenFile is a descriptor with what is behind it.
type OpenFile struct {
	Descriptor
	// Flags are the names of the open flags besides the access mode: O_APPEND, ...
	Flags  []string `json:"flags"`
	Offset *int64   `json:"offset,omitempty"` // bytes from the beginning, of a file
	Size   *int64   `json:"size,omitempty"`   // bytes, of a file
	// Waiting are the bytes in a pipe that nobody has read, Capacity those that it can
	// hold; nil if it could not be asked without a disturbance.
	Waiting  *int         `json:"waiting,omitempty"`
	Capacity *int         `json:"capacity,omitempty"`
	Socket   *SocketState `json:"socket,omitempty"`
	// Detail is what else there is to say: whose pidfd it is, an eventfd's count.
	Detail string `json:"detail,omitempty"`
	Ends   []End  `json:"ends"`
}

// End is a process at the other end of a descriptor.
type End struct {
	Who
	FD       int      `json:"fd"`
	Readable bool     `json:"readable"`
	Writable bool     `json:"writable"`
	Relation Relation `json:"relation,omitempty"` // what it is to the process that is looked at
}

// TerminalState is a terminal that a process has open or is controlled by.
type TerminalState struct {
	Name   string `json:"name"`
	Index  int    `json:"index"` // N of /dev/pts/N; -1: it is no pty
	DevPTS uint64 `json:"devpts,omitempty"`
	FDs    []int  `json:"fds"` // the process's descriptors of it

	// Controlling is that signals of its keys go to the process's session.
	Controlling bool `json:"controlling"`
	// Foreground is the process group that may read from it, if it is the controlling
	// one.
	Foreground *Foreground `json:"foreground,omitempty"`
	Modes      *Modes      `json:"modes,omitempty"`
	Masters    []End       `json:"masters"` // who holds the other side: a terminal emulator, sshd, tmux, script
	Note       string      `json:"note,omitempty"`
}

// Foreground is a terminal's foreground process group.
type Foreground struct {
	Group     int   `json:"process_group"`
	Processes []Who `json:"processes"`
	Ours      bool  `json:"ours"` // the process that is looked at is in it
}

// Modes are how a terminal is set (termios(3)) and its size in characters.
type Modes struct {
	Canonical bool `json:"canonical"` // input comes in lines that can be edited
	Echo      bool `json:"echo"`
	Signals   bool `json:"signals"` // ^C, ^\ and ^Z send signals
	Raw       bool `json:"raw"`     // none of these, and output is not changed either
	Cols      int  `json:"cols"`
	Rows      int  `json:"rows"`
}

// Inspect finds out what the process has open and who is at the other ends,
// according to t. A right that is missing makes the report shorter: Refusal and
// Notes tell. The error is ErrGone if it ended meanwhile.
func (p *Process) Inspect(ctx context.Context, t *Table) (*Report, error) {
	r := &Report{PID: p.PID, Comm: p.Comm, Command: []string{}, Namespaces: []string{}, Terminals: []TerminalState{}, Descriptors: []OpenFile{}, Unseen: t.Blind}
	if err := p.facts(r, t); err != nil {
		return nil, fmt.Errorf("%v: %w", p, err)
	}
	all, err := p.Descriptors()
	if err != nil && !errors.As(err, &r.Refusal) {
		return nil, err
	}
	for _, d := range all {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		r.Descriptors = append(r.Descriptors, p.openFile(d, t, r))
	}
	p.terminals(r, t)
	r.doubts(t)
	// Whatever was read by the pid was this process's if it is still there.
	if err := p.sure(nil); err != nil {
		return nil, fmt.Errorf("%v: %w", p, err)
	}
	return r, nil
}

// states are those of proc_pid_stat(5).
var states = map[byte]string{'R': "running", 'S': "sleeping", 'D': "waiting for a disk", 'T': "stopped", 't': "traced",
	'Z': "zombie", 'X': "dead", 'I': "idle", 'P': "parked", 'K': "sleeping", 'W': "sleeping"}

func (p *Process) facts(r *Report, t *Table) error {
	st, err := p.stat()
	if err != nil {
		return err
	}
	status, err := p.status()
	if err != nil {
		return err
	}
	r.stat = st
	r.Comm, r.Threads, r.Group, r.Session = st.Comm, st.Threads, st.PGrp, st.Session
	if r.State = states[st.State]; r.State == "" {
		r.State = string(st.State)
	}
	if status.KernelThread {
		r.Notes = append(r.Notes, "it is a thread of the kernel, which has nothing open")
	}
	r.UID, r.GID = status.UID[1], status.GID[1]
	if len(status.NSpid) > 1 {
		r.PIDs = status.NSpid[1:]
	}
	r.Parent, r.Tracer = t.who(st.PPid), t.who(status.TracerPid)
	if data, err := p.sys.fs.ReadFile(p.PID, "cmdline"); err == nil && len(data) > 0 {
		r.Command = strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")
	}
	if data, err := p.sys.fs.ReadFile(p.PID, "cgroup"); err == nil {
		r.Cgroup = parseCgroup(data)
	}
	for _, link := range []struct {
		name string
		to   *string
	}{{"exe", &r.Exe}, {"cwd", &r.Cwd}, {"root", &r.Root}} {
		*link.to, _ = os.Readlink(p.sys.fs.Path(p.PID, link.name))
	}
	r.namespaces(p)
	return nil
}

// who names a process, nil if there is none.
func (t *Table) who(pid int) *Who {
	if pid <= 0 {
		return nil
	}
	st, ok := t.procs[pid]
	if !ok {
		st, _ = t.sys.fs.Stat(pid)
	}
	return &Who{PID: pid, Comm: st.Comm}
}

// parseCgroup reads /proc/<pid>/cgroup (cgroups(7)): the path in the unified
// hierarchy, or else in the first.
func parseCgroup(data []byte) string {
	first := ""
	for _, line := range lines(data) {
		f := strings.SplitN(line, ":", 3)
		if len(f) < 3 {
			continue
		}
		if f[0] == "0" && f[1] == "" {
			return f[2]
		}
		if first == "" {
			first = f[2]
		}
	}
	return first
}

func (r *Report) namespaces(p *Process) {
	path := func(name string) string {
		if p.sys.live {
			return string(p.sys.fs) + "/self/ns/" + name
		}
		return p.sys.fs.Path(1, "ns", name)
	}
	for _, name := range []string{"user", "mnt", "pid", "net", "uts", "ipc", "cgroup", "time"} {
		theirs, err := os.Readlink(p.sys.fs.Path(p.PID, "ns", name))
		ours, err2 := os.Readlink(path(name))
		if errors.Is(err, fs.ErrPermission) {
			r.Notes = append(r.Notes, "which namespaces it is in may not be seen")
			return
		}
		if err == nil && err2 == nil && ours != theirs {
			r.Namespaces = append(r.Namespaces, name)
		}
	}
}

// ends makes a report's form of holders.
func (t *Table) ends(st procfs.Stat, all []Holder) []End {
	ends := []End{}
	for _, h := range all {
		ends = append(ends, End{Who: Who{h.PID, h.Comm}, FD: h.FD, Readable: h.Readable, Writable: h.Writable, Relation: t.relation(st, h.PID)})
	}
	slices.SortStableFunc(ends, func(a, b End) int {
		if a.PID != b.PID {
			return a.PID - b.PID
		}
		return a.FD - b.FD
	})
	return ends
}

// doubts tells what of the other ends could not be seen.
func (r *Report) doubts(t *Table) {
	open, unix := false, false
	for _, f := range r.Descriptors {
		if len(f.Ends) > 0 {
			continue
		}
		switch f.Kind {
		case Pipe, FIFO, PTY, Master:
			open = true
		case Socket:
			if f.Socket == nil {
				continue
			}
			open = open || f.Socket.Remote != "" || f.Socket.State == "connected"
			unix = unix || f.Socket.Family == "unix" && f.Socket.State == "connected" && f.Socket.Peer == 0
		}
	}
	if open && len(t.Blind) > 0 {
		what, fix := "processes", "run as root"
		if len(t.Blind) == 1 {
			what = "process"
		}
		r.Notes = append(r.Notes, fmt.Sprintf("%d %s of others cannot be looked into, and an end that is not shown may be theirs; %s", len(t.Blind), what, fix))
	}
	if unix {
		t.mu.Lock()
		defer t.mu.Unlock()
		if n := t.nets[t.netns(r.PID)]; n != nil && n.unseen != nil {
			r.Notes = append(r.Notes, n.unseen.Error())
		}
	}
}

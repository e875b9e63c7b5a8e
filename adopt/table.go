package adopt

import (
	"context"
	"fmt"
	"sync"

	"github.com/sluicerun/sluice/internal/procfs"
)

// Table is who had which files open at a moment, as far as it could be seen.
type Table struct {
	sys     *System
	holders map[object][]Holder
	procs   map[int]procfs.Stat
	// Blind are the processes whose descriptors may not be seen.
	Blind []int

	mu   sync.Mutex
	nets map[string]*network // by what /proc/<pid>/ns/net says
	pids map[string]int      // a process in each of them
}

// Holder is a process that has a file open.
type Holder struct {
	PID  int    `json:"pid"`
	Comm string `json:"comm"`
	Descriptor
}

// object names what is open, so that two descriptors of it can be told.
type object struct {
	kind Kind
	dev  uint64
	ino  uint64
}

// object of a descriptor; false: it has no other end, or it is not known.
func (d Descriptor) object() (object, bool) {
	switch d.Kind {
	case Pipe, Socket:
		return object{kind: d.Kind, ino: d.Ino}, d.Ino != 0
	case FIFO:
		return object{kind: d.Kind, dev: d.Dev, ino: d.Ino}, d.Ino != 0
	case PTY, Master:
		return object{kind: d.Kind, ino: uint64(d.Index)}, d.Index >= 0
	}
	return object{}, false
}

// Scan looks at every process.
func (s *System) Scan(ctx context.Context) (*Table, error) {
	pids, err := s.fs.PIDs()
	if err != nil {
		return nil, fmt.Errorf("listing the processes: %w", err)
	}
	t := &Table{sys: s, holders: map[object][]Holder{}, procs: map[int]procfs.Stat{}}
	for _, pid := range pids {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		t.look(pid)
	}
	return t, nil
}

func (t *Table) look(pid int) {
	st, err := t.sys.fs.Stat(pid)
	if err != nil || st.Dead() {
		return
	}
	t.procs[pid] = st
	all, err := t.sys.lookAt(pid).descriptors()
	if err != nil {
		if again, err := t.sys.fs.Stat(pid); err == nil && !again.Dead() && !t.sys.kernelThread(again) {
			t.Blind = append(t.Blind, pid)
		}
		return
	}
	for _, d := range all {
		if o, ok := d.object(); ok {
			t.holders[o] = append(t.holders[o], Holder{PID: pid, Comm: st.Comm, Descriptor: d})
		}
	}
}

// kernelThread tells a process without a program: it has no files to be seen.
func (s *System) kernelThread(st procfs.Stat) bool {
	if st.PGrp != 0 || st.Session != 0 {
		return false
	}
	cmd, err := s.fs.ReadFile(st.PID, "cmdline")
	return err == nil && len(cmd) == 0
}

// Same are all who have the object of d open, d's own process among them.
func (t *Table) Same(d Descriptor) []Holder {
	o, ok := d.object()
	if !ok {
		return nil
	}
	all := t.holders[o]
	if d.Kind != PTY && d.Kind != Master || d.DevPTS == 0 {
		return all
	}
	// The number of a pty is one of its devpts.
	var same []Holder
	for _, h := range all {
		if h.DevPTS == d.DevPTS || h.DevPTS == 0 {
			same = append(same, h)
		}
	}
	return same
}

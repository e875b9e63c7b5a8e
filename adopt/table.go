package adopt

import (
	"context"
	"fmt"
)

// Table is who had which files open at a moment, as far as it could be seen.
type Table struct {
	sys     *System
	holders map[object][]Holder
	// Blind are the processes whose descriptors may not be seen.
	Blind []int
}

// Holder is a process that has a file open.
type Holder struct {
	PID  int
	Comm string
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
	t := &Table{sys: s, holders: map[object][]Holder{}}
	for _, pid := range pids {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		t.look(pid)
	}
	return t, nil
}

func (t *Table) look(pid int) {
	fds, err := t.sys.fs.FDs(pid)
	if err != nil {
		if st, err := t.sys.fs.Stat(pid); err == nil && !st.Dead() {
			t.Blind = append(t.Blind, pid)
		}
		return
	}
	comm := ""
	for _, fd := range fds {
		d, err := t.sys.descriptor(pid, fd)
		if err != nil {
			continue
		}
		o, ok := d.object()
		if !ok {
			continue
		}
		if comm == "" {
			st, _ := t.sys.fs.Stat(pid)
			comm = st.Comm
		}
		t.holders[o] = append(t.holders[o], Holder{PID: pid, Comm: comm, Descriptor: d})
	}
}

// Same are all who have the object of d open, d's own process among them.
func (t *Table) Same(d Descriptor) []Holder {
	o, ok := d.object()
	if !ok {
		return nil
	}
	return t.holders[o]
}

// Ends are those at the other end of d: who writes into what it reads and reads what
// it writes, the masters of a terminal, the programs of a master.
func (t *Table) Ends(d Descriptor) []Holder {
	var all []Holder
	switch d.Kind {
	case Pipe, FIFO:
		for _, h := range t.Same(d) {
			if d.Readable && h.Writable || d.Writable && h.Readable {
				all = append(all, h)
			}
		}
	case PTY, Master:
		other := d
		other.Kind = map[Kind]Kind{PTY: Master, Master: PTY}[d.Kind]
		all = t.Same(other)
	}
	return all
}

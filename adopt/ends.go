package adopt

import "github.com/sluicerun/sluice/internal/procfs"

// Ends are those at the other end of d: who writes into what it reads and reads what
// it writes, the masters of a terminal, the programs of a master, who holds the
// socket that it is connected to as far as that is on this machine.
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
	case Socket:
		for _, ino := range t.peers(d) {
			all = append(all, t.Same(Descriptor{Kind: Socket, Ino: ino})...)
		}
	}
	return all
}

// Relation is what a process is to another one.
type Relation string

// The relations, the closest first.
const (
	Itself      Relation = "itself"
	Parent      Relation = "parent"
	Child       Relation = "child"
	Ancestor    Relation = "ancestor"
	Descendant  Relation = "descendant"
	Sibling     Relation = "sibling"
	SameGroup   Relation = "same process group"
	SameSession Relation = "same session"
	Unrelated   Relation = ""
)

// relation is what other is to the process of st.
func (t *Table) relation(st procfs.Stat, other int) Relation {
	o, known := t.procs[other]
	switch {
	case other == st.PID:
		return Itself
	case other == st.PPid:
		return Parent
	case !known:
		return Unrelated
	case o.PPid == st.PID:
		return Child
	case t.above(other, st.PPid):
		return Ancestor
	case t.above(st.PID, o.PPid):
		return Descendant
	case o.PPid == st.PPid && o.PPid > 1: // init is the parent of whoever lost their own
		return Sibling
	case o.PGrp == st.PGrp && o.PGrp != 0:
		return SameGroup
	case o.Session == st.Session && o.Session != 0:
		return SameSession
	}
	return Unrelated
}

// above tells whether pid is from or one of from's ancestors, init excepted. A
// parent that ended while the table was made may make a ring.
func (t *Table) above(pid, from int) bool {
	for range 1000 {
		if from <= 1 {
			return false
		}
		if from == pid {
			return true
		}
		from = t.procs[from].PPid
	}
	return false
}

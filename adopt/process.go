package adopt

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/sluicerun/sluice/internal/procfs"
)

// ErrGone is that a process has ended, also one that its parent has not waited for
// yet (a zombie).
var ErrGone = errors.New("it has ended")

// Process is a process that is held on to: it may end, but no other is taken for it.
type Process struct {
	PID  int
	Comm string // the name of its first thread when it was opened

	sys   *System
	start uint64 // clock ticks since boot
	hold  hold
}

// Open takes hold of a process. The error is ErrGone if there is none, and
// errors.ErrUnsupported on a system without a /proc.
func (s *System) Open(pid int) (*Process, error) {
	h, err := s.take(pid)
	if errors.Is(err, ErrGone) {
		return nil, fmt.Errorf("process %d: there is none, or %w", pid, err)
	}
	if err != nil {
		return nil, fmt.Errorf("process %d: %w", pid, err)
	}
	p := &Process{PID: pid, sys: s, hold: h}
	st, err := s.fs.Stat(pid)
	zombie := err == nil && st.Dead()
	if err = p.sure(err); err == nil && zombie {
		err = ErrGone
	}
	if errors.Is(err, ErrGone) && zombie {
		err = fmt.Errorf("%w, and its parent %d has not waited for it yet", err, st.PPid)
	}
	if err != nil {
		h.close()
		return nil, fmt.Errorf("process %d: %w", pid, err)
	}
	p.Comm, p.start = st.Comm, st.Start
	return p, nil
}

// Close lets go of it.
func (p *Process) Close() error {
	h := p.hold
	p.hold = h.closed() // a second Close must not close what has got the number since
	return h.close()
}

// Alive returns nil as long as it has not ended, and then ErrGone.
func (p *Process) Alive() error {
	if !p.sys.live {
		return nil
	}
	return p.hold.alive()
}

// String names it for people.
func (p *Process) String() string { return fmt.Sprintf("process %d (%s)", p.PID, p.Comm) }

// sure judges what was read by the pid: if the process has ended, it may have been
// another's.
func (p *Process) sure(err error) error {
	if gone := p.Alive(); gone != nil {
		return gone
	}
	if errors.Is(err, fs.ErrNotExist) && !p.sys.live || errors.Is(err, syscall.ESRCH) {
		return ErrGone
	}
	return err
}

// stat is what /proc/<pid>/stat tells.
func (p *Process) stat() (procfs.Stat, error) {
	st, err := p.sys.fs.Stat(p.PID)
	return st, p.sure(err)
}

// status is what /proc/<pid>/status tells.
func (p *Process) status() (procfs.Status, error) {
	st, err := p.sys.fs.Status(p.PID)
	return st, p.sure(err)
}

package adopt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/adopt/internal/ptrace"
)

// mover changes the descriptors of a process that is stopped.
type mover struct {
	p    *Process
	s    *ptrace.Stopped
	back []func() error // each takes back a step that was done
}

// onFail is what takes back the step just done.
func (m *mover) onFail(do func() error) { m.back = append(m.back, do) }

// rollback takes back everything, the last first, and says what that has left.
func (m *mover) rollback(why error) error {
	var left []string
	for i := len(m.back) - 1; i >= 0; i-- {
		if err := m.back[i](); err != nil {
			left = append(left, err.Error())
		}
	}
	if m.p.Alive() != nil {
		return ErrGone
	}
	if len(left) > 0 {
		return fmt.Errorf("%w\n  and not all could be taken back: %s", why, strings.Join(left, "; "))
	}
	return why
}

// step is the move of one descriptor.
type step struct {
	Move
	was   int // what it is now, by a descriptor made for that
	spent int // another one that is of no use afterwards; -1: none
}

// redirect moves descriptors to the targets.
func (m *mover) redirect(ts targets, o RedirectOptions, moved *Moved) error {
	before, err := m.p.recorded(o.Records)
	if err != nil {
		return err
	}
	var files []int
	var steps []step
	for _, t := range ts {
		files = append(files, int(t.file.Fd()))
		for _, fd := range t.fds {
			st, err := m.keep(fd, t, before.of(fd), o.Force)
			if err != nil {
				return err
			}
			steps = append(steps, st)
			moved.Moves = append(moved.Moves, st.Move)
		}
	}
	record := moved.Moves
	for _, fd := range []int{1, 2} {
		mv := before.of(fd)
		if mv == nil || (&undo{Moves: moved.Moves}).of(fd) != nil {
			continue
		}
		// A way back that is lost would be in the way of the others.
		if kept, err := m.stream(mv.Kept); err == nil && kept.same(mv.From) {
			record = append(record[:len(record):len(record)], *mv)
		}
	}
	pushed, err := m.s.Push(files...)
	if err != nil {
		return err
	}
	for _, fd := range pushed {
		m.onFail(func() error { return m.close(fd) })
	}
	m.onFail(func() error { return m.p.unrecord(o.Records, before) })
	if err := m.p.record(o.Records, record); err != nil {
		return err
	}
	next := 0
	for i, t := range ts {
		for range t.fds {
			if err := m.put(pushed[i], steps[next].FD, steps[next].was); err != nil {
				return err
			}
			if err := m.arrived(steps[next].Move, t.file); err != nil {
				return err
			}
			next++
		}
	}
	// From here on there is no way back, and none is needed.
	for _, st := range steps {
		if st.was != st.Kept {
			pushed = append(pushed, st.was)
		}
		if st.spent >= 0 {
			pushed = append(pushed, st.spent)
		}
	}
	return m.spend(pushed)
}

// cannot is what the state of the process makes impossible.
func (m *mover) cannot(why, fix string, err error) *Refusal {
	return &Refusal{What: "moving the output of " + m.p.String(), Right: RightKind, Why: why, Fix: fix, Err: err}
}

// keep makes sure that what a descriptor is of stays open.
func (m *mover) keep(fd int, t target, first *Move, force bool) (step, error) {
	st := step{Move: Move{FD: fd, To: t.Stream}, spent: -1}
	now, err := m.stream(fd)
	if errors.Is(err, fs.ErrNotExist) {
		return st, m.cannot(fmt.Sprintf("its %s is closed: there is nothing to move", StreamName(fd)), "", nil)
	}
	if err != nil {
		return st, err
	}
	if st.was, err = m.dup(fd); err != nil {
		return st, err
	}
	st.From, st.Kept = now, st.was
	if first == nil {
		return st, nil
	}
	kept, err := m.stream(first.Kept)
	switch {
	case err != nil || !kept.same(first.From):
		// The process has closed it: the way back to there is lost already.
	case now.same(first.To):
		st.From, st.Kept = first.From, first.Kept
	case force:
		st.spent = first.Kept
	default:
		return st, &Refusal{What: "moving the output of " + m.p.String(), Right: RightForce,
			Why: fmt.Sprintf("its %s was moved to %s, and has gone to %s by itself", StreamName(fd), first.To.Name, now.Name),
			Fix: "add --force to move it from there and to give up the way back to " + first.From.Name}
	}
	return st, nil
}

// restore moves descriptors back.
func (m *mover) restore(o UndoOptions, moved *Moved) error {
	before, err := m.p.recorded(o.Records)
	if err != nil {
		return err
	}
	if before == nil {
		return m.p.noUndo()
	}
	var spent []int
	for _, mv := range before.Moves {
		kept, err := m.stream(mv.Kept)
		if err != nil || !kept.same(mv.From) {
			return m.cannot(fmt.Sprintf("the way back is lost: it has closed descriptor %d, by which %s was kept open, or executed another program since",
				mv.Kept, mv.From.Name), fmt.Sprintf("sluice redirect %d --%s FILE moves it to a file by its name", m.p.PID, StreamName(mv.FD)), nil)
		}
		now, err := m.stream(mv.FD)
		if (err != nil || !now.same(mv.To)) && !o.Force {
			if err != nil {
				now.Name = "nowhere"
			}
			return &Refusal{What: "moving back the output of " + m.p.String(), Right: RightForce,
				Why: fmt.Sprintf("its %s was moved to %s, and has gone to %s by itself", StreamName(mv.FD), mv.To.Name, now.Name),
				Fix: "add --force to move it back all the same"}
		}
		was := -1
		if err == nil {
			if was, err = m.dup(mv.FD); err != nil {
				return err
			}
			spent = append(spent, was)
		}
		if err := m.put(mv.Kept, mv.FD, was); err != nil {
			return err
		}
		mv.From, mv.To = now, mv.From
		if err := m.arrived(mv, nil); err != nil {
			return err
		}
		spent = append(spent, mv.Kept)
		moved.Moves = append(moved.Moves, mv)
	}
	if err := m.p.unrecord(o.Records, nil); err != nil {
		return fmt.Errorf("forgetting the way back: %w", err)
	}
	return m.spend(spent)
}

// stream is what a descriptor of the process is of. The error is fs.ErrNotExist if it
// is not open.
func (m *mover) stream(fd int) (Stream, error) {
	d, err := m.p.Descriptor(fd)
	return Stream{Dev: d.Dev, Ino: d.Ino, Name: d.Name}, err
}

// dup makes another descriptor of what one is of.
func (m *mover) dup(fd int) (int, error) {
	n, err := m.s.Syscall(unix.SYS_FCNTL, uintptr(fd), unix.F_DUPFD_CLOEXEC, keepAbove)
	if err == unix.EINVAL || err == unix.EMFILE {
		return -1, m.cannot(fmt.Sprintf("it has no descriptor free to keep its %s by", StreamName(fd)),
			fmt.Sprintf("let it have more: prlimit --nofile -p %d shows its limit, and sets another", m.p.PID), err)
	}
	if err != nil {
		return -1, fmt.Errorf("keeping the %s of %v open: %w", StreamName(fd), m.p, err)
	}
	m.onFail(func() error { return m.close(int(n)) })
	return int(n), nil
}

// put makes a descriptor be what another one is, and closed or not by an execve as it
// was before. A rollback makes it what was is, if that is one.
func (m *mover) put(from, to, was int) error {
	flags := 0
	if info, err := m.p.sys.fs.FDInfo(m.p.PID, to); err == nil {
		flags = info.Flags & unix.O_CLOEXEC
	}
	if err := m.dup3(from, to, flags); err != nil {
		return err
	}
	m.onFail(func() error {
		if was < 0 {
			return m.close(to)
		}
		return m.dup3(was, to, flags)
	})
	return nil
}

func (m *mover) dup3(from, to, flags int) error {
	if _, err := m.s.Syscall(unix.SYS_DUP3, uintptr(from), uintptr(to), uintptr(flags)); err != nil {
		return fmt.Errorf("making descriptor %d of %v its %s: %w", from, m.p, StreamName(to), err)
	}
	return nil
}

func (m *mover) close(fd int) error {
	if _, err := m.s.Syscall(unix.SYS_CLOSE, uintptr(fd)); err != nil {
		return fmt.Errorf("closing descriptor %d of %v: %w", fd, m.p, err)
	}
	return nil
}

// spend closes descriptors that are of no use any more. If it fails, the process is
// lost; closing is nothing that can fail otherwise.
func (m *mover) spend(fds []int) error {
	m.back = nil
	var err error
	for _, fd := range fds {
		err = errors.Join(err, m.close(fd))
	}
	return err
}

// arrived checks that a descriptor is what it was moved to, and that what it was is
// still kept: the very open file, if that is ours, else the same object.
func (m *mover) arrived(mv Move, file *os.File) error {
	now, err := m.stream(mv.FD)
	if err != nil {
		return err
	}
	if !now.same(mv.To) {
		return fmt.Errorf("the %s of %v is %s after it was moved to %s", StreamName(mv.FD), m.p, now.Name, mv.To.Name)
	}
	if file == nil {
		return nil
	}
	const kcmpFile = 0 // linux/kcmp.h
	order, _, e := unix.Syscall6(unix.SYS_KCMP, uintptr(os.Getpid()), uintptr(m.p.PID), kcmpFile, file.Fd(), uintptr(mv.FD), 0)
	if e == 0 && order != 0 { // a kernel may be without kcmp
		return fmt.Errorf("the %s of %v is not the file that it was given", StreamName(mv.FD), m.p)
	}
	if kept, err := m.stream(mv.Kept); err != nil || !kept.same(mv.From) {
		return fmt.Errorf("descriptor %d of %v does not keep %s open", mv.Kept, m.p, mv.From.Name)
	}
	return nil
}

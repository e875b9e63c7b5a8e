package adopt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/adopt/internal/ptrace"
)

// keepAbove is the least number of a descriptor that what was there before is kept
// by. Shells and scripts use those below for their own.
const keepAbove = 10

// Redirect moves the output of a process that runs to files. It stops all its threads,
// has one of them change the descriptors, checks what has become of them, and lets it
// go on; what goes wrong on the way is undone before. The process does not notice: its
// system calls go on, its signals are kept. What it has in buffers of its own goes to
// the new file.
//
// What the descriptors were stays open in the process by others, which are closed when
// it executes another program, and is written down in Records for Undo. So who reads
// the old stream meets no end of it before. A redirect after a redirect moves the
// output on, and the way back stays that to where it was at first.
//
// This process must not be killed while it works: a process that is let go on in the
// middle will most likely crash. Handle SIGINT and SIGTERM.
func (p *Process) Redirect(ctx context.Context, o RedirectOptions) (*Moved, error) {
	if o.Stdout == "" && o.Stderr == "" {
		return nil, errors.New("nothing is to be moved: name a file for stdout or stderr")
	}
	if r := p.mayMove(o.Force); r != nil {
		return nil, r
	}
	if err := os.MkdirAll(o.Records, 0o700); err != nil {
		return nil, fmt.Errorf("making a folder for the way back: %w", err)
	}
	p.sys.forget(o.Records)
	targets, err := openTargets(o)
	if err != nil {
		return nil, err
	}
	moved := &Moved{}
	err = p.stopped(ctx, o.Force, moved, func(m *mover) error {
		return m.redirect(targets, o, moved)
	})
	targets.close(err != nil)
	if err != nil {
		return nil, err
	}
	return moved, nil
}

// target is a file that output is moved to.
type target struct {
	fds  []int
	file *os.File
	made bool // by us
	Stream
}

type targets []target

func openTargets(o RedirectOptions) (all targets, err error) {
	for i, path := range []string{o.Stdout, o.Stderr} {
		if path == "" {
			continue
		}
		t, err := openTarget(path)
		if err != nil {
			all.close(true)
			return nil, err
		}
		t.fds = []int{i + 1}
		if i := slices.IndexFunc(all, func(o target) bool { return o.same(t.Stream) }); i >= 0 {
			all[i].fds = append(all[i].fds, t.fds...)
			all[i].made = all[i].made || t.made
			t.file.Close()
			continue
		}
		all = append(all, t)
	}
	return all, nil
}

func openTarget(path string) (t target, err error) {
	if t.Name, err = filepath.Abs(path); err != nil {
		return t, &TargetError{path, err}
	}
	// Without waiting: a FIFO that nobody reads is an error at once.
	const flags = unix.O_WRONLY | unix.O_APPEND | unix.O_CREAT | unix.O_NOCTTY | unix.O_NONBLOCK | unix.O_CLOEXEC
	fd, err := unix.Open(path, flags|unix.O_EXCL, 0o600)
	t.made = err == nil
	if err == unix.EEXIST {
		fd, err = unix.Open(path, flags, 0o600)
	}
	switch {
	case err == unix.ENXIO && isFIFO(path):
		return t, &TargetError{path, errors.New("nobody has it open for reading")}
	case err != nil:
		return t, &TargetError{path, err}
	}
	t.file = os.NewFile(uintptr(fd), path)
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil {
		_, err = unix.FcntlInt(uintptr(fd), unix.F_SETFL, unix.O_APPEND)
	}
	if err != nil {
		t.file.Close()
		return t, &TargetError{path, err}
	}
	t.Dev, t.Ino = st.Dev, st.Ino
	return t, nil
}

func isFIFO(path string) bool {
	fi, err := os.Stat(path)
	return err == nil && fi.Mode()&os.ModeNamedPipe != 0
}

// close closes the files. In vain: those that were made for nothing are removed.
func (ts targets) close(inVain bool) {
	for _, t := range ts {
		var st unix.Stat_t
		if inVain && t.made && unix.Fstat(int(t.file.Fd()), &st) == nil && st.Size == 0 {
			os.Remove(t.Name)
		}
		t.file.Close()
	}
}

// stopped does something to the descriptors of the process while it is stopped.
func (p *Process) stopped(ctx context.Context, force bool, moved *Moved, do func(*mover) error) error {
	report, err := ptrace.Stop(ctx, p.PID, force, func(s *ptrace.Stopped) error {
		if err := p.Alive(); err != nil { // then we have stopped another
			return err
		}
		m := &mover{p: p, s: s}
		moved.Moves = nil // Stop may try again
		err := do(m)
		if err != nil {
			err = m.rollback(err)
		}
		return err
	})
	moved.Stopped, moved.Short = report.Stopped, report.Short
	var stuck *ptrace.StuckError
	var cannot *ptrace.UnstoppableError
	var no *Refusal
	what := "moving the output of " + p.String()
	switch {
	case err == nil || errors.As(err, &no):
		return err
	case errors.As(err, &stuck):
		return &Refusal{What: what, Right: RightForce, Why: stuck.Error(), Err: err,
			Fix: "let the reader go on; or add --force, and a write may return a part, as after a signal"}
	case errors.As(err, &cannot):
		return &Refusal{What: what, Right: RightKernel, Why: cannot.Error(), Err: err, Fix: "try again later; nothing was moved"}
	case errors.Is(err, ptrace.ErrForeign):
		return &Refusal{What: what, Right: RightKind, Why: ptrace.ErrForeign.Error(), Err: err}
	case errors.Is(err, ptrace.ErrGone):
		err = ErrGone
	}
	return p.refuse("moving the output of", p.sure(err))
}

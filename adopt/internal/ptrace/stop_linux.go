//go:build amd64 || arm64

package ptrace

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sluicerun/sluice/adopt/internal/osthread"
	"golang.org/x/sys/unix"
)

// patience is how long a process is given to stop, and the reader of a cut write to take
// something.
const patience = 2 * time.Second

// tries is how often a process may execute a program while it is being stopped.
const tries = 20

// Stopped is a process all of whose threads are stopped.
type Stopped struct {
	pid     int
	threads map[int]*thread
	options int // PTRACE_O_, besides those that are always needed
	report  Report
	begin   time.Time

	// What makes our calls, once there was one.
	by   *thread
	gate uintptr // the address of an instruction that calls the kernel
	mask sigmask // the thread's
	page uintptr // memory of ours in the process; 0: none
	lost error   // why no call can be made any more
}

// Report is what Stop has done to a process.
type Report struct {
	Stopped time.Duration // from the first thread's stop to the last one's going on
	// Short is how many writes returned a part of what was to be written because
	// they were interrupted, and the rest could not be written in time.
	Short int
}

// Stop stops a process, calls do, and lets the process go on, whatever do returns. The
// process is stopped while do runs, so do should be quick; and if this process is
// killed then, that one goes on in the middle of a call that was not its own.
//
// Unless cut, a thread that waits in a write which nobody reads is a *StuckError.
// Others are ErrGone, ErrForeign and *UnstoppableError, in which case nothing has
// happened to the process; the kernel's wrap theirs.
func Stop(ctx context.Context, pid int, cut bool, do func(*Stopped) error) (Report, error) {
	for try := 1; ; try++ {
		if !cut {
			if err := notStuck(ctx, pid); err != nil {
				return Report{}, err
			}
		}
		s := &Stopped{pid: pid, threads: map[int]*thread{}}
		err := osthread.Do(func() error {
			var err error
			if s.gate, err = findGate(pid); err != nil {
				return err
			}
			err = s.stop(ctx)
			// Also if it has failed: some threads may have stopped.
			if mend := s.repair(); err == nil {
				err = mend
			}
			if err == nil {
				err = do(s)
			}
			if back := s.release(); err == nil || back != nil && !errors.Is(err, ErrGone) {
				err = errors.Join(err, back)
			}
			return err
		})
		if errors.Is(err, unix.ESRCH) { // of a process_vm_readv
			err = ErrGone
			if !dead(pid, pid) {
				err = errVanished
			}
		}
		if !errors.Is(err, errVanished) && err != errNoGate || try == tries {
			return s.report, err
		}
		time.Sleep(time.Millisecond)
		awaitFree(pid) // from the thread that has just ended
	}
}

// awaitFree waits until nobody traces a process any more, or for long enough.
func awaitFree(pid int) {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if st, err := proc.Status(pid); err != nil || st.TracerPid == 0 {
			return
		}
	}
}

// stop stops all threads, also those that come into being meanwhile.
func (s *Stopped) stop(ctx context.Context) error {
	until := time.Now().Add(patience)
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		tids, err := proc.Tasks(s.pid)
		if err != nil {
			return s.gone(err)
		}
		var fresh []*thread
		again := false
		for _, tid := range tids {
			if s.threads[tid] != nil {
				continue
			}
			t := &thread{tid: tid, was: waitsIn(s.pid, tid)}
			err := seize(tid, s.options|unix.PTRACE_O_TRACESYSGOOD|unix.PTRACE_O_TRACEEXEC)
			if err != nil {
				switch by := tracerOf(s.pid, tid); {
				case err == unix.ESRCH || by < 0:
					continue
				case by == unix.Gettid(): // made by one that we trace (PTRACE_O_TRACECLONE)
				case (by == 0 && len(s.threads) > 0 || by > 0 && oneOfUs(by)) && time.Now().Before(until):
					// Left by a tracer of this process that is just ending.
					again = true
					continue
				default:
					return fmt.Errorf("thread %d: %w", tid, err)
				}
			}
			s.threads[tid] = t
			fresh = append(fresh, t)
		}
		if len(fresh) == 0 && !again {
			break
		}
		if s.begin.IsZero() {
			s.begin = time.Now()
		}
		for _, t := range fresh {
			if err := interrupt(t.tid); err != nil && err != unix.ESRCH {
				return fmt.Errorf("thread %d: %w", t.tid, err)
			}
		}
		for _, t := range fresh {
			if err := s.settle(t, until); err != nil {
				return err
			}
		}
	}
	if len(s.threads) == 0 {
		return ErrGone
	}
	return nil
}

// settle waits until a thread is in the stop that it was asked for, having let it take
// the signals that came before.
func (s *Stopped) settle(t *thread, until time.Time) error {
	for {
		ws, err := wait(s.pid, t.tid, until)
		switch {
		case err == errTime:
			return &UnstoppableError{TID: t.tid, Call: whereabouts(s.pid, t.tid)}
		case err != nil:
			return err
		case ws.Exited() || ws.Signaled():
			delete(s.threads, t.tid)
			return nil
		case event(ws) == unix.PTRACE_EVENT_EXEC:
			return errVanished
		case event(ws) == unix.PTRACE_EVENT_STOP: // ours, or its group's
			t.group, t.held = ws.StopSignal() != unix.SIGTRAP, true
			return nil
		}
		// Any stop takes the place of one that was asked for.
		var sig unix.Signal
		if event(ws) == 0 && ws.StopSignal() != syscallStop {
			sig = ws.StopSignal()
		}
		if err = interrupt(t.tid); err == nil {
			err = resume(t.tid, sig)
		}
		if err != nil && err != unix.ESRCH {
			return fmt.Errorf("thread %d: %w", t.tid, err)
		}
	}
}

// repair mends what being stopped has done to the calls that the threads were in.
func (s *Stopped) repair() error {
	for _, t := range s.threads {
		switch err := t.regs.get(t.tid); {
		case err == ErrForeign:
			t.foreign = true
			continue
		case err == unix.ESRCH: // killed; it will be seen
			continue
		case err != nil:
			return fmt.Errorf("thread %d: %w", t.tid, err)
		}
		t.ours = true
		c, result, ok := t.regs.ended(t.was)
		if !ok {
			continue
		}
		if result != -int64(unix.EINTR) || !cutByStop(c.nr) {
			t.rest = s.cut(c, result)
			continue
		}
		t.regs.again(c)
		if err := t.regs.set(t.tid); err != nil && err != unix.ESRCH {
			return fmt.Errorf("thread %d: %w", t.tid, err)
		}
	}
	return nil
}

// release puts everything back and lets the process go on.
func (s *Stopped) release() error {
	err := s.restore()
	var last []*thread
	for _, t := range s.threads {
		if t.rest != nil {
			last = append(last, t) // its reader may be another thread
			continue
		}
		// A thread that has not stopped, or was killed: this OS thread's end frees it.
		if detach(t.tid, 0) == unix.ESRCH {
			s.letGo(t)
		}
	}
	if !s.begin.IsZero() {
		s.report.Stopped = time.Since(s.begin)
	}
	for by := newReading(); len(last) > 0; last = last[1:] {
		t := last[0]
		done, whole := t.rest.write(by)
		if !whole {
			s.report.Short++
		}
		t.regs.setResult(done)
		if t.regs.set(t.tid) != nil || detach(t.tid, 0) != nil { // killed
			continue
		}
	}
	return err
}

// letGo detaches a thread that was not in a stop that we know of: it may be in that
// of an execve.
func (s *Stopped) letGo(t *thread) {
	ws, ok, err := poll(s.pid, t.tid)
	if !ok || err != nil || ws.Exited() || ws.Signaled() {
		return
	}
	var sig unix.Signal
	if event(ws) == 0 && ws.StopSignal() != syscallStop {
		sig = ws.StopSignal()
	}
	detach(t.tid, sig)
}

// gone makes ErrGone of an error that means it.
func (s *Stopped) gone(err error) error {
	if dead(s.pid, s.pid) {
		return ErrGone
	}
	return err
}

//go:build amd64 || arm64

package ptrace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/sluicerun/sluice/adopt/internal/osthread"
	"golang.org/x/sys/unix"
)

// Writes follows what the threads of a process write, those it has and those it makes,
// but not its children. It calls fds with the number of a descriptor to find out
// whether to follow that, ready (which may be nil) when every write from now on is
// seen, and emit with what was really written, in order. The process waits as long as
// emit takes. A long write is emitted in parts.
//
// The error is ErrGone when the process has ended, that of the context's end, or
// emit's; the process is let go before it returns. Each system call of the process
// takes two stops meanwhile; what that has come to is the Cost.
func Writes(ctx context.Context, pid int, fds func(fd int) bool, ready func(), emit func(fd int, data []byte) error) (Cost, error) {
	bell, err := newBell()
	if err != nil {
		return Cost{}, err
	}
	defer bell.close()
	f := &follower{pid: pid, fds: fds, emit: emit, calls: map[int]*callInfo{}, bell: bell}
	err = osthread.Do(func() error { return f.run(ctx, ready) })
	return f.cost, err
}

// nearEvery is after how many stops the tracing thread looks where the others run.
const nearEvery = 256

// follower is what Writes knows.
type follower struct {
	pid  int
	fds  func(int) bool
	emit func(int, []byte) error
	cost Cost

	s *Stopped
	// calls are the system calls that threads are in.
	calls map[int]*callInfo
	// Writes that the attaching has cut are completed on the side, and their threads
	// go on then: the reader may be one of those that are followed.
	rests   chan func() error
	resting int

	bell *bell // wakes the thread that follows
}

func (f *follower) run(ctx context.Context, ready func()) error {
	defer context.AfterFunc(ctx, f.bell.ring)()
	f.s = &Stopped{pid: f.pid, threads: map[int]*thread{}, options: unix.PTRACE_O_TRACECLONE}
	err := f.s.stop(ctx)
	if mend := f.s.repair(); err == nil {
		err = mend
	}
	if err != nil {
		return errors.Join(err, f.s.release())
	}
	following, over := context.WithCancel(ctx)
	defer over()
	err = f.begin(following.Done())
	if err == nil {
		if ready != nil {
			ready()
		}
		err = f.follow(ctx)
	}
	over()
	for ; f.resting > 0; f.resting-- {
		if after := (<-f.rests)(); err == nil {
			err = after
		}
	}
	if back := f.end(); back != nil && !errors.Is(back, ErrGone) {
		err = errors.Join(err, back)
	}
	f.cost.Short = f.s.report.Short
	return err
}

// begin lets all threads go on to their next system calls; those in a write that was
// cut when it is done, or some time after over is closed.
func (f *follower) begin(over <-chan struct{}) error {
	f.rests = make(chan func() error, len(f.s.threads))
	for _, t := range f.s.threads {
		if t.rest == nil {
			if err := f.goOn(t, 0); err != nil {
				return err
			}
			continue
		}
		f.resting++
		rest := t.rest
		t.rest = nil
		go func() {
			done, whole := rest.write(&reading{held: over})
			f.rests <- func() error {
				if !whole {
					f.s.report.Short++
				}
				t.regs.setResult(done)
				if err := t.regs.set(t.tid); err != nil {
					return f.killed(err)
				}
				return f.goOn(t, 0)
			}
			f.bell.ring()
		}()
	}
	return nil
}

// goOn lets a thread go on, or stay stopped with its group.
func (f *follower) goOn(t *thread, sig unix.Signal) error {
	t.held = false
	if t.group {
		return f.killed(listen(t.tid))
	}
	return f.killed(toSyscall(t.tid, sig))
}

// killed passes over that a thread is in no stop any more: its end will be told.
func (f *follower) killed(err error) error {
	if err == unix.ESRCH {
		return nil
	}
	return err
}

// follow handles what happens to the threads.
func (f *follower) follow(ctx context.Context) error {
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		select {
		case again := <-f.rests:
			f.resting--
			if err := again(); err != nil {
				return err
			}
		default:
		}
		some, err := f.look()
		if err != nil {
			return err
		}
		if some {
			f.bell.happened()
			continue
		}
		if err := f.bell.wait(); err != nil {
			return err
		}
	}
}

// look handles what has happened to one thread, if anything has.
func (f *follower) look() (bool, error) {
	info, err := peek(unix.P_ALL, 0, unix.WEXITED|unix.WSTOPPED)
	if err == errVanished {
		return false, ErrGone
	}
	tid := int(info.pid)
	if err != nil || tid == 0 {
		return false, err
	}
	if f.s.threads[tid] != nil {
		return f.take(tid)
	}
	// A thread that was just made; or a child of this process, which its starter
	// waits for, and which hides what comes behind it.
	if _, err := os.Stat(proc.Path(f.pid, "task", strconv.Itoa(tid))); err == nil {
		f.s.threads[tid] = &thread{tid: tid}
		return f.take(tid)
	}
	some := false
	for tid := range f.s.threads {
		one, err := f.take(tid)
		if err != nil {
			return false, err
		}
		some = some || one
	}
	return some, f.strangers(tid)
}

// strangers lets go of what is traced because a clone made it, and is of no concern:
// a process whose end raises another signal than SIGCHLD.
func (f *follower) strangers(tid int) error {
	st, err := proc.Status(tid)
	if err != nil || st.TracerPid == 0 || st.Tgid == f.pid {
		return nil
	}
	if _, ok, err := poll(f.pid, tid); ok && err == nil {
		return f.killed(detach(tid, 0))
	}
	return nil
}

// take handles what has happened to a thread, if anything has.
func (f *follower) take(tid int) (bool, error) {
	ws, ok, err := poll(f.pid, tid)
	if err == errVanished {
		f.drop(tid)
		return true, f.left()
	}
	if err != nil || !ok {
		return false, err
	}
	if ws.Exited() || ws.Signaled() {
		f.drop(tid)
		return true, f.left()
	}
	if f.cost.Stops%nearEvery == 0 {
		f.near(tid)
	}
	f.cost.Stops++
	t := f.s.threads[tid]
	t.group, t.held = false, true
	var sig unix.Signal
	switch kind := ws.StopSignal(); {
	case event(ws) == unix.PTRACE_EVENT_STOP:
		t.group = kind != unix.SIGTRAP
	case event(ws) == unix.PTRACE_EVENT_EXEC:
		// The other threads are no more, and this one has the first one's number.
		for other := range f.s.threads {
			if other != tid {
				f.drop(other)
			}
		}
		delete(f.calls, tid)
	case event(ws) != 0: // a thread was made; it tells of itself
	case kind == syscallStop:
		if err := f.call(tid); err != nil {
			return true, err
		}
	default:
		sig = kind
	}
	return true, f.goOn(t, sig)
}

// near moves this thread to where a followed one runs: of each stop, it is then the
// waking of another processor that is saved. It is a hint, and may fail.
func (f *follower) near(tid int) {
	st, err := proc.TaskStat(f.pid, tid)
	if err != nil {
		return
	}
	var set unix.CPUSet
	set.Set(st.Processor)
	unix.SchedSetaffinity(0, &set)
}

func (f *follower) drop(tid int) {
	delete(f.s.threads, tid)
	delete(f.calls, tid)
}

func (f *follower) left() error {
	if len(f.s.threads) == 0 {
		return ErrGone
	}
	return nil
}

// call notes a system call that begins, and emits what one has written that ends.
func (f *follower) call(tid int) error {
	var info callInfo
	if err := info.get(tid); err != nil {
		return f.killed(err)
	}
	if info.op == unix.PTRACE_SYSCALL_INFO_ENTRY {
		if info.arch != machine {
			return ErrForeign
		}
		f.calls[tid] = &info
		return nil
	}
	began := f.calls[tid]
	delete(f.calls, tid)
	if began == nil || info.op != unix.PTRACE_SYSCALL_INFO_EXIT || int64(info.data[0]) <= 0 {
		return nil
	}
	c := call{nr: int(began.data[0])}
	copy(c.args[:], began.data[1:])
	return f.wrote(c, info.data[0])
}

// wrote emits what a call has written that returned n.
func (f *follower) wrote(c call, n uint64) error {
	if at := unseen(c.nr); at >= 0 {
		if f.fds(int(int32(c.args[at]))) {
			f.cost.Unseen++
			f.cost.UnseenBytes += n
		}
		return nil
	}
	fd := int(int32(c.args[0]))
	var parts []part
	switch c.nr {
	case unix.SYS_WRITE, unix.SYS_PWRITE64, unix.SYS_SENDTO:
		parts = []part{{uintptr(c.args[1]), n}}
	case unix.SYS_WRITEV, unix.SYS_PWRITEV, unix.SYS_PWRITEV2:
		if f.fds(fd) {
			parts, _ = vector(f.pid, uintptr(c.args[1]), c.args[2])
		}
	case unix.SYS_SENDMSG:
		if f.fds(fd) {
			parts = message(f.pid, uintptr(c.args[1]))
		}
	case unix.SYS_SENDMMSG:
		if f.fds(fd) {
			parts, n = messages(f.pid, uintptr(c.args[1]), n)
		}
	default:
		return nil
	}
	if !f.fds(fd) {
		return nil
	}
	for _, p := range parts {
		for p.size = min(p.size, n); p.size > 0; {
			buf := make([]byte, min(p.size, 1<<16))
			if readMemory(f.pid, p.addr, buf) != nil {
				break // another thread has given the memory back meanwhile
			}
			if err := f.emit(fd, buf); err != nil {
				return err
			}
			p.addr, p.size, n = p.addr+uintptr(len(buf)), p.size-uint64(len(buf)), n-uint64(len(buf))
		}
	}
	if n > 0 {
		f.cost.Unseen++
		f.cost.UnseenBytes += n
	}
	return nil
}

// end stops the threads once more and lets them go, as Stop does.
func (f *follower) end() error {
	until := time.Now().Add(patience)
	var first error
	for _, t := range f.s.threads {
		t.was = waitsIn(f.pid, t.tid)
		if err := interrupt(t.tid); err != nil && err != unix.ESRCH {
			first = errors.Join(first, fmt.Errorf("thread %d: %w", t.tid, err))
		}
	}
	for _, t := range f.s.threads {
		if t.held { // in a stop that it has to leave to get to another
			resume(t.tid, 0)
		}
		if err := f.s.settle(t, until); err != nil && err != errVanished {
			first = errors.Join(first, err)
		}
	}
	if err := f.s.repair(); err != nil {
		first = errors.Join(first, err)
	}
	return errors.Join(first, f.s.release())
}

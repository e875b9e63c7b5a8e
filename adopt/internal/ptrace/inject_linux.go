//go:build amd64 || arm64

package ptrace

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Syscall has the process make a system call, in one of its threads. The error is the
// call's unix.Errno, or that it could not be made.
func (s *Stopped) Syscall(nr uintptr, args ...uintptr) (uintptr, error) {
	if s.lost != nil {
		return 0, s.lost
	}
	if s.by == nil {
		if err := s.choose(); err != nil {
			return 0, err
		}
	}
	n, err := s.call(nr, args)
	if err != nil {
		s.lost = err
		return 0, err
	}
	if n < 0 && n >= -4095 {
		return 0, unix.Errno(-n)
	}
	return uintptr(n), nil
}

// choose takes a thread to make our calls. One that waits in a call of its own is
// the best: it is surely at no place where it must not be interrupted for long, such
// as in a restartable sequence (rseq(2)), which ours would make it repeat.
func (s *Stopped) choose() error {
	var best *thread
	for _, t := range s.threads {
		if !t.ours {
			continue
		}
		if _, _, calls := t.regs.ended(t.was); calls && t.was != nil {
			best = t
			break
		}
		if best == nil && !inSequence(s.pid, t.tid) {
			best = t
		}
	}
	if best == nil {
		for _, t := range s.threads {
			switch {
			case t.ours:
				return errors.New("all its threads are at places where they may not be interrupted; try again")
			case t.foreign:
				return ErrForeign
			}
		}
		return ErrGone
	}
	code := make([]byte, len(insn))
	err := readMemory(s.pid, s.gate, code)
	if err != nil && !errors.Is(err, unix.EFAULT) {
		return err
	}
	// It was found before the stop, and may have been another program's.
	if string(code) != string(insn) {
		return errVanished
	}
	mask, err := getMask(best.tid)
	if err == nil {
		// A signal that came now would find our registers.
		err = setMask(best.tid, ^sigmask(0))
	}
	if err != nil {
		return s.threadError(best.tid, err)
	}
	s.by, s.mask = best, mask
	return nil
}

// inSequence tells whether a thread was stopped within a restartable sequence.
func inSequence(pid, tid int) bool {
	var conf struct {
		abi              uint64
		size, sig, flags uint32
		_                uint32
	}
	if request(unix.PTRACE_GET_RSEQ_CONFIGURATION, tid, unsafe.Sizeof(conf), uintptr(unsafe.Pointer(&conf))) != nil || conf.abi == 0 {
		return false
	}
	var cs [8]byte // struct rseq's rseq_cs
	const offset = 8
	return readMemory(pid, uintptr(conf.abi)+offset, cs[:]) == nil && cs != [8]byte{}
}

// call makes a call by the chosen thread, which is in any stop before and in that at
// the call's end after.
func (s *Stopped) call(nr uintptr, args []uintptr) (int64, error) {
	r := s.by.regs
	var all [6]uintptr
	copy(all[:], args)
	r.inject(s.gate, nr, all)
	tid := s.by.tid
	if err := r.set(tid); err != nil {
		return 0, s.threadError(tid, err)
	}
	until := time.Now().Add(patience)
	for range 2 { // the call's beginning, its end
		if err := s.next(toSyscall, syscallStop, until); err != nil {
			return 0, err
		}
	}
	if err := r.get(tid); err != nil {
		return 0, s.threadError(tid, err)
	}
	return r.result(), nil
}

// next lets the chosen thread go on to its next stop of a kind.
func (s *Stopped) next(goOn func(int, unix.Signal) error, kind unix.Signal, until time.Time) error {
	tid := s.by.tid
	var sig unix.Signal
	for {
		if err := goOn(tid, sig); err != nil {
			return s.threadError(tid, err)
		}
		ws, err := wait(s.pid, tid, until)
		switch {
		case err == errTime:
			return &UnstoppableError{TID: tid, Call: whereabouts(s.pid, tid)}
		case err != nil:
			return s.threadError(tid, err)
		case ws.Exited() || ws.Signaled():
			return ErrGone
		case event(ws) == 0 && ws.StopSignal() == kind, event(ws) == int(kind):
			return nil
		case event(ws) != 0:
			sig = 0 // its group stops or goes on; it takes part in that later
		case ws.StopSignal() == unix.SIGSTOP:
			sig = unix.SIGSTOP // cannot be blocked, and changes no register
		default:
			return fmt.Errorf("thread %d: our system call raised %v", tid, unix.SignalName(ws.StopSignal()))
		}
	}
}

// restore puts the chosen thread back to where it was. The kernel repeats an
// interrupted call only when a thread leaves a stop like the first one, so it is led to
// such a one again.
func (s *Stopped) restore() error {
	if s.by == nil {
		return nil
	}
	if s.page != 0 && s.lost == nil {
		s.Syscall(unix.SYS_MUNMAP, s.page, pageSize)
	}
	tid := s.by.tid
	if err := interrupt(tid); err != nil {
		return s.threadError(tid, err)
	}
	err := s.next(resume, unix.PTRACE_EVENT_STOP, time.Now().Add(patience))
	if err != nil {
		return err
	}
	r := s.by.regs.resumed(s.by.was)
	if err := r.set(tid); err != nil {
		return s.threadError(tid, err)
	}
	if err := setMask(tid, s.mask); err != nil {
		return s.threadError(tid, err)
	}
	return nil
}

// threadError explains what the kernel says of a thread: ESRCH is that it is in no
// stop, which can only be if it was killed.
func (s *Stopped) threadError(tid int, err error) error {
	if err == unix.ESRCH || err == errVanished {
		return ErrGone
	}
	return fmt.Errorf("thread %d: %w", tid, err)
}

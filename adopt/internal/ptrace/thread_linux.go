//go:build amd64 || arm64

package ptrace

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/procfs"
)

const proc = procfs.FS("/proc")

// thread is a thread that is traced.
type thread struct {
	tid   int
	was   *call // what it waited in just before it was stopped; nil: nothing
	regs  regs  // as it was stopped
	held  bool  // it is in a stop that was told
	group bool  // it is stopped with its group, by job control
	ours  bool  // its registers are those of a 64-bit program
	// foreign: they are those of a 32-bit one. Neither: it was killed meanwhile.
	foreign bool
	rest    *rest // of a write that was cut; nil: none was
}

// errTime is that a thread did nothing in time, errVanished that there is none of that
// number any more without that its end was told: another thread of the process has
// executed a program and has the first one's number now (ptrace(2), "execve(2) under
// ptrace").
var (
	errTime     = errors.New("it has not stopped in time")
	errVanished = errors.New("it has become another program")
)

// wait waits until something has happened to a thread. A blocking wait4 could not be
// given up, so it asks again and again, and rests between when it takes long.
func wait(pid, tid int, until time.Time) (unix.WaitStatus, error) {
	for try := 0; ; try++ {
		ws, ok, err := poll(pid, tid)
		if ok || err != nil {
			return ws, err
		}
		if try < 64 {
			unix.Syscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
			continue
		}
		if time.Now().After(until) {
			return 0, errTime
		}
		nap := unix.NsecToTimespec(int64(min(try, 1000)) * 1000)
		unix.Nanosleep(&nap, nil)
	}
}

// poll tells what has happened to a thread of a process, if anything has. The end of the
// process itself is left for its parent, which may be of this very process.
func poll(pid, tid int) (ws unix.WaitStatus, ok bool, err error) {
	for {
		if tid == pid {
			if over, err := ended(pid); over || err != nil {
				return 0, over, err
			}
		}
		n, err := unix.Wait4(tid, &ws, unix.WNOHANG|unix.WALL|unix.WNOTHREAD, nil)
		switch err {
		case nil:
			return ws, n == tid, nil
		case unix.EINTR:
		case unix.ECHILD:
			return 0, false, errVanished
		default:
			return 0, false, err
		}
	}
}

// ended tells whether a process has ended. Its status stays to be waited for.
func ended(pid int) (bool, error) {
	info, err := peek(unix.P_PID, pid, unix.WEXITED)
	// A tracer is told of stops, too, asked or not.
	const killedAndDumped = 3 // CLD_DUMPED; CLD_EXITED and CLD_KILLED are less
	return info.pid == int32(pid) && info.code <= killedAndDumped, err
}

// event is the PTRACE_EVENT_ of a stop; 0: none.
func event(ws unix.WaitStatus) int { return int(ws >> 16) }

// syscallStop is how a stop at a system call looks (PTRACE_O_TRACESYSGOOD).
const syscallStop = unix.SIGTRAP | 0x80

// waitsIn is the system call that a thread waits in; nil: none, or it cannot be told.
func waitsIn(pid, tid int) *call {
	data, err := proc.ReadFile(pid, "task", strconv.Itoa(tid), "syscall")
	if err != nil {
		return nil
	}
	c, err := parseCall(data)
	if err != nil {
		return nil
	}
	return &c
}

// tracerOf is the thread that traces one of a process; 0: none does, -1: it has ended.
func tracerOf(pid, tid int) int {
	st, err := proc.TaskStatus(pid, tid)
	if err != nil || dead(pid, tid) {
		return -1
	}
	return st.TracerPid
}

// oneOfUs tells whether a thread is of this process.
func oneOfUs(tid int) bool {
	_, err := os.Stat(proc.Path(os.Getpid(), "task", strconv.Itoa(tid)))
	return err == nil
}

// dead tells whether a thread has ended; the first of a process stays until all have.
func dead(pid, tid int) bool {
	state, err := stateOf(pid, tid)
	return errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) || bytes.IndexByte([]byte("ZXx"), state) >= 0
}

// stateOf is the letter that ps shows for a thread.
func stateOf(pid, tid int) (byte, error) {
	st, err := proc.TaskStat(pid, tid)
	return st.State, err
}

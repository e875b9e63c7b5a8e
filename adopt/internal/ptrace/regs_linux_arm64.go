package ptrace

import "golang.org/x/sys/unix"

// regs are a thread's registers.
type regs struct{ unix.PtraceRegs }

// insn is the instruction that calls the kernel.
var insn = []byte{0x01, 0x00, 0x00, 0xd4} // svc #0

// native is told by the size alone: a 32-bit program's registers are fewer.
func (r *regs) native() bool { return true }

// ended is the system call that the thread was just about to return from when it was
// stopped, and its result. The first argument is in the result's place by then, so it
// has to be known from before.
func (r *regs) ended(was *call) (call, int64, bool) {
	if was == nil || was.pc != r.Pc || uint64(was.nr) != r.Regs[8] {
		return call{}, 0, false
	}
	c := *was
	copy(c.args[1:], r.Regs[1:6])
	return c, int64(r.Regs[0]), true
}

// again makes the thread repeat the call that it returns from.
func (r *regs) again(c call) {
	r.Regs[0] = c.args[0]
	r.Pc -= uint64(len(insn))
}

func (r *regs) setResult(n int64) { r.Regs[0] = uint64(n) }

// inject makes the thread call the kernel by the instruction at pc.
func (r *regs) inject(pc, nr uintptr, args [6]uintptr) {
	r.Pc, r.Regs[8] = uint64(pc), uint64(nr)
	for i, a := range args {
		r.Regs[i] = uint64(a)
	}
}

func (r *regs) result() int64 { return int64(r.Regs[0]) }

// Futex's operations (include/uapi/linux/futex.h).
const (
	futexWait       = 0
	futexWaitBitset = 9
	futexCommand    = 0x7f
	timerAbsTime    = 1
)

// resumed are the registers to go on with after calls of ours. The kernel has already
// set the program counter back to the call that is to be repeated. What is lost is
// that a wait with a time limit goes on by another call, with what is left of it
// (arch/arm64/kernel/signal.c, setup_restart_syscall).
func (r *regs) resumed(was *call) regs {
	out := *r
	if was == nil || was.pc-uint64(len(insn)) != r.Pc || uint64(was.nr) != r.Regs[8] {
		return out
	}
	switch was.nr {
	case unix.SYS_CLOCK_NANOSLEEP:
		if was.args[1]&timerAbsTime != 0 {
			return out
		}
	case unix.SYS_FUTEX:
		if op := was.args[1] & futexCommand; op != futexWait && op != futexWaitBitset || was.args[3] == 0 {
			return out
		}
	case unix.SYS_NANOSLEEP, unix.SYS_RESTART_SYSCALL:
	default:
		return out
	}
	out.Regs[8] = unix.SYS_RESTART_SYSCALL
	return out
}

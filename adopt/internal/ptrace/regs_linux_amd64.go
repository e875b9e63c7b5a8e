package ptrace

import "golang.org/x/sys/unix"

// regs are a thread's registers.
type regs struct{ unix.PtraceRegs }

// insn is the instruction that calls the kernel.
var insn = []byte{0x0f, 0x05} // syscall

// userCS is the code segment of 64-bit programs (arch/x86/include/asm/segment.h).
const userCS = 0x33

// eRestartNoHand has the kernel repeat a call unless a handler of a signal is to run
// first, which makes EINTR of it (include/linux/errno.h).
const eRestartNoHand = -514

func (r *regs) native() bool { return r.Cs == userCS }

// ended is the system call that the thread was just about to return from when it was
// stopped, and its result.
func (r *regs) ended(*call) (call, int64, bool) {
	c := call{nr: int(int64(r.Orig_rax)), args: [6]uint64{r.Rdi, r.Rsi, r.Rdx, r.R10, r.R8, r.R9}, sp: r.Rsp, pc: r.Rip}
	return c, int64(r.Rax), c.nr >= 0
}

// again makes the thread repeat the call that it returns from.
func (r *regs) again(call) {
	n := int64(eRestartNoHand)
	r.Rax = uint64(n)
}

func (r *regs) setResult(n int64) { r.Rax = uint64(n) }

// inject makes the thread call the kernel by the instruction at pc.
func (r *regs) inject(pc, nr uintptr, args [6]uintptr) {
	r.Orig_rax = ^uint64(0) // not to be restarted
	r.Rip, r.Rax = uint64(pc), uint64(nr)
	r.Rdi, r.Rsi, r.Rdx = uint64(args[0]), uint64(args[1]), uint64(args[2])
	r.R10, r.R8, r.R9 = uint64(args[3]), uint64(args[4]), uint64(args[5])
}

func (r *regs) result() int64 { return int64(r.Rax) }

// resumed are the registers to go on with after calls of ours. The kernel looks at the
// result and the number of the call only when it leaves the stop, so the same ones do.
func (r *regs) resumed(*call) regs { return *r }

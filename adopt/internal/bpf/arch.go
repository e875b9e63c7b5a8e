package bpf

// arch is what of an architecture the program knows.
type arch struct {
	// The part of struct pt_regs that is read, and where in it the system call's
	// number and first arguments are, in bytes.
	from, size int
	number     int
	arg        [3]int
	// mode holds a register that equals native unless the call was made by 32-bit
	// code, whose numbers mean other calls; size 0: there is none.
	mode, native int

	calls []call
}

// call is a system call that writes.
type call struct {
	number int
	how    how
}

// how tells where a call has what it writes.
type how int

const (
	inBuffer  how = iota // write(fd, buffer, ...)
	inVector             // writev(fd, iovec, n, ...)
	inMessage            // sendmsg(fd, msghdr, ...)
	// From here on it is nowhere in the process's memory, or too hard to get;
	// that bytes were written is seen. What the name says is the argument that is
	// the descriptor.
	unseen0 // sendfile(fd, ...)
	unseen1 // tee(_, fd, ...)
	unseen2 // splice(_, _, fd, ...)
)

// amd64 are arch/x86/include/asm/ptrace.h and syscall_64.tbl.
var amd64 = arch{
	from: 96, size: 48, // dx, si, di, orig_ax, ip, cs
	arg: [3]int{112, 104, 96}, number: 120, mode: 136, native: 0x33,
	calls: []call{
		{1, inBuffer}, {18, inBuffer}, {44, inBuffer}, // write, pwrite64, sendto
		{20, inVector}, {296, inVector}, {328, inVector}, {278, inVector}, // writev, pwritev, pwritev2, vmsplice
		{46, inMessage},                // sendmsg
		{40, unseen0},                  // sendfile
		{276, unseen1},                 // tee
		{275, unseen2}, {326, unseen2}, // splice, copy_file_range
	},
}

// arm64 are arch/arm64/include/asm/ptrace.h and asm-generic/unistd.h. At the end of a
// call the first register holds the result; orig_x0 has the argument.
var arm64 = arch{
	from: 8, size: 280, // x1 ... syscallno
	arg: [3]int{272, 8, 16}, number: 280,
	calls: []call{
		{64, inBuffer}, {68, inBuffer}, {206, inBuffer},
		{66, inVector}, {70, inVector}, {287, inVector}, {75, inVector},
		{211, inMessage},
		{71, unseen0},
		{77, unseen1},
		{76, unseen2}, {285, unseen2},
	},
}

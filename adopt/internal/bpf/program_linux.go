package bpf

import (
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
)

const (
	// chunk is the most that a piece holds; with its header it must fit into a
	// per-CPU value, at most 32 KiB.
	chunk = 16 << 10
	// steps bounds the work for one call: 1024 buffers of an iovec (UIO_MAXIOV) and
	// as many pieces, 16 MiB. What is beyond is counted as lost.
	steps = 2048
	// ring is how much may wait for us, in bytes.
	ring = 8 << 20
)

// The scratch value: the state of the copying of one call, then a piece. On the
// stack the verifier would follow the state through every step of the loop.
const (
	stPtr   = 0  // of the buffer being copied
	stLen   = 8  // what is left of it
	stVec   = 16 // the iovec that comes next
	stCount = 24 // how many are left
	stLeft  = 32 // what is left to copy of what was written
	stFD    = 40
	stFlags = 44 // first, until a piece has gone out
	head    = 48
	body    = head + headSize
	scratch = body + chunk
)

// whom names the process: by its number in its pid namespace, as that of the
// machine's first one need not be known here.
type whom struct {
	pid      int
	dev, ino uint64 // of the namespace; ino 0: the machine's first
}

// maps are what the program shares with us.
type maps struct {
	ring    *ebpf.Map
	scratch *ebpf.Map // of each CPU
	lost    *ebpf.Map // bytes that did not fit into the ring
}

// program is what runs at the end of system calls.
func program(a arch, who whom, fds []int, m maps) *ebpf.ProgramSpec {
	const local = -16 // on the stack, for what goes to and from helpers
	regs := int16(local - a.size)
	reg := func(dst asm.Register, at int) asm.Instruction {
		size := asm.DWord
		if at == a.number && a.size-(at-a.from) < 8 || at == 280 {
			size = asm.Word
		}
		return asm.LoadMem(dst, asm.RFP, regs+int16(at-a.from), size)
	}
	ins := asm.Instructions{
		// A raw tracepoint's context: the registers, the result.
		asm.Mov.Reg(asm.R6, asm.R1),
		asm.LoadMem(asm.R7, asm.R6, 8, asm.DWord),
		asm.JSLE.Imm(asm.R7, 0, "exit"),
	}
	if who.ino == 0 {
		ins = append(ins, asm.FnGetCurrentPidTgid.Call(),
			asm.RSh.Imm(asm.R0, 32))
	} else {
		ins = append(ins,
			asm.LoadImm(asm.R1, int64(who.dev), asm.DWord),
			asm.LoadImm(asm.R2, int64(who.ino), asm.DWord),
			asm.Mov.Reg(asm.R3, asm.RFP), asm.Add.Imm(asm.R3, local),
			asm.Mov.Imm(asm.R4, 8),
			asm.FnGetNsCurrentPidTgid.Call(),
			asm.JNE.Imm(asm.R0, 0, "exit"),
			asm.LoadMem(asm.R0, asm.RFP, local+4, asm.Word), // struct bpf_pidns_info: pid, tgid
		)
	}
	ins = append(ins,
		asm.JNE.Imm(asm.R0, int32(who.pid), "exit"),
		asm.LoadMem(asm.R3, asm.R6, 0, asm.DWord),
		asm.Add.Imm(asm.R3, int32(a.from)),
		asm.Mov.Reg(asm.R1, asm.RFP), asm.Add.Imm(asm.R1, int32(regs)),
		asm.Mov.Imm(asm.R2, int32(a.size)),
		asm.FnProbeReadKernel.Call(),
		asm.JNE.Imm(asm.R0, 0, "exit"),
	)
	if a.mode != 0 {
		ins = append(ins, reg(asm.R1, a.mode), asm.JNE.Imm(asm.R1, int32(a.native), "exit"))
	}
	ins = append(ins, lookUpScratch(m, local)...)
	ins = append(ins, asm.JEq.Imm(asm.R0, 0, "exit"), asm.Mov.Reg(asm.R6, asm.R0), reg(asm.R8, a.number))
	labels := map[how]string{inBuffer: "buffer", inVector: "vector", inMessage: "message", unseen0: "unseen0", unseen1: "unseen1", unseen2: "unseen2"}
	for _, c := range a.calls {
		ins = append(ins, asm.JEq.Imm(asm.R8, int32(c.number), labels[c.how]))
	}
	ins = append(ins, asm.Ja.Label("exit"))

	// Each sets the descriptor (R9), a buffer (R1) and a vector (R2, R3 of them).
	none := func(r asm.Register) asm.Instruction { return asm.Mov.Imm(r, 0) }
	ins = append(ins,
		reg(asm.R9, a.arg[0]).WithSymbol("buffer"), reg(asm.R1, a.arg[1]), none(asm.R2), none(asm.R3), asm.Ja.Label("which"),
		reg(asm.R9, a.arg[0]).WithSymbol("vector"), none(asm.R1), reg(asm.R2, a.arg[1]), reg(asm.R3, a.arg[2]), asm.Ja.Label("which"),
		// Which vector a message has is found out below.
		reg(asm.R9, a.arg[0]).WithSymbol("message"), none(asm.R1), reg(asm.R2, a.arg[1]), asm.Mov.Imm(asm.R3, -1), asm.Ja.Label("which"),
		reg(asm.R9, a.arg[1]).WithSymbol("unseen1"), none(asm.R1), none(asm.R2), none(asm.R3), asm.Ja.Label("which"),
		reg(asm.R9, a.arg[2]).WithSymbol("unseen2"), none(asm.R1), none(asm.R2), none(asm.R3), asm.Ja.Label("which"),
		reg(asm.R9, a.arg[0]).WithSymbol("unseen0"), none(asm.R1), none(asm.R2), none(asm.R3),
	)
	which := len(ins)
	for _, fd := range fds {
		ins = append(ins, asm.JEq.Imm32(asm.R9, int32(fd), "wanted"))
	}
	ins[which] = ins[which].WithSymbol("which")
	ins = append(ins, asm.Ja.Label("exit"),
		asm.StoreMem(asm.R6, stPtr, asm.R1, asm.DWord).WithSymbol("wanted"),
		asm.Mov.Reg(asm.R4, asm.R7),
		asm.JNE.Imm(asm.R1, 0, "oneBuffer"),
		none(asm.R4),
		asm.StoreMem(asm.R6, stLen, asm.R4, asm.DWord).WithSymbol("oneBuffer"),
		asm.StoreMem(asm.R6, stVec, asm.R2, asm.DWord),
		asm.StoreMem(asm.R6, stCount, asm.R3, asm.DWord),
		asm.StoreMem(asm.R6, stLeft, asm.R7, asm.DWord),
		asm.StoreMem(asm.R6, stFD, asm.R9, asm.Word),
		asm.StoreImm(asm.R6, stFlags, first, asm.Word),
		asm.JNE.Imm(asm.R3, -1, "copy"),
		// struct user_msghdr: msg_iov and msg_iovlen.
		asm.Mov.Reg(asm.R3, asm.R2), asm.Add.Imm(asm.R3, 16),
		asm.Mov.Reg(asm.R1, asm.R6), asm.Add.Imm(asm.R1, stVec),
		asm.Mov.Imm(asm.R2, 16),
		asm.FnProbeReadUser.Call(),
		asm.JEq.Imm(asm.R0, 0, "copy"),
		none(asm.R1),
		asm.StoreMem(asm.R6, stCount, asm.R1, asm.DWord),

		asm.Mov.Imm(asm.R1, steps).WithSymbol("copy"),
		asm.Instruction{OpCode: asm.LoadImmOp(asm.DWord), Dst: asm.R2, Src: asm.PseudoFunc, Constant: -1}.WithReference("step"),
		asm.Mov.Imm(asm.R3, 0),
		asm.Mov.Imm(asm.R4, 0),
		asm.FnLoop.Call(),

		// What could not be copied.
		asm.LoadMem(asm.R7, asm.R6, stLeft, asm.DWord),
		asm.JEq.Imm(asm.R7, 0, "exit"),
		asm.FnGetCurrentPidTgid.Call(),
		asm.StoreMem(asm.R6, head+headTID, asm.R0, asm.Word),
		asm.LoadMem(asm.R1, asm.R6, stFD, asm.Word),
		asm.StoreMem(asm.R6, head+headFD, asm.R1, asm.Word),
		asm.LoadMem(asm.R1, asm.R6, stFlags, asm.Word),
		asm.Or.Imm(asm.R1, last),
		asm.StoreMem(asm.R6, head+headFlags, asm.R1, asm.Word),
		asm.StoreImm(asm.R6, head+headLen, 0, asm.Word),
		asm.StoreMem(asm.R6, head+headLost, asm.R7, asm.DWord),
		asm.LoadMapPtr(asm.R1, m.ring.FD()),
		asm.Mov.Reg(asm.R2, asm.R6), asm.Add.Imm(asm.R2, head),
		asm.Mov.Imm(asm.R3, headSize),
		asm.Mov.Imm(asm.R4, 0),
		asm.FnRingbufOutput.Call(),
		asm.JEq.Imm(asm.R0, 0, "exit"),
		asm.LoadMapValue(asm.R1, m.lost.FD(), 0),
		asm.StoreXAdd(asm.R1, asm.R7, asm.DWord),
		asm.Mov.Imm(asm.R0, 0).WithSymbol("exit"),
		asm.Return(),
	)
	ins[0] = btf.WithFuncMetadata(ins[0].WithSymbol("sys_exit"), function("sys_exit", btf.GlobalFunc, pointer("ctx")))
	return &ebpf.ProgramSpec{
		Name: "sluice_watch", Type: ebpf.RawTracepoint, License: "GPL",
		Instructions: append(ins, step(m)...),
	}
}

// lookUpScratch leaves the scratch value in R0, or 0.
func lookUpScratch(m maps, local int16) asm.Instructions {
	return asm.Instructions{
		asm.StoreImm(asm.RFP, local, 0, asm.Word),
		asm.LoadMapPtr(asm.R1, m.scratch.FD()),
		asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, int32(local)),
		asm.FnMapLookupElem.Call(),
	}
}

// step is what bpf_loop calls until it returns 1: it goes to the next buffer or
// copies a piece of this one.
func step(m maps) asm.Instructions {
	ins := append(lookUpScratch(m, -8),
		asm.JEq.Imm(asm.R0, 0, "stop"),
		asm.Mov.Reg(asm.R6, asm.R0),
		asm.LoadMem(asm.R9, asm.R6, stLeft, asm.DWord),
		asm.JEq.Imm(asm.R9, 0, "stop"),
		asm.LoadMem(asm.R7, asm.R6, stLen, asm.DWord),
		asm.JNE.Imm(asm.R7, 0, "piece"),
		asm.LoadMem(asm.R1, asm.R6, stCount, asm.DWord),
		asm.JEq.Imm(asm.R1, 0, "stop"),
		asm.Sub.Imm(asm.R1, 1),
		asm.StoreMem(asm.R6, stCount, asm.R1, asm.DWord),
		asm.LoadMem(asm.R3, asm.R6, stVec, asm.DWord),
		asm.Mov.Reg(asm.R1, asm.R3), asm.Add.Imm(asm.R1, 16),
		asm.StoreMem(asm.R6, stVec, asm.R1, asm.DWord),
		asm.Mov.Reg(asm.R1, asm.R6), // struct iovec is what stPtr and stLen are
		asm.Mov.Imm(asm.R2, 16),
		asm.FnProbeReadUser.Call(),
		asm.JNE.Imm(asm.R0, 0, "stop"),
		asm.Ja.Label("on"),

		asm.JLE.Reg(asm.R7, asm.R9, "notPast").WithSymbol("piece"),
		asm.Mov.Reg(asm.R7, asm.R9),
		asm.JLE.Imm(asm.R7, chunk, "fits").WithSymbol("notPast"),
		asm.Mov.Imm(asm.R7, chunk),
		asm.Mov.Reg(asm.R1, asm.R6).WithSymbol("fits"), asm.Add.Imm(asm.R1, body),
		asm.Mov.Reg(asm.R2, asm.R7),
		asm.LoadMem(asm.R3, asm.R6, stPtr, asm.DWord),
		asm.FnProbeReadUser.Call(),
		asm.JNE.Imm(asm.R0, 0, "stop"),

		asm.FnGetCurrentPidTgid.Call(),
		asm.StoreMem(asm.R6, head+headTID, asm.R0, asm.Word),
		asm.LoadMem(asm.R1, asm.R6, stFD, asm.Word),
		asm.StoreMem(asm.R6, head+headFD, asm.R1, asm.Word),
		asm.StoreMem(asm.R6, head+headLen, asm.R7, asm.Word),
		asm.Mov.Imm(asm.R1, 0),
		asm.StoreMem(asm.R6, head+headLost, asm.R1, asm.DWord),
		asm.LoadMem(asm.R2, asm.R6, stFlags, asm.Word),
		asm.StoreMem(asm.R6, stFlags, asm.R1, asm.Word),
		asm.LoadMem(asm.R1, asm.R6, stPtr, asm.DWord),
		asm.Add.Reg(asm.R1, asm.R7),
		asm.StoreMem(asm.R6, stPtr, asm.R1, asm.DWord),
		asm.LoadMem(asm.R1, asm.R6, stLen, asm.DWord),
		asm.Sub.Reg(asm.R1, asm.R7),
		asm.StoreMem(asm.R6, stLen, asm.R1, asm.DWord),
		asm.Sub.Reg(asm.R9, asm.R7),
		asm.StoreMem(asm.R6, stLeft, asm.R9, asm.DWord),
		asm.JNE.Imm(asm.R9, 0, "more"),
		asm.Or.Imm(asm.R2, last),
		asm.StoreMem(asm.R6, head+headFlags, asm.R2, asm.Word).WithSymbol("more"),

		asm.LoadMapPtr(asm.R1, m.ring.FD()),
		asm.Mov.Reg(asm.R2, asm.R6), asm.Add.Imm(asm.R2, head),
		asm.Mov.Reg(asm.R3, asm.R7), asm.Add.Imm(asm.R3, headSize),
		asm.Mov.Imm(asm.R4, 0),
		asm.FnRingbufOutput.Call(),
		asm.JEq.Imm(asm.R0, 0, "on"),
		asm.LoadMapValue(asm.R1, m.lost.FD(), 0),
		asm.StoreXAdd(asm.R1, asm.R7, asm.DWord),
		asm.Mov.Imm(asm.R0, 0).WithSymbol("on"),
		asm.Return(),
		asm.Mov.Imm(asm.R0, 1).WithSymbol("stop"),
		asm.Return(),
	)
	ins[0] = btf.WithFuncMetadata(ins[0].WithSymbol("step"), function("step", btf.StaticFunc, integer("index"), pointer("state")))
	return ins
}

// The types that the kernel wants to know of a function that bpf_loop calls.

func function(name string, linkage btf.FuncLinkage, params ...btf.FuncParam) *btf.Func {
	return &btf.Func{Name: name, Linkage: linkage, Type: &btf.FuncProto{Return: number, Params: params}}
}

var number = &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}

func integer(name string) btf.FuncParam { return btf.FuncParam{Name: name, Type: number} }

func pointer(name string) btf.FuncParam {
	return btf.FuncParam{Name: name, Type: &btf.Pointer{Target: &btf.Void{}}}
}

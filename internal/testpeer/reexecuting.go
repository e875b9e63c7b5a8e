package testpeer

import (
	"encoding/binary"
	"runtime"
	"testing"
)

// Reexecuting is a program that does nothing but execute itself again, with its
// own arguments and environment. It is made of so many parts that the kernel
// spends most of the time of an execve with putting them into its memory.
func Reexecuting(t testing.TB) []byte {
	t.Helper()
	var machine uint16
	var code []byte
	switch runtime.GOARCH {
	case "amd64":
		machine = 62
		code = []byte{
			0x48, 0x8b, 0x7c, 0x24, 0x08, // mov rdi, [rsp+8]: argv[0]
			0x48, 0x8d, 0x74, 0x24, 0x08, // lea rsi, [rsp+8]: argv
			0x48, 0x8b, 0x04, 0x24, // mov rax, [rsp]: argc
			0x48, 0x8d, 0x54, 0xc4, 0x10, // lea rdx, [rsp+rax*8+16]: envp
			0xb8, 59, 0, 0, 0, // mov eax, execve
			0x0f, 0x05, // syscall
			0x0f, 0x0b, // ud2
		}
	case "arm64":
		machine = 183
		for _, word := range []uint32{
			0xf94007e0, // ldr x0, [sp, #8]: argv[0]
			0x910023e1, // add x1, sp, #8: argv
			0xf94003e9, // ldr x9, [sp]: argc
			0x8b090c22, // add x2, x1, x9, lsl #3
			0x91002042, // add x2, x2, #8: envp
			0xd2801ba8, // mov x8, #221: execve
			0xd4000001, // svc #0
			0x00000000, // udf
		} {
			code = binary.LittleEndian.AppendUint32(code, word)
		}
	default:
		t.Fatalf("no machine code for %s here", runtime.GOARCH)
	}
	const (
		parts  = 1000
		page   = 64 << 10 // the largest of any machine
		base   = 256 << 20
		header = 64
		entry  = 56
	)
	le := binary.LittleEndian
	b := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 9)...)
	b = le.AppendUint16(b, 2) // ET_EXEC
	b = le.AppendUint16(b, machine)
	b = le.AppendUint32(b, 1)
	b = le.AppendUint64(b, base+header+parts*entry) // where it begins
	b = le.AppendUint64(b, header)                  // where the table of parts is
	b = le.AppendUint64(b, 0)
	b = le.AppendUint32(b, 0)
	for _, n := range []uint16{header, entry, parts, 64, 0, 0} {
		b = le.AppendUint16(b, n)
	}
	size := uint64(header + parts*entry + len(code))
	for i := range uint64(parts) {
		b = le.AppendUint32(b, 1)   // PT_LOAD
		b = le.AppendUint32(b, 4|1) // readable, executable
		for _, n := range []uint64{0, base + 2*page*i, base + 2*page*i, size, size, page} {
			b = le.AppendUint64(b, n)
		}
	}
	return append(b, code...)
}

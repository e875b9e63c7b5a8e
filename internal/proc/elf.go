package proc

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

const elfMagic = "\x7fELF"

// elfInfo is what matters of an ELF file to the question why it cannot be
// executed. debug/elf would read far more of it, and cost start-up time.
type elfInfo struct {
	class   byte // 1: 32 bit, 2: 64 bit
	machine uint16
	// loader is PT_INTERP, empty for a static program.
	loader string
}

func parseELF(r io.ReaderAt) (elfInfo, bool) {
	var h [64]byte
	n, _ := r.ReadAt(h[:], 0)
	if n < 52 || string(h[:4]) != elfMagic {
		return elfInfo{}, false
	}
	e := elfInfo{class: h[4]}
	var order binary.ByteOrder = binary.LittleEndian
	if h[5] == 2 {
		order = binary.BigEndian
	}
	e.machine = order.Uint16(h[18:])
	var phoff int64
	var phsize, phnum int
	switch {
	case e.class == 1:
		phoff, phsize, phnum = int64(order.Uint32(h[28:])), int(order.Uint16(h[42:])), int(order.Uint16(h[44:]))
	case e.class == 2 && n == 64:
		phoff, phsize, phnum = int64(order.Uint64(h[32:])), int(order.Uint16(h[54:])), int(order.Uint16(h[56:]))
	default:
		return elfInfo{}, false
	}
	want := 32
	if e.class == 2 {
		want = 56
	}
	if phoff < 0 || phsize < want {
		return e, true
	}
	for i := range min(phnum, 256) {
		p := make([]byte, want)
		if _, err := r.ReadAt(p, phoff+int64(i*phsize)); err != nil {
			break
		}
		const ptInterp = 3
		if order.Uint32(p) != ptInterp {
			continue
		}
		off, size := int64(order.Uint32(p[4:])), uint64(order.Uint32(p[16:]))
		if e.class == 2 {
			off, size = int64(order.Uint64(p[8:])), order.Uint64(p[32:])
		}
		if off < 0 || size > 4096 { // PATH_MAX is the kernel's bound too
			break
		}
		name := make([]byte, size)
		if _, err := r.ReadAt(name, off); err != nil {
			break
		}
		name, _, _ = bytes.Cut(name, []byte{0})
		e.loader = string(name)
		break
	}
	return e, true
}

// elfMachine names e_machine values (elf.h) that one may meet.
func elfMachine(m uint16) string {
	switch m {
	case 3:
		return "i386"
	case 8:
		return "MIPS"
	case 20:
		return "PowerPC"
	case 21:
		return "ppc64"
	case 22:
		return "s390x"
	case 40:
		return "32-bit ARM"
	case 62:
		return "x86-64"
	case 183:
		return "arm64"
	case 243:
		return "RISC-V"
	case 258:
		return "LoongArch"
	}
	return fmt.Sprintf("machine type %d", m)
}

//go:build amd64 || arm64

package ptrace

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// unseen is which argument of a call is the descriptor that it writes to without the
// data's being in the process's memory, or in a place that the call tells; -1: it is
// no such call.
func unseen(nr int) int {
	switch nr {
	case unix.SYS_SENDFILE, unix.SYS_VMSPLICE:
		return 0
	case unix.SYS_TEE:
		return 1
	case unix.SYS_SPLICE, unix.SYS_COPY_FILE_RANGE:
		return 2
	}
	return -1
}

// message is what a struct msghdr of a process holds.
func message(pid int, addr uintptr) []part {
	raw := make([]byte, binary.Size(header{}))
	var h header
	if readMemory(pid, addr, raw) != nil {
		return nil
	}
	if _, err := binary.Decode(raw, binary.NativeEndian, &h); err != nil {
		return nil
	}
	parts, _ := vector(pid, uintptr(h.Iovec), h.Iovecs)
	return parts
}

// messages are what n struct mmsghdr of a process hold that were sent, and how much
// that is.
func messages(pid int, addr uintptr, n uint64) (parts []part, size uint64) {
	head := uintptr(binary.Size(header{}))
	for ; n > 0; n-- {
		var sent [8]byte // an unsigned int, and padding
		if readMemory(pid, addr+head, sent[:]) != nil {
			return parts, size
		}
		left := uint64(binary.NativeEndian.Uint32(sent[:]))
		size += left
		for _, p := range message(pid, addr) {
			p.size = min(p.size, left)
			left -= p.size
			parts = append(parts, p)
		}
		addr += head + uintptr(len(sent))
	}
	return parts, size
}

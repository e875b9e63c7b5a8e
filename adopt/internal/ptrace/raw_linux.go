//go:build amd64 || arm64

package ptrace

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

func request(req, tid int, addr, data uintptr) error {
	_, _, e := unix.Syscall6(unix.SYS_PTRACE, uintptr(req), uintptr(tid), addr, data, 0, 0)
	if e != 0 {
		return e
	}
	return nil
}

func requestAt(req, tid int, addr uintptr, data unsafe.Pointer) error {
	_, _, e := unix.Syscall6(unix.SYS_PTRACE, uintptr(req), uintptr(tid), addr, uintptr(data), 0, 0)
	if e != 0 {
		return e
	}
	return nil
}

func seize(tid, options int) error { return request(unix.PTRACE_SEIZE, tid, 0, uintptr(options)) }

// interrupt makes one stop more happen, which nobody but us sees.
func interrupt(tid int) error { return request(unix.PTRACE_INTERRUPT, tid, 0, 0) }

// listen keeps a thread in its group's stop, and tells when that ends.
func listen(tid int) error { return request(unix.PTRACE_LISTEN, tid, 0, 0) }

func resume(tid int, sig unix.Signal) error {
	return request(unix.PTRACE_CONT, tid, 0, uintptr(sig))
}

func toSyscall(tid int, sig unix.Signal) error {
	return request(unix.PTRACE_SYSCALL, tid, 0, uintptr(sig))
}

func detach(tid int, sig unix.Signal) error {
	return request(unix.PTRACE_DETACH, tid, 0, uintptr(sig))
}

// sigmask is a set of signals as the kernel has it.
type sigmask uint64

func getMask(tid int) (m sigmask, err error) {
	return m, requestAt(unix.PTRACE_GETSIGMASK, tid, unsafe.Sizeof(m), unsafe.Pointer(&m))
}

func setMask(tid int, m sigmask) error {
	return requestAt(unix.PTRACE_SETSIGMASK, tid, unsafe.Sizeof(m), unsafe.Pointer(&m))
}

// get reads the registers. ErrForeign: they are a 32-bit program's.
func (r *regs) get(tid int) error {
	iov := unix.Iovec{Base: (*byte)(unsafe.Pointer(r)), Len: uint64(unsafe.Sizeof(*r))}
	if err := requestAt(unix.PTRACE_GETREGSET, tid, unix.NT_PRSTATUS, unsafe.Pointer(&iov)); err != nil {
		return err
	}
	if iov.Len != uint64(unsafe.Sizeof(*r)) || !r.native() {
		return ErrForeign
	}
	return nil
}

func (r *regs) set(tid int) error {
	iov := unix.Iovec{Base: (*byte)(unsafe.Pointer(r)), Len: uint64(unsafe.Sizeof(*r))}
	return requestAt(unix.PTRACE_SETREGSET, tid, unix.NT_PRSTATUS, unsafe.Pointer(&iov))
}

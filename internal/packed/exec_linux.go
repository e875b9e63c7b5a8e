package packed

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// ForkExec starts the program that is packed into this one, as syscall.ForkExec
// does. It lies in memory; where a policy forbids to execute that, in a file of
// the directory that dir names, which is removed once it runs. The error wraps
// ErrNone or ErrDamaged if there is no such program.
func ForkExec(dir func() (string, error), argv []string, attr *syscall.ProcAttr) (int, error) {
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		return 0, fmt.Errorf("reading this program: %w", err)
	}
	defer self.Close()
	fi, err := self.Stat()
	if err != nil {
		return 0, fmt.Errorf("reading this program: %w", err)
	}
	p, err := Find(self, fi.Size())
	if err != nil {
		return 0, err
	}
	pid, inMemory := p.execMemory(argv, attr)
	if inMemory == nil || errors.Is(inMemory, ErrDamaged) {
		return pid, inMemory
	}
	pid, err = p.execFile(dir, argv, attr)
	if err != nil {
		return 0, fmt.Errorf("executing what is packed into this program: from memory: %w; from a file: %w", inMemory, err)
	}
	return pid, nil
}

// mfdExec says that a memfd is to be executed, which sysctl vm.memfd_noexec wants
// to be told since Linux 6.3; older kernels do not know it.
const mfdExec = 0x10

func (p *Payload) execMemory(argv []string, attr *syscall.ProcAttr) (int, error) {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate("sluice", flags|mfdExec)
	if err == unix.EINVAL {
		fd, err = unix.MemfdCreate("sluice", flags)
	}
	if err != nil {
		return 0, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), "sluice")
	defer f.Close()
	if err := p.Unpack(f); err != nil {
		return 0, err
	}
	const seals = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		return 0, os.NewSyscallError("fcntl", err)
	}
	// The child puts its files, and a pipe, into low places before it executes:
	// this one must not be overwritten by them.
	high, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, int(slices.Max(append([]uintptr{2}, attr.Files...)))+8)
	if err != nil {
		return 0, os.NewSyscallError("fcntl", err)
	}
	defer unix.Close(high)
	return syscall.ForkExec("/proc/self/fd/"+strconv.Itoa(high), argv, attr)
}

func (p *Payload) execFile(dir func() (string, error), argv []string, attr *syscall.ProcAttr) (int, error) {
	d, err := dir()
	if err != nil {
		return 0, err
	}
	f, err := os.CreateTemp(d, "engine-")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	err = p.Unpack(f)
	if err = errors.Join(err, f.Chmod(0o700), f.Close()); err != nil {
		return 0, err
	}
	pid, err := syscall.ForkExec(f.Name(), argv, attr)
	if err != nil {
		return 0, &os.PathError{Op: "exec", Path: f.Name(), Err: err}
	}
	return pid, nil
}

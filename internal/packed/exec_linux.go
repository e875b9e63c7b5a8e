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
// the directory that dir names, which has no name any more. The error wraps
// ErrNone or ErrDamaged if there is no such program.
func ForkExec(dir func() (string, error), argv []string, attr *syscall.ProcAttr) (pid int, err error) {
	err = execute(dir, func(f *os.File) error {
		// The child puts its files, and a pipe, into low places before it executes:
		// this one must not be overwritten by them.
		high, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, int(slices.Max(append([]uintptr{2}, attr.Files...)))+8)
		if err != nil {
			return os.NewSyscallError("fcntl", err)
		}
		defer unix.Close(high)
		pid, err = syscall.ForkExec(place(high), argv, attr)
		return err
	})
	return pid, err
}

// Exec puts that program in the place of this process, with its environment. It returns
// where that fails, and then the error is as with ForkExec.
func Exec(dir func() (string, error), argv []string) error {
	return execute(dir, func(f *os.File) error { return syscall.Exec(place(int(f.Fd())), argv, os.Environ()) })
}

// place is the path of an open file.
func place(fd int) string { return "/proc/self/fd/" + strconv.Itoa(fd) }

// execute has f execute the program, which is in a file that is closed afterwards.
func execute(dir func() (string, error), f func(*os.File) error) error {
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("reading this program: %w", err)
	}
	defer self.Close()
	fi, err := self.Stat()
	if err != nil {
		return fmt.Errorf("reading this program: %w", err)
	}
	p, err := Find(self, fi.Size())
	if err != nil {
		return err
	}
	with := func(program *os.File, err error) error {
		if err != nil {
			return err
		}
		defer program.Close()
		return f(program)
	}
	memErr := with(p.inMemory())
	if memErr == nil || errors.Is(memErr, ErrDamaged) {
		return memErr
	}
	if err := with(p.onDisk(dir)); err != nil {
		return fmt.Errorf("executing what is packed into this program: from memory: %w; from a file: %w", memErr, err)
	}
	return nil
}

// mfdExec says that a memfd is to be executed, which sysctl vm.memfd_noexec wants
// to be told since Linux 6.3; older kernels do not know it.
const mfdExec = 0x10

// inMemory is the program in a file that lies in memory and cannot be changed.
func (p *Payload) inMemory() (*os.File, error) {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate("sluice", flags|mfdExec)
	if err == unix.EINVAL {
		fd, err = unix.MemfdCreate("sluice", flags)
	}
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), "sluice")
	if err := p.Unpack(f); err != nil {
		f.Close()
		return nil, err
	}
	const seals = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		f.Close()
		return nil, os.NewSyscallError("fcntl", err)
	}
	return f, nil
}

// onDisk is the program in a file of a directory. It has no name, and nobody has it
// open for writing, in which case it could not be executed.
func (p *Payload) onDisk(dir func() (string, error)) (*os.File, error) {
	d, err := dir()
	if err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(d, "engine-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	err = p.Unpack(f)
	if err = errors.Join(err, f.Chmod(0o700), f.Close()); err != nil {
		return nil, err
	}
	return os.Open(f.Name())
}

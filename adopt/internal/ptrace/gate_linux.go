//go:build amd64 || arm64

package ptrace

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// area is a line of /proc/<pid>/maps.
type area struct {
	start, end uintptr
	exec       bool
	name       string
}

// parseAreas reads /proc/<pid>/maps (proc_pid_maps(5)).
func parseAreas(data []byte) ([]area, error) {
	var all []area
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) < 5 {
			return nil, fmt.Errorf("too few fields in %q", line)
		}
		from, to, _ := strings.Cut(f[0], "-")
		start, err := strconv.ParseUint(from, 16, 64)
		end, err2 := strconv.ParseUint(to, 16, 64)
		if err != nil || err2 != nil || end < start || len(f[1]) != 4 {
			return nil, fmt.Errorf("no area of memory in %q", line)
		}
		a := area{start: uintptr(start), end: uintptr(end), exec: f[1][2] == 'x'}
		if len(f) > 5 {
			a.name = f[5]
		}
		all = append(all, a)
	}
	return all, nil
}

// errNoGate is also what a process looks like in the middle of an execve.
var errNoGate = errors.New("none of its memory has an instruction that calls the kernel")

// gateSearch is how much of an area is looked through at most, in bytes.
const gateSearch = 1 << 20

// findGate finds an instruction that calls the kernel, so that none has to be written
// into the program. The vdso, which the kernel maps into every process, has one.
func findGate(pid int) (uintptr, error) {
	data, err := proc.ReadFile(pid, "maps")
	if err != nil {
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			return 0, ErrGone
		}
		return 0, err
	}
	areas, err := parseAreas(data)
	if err != nil {
		return 0, err
	}
	for _, vdso := range []bool{true, false} {
		for _, a := range areas {
			if !a.exec || a.name == "[vsyscall]" || vdso != (a.name == "[vdso]") {
				continue
			}
			code := make([]byte, min(a.end-a.start, gateSearch))
			if readMemory(pid, a.start, code) != nil {
				continue
			}
			if at := bytes.Index(code, insn); at >= 0 {
				return a.start + uintptr(at), nil
			}
		}
	}
	if dead(pid, pid) {
		return 0, ErrGone
	}
	return 0, errNoGate
}

// readMemory fills buf, or fails.
func readMemory(pid int, addr uintptr, buf []byte) error {
	if len(buf) == 0 {
		return nil
	}
	local := []unix.Iovec{{Base: &buf[0], Len: uint64(len(buf))}}
	n, err := unix.ProcessVMReadv(pid, local, []unix.RemoteIovec{{Base: addr, Len: len(buf)}}, 0)
	return whole("reading", addr, n, len(buf), err)
}

func writeMemory(pid int, addr uintptr, buf []byte) error {
	local := []unix.Iovec{{Base: &buf[0], Len: uint64(len(buf))}}
	n, err := unix.ProcessVMWritev(pid, local, []unix.RemoteIovec{{Base: addr, Len: len(buf)}}, 0)
	return whole("writing", addr, n, len(buf), err)
}

func whole(doing string, addr uintptr, n, want int, err error) error {
	if err == nil && n < want {
		err = fmt.Errorf("%d of %d bytes: %w", n, want, unix.EFAULT)
	}
	if err != nil {
		return fmt.Errorf("%s its memory at %#x: %w", doing, addr, err)
	}
	return nil
}

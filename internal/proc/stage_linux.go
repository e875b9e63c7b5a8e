package proc

import (
	"encoding/binary"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// stageName is argv[0] of the stage. Nobody has a program of that name.
const stageName = "sluice: stage"

// staged tells that this program calls MaybeStage, so that executing it again
// makes a stage and not another run of itself. It is set once, before anything
// of the program runs.
var staged atomic.Bool

// What the stage writes to its pipe: stageReady right before exec, whose
// success closes the pipe; else one of the others, a byte and a number.
const (
	stageReady  = 'R'
	stageOrders = 'O' // orders could not be read; errno
	stageLimit  = 'L' // index of the limit, errno
	stageExec   = 'X' // errno
)

// MaybeStage must be called first thing in main. In an ordinary process it
// returns at once. In one that Start made to set resource limits (Go has no
// code of ours between fork and exec) it sets them and executes the program; it
// never returns then.
func MaybeStage() {
	staged.Store(true)
	// argv is the name and the descriptors of the orders and of the answer.
	if len(os.Args) != 3 || os.Args[0] != stageName {
		return
	}
	in, err1 := strconv.Atoi(os.Args[1])
	out, err2 := strconv.Atoi(os.Args[2])
	if err1 != nil || err2 != nil {
		os.Exit(125)
	}
	runStage(in, out)
}

func runStage(in, out int) {
	// Nothing may allocate much once an address space limit is set.
	debug.SetGCPercent(-1)
	runtime.LockOSThread()
	unix.CloseOnExec(out)
	o, err := readOrders(in)
	if err != nil {
		answer(out, stageOrders, 0, err)
	}
	_ = sweepFrom(uint(o.files), nil)
	// The setting is the thread's, and this need not be the first one, which
	// has it from Start: exec keeps the thread that calls it.
	if o.pdeathsig != 0 {
		if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(o.pdeathsig), 0, 0, 0); err != nil {
			answer(out, stageOrders, 0, err)
		}
	}
	argv0, err0 := syscall.BytePtrFromString(o.path)
	argv, err1 := syscall.SlicePtrFromStrings(o.args)
	envv, err2 := syscall.SlicePtrFromStrings(o.env)
	if err0 != nil || err1 != nil || err2 != nil {
		answer(out, stageExec, 0, unix.EINVAL)
	}
	// The runtime raised our RLIMIT_NOFILE and gives the original back in
	// syscall.Exec: one that must fail does just that.
	_ = syscall.Exec("", []string{""}, nil)
	for i, l := range o.limits {
		lim := unix.Rlimit{Cur: l.soft, Max: l.hard}
		if err := unix.Prlimit(0, l.resource, &lim, nil); err != nil {
			answer(out, stageLimit, i, err)
		}
	}
	ready := [1]byte{stageReady}
	unix.RawSyscall(unix.SYS_WRITE, uintptr(out), uintptr(unsafe.Pointer(&ready)), 1)
	_, _, e := unix.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(argv0)), uintptr(unsafe.Pointer(&argv[0])), uintptr(unsafe.Pointer(&envv[0])))
	answer(out, stageExec, 0, e)
}

// answer reports and ends the stage, without allocating.
func answer(fd int, what byte, index int, err error) {
	e, ok := err.(syscall.Errno)
	if !ok {
		e = unix.EIO
	}
	var b [9]byte
	b[0] = what
	binary.LittleEndian.PutUint32(b[1:], uint32(index))
	binary.LittleEndian.PutUint32(b[5:], uint32(e))
	unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&b)), uintptr(len(b)))
	unix.RawSyscall(unix.SYS_EXIT_GROUP, 125, 0, 0)
}

// readOrders reads the memory file that the parent wrote.
func readOrders(fd int) (*orders, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	data := make([]byte, st.Size)
	for n := 0; n < len(data); {
		k, err := unix.Pread(fd, data[n:], int64(n))
		if err == unix.EINTR {
			continue
		}
		if err != nil || k == 0 {
			return nil, unix.EIO
		}
		n += k
	}
	unix.Close(fd)
	return decodeOrders(data)
}

package proc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// selfExe is this very binary, replaced or deleted as it may be by now.
const selfExe = "/proc/self/exe"

// runStage starts the command through the stage and waits until the program
// has been executed, or why not.
func (a *attempt) runStage(files []uintptr) (pid, pidfd int, err error) {
	if !staged.Load() {
		return 0, -1, a.stageFailed(unix.ENOTSUP, "resource limits need a program that calls proc.MaybeStage first thing in main")
	}
	in, err := a.writeOrders(len(files))
	if err != nil {
		return 0, -1, a.stageFailed(err, fmt.Sprintf("writing the orders for setting its limits: %v", err))
	}
	defer in.Close()
	r, w, err := os.Pipe()
	if err != nil {
		return 0, -1, explain(errno(err), a.cmd)
	}
	defer r.Close()
	n := len(files)
	args := []string{stageName, strconv.Itoa(n), strconv.Itoa(n + 1)}
	pid, pidfd, err = a.fork(selfExe, args, stageEnv(), append(files, in.Fd(), w.Fd()))
	w.Close()
	if err != nil {
		return pid, pidfd, a.stageForkError(err)
	}
	said, _ := io.ReadAll(r)
	if err = a.judge(said); err == nil {
		return pid, pidfd, nil
	}
	if pidfd >= 0 {
		unix.Close(pidfd)
	}
	// It is ending, or has ended: nobody else may take the status meanwhile.
	a.spawner.discard(pid)
	return 0, -1, err
}

// stageForkError keeps errors of the clone that Start knows how to deal with,
// or that explain understands without looking at the file.
func (a *attempt) stageForkError(err error) error {
	var told *StartError
	if errors.As(err, &told) {
		return err
	}
	switch err {
	case unix.EAGAIN, unix.EMFILE, unix.ENFILE, unix.ENOMEM, ErrClosed:
		return err
	}
	if a.cgroup != nil && refusesCgroup(err) {
		return err
	}
	if e := inspectDir(a.cmd.Dir); e != nil {
		e.Path, e.Dir = a.cmd.Path, a.cmd.Dir
		return e
	}
	return a.stageFailed(err, fmt.Sprintf("executing sluice itself (%s), to set its limits: %v", selfExe, err))
}

func (a *attempt) stageFailed(err error, why string) *StartError {
	return &StartError{Path: a.cmd.Path, Dir: a.cmd.Dir, Err: errno(err), Status: 125, Why: why}
}

// stageEnv is the little that concerns the Go runtime of the stage: a profile
// of ours must not be told what is meant for the program.
func stageEnv() []string { return []string{"GOMAXPROCS=1", "GOTRACEBACK=none"} }

func (a *attempt) writeOrders(files int) (*os.File, error) {
	fd, err := unix.MemfdCreate("sluice-stage", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "stage orders")
	o := orders{path: a.path, args: a.args, env: a.cmd.Env, limits: a.limits, files: files,
		pdeathsig: int(a.spawner.opt.Pdeathsig)}
	if _, err := f.Write(o.encode()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// judge reads what the stage said before its pipe closed.
func (a *attempt) judge(said []byte) error {
	ready := len(said) > 0 && said[0] == stageReady
	if ready {
		said = said[1:]
	}
	if len(said) == 0 {
		if ready {
			return nil
		}
		return a.stageFailed(unix.ECHILD, "the process that sets its limits ended before it had done so")
	}
	if len(said) != 9 {
		return a.stageFailed(unix.EPROTO, "the process that sets its limits answered nonsense")
	}
	index := int(binary.LittleEndian.Uint32(said[1:]))
	e := syscall.Errno(binary.LittleEndian.Uint32(said[5:]))
	switch {
	case said[0] == stageExec:
		return e
	case said[0] == stageLimit && index < len(a.cmd.Rlimits):
		return limitError(a.cmd, index, e)
	}
	return a.stageFailed(e, fmt.Sprintf("reading the orders for setting its limits: %v", e))
}

// discard waits for a child that is ending and forgets it. It does not hold
// the lock while it waits: the child is ours until it is reaped.
func (s *Spawner) discard(pid int) {
	_, _, _ = waitFor(unix.P_PID, pid, unix.WEXITED|unix.WNOWAIT, nil)
	_, _ = s.disown(pid)
}

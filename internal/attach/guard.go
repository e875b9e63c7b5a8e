//go:build linux || darwin

package attach

import (
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/sluicerun/sluice/internal/pty"
)

// The guard's descriptors: the pipe that ends with us, and the terminal.
const (
	guardPipe = 3
	guardTTY  = 4
)

// Guard is the process that gives the terminal back when the client was killed
// and cannot. It returns an exit status.
func Guard() int {
	pipe := os.NewFile(guardPipe, "the guard's pipe")
	tty := func() *os.File { return os.NewFile(guardTTY, "the terminal") }
	if err := pty.Watch(pipe, tty, nil); err != nil {
		return 1
	}
	return 0
}

// guard is our end of it. Its methods do nothing on nil: without a guard (no
// /proc, no more processes) the client works, and only kill -9 leaves a mess.
type guard struct {
	proc *os.Process
	pipe *os.File

	mu    sync.Mutex
	saved pty.Saved
	armed bool
}

// startGuard starts the process. It need not be up for the terminal to be safe:
// what it is told waits in the pipe, which outlives us.
//
// It is in a session of its own: signals from the terminal do not reach it, and
// the kernel lets it change a terminal that is not its own from anywhere.
func startGuard(tty *os.File) (*guard, error) {
	program, err := self()
	if err != nil {
		return nil, fmt.Errorf("starting the terminal's guard: %w", err)
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("starting the terminal's guard: %w", err)
	}
	defer theirs.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		ours.Close()
		return nil, fmt.Errorf("starting the terminal's guard: %w", err)
	}
	defer null.Close()
	var pid int
	// Not os/exec, which would make the files blocking.
	err = withDescriptors([]*os.File{null, null, null, theirs, tty}, func(fds []uintptr) (err error) {
		pid, err = syscall.ForkExec(program, []string{"sluice", GuardCommand}, &syscall.ProcAttr{
			Dir: "/", Env: os.Environ(), Files: fds, Sys: &syscall.SysProcAttr{Setsid: true},
		})
		return err
	})
	if err != nil {
		ours.Close()
		return nil, fmt.Errorf("starting the terminal's guard: %w", err)
	}
	proc, err := os.FindProcess(pid)
	if err != nil {
		ours.Close() // which ends it
		return nil, fmt.Errorf("starting the terminal's guard: %w", err)
	}
	return &guard{proc: proc, pipe: ours}, nil
}

// withDescriptors runs do with the descriptors of files, which stay as they are.
func withDescriptors(files []*os.File, do func([]uintptr) error) error {
	var next func(fds []uintptr) error
	next = func(fds []uintptr) error {
		if len(fds) == len(files) {
			return do(fds)
		}
		c, err := files[len(fds)].SyscallConn()
		if err != nil {
			return err
		}
		var did error
		if err := c.Control(func(fd uintptr) { did = next(append(fds, fd)) }); err != nil {
			return err
		}
		return did
	}
	return next(nil)
}

// arm has the guard restore to saved from now on.
func (g *guard) arm(saved pty.Saved) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.saved, g.armed = saved, true
	g.tell()
}

// delicate are the modes that a guard must not leave unless they are on.
const delicate = ^pty.UnknownModes

// modes tells which modes are on. What can be left in any case is left in any
// case, so that the guard is not told of each change of colour.
func (g *guard) modes(m pty.Modes) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if m = m&delicate | pty.UnknownModes; m != g.saved.Modes {
		g.saved.Modes = m
		g.tell()
	}
}

// tell: the guard always reads; one that does not (somebody stopped it) is not
// waited for.
func (g *guard) tell() {
	if g.armed {
		g.pipe.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		_ = pty.Arm(g.pipe, g.saved)
	}
}

func (g *guard) disarm() {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.armed, g.saved.Modes = false, 0
	g.pipe.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
	_ = pty.Disarm(g.pipe)
}

// end ends the guard, which has the terminal open: as long as it lives, whoever
// waits for the terminal to be let go waits too. The terminal was given back, so
// there is nothing that it could be killed in the middle of.
func (g *guard) end() {
	if g == nil {
		return
	}
	_ = g.proc.Kill()
	_, _ = g.proc.Wait()
	g.pipe.Close()
}

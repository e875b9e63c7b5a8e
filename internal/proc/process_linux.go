package proc

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/job"
)

// Process is a started process, the leader of a session and group of its own.
type Process struct {
	pid     int
	spawner *Spawner
	pidfd   *os.File // nil on kernels without pidfds
	exited  chan struct{}
	cgroup  *Cgroup
	cgErr   error

	mu     sync.Mutex
	status Status
	onExit func()
	reaped bool
	rusage Rusage
}

func newProcess(s *Spawner, pid, pidfd int, cg *Cgroup, cgErr error) *Process {
	p := &Process{
		pid: pid, spawner: s, cgroup: cg, cgErr: cgErr,
		exited: make(chan struct{}),
		status: Status{Kind: job.KindRunning},
	}
	if pidfd >= 0 {
		// Non-blocking before NewFile: that is what makes the runtime put it
		// into the netpoller.
		if err := unix.SetNonblock(pidfd, true); err == nil {
			p.pidfd = os.NewFile(uintptr(pidfd), fmt.Sprint("pidfd:", pid))
		} else {
			unix.Close(pidfd)
		}
	}
	go p.watch()
	return p
}

// watch waits for the end without reaping: a goroutine in the netpoller, no
// thread. Without pidfds a thread waits.
func (p *Process) watch() {
	st := Status{Kind: job.KindUnknown}
	polled := false
	if p.pidfd != nil {
		if rc, err := p.pidfd.SyscallConn(); err == nil {
			err = rc.Read(func(fd uintptr) bool {
				e, found, err := waitFor(unix.P_PIDFD, int(fd), unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
				if found {
					st = e.status
				}
				polled = found || err == unix.ECHILD
				return found || err != nil
			})
			if errors.Is(err, os.ErrClosed) {
				return // Release: nobody wants to know any more
			}
		}
	}
	if !polled {
		if e, found, _ := waitFor(unix.P_PID, p.pid, unix.WEXITED|unix.WNOWAIT, nil); found {
			st = e.status
		}
	}
	p.mu.Lock()
	p.status = st
	f := p.onExit
	close(p.exited)
	p.mu.Unlock()
	if f != nil {
		f()
	}
}

// OnExit has f called once when the process has ended, at once if it has. It
// spares a goroutine that would wait for Exited.
func (p *Process) OnExit(f func()) {
	p.mu.Lock()
	select {
	case <-p.exited:
		p.mu.Unlock()
		f()
	default:
		p.onExit = f
		p.mu.Unlock()
	}
}

// Pid is the process id, which is the session and process group id as well.
func (p *Process) Pid() int { return p.pid }

// Exited is closed when the process has ended. It is not reaped then, so its
// pid and pgid cannot be anybody else's until Reap.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Ended tells whether it has ended, by the kernel's word: Exited may close a
// little later.
func (p *Process) Ended() bool {
	select {
	case <-p.exited:
		return true
	default:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaped {
		return true
	}
	_, found, err := waitFor(unix.P_PID, p.pid, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return found || err != nil
}

// Status is how it ended, or KindRunning.
func (p *Process) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status
}

// Cgroup is the cgroup that the process was put in. When one was asked for and
// it is nil, or what was forked early may have escaped it, the error says why.
func (p *Process) Cgroup() (*Cgroup, error) { return p.cgroup, p.cgErr }

// Signal sends sig to the process alone. After Reap it is os.ErrProcessDone.
func (p *Process) Signal(sig syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaped {
		return os.ErrProcessDone
	}
	var err error
	if p.pidfd != nil {
		err = p.sendByPidfd(sig)
	} else {
		err = killPid(p.pid, sig)
	}
	return signalError(sig, "process", p.pid, err)
}

func (p *Process) sendByPidfd(sig syscall.Signal) error {
	rc, err := p.pidfd.SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	if err := rc.Control(func(fd uintptr) {
		sent = unix.PidfdSendSignal(int(fd), sig, nil, 0)
	}); err != nil {
		return err
	}
	return sent
}

// SignalGroup sends sig to the process group. After Reap the group's number
// may be anybody's: it is os.ErrProcessDone then.
func (p *Process) SignalGroup(sig syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaped {
		return os.ErrProcessDone
	}
	return signalError(sig, "process group", p.pid, killGroup(p.pid, sig))
}

// Stop asks the group to end: sig, then SIGCONT, because a stopped process
// does not act on sig before it is continued.
func (p *Process) Stop(sig syscall.Signal) error {
	if err := p.SignalGroup(sig); err != nil {
		return err
	}
	switch sig {
	case unix.SIGKILL, unix.SIGCONT, unix.SIGSTOP, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU:
		return nil
	}
	return p.SignalGroup(unix.SIGCONT)
}

// StopChange tells whether the process was stopped by a signal, or goes on after
// that, since the last call. SIGCHLD says when to ask.
func (p *Process) StopChange() (stopped, changed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaped {
		return false, false
	}
	for {
		is, found := stopStatus(p.pid)
		if !found {
			return stopped, changed
		}
		stopped, changed = is, true
	}
}

// Reap takes the zombie and tells what it used. Before Exited it is
// ErrNotEnded; a second call repeats the answer.
func (p *Process) Reap() (Rusage, error) {
	select {
	case <-p.exited:
	default:
		return Rusage{}, fmt.Errorf("reaping process %d: %w", p.pid, ErrNotEnded)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaped {
		return p.rusage, nil
	}
	ru, err := p.spawner.disown(p.pid)
	if err != nil && err != unix.ECHILD {
		return Rusage{}, fmt.Errorf("reaping process %d: %w", p.pid, err)
	}
	p.reaped = true
	if p.pidfd != nil {
		p.pidfd.Close()
	}
	if err != nil {
		return Rusage{}, fmt.Errorf("reaping process %d: somebody else took its status: %w", p.pid, err)
	}
	p.rusage = Rusage{
		MaxRSS: ru.Maxrss * 1024,
		User:   time.Duration(ru.Utime.Nano()),
		System: time.Duration(ru.Stime.Nano()),
	}
	return p.rusage, nil
}

// Release gives up watching a process that SIGKILL does not end. Exited is
// never closed then, and the process stays owned until this process ends.
func (p *Process) Release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pidfd != nil {
		p.pidfd.Close()
	}
}

// killPid and killGroup refuse what kill(2) understands as "everybody".
func killPid(pid int, sig syscall.Signal) error {
	if pid <= 1 {
		return unix.EINVAL
	}
	return unix.Kill(pid, sig)
}

func killGroup(pgid int, sig syscall.Signal) error {
	if pgid <= 1 {
		return unix.EINVAL
	}
	return unix.Kill(-pgid, sig)
}

func signalError(sig syscall.Signal, what string, pid int, err error) error {
	switch {
	case err == nil:
		return nil
	case err == unix.ESRCH, errors.Is(err, os.ErrClosed):
		return os.ErrProcessDone
	}
	return fmt.Errorf("sending %s to %s %d: %w", unix.SignalName(sig), what, pid, err)
}

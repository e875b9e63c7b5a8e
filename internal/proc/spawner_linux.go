package proc

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Spawner starts children, all from one locked thread that lives until Close:
// the parent-death signal belongs to the thread that forked, not to the
// process, and scheduling priority is the thread's as well.
type Spawner struct {
	opt    SpawnerOptions
	null   *os.File
	forks  chan func()
	quit   chan struct{}
	done   chan struct{}
	once   sync.Once
	binder binder // the thread's own

	// forking is held from before a fork until the child is in own; mu guards
	// own, and is held around every reaping, so that a number that is reaped
	// and given out again at once is not forgotten. Who holds both knows all
	// our children. Reaping does not wait for a fork.
	forking sync.Mutex
	mu      sync.Mutex // taken after forking
	own     map[int]struct{}
}

// NewSpawner starts the spawner's thread.
func NewSpawner(opt SpawnerOptions) (*Spawner, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("opening the workers' empty input: %w", err)
	}
	s := &Spawner{
		opt:   opt,
		null:  null,
		forks: make(chan func()),
		quit:  make(chan struct{}),
		done:  make(chan struct{}),
		own:   map[int]struct{}{},
	}
	ready := make(chan error)
	go s.thread(ready)
	if err := <-ready; err != nil {
		<-s.done
		null.Close()
		return nil, err
	}
	return s, nil
}

// thread never unlocks: the runtime then ends the thread with the goroutine,
// and a changed priority cannot leak into other goroutines.
func (s *Spawner) thread(ready chan<- error) {
	defer close(s.done)
	runtime.LockOSThread()
	err := errors.Join(addNice(s.opt.Nice), unblockSignals())
	ready <- err
	if err != nil {
		return
	}
	for {
		select {
		case f := <-s.forks:
			f()
		case <-s.quit:
			return
		}
	}
}

// unblockSignals: what our parent had blocked, children inherit through us, and
// a worker with SIGTERM blocked could only be killed.
func unblockSignals() error {
	var none unix.Sigset_t
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &none, nil); err != nil {
		return fmt.Errorf("unblocking signals for the workers: %w", err)
	}
	return nil
}

func addNice(n int) error {
	if n == 0 {
		return nil
	}
	// The system call answers 20 - nice, so that it is never negative.
	now, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err == nil {
		err = unix.Setpriority(unix.PRIO_PROCESS, 0, min(max(20-now+n, -20), 19))
	}
	if err != nil {
		return fmt.Errorf("setting the workers' priority to %+d: %w (a higher priority needs CAP_SYS_NICE or ulimit -e)", n, err)
	}
	return nil
}

// Close ends the thread. Children that still run get the Pdeathsig.
func (s *Spawner) Close() {
	s.once.Do(func() {
		close(s.quit)
		<-s.done
		s.null.Close()
	})
}

func (s *Spawner) closed() bool {
	select {
	case <-s.quit:
		return true
	default:
		return false
	}
}

// Owns tells whether pid is a child of this spawner that is not yet reaped. It
// waits for a fork in progress, so a child is known before anybody can ask:
// StartReaper(s.Owns) never takes a status that is ours.
func (s *Spawner) Owns(pid int) bool {
	s.forking.Lock()
	defer s.forking.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.own[pid]
	return ok
}

// fork runs fork and exec on the spawner's thread.
func (s *Spawner) fork(b *binding, path string, args []string, attr *syscall.ProcAttr) (pid int, err error) {
	answered := make(chan struct{})
	f := func() {
		defer close(answered)
		pid, err = s.forkHere(b, path, args, attr)
	}
	select {
	case s.forks <- f:
		<-answered
		return pid, err
	case <-s.quit:
		return 0, ErrClosed
	}
}

// forkHere is fork for who is on the spawner's thread already.
func (s *Spawner) forkHere(b *binding, path string, args []string, attr *syscall.ProcAttr) (int, error) {
	s.forking.Lock()
	defer s.forking.Unlock()
	if err := s.binder.bind(b); err != nil {
		return 0, err
	}
	pid, err := syscall.ForkExec(path, args, attr)
	// Where that fails the child is what it should be; the next bind tells.
	_ = s.binder.undo()
	if err == nil {
		s.mu.Lock()
		s.own[pid] = struct{}{}
		s.mu.Unlock()
	}
	return pid, err
}

// disown reaps pid, a child of ours that has ended, and forgets it, in one step
// for everybody who asks Owns.
func (s *Spawner) disown(pid int) (unix.Rusage, error) {
	var ru unix.Rusage
	s.mu.Lock()
	defer s.mu.Unlock()
	_, found, err := waitFor(unix.P_PID, pid, unix.WEXITED|unix.WNOHANG, &ru)
	if err == nil && !found {
		return ru, ErrNotEnded
	}
	delete(s.own, pid)
	return ru, err
}

package proc

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// busyFor is how long a program that somebody holds open for writing is
// retried: often the writer is a child of another thread between fork and exec.
const busyFor = time.Second

// Start starts c. When it returns nil the program has been executed, in a
// session and group of its own. The error is a *StartError, or ErrClosed.
//
// As execvp does, it hands a text file without #! line to /bin/sh.
func (s *Spawner) Start(c *Cmd) (*Process, error) { return s.start(c, s.fork) }

// Started is what became of one command of StartAll.
type Started struct {
	Process *Process
	Err     error // as of Start
}

// StartAll starts commands one after the other, without a pause between them:
// what is to be done about one that runs, others need not wait for. The answers
// come in order; after an error there are no more. The channel is then closed.
func (s *Spawner) StartAll(cmds []*Cmd) <-chan Started {
	out := make(chan Started, len(cmds))
	all := func() {
		defer close(out)
		for _, c := range cmds {
			p, err := s.start(c, s.forkHere)
			out <- Started{p, err}
			if err != nil {
				return
			}
		}
	}
	select {
	case s.forks <- all:
	case <-s.quit:
		out <- Started{Err: ErrClosed}
		close(out)
	}
	return out
}

// forkFunc is syscall.ForkExec on the spawner's thread, bound meanwhile. What is
// wrong with the binding is a *StartError without a path.
type forkFunc func(b *binding, path string, args []string, attr *syscall.ProcAttr) (pid int, err error)

func (s *Spawner) start(c *Cmd, fork forkFunc) (*Process, error) {
	limits, err := rlimitsOf(c)
	if err != nil {
		return nil, err
	}
	binding, err := bindingOf(c)
	if err != nil {
		return nil, err
	}
	a := attempt{spawner: s, forkExec: fork, cmd: c, path: c.Path, args: c.Args, limits: limits, binding: binding, cgroup: c.Cgroup}
	if len(a.args) == 0 {
		a.args = []string{c.Path}
	}
	var cgErr error
	tried := time.Duration(0)
	for pause := time.Millisecond; ; {
		pid, pidfd, err := a.run()
		var se *StartError
		switch {
		case err == nil:
			if a.cgroup == nil && c.Cgroup != nil {
				cgErr = c.Cgroup.join(pid, cgErr)
				return newProcess(s, pid, pidfd, joined(c.Cgroup, cgErr), cgErr), nil
			}
			return newProcess(s, pid, pidfd, a.cgroup, nil), nil
		case errors.Is(err, ErrClosed), errors.As(err, &se):
			return nil, err
		case a.cgroup != nil && refusesCgroup(err):
			// Some of these may come from exec: then it fails again.
			cgErr = fmt.Errorf("starting in cgroup %s: %w", a.cgroup.path, err)
			a.cgroup = nil
		case err == unix.ETXTBSY && tried < busyFor:
			// Nothing tells when the writer closes it.
			time.Sleep(pause)
			tried += pause
			pause = min(2*pause, 100*time.Millisecond)
		case err == unix.ENOEXEC && a.path == c.Path && isText(inDir(c.Path, c.Dir)):
			a.path, a.args = shell, shellArgs(c.Path, a.args)
		default:
			return nil, explain(err, c)
		}
	}
}

const shell = "/bin/sh"

func shellArgs(path string, args []string) []string {
	if strings.HasPrefix(path, "-") {
		path = "./" + path
	}
	return append([]string{shell, path}, args[1:]...)
}

// refusesCgroup tells whether err may come from CLONE_INTO_CGROUP: no right on
// it or on the common ancestor, a cgroup that cannot hold processes, one that
// is being removed, or a kernel (or a container's seccomp filter) without it.
// A full pids.max (EAGAIN) is not among them: it is there to be kept.
func refusesCgroup(err error) bool {
	switch err {
	case unix.EPERM, unix.EACCES, unix.EBUSY, unix.EINVAL, unix.ENOSYS, unix.E2BIG,
		unix.EOPNOTSUPP, unix.ENODEV, unix.ENOENT, unix.EBADF:
		return true
	}
	return false
}

// joined is the cgroup, unless joining it failed.
func joined(c *Cgroup, err error) *Cgroup {
	var late *lateJoin
	if errors.As(err, &late) {
		return c
	}
	return nil
}

// attempt is one try to start a command.
type attempt struct {
	spawner  *Spawner
	forkExec forkFunc
	cmd      *Cmd
	path     string
	args     []string
	limits   []limit
	binding  *binding
	cgroup   *Cgroup
}

func (a *attempt) run() (pid, pidfd int, err error) {
	files := a.files()
	defer runtime.KeepAlive(a.cmd.Files)
	if len(a.limits) > 0 {
		return a.runStage(files)
	}
	return a.fork(a.path, a.args, a.cmd.Env, files)
}

// files are the descriptors of the child, at least three.
func (a *attempt) files() []uintptr {
	fds := make([]uintptr, max(3, len(a.cmd.Files)))
	for i := range fds {
		if i < len(a.cmd.Files) && a.cmd.Files[i] != nil {
			fds[i] = a.cmd.Files[i].Fd()
		} else {
			fds[i] = a.spawner.null.Fd()
		}
	}
	return fds
}

func (a *attempt) fork(path string, args, env []string, files []uintptr) (pid, pidfd int, err error) {
	for i, fd := range files {
		if int(fd) < 0 {
			if a.spawner.closed() { // our own /dev/null, then
				return 0, -1, ErrClosed
			}
			return 0, -1, &StartError{Path: a.cmd.Path, Dir: a.cmd.Dir, Err: unix.EBADF, Status: 125,
				Why: fmt.Sprintf("the file for its descriptor %d is already closed", i)}
		}
	}
	pidfd = -1
	sys := &syscall.SysProcAttr{
		Setsid:    true,
		Pdeathsig: a.spawner.opt.Pdeathsig,
		PidFD:     &pidfd,
	}
	switch a.cmd.Terminal {
	case OwnTerminal:
		sys.Setctty, sys.Ctty = true, 1
	case JobTerminal:
		// Here the number is ours, there the child's.
		sys.Setsid, sys.Setpgid, sys.Foreground, sys.Ctty = false, true, true, int(files[1])
	}
	if a.cgroup != nil {
		dir, err := a.cgroup.open()
		if err != nil {
			return 0, -1, err
		}
		defer dir.Close()
		sys.UseCgroupFD = true
		sys.CgroupFD = int(dir.Fd())
	}
	pid, err = a.forkExec(a.binding, path, args, &syscall.ProcAttr{Dir: a.cmd.Dir, Env: env, Files: files, Sys: sys})
	var se *StartError
	if errors.As(err, &se) {
		se.Path, se.Dir = a.cmd.Path, a.cmd.Dir
	}
	return pid, pidfd, err
}

// openDir opens a directory as a mere handle.
func openDir(path string) (*os.File, error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}

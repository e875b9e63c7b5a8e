//go:build linux

package agent

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/sluicerun/sluice/elastic"
	"github.com/sluicerun/sluice/internal/coldjson"
	"github.com/sluicerun/sluice/internal/early"
	"github.com/sluicerun/sluice/internal/fdpass"
	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/launch/guardian"
	"golang.org/x/sys/unix"
)

// Agent is the launcher's side of an agent that has been started.
type Agent struct {
	link *link
	pid  int
	keep guardian.Keeper
	run  string
	dir  string

	terminal *terminal
	own      *ownTerminal // nil: the console is shown
	detach   bool
}

// Spawn starts the agent's process. It waits for Launch; starting it before
// the command line is understood hides its start-up time behind ours.
func Spawn() (*Agent, error) {
	surviveClosedPipes() // the exit status is the run's, whoever reads
	if p := early.Take(); p != nil {
		l, err := newLink(os.NewFile(uintptr(p.Link), "link"))
		if err != nil {
			return nil, fmt.Errorf("starting the agent: %w", err)
		}
		return &Agent{link: l, pid: p.PID, keep: guardian.Keeper{Heir: true}}, nil
	}
	if err := proc.SweepDescriptors(); err != nil {
		return nil, fmt.Errorf("starting the agent: %w", err)
	}
	// If the agent is killed, what it leaves comes to us.
	spare := childrenBefore()
	if err := proc.BecomeSubreaper(); err != nil {
		return nil, fmt.Errorf("starting the agent: %w", err)
	}
	a := &Agent{keep: guardian.Keeper{Heir: true, Spare: spare}}
	err := a.start(func(argv []string, attr *syscall.ProcAttr) (int, error) {
		return syscall.ForkExec("/proc/self/exe", argv, attr)
	})
	if err != nil {
		return nil, err
	}
	return a, nil
}

// start starts the process of a, by exec.
func (a *Agent) start(exec func(argv []string, attr *syscall.ProcAttr) (int, error)) error {
	l, theirs, err := pair()
	if err != nil {
		return fmt.Errorf("starting the agent: %w", err)
	}
	defer theirs.Close()
	fd, err := fdpass.Descriptor(theirs)
	if err != nil {
		l.close()
		return err
	}
	pid, err := exec(early.Argv(), &syscall.ProcAttr{
		Env: os.Environ(), Files: []uintptr{0, 1, 2, uintptr(fd)},
		Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		l.close()
		return fmt.Errorf("starting the agent: %w", err)
	}
	a.link, a.pid = l, pid
	return nil
}

// childrenBefore are those that a shell had which executed us in its place.
func childrenBefore() []int {
	if !proc.HasDescendants() {
		return nil
	}
	all, err := proc.Descendants("/", os.Getpid())
	if err != nil {
		return nil
	}
	pids := make([]int, len(all))
	for i, p := range all {
		pids[i] = p.PID
	}
	return pids
}

// Dismiss ends an agent that is not needed after all.
func (a *Agent) Dismiss() {
	a.link.close()
	a.reap()
}

// Launch runs spec to its end and returns the exit status. With st.Detach it
// returns once the gang has been started; run is then the run's id.
func (a *Agent) Launch(spec job.Spec, st Start, t Terminal) (run string, status int, err error) {
	if spec.Nodes.Elastic() && !elastic.HasEngine() {
		if err := a.exchange(); err != nil {
			return "", 0, err
		}
	}
	me, err := proc.Identify(os.Getpid())
	if err != nil {
		return "", 0, err
	}
	st.Launcher = me
	a.detach = st.Detach
	if spec.Pty != nil {
		if st.Front = shows(&spec, st.Detach); st.Front != nil {
			st.Front.PID = me.Pid
			if a.own, err = newOwnTerminal(t, spec); err != nil {
				return "", 0, err
			}
			defer a.own.end()
		}
	}
	files := make([]*os.File, 1, 3)
	if files[0], err = specFile(spec); err != nil {
		return "", 0, err
	}
	defer files[0].Close()
	a.terminal = newTerminal(a.link)
	if !st.Detach {
		a.terminal.hear(spec.Stop, a.own == nil)
		if in := a.terminal.input(spec); in != nil {
			st.Stdin = true
			files = append(files, in)
		}
	}
	if a.own != nil {
		files = append(files, a.own.theirs)
	}
	err = a.link.send(message{Kind: kindStart, Start: &st}, files...)
	if a.own != nil {
		a.own.theirs.Close()
	}
	if st.Stdin {
		// The keyboard's pipe must break when the last reader has gone, or
		// typing ahead of a worker that does not read would hold up the end.
		files[1].Close()
	}
	if errors.Is(err, unix.EPIPE) { // it was killed before it could listen
		status, err = a.lost()
		return "", status, err
	}
	if err != nil {
		return "", 0, fmt.Errorf("talking to the agent: %w", err)
	}
	status, err = a.follow()
	return a.run, status, err
}

// specFile puts the spec where its size does not matter.
func specFile(spec job.Spec) (*os.File, error) {
	b, err := coldjson.Marshal(spec)
	if err != nil {
		return nil, fmt.Errorf("encoding the spec: %w", err)
	}
	fd, err := unix.MemfdCreate("spec", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("passing the spec: %w", err)
	}
	f := os.NewFile(uintptr(fd), "spec")
	if _, err := f.Write(b); err != nil {
		f.Close()
		return nil, fmt.Errorf("passing the spec: %w", err)
	}
	return f, nil
}

// follow listens to the agent until it, or the run, ends.
func (a *Agent) follow() (int, error) {
	if a.terminal != nil {
		defer a.terminal.close()
	}
	for {
		m, fds, err := a.link.recv()
		if err != nil {
			return a.lost()
		}
		switch m.Kind {
		case kindMade:
			a.run, a.dir = m.Run, m.Dir
			a.show()
		case kindHold:
			a.keep.Hold(*m.Held, fds)
		case kindRelease:
			a.keep.Release(m.Attempt)
		case kindStarted:
			a.run, a.dir = m.Run, m.Dir
			if a.detach {
				if m.Text != "" {
					fmt.Fprintln(os.Stderr, m.Text)
				}
				a.link.close()
				return 0, nil
			}
			if a.terminal != nil {
				a.terminal.begin()
			}
			a.show() // if it resumes
		case kindPaused:
			a.terminal.paused()
		case kindEOF:
			a.terminal.endInput()
		case kindLeft:
			if m.Text != "" {
				return job.StatusInternal, fmt.Errorf("detaching: %s; the run is ended", m.Text)
			}
			return 0, &Detached{a.run}
		case kindFailed:
			a.own.end()
			a.reap()
			if m.Usage != nil {
				return m.Status, m.Usage
			}
			return m.Status, &Failure{m.Status, m.Text}
		case kindEnded:
			a.reap()
			return m.Status, a.own.end()
		}
	}
}

// show gives our terminal to rank 0, if that is how the run is shown.
func (a *Agent) show() {
	if a.own != nil {
		a.own.begin(a.terminal.goesOn, func() { a.link.send(message{Kind: kindLeave}) })
	}
}

// lost is called when the agent died. Its workers died with it, by the
// parent-death signal; what they wrote last is still in the pipes that we hold.
func (a *Agent) lost() (int, error) {
	pid := a.pid
	how := a.reap()
	a.own.end()
	if a.dir == "" {
		return job.StatusInternal, fmt.Errorf("the agent (pid %d) %s before the run had started", pid, how)
	}
	res, err := a.keep.TakeOver(a.dir, how)
	if err != nil {
		return job.StatusInternal, errors.Join(fmt.Errorf("the agent (pid %d) %s", pid, how), err)
	}
	if res.Verdict != job.Lost {
		return res.Status, nil
	}
	return job.StatusInternal, errors.New(res.Detail)
}

// reap waits for the agent's process, which is about to end or has.
func (a *Agent) reap() string {
	if a.pid == 0 {
		return "is gone" // somebody else's child: its status is not for us
	}
	var ws syscall.WaitStatus
	for {
		_, err := syscall.Wait4(a.pid, &ws, 0, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return "is gone: " + err.Error()
		}
		break
	}
	a.pid = 0
	if ws.Signaled() {
		return "was killed by " + job.Signal(ws.Signal()).String()
	}
	return fmt.Sprintf("ended with exit status %d", ws.ExitStatus())
}

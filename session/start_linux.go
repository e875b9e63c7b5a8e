package session

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/internal/pty"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/stream"
)

// program is what a session that was started here runs.
type program struct {
	spawner *proc.Spawner
	proc    *proc.Process
	log     *stream.Log
	pipe    *os.File
	pump    *stream.Pump
	cookie  string
	watched chan struct{}
	once    sync.Once
}

// cookieKey marks the processes of a session, so that none of them is left.
const cookieKey = "SLUICE_SESSION"

// startGrace is how long a program may take to end after the hang-up at Close.
const startGrace = 2 * time.Second

// Start starts a program on a terminal of its own. Close ends it.
func Start(ctx context.Context, c Command) (s *Session, err error) {
	if len(c.Args) == 0 || c.Args[0] == "" {
		return nil, errors.New("starting a session: there is nothing to run")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if c.Size.Cols == 0 || c.Size.Rows == 0 {
		c.Size = pty.DefaultSize
	}
	p := &program{cookie: rand.Text(), watched: make(chan struct{})}
	defer func() {
		if err != nil {
			p.undo()
			err = fmt.Errorf("starting a session: %w", err)
		}
	}()
	env := environment(c.Env, p.cookie)
	path, err := proc.LookPath(c.Args[0], c.Cwd, env)
	if err != nil {
		return nil, err
	}
	if p.log, err = createLog(c.Dir); err != nil {
		return nil, err
	}
	var fds [2]int
	if err = unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return nil, err
	}
	p.pipe = os.NewFile(uintptr(fds[0]), "pipe")
	sink := os.NewFile(uintptr(fds[1]), "pipe")
	master, slave, err := pty.Open(pty.OpenOptions{Size: c.Size})
	if err != nil {
		sink.Close()
		return nil, err
	}
	defer slave.Close()
	s, err = New(Options{
		Move: func() bool { return p.pump.Move() },
		Dir:  c.Dir, Master: master, Sink: sink, Log: p.log, Size: c.Size, Policy: c.Policy, Scrollback: c.Scrollback,
		Linger: c.Linger, Command: strings.Join(c.Args, " "), Term: lookup(env, "TERM"), Note: c.Note,
	})
	if err != nil {
		sink.Close()
		master.Close()
		return nil, err
	}
	if p.spawner, err = proc.NewSpawner(proc.SpawnerOptions{Pdeathsig: syscall.SIGKILL}); err == nil {
		p.proc, err = p.spawner.Start(&proc.Cmd{Path: path, Args: c.Args, Env: env, Dir: c.Cwd, Terminal: proc.OwnTerminal, Files: []*os.File{slave, slave, slave}})
	}
	if err != nil {
		s.Discard()
		return nil, err
	}
	s.own = p
	p.pump = stream.StartPump(p.pipe, p.log, stream.PumpOptions{OnData: s.Grew, Manual: true})
	s.Begin()
	go p.watch(s)
	return s, nil
}

// createLog makes the log of the output. Without a directory it has no name, so that
// nothing of it is left even by a SIGKILL.
func createLog(dir string) (*stream.Log, error) {
	if dir == "" {
		return stream.CreateTemp(stream.LogOptions{})
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return stream.Create(dir, OutputLog, stream.LogOptions{})
}

func environment(env []string, cookie string) []string {
	inherited := env == nil
	if inherited {
		env = os.Environ()
	}
	env = slices.DeleteFunc(slices.Clone(env), func(kv string) bool {
		k, _, _ := strings.Cut(kv, "=")
		return k == "LINES" || k == "COLUMNS" || k == cookieKey || k == "TERM" && inherited
	})
	if lookup(env, "TERM") == "" {
		env = append(env, "TERM=xterm-256color")
	}
	return append(env, cookieKey+"="+cookie)
}

func lookup(env []string, key string) string {
	for _, kv := range env {
		if k, v, _ := strings.Cut(kv, "="); k == key {
			return v
		}
	}
	return ""
}

// watch follows the program to its end.
func (p *program) watch(s *Session) {
	defer close(p.watched)
	<-p.proc.Exited()
	st := p.proc.Status()
	o := job.Outcome{Kind: st.Kind, Code: st.Code, Signal: job.Signal(st.Signal)}
	text := fmt.Sprintf("exit code %d", st.Code)
	if st.Kind == job.KindSignaled {
		text = job.Signal(st.Signal).String()
	}
	s.Exited(o.Status(), text)
	<-s.pumped
	p.pump.Drain()
	s.Finish()
	p.proc.Reap()
}

// end ends what still runs, and waits for it.
func (p *program) end(s *Session) {
	p.once.Do(func() {
		if !p.proc.Ended() {
			p.proc.Stop(syscall.SIGHUP)
			select {
			case <-p.proc.Exited():
			case <-time.After(startGrace):
				p.proc.SignalGroup(syscall.SIGKILL)
			}
		}
		s.Hurry()
		proc.KillTree(proc.KillOptions{Everywhere: true, Key: cookieKey, Value: p.cookie, Timeout: startGrace})
		<-p.watched
		s.letLog(s.opt.Dir != "")
		p.undo()
	})
}

// undo gives back what was made.
func (p *program) undo() {
	if p.spawner != nil {
		p.spawner.Close()
	}
	if p.pipe != nil {
		p.pipe.Close()
	}
	if p.log != nil {
		p.log.Close()
	}
}

// Signal sends a signal to the foreground of the terminal of a program that
// Start started, or to the program itself when nothing else has it.
func (s *Session) Signal(sig syscall.Signal) error {
	if s.own == nil {
		return errors.New("signalling a session: its program was started by somebody else")
	}
	if s.own.proc.Ended() {
		return ErrEnded
	}
	if st, err := s.master.State(); err == nil && st.Foreground > 0 {
		return unix.Kill(-st.Foreground, sig)
	}
	return s.own.proc.SignalGroup(sig)
}

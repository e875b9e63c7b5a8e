//go:build linux

package pty

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// roleEnv makes the test binary one of the programs of roles: they need a
// process of their own, to be stopped, to be killed, to lead a session.
const roleEnv = "PTY_TEST_ROLE"

// quickExit spares the second that a program with the race detector waits at its
// end for reports of other threads.
const quickExit = "GORACE=atexit_sleep_ms=0"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleEnv); role != "" {
		os.Exit(play(role))
	}
	goleak.VerifyTestMain(m)
}

// patience bounds the waiting for what must come; no test waits for it to pass.
const patience = 30 * time.Second

// stage is a terminal whose output is read all the time and kept.
type stage struct {
	*Master
	t     *testing.T
	slave *os.File // closed by perform

	mu   sync.Mutex
	seen bytes.Buffer
	more chan struct{} // closed when something came
	end  error
	done chan struct{}
}

func newStage(t *testing.T, o OpenOptions) *stage {
	t.Helper()
	m, slave, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{Master: m, t: t, slave: slave, more: make(chan struct{}), done: make(chan struct{})}
	go s.read()
	t.Cleanup(func() {
		slave.Close()
		m.Close()
		<-s.done
	})
	return s
}

func (s *stage) read() {
	defer close(s.done)
	buf := make([]byte, 64<<10)
	for {
		n, err := s.Read(buf)
		s.mu.Lock()
		s.seen.Write(buf[:n])
		s.end = err
		close(s.more)
		s.more = make(chan struct{})
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// wait waits until the output holds want, and takes everything up to its end.
func (s *stage) wait(want string) string {
	s.t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		s.mu.Lock()
		if before, _, found := strings.Cut(s.seen.String(), want); found {
			s.seen.Next(len(before) + len(want))
			s.mu.Unlock()
			return before
		}
		more, end, text := s.more, s.end, s.seen.String()
		s.mu.Unlock()
		if end != nil {
			s.t.Fatalf("%q never came, but %v after %q", want, end, text)
		}
		select {
		case <-more:
		case <-timeout.C:
			s.t.Fatalf("%q never came, only %q", want, text)
		}
	}
}

func (s *stage) typeText(text string) {
	s.t.Helper()
	if _, err := s.Write([]byte(text)); err != nil {
		s.t.Fatal(err)
	}
}

// until asks again and again, for what no byte announces.
func (s *stage) until(what string, holds func(State) bool) State {
	s.t.Helper()
	for start := time.Now(); ; time.Sleep(2 * time.Millisecond) {
		state, err := s.State()
		if err != nil {
			s.t.Fatal(err)
		}
		if holds(state) {
			return state
		}
		if time.Since(start) > patience {
			s.t.Fatalf("%s never came: %+v", what, state)
		}
	}
}

// command is a program on the stage, the leader of a session that the terminal
// controls. It is killed with the test.
func (s *stage) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.slave, s.slave, s.slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	cmd.Env = append(os.Environ(), "TERM=xterm", quickExit, "PS1=$ ", "HISTFILE=", "LC_ALL=C")
	return cmd
}

// perform starts cmd and leaves the terminal to it.
func (s *stage) perform(cmd *exec.Cmd) {
	s.t.Helper()
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.slave.Close()
	s.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
}

// role is this binary in one of its roles.
func (s *stage) role(name string) *exec.Cmd {
	cmd := s.command(self(s.t))
	cmd.Env = append(cmd.Env, roleEnv+"="+name)
	return cmd
}

func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

//go:build linux || darwin

package attach

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sluicerun/sluice/internal/pty"
	"github.com/sluicerun/sluice/keys"
	"github.com/sluicerun/sluice/session"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// The client is a process of its own on a real terminal, as it will be: this
// binary once more, which roleEnv tells so. Its descriptor 3 is the connection,
// and on 4 it says how it ended.
const (
	roleEnv  = "SLUICE_TEST_ATTACH"
	waitMost = 20 * time.Second
)

type role struct {
	DetachKey  string `json:",omitempty"`
	ReadOnly   bool   `json:",omitempty"`
	Foreground bool   `json:",omitempty"`
	CanDetach  bool   `json:",omitempty"`
	Keymap     string `json:",omitempty"`
	Panic      bool   `json:",omitempty"` // at a signal
}

type outcome struct {
	Result Result
	Err    string
	Lost   bool
}

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == GuardCommand {
		os.Exit(Guard())
	}
	if text := os.Getenv(roleEnv); text != "" {
		if err := play(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func play(text string) error {
	var r role
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return err
	}
	conn, err := net.FileConn(os.NewFile(3, "connection"))
	if err != nil {
		return err
	}
	o := Options{In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		DetachKey: r.DetachKey, ReadOnly: r.ReadOnly, Foreground: r.Foreground, CanDetach: r.CanDetach}
	if r.Keymap != "" {
		if o.Keymap, err = keys.ParseKeymap(strings.NewReader(r.Keymap), "keymap"); err != nil {
			return err
		}
	}
	if r.Panic {
		o.Signal = func(os.Signal) bool { panic("as the test wants it") }
	}
	result, err := Run(context.Background(), conn, o)
	out := outcome{Result: result, Lost: errors.Is(err, ErrLost)}
	if err != nil {
		out.Err = err.Error()
	}
	return json.NewEncoder(os.NewFile(4, "outcome")).Encode(out)
}

// stage is a terminal, a session that the test plays, and a client between them.
type stage struct {
	t       *testing.T
	m       *pty.Master
	slave   *os.File
	conn    net.Conn
	theirs  *os.File
	outcome *os.File
	report  *os.File
	cmd     *exec.Cmd
	ended   chan struct{}

	mu     sync.Mutex
	screen []byte
	hold   chan struct{} // not nil: the terminal takes nothing until it is closed
	got    []got
}

type got struct {
	kind    session.FrameKind
	payload string
}

func newStage(t *testing.T) *stage {
	t.Helper()
	t.Parallel()
	m, slave, err := pty.Open(pty.OpenOptions{Size: pty.Size{Cols: 80, Rows: 24}})
	if err != nil {
		t.Fatal(err)
	}
	syscall.ForkLock.RLock() // or a client of another test inherits them
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fds[0])
		unix.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	ours := os.NewFile(uintptr(fds[0]), "session")
	conn, err := net.FileConn(ours)
	if err != nil {
		t.Fatal(err)
	}
	ours.Close()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, m: m, slave: slave, conn: conn, theirs: os.NewFile(uintptr(fds[1]), "client"), outcome: r, report: w, ended: make(chan struct{})}
	var wg sync.WaitGroup
	wg.Add(2)
	go func() { defer wg.Done(); s.watchScreen() }()
	go func() { defer wg.Done(); s.watchFrames() }()
	t.Cleanup(func() {
		s.release()
		if s.cmd != nil && s.cmd.Process != nil {
			// Everything on the terminal: a shell's jobs have groups of their own.
			unix.Kill(-s.cmd.Process.Pid, unix.SIGKILL)
			if st, err := m.State(); err == nil && st.Foreground > 1 {
				unix.Kill(-st.Foreground, unix.SIGKILL)
			}
			<-s.ended
		}
		conn.Close()
		m.Close()
		slave.Close()
		s.theirs.Close()
		r.Close()
		w.Close()
		wg.Wait()
		if t.Failed() {
			s.mu.Lock()
			defer s.mu.Unlock()
			t.Logf("screen: %q", s.screen)
			for _, g := range s.got {
				t.Logf("frame %c %.100q", g.kind, g.payload)
			}
		}
	})
	return s
}

func (s *stage) watchScreen() {
	b := make([]byte, 32<<10)
	for {
		s.mu.Lock()
		hold := s.hold
		s.mu.Unlock()
		if hold != nil {
			<-hold
			s.mu.Lock()
			s.hold = nil
			s.mu.Unlock()
		}
		n, err := s.m.Read(b)
		s.mu.Lock()
		s.screen = append(s.screen, b[:n]...)
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (s *stage) watchFrames() {
	r := session.NewFrameReader(bufio.NewReader(s.conn))
	for {
		kind, p, err := r.Read()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.got = append(s.got, got{kind, string(p)})
		s.mu.Unlock()
	}
}

// block lets the terminal take nothing from the next byte on; release ends that.
func (s *stage) block() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold = make(chan struct{})
}

func (s *stage) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hold != nil {
		select {
		case <-s.hold:
		default:
			close(s.hold)
		}
	}
}

// client is the command that is a client with the options r.
func (s *stage) client(r role) *exec.Cmd {
	s.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	text, err := json.Marshal(r)
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(exe)
	// The race detector lets a process wait for a second at its end.
	cmd.Env = append(os.Environ(), roleEnv+"="+string(text), "GORACE=atexit_sleep_ms=0")
	return cmd
}

// start runs cmd as the leader of the terminal's session.
func (s *stage) start(cmd *exec.Cmd) {
	s.t.Helper()
	ctty := -1
	if cmd.Stdin == nil {
		cmd.Stdin, ctty = s.slave, 0
	}
	if cmd.Stdout == nil {
		cmd.Stdout = s.slave
		if ctty < 0 {
			ctty = 1
		}
	}
	if cmd.Stderr == nil {
		cmd.Stderr = s.slave
		if ctty < 0 {
			ctty = 2
		}
	}
	cmd.ExtraFiles = []*os.File{s.theirs, s.report}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if ctty >= 0 {
		cmd.SysProcAttr.Setctty, cmd.SysProcAttr.Ctty = true, ctty
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.cmd = cmd
	s.theirs.Close()
	s.report.Close()
	go func() {
		cmd.Wait()
		close(s.ended)
	}()
}

// run starts a client, and waits until it has the terminal.
func (s *stage) run(r role) {
	s.t.Helper()
	s.start(s.client(r))
	s.untilRaw()
}

func (s *stage) until(what string, holds func() bool) {
	s.t.Helper()
	for end := time.Now().Add(waitMost); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("waited in vain: %s", what)
		}
	}
}

func (s *stage) state() pty.State {
	s.t.Helper()
	st, err := s.m.State()
	if err != nil {
		s.t.Fatal(err)
	}
	return st
}

func (s *stage) untilRaw() {
	s.t.Helper()
	s.until("the terminal is raw", func() bool { return s.state().Raw() && !s.state().Echo })
}

func (s *stage) untilSane() {
	s.t.Helper()
	s.until("the terminal is sane", func() bool {
		st := s.state()
		return st.Canonical && st.Echo && st.Signals && st.Post && st.CRToNL
	})
}

func (s *stage) shown() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.screen)
}

// forget empties what was shown and got so far.
func (s *stage) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.screen, s.got = nil, nil
}

func (s *stage) untilShown(want string) {
	s.t.Helper()
	s.until(fmt.Sprintf("%q is shown", want), func() bool { return strings.Contains(s.shown(), want) })
}

func (s *stage) frames() []got {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]got(nil), s.got...)
}

func (s *stage) count(kind session.FrameKind) int {
	n := 0
	for _, g := range s.frames() {
		if g.kind == kind {
			n++
		}
	}
	return n
}

// keys is what the frames of keys held.
func (s *stage) keys() string {
	var b strings.Builder
	for _, g := range s.frames() {
		if g.kind == session.FrameKeys || g.kind == session.FrameKeysPart {
			b.WriteString(g.payload)
		}
	}
	return b.String()
}

func (s *stage) untilKeys(want string) {
	s.t.Helper()
	s.until(fmt.Sprintf("%.60q arrives", want), func() bool { return s.keys() == want })
}

func (s *stage) untilFrame(kind session.FrameKind) {
	s.t.Helper()
	s.until(fmt.Sprintf("a frame %c arrives", kind), func() bool { return s.count(kind) > 0 })
}

func (s *stage) send(kind session.FrameKind, p string) {
	s.t.Helper()
	if err := session.WriteFrame(s.conn, kind, []byte(p)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) end(e session.End) {
	s.t.Helper()
	b, err := json.Marshal(e)
	if err != nil {
		s.t.Fatal(err)
	}
	s.send(session.FrameEnd, string(b))
}

func (s *stage) typeText(p string) {
	s.t.Helper()
	if _, err := io.WriteString(s.m, p); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) kill(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// over waits for how the client ended.
func (s *stage) over() outcome {
	s.t.Helper()
	s.outcome.SetReadDeadline(time.Now().Add(waitMost))
	var o outcome
	if err := json.NewDecoder(s.outcome).Decode(&o); err != nil {
		s.t.Fatalf("the client's outcome: %v", err)
	}
	return o
}

// gone waits for the end of a process that says nothing.
func (s *stage) gone() {
	s.t.Helper()
	select {
	case <-s.ended:
	case <-time.After(waitMost):
		s.t.Fatal("the client does not end")
	}
}

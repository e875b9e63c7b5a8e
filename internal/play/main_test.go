//go:build linux || darwin

package play

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/internal/attach"
	"github.com/sluicerun/sluice/internal/pty"
	"github.com/sluicerun/sluice/playback"
	"github.com/sluicerun/sluice/vt"
	"go.uber.org/goleak"
)

// The player is a process of its own on a real terminal, as it will be: this binary
// once more, which roleEnv tells so. How it ended is on its standard error.
const (
	roleEnv  = "SLUICE_TEST_PLAY"
	waitMost = 20 * time.Second
)

// role is what the player is to play.
type role struct {
	Cols, Rows int
	Events     []cast.Event

	Speed          float64
	IdleLimit      time.Duration
	Loop           bool
	PauseOnMarkers bool
	Resize         bool
	ShowKeys       bool
	From, Until    time.Duration
	Folder         string
}

type outcome struct {
	Result Result
	Err    string
}

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == attach.GuardCommand {
		os.Exit(attach.Guard())
	}
	if file := os.Getenv(roleEnv); file != "" {
		if err := perform(file); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func perform(file string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var r role
	if err := json.Unmarshal(b, &r); err != nil {
		return err
	}
	o := Options{
		Name: "demo.cast", In: os.Stdin, Out: os.Stdout, Speed: r.Speed, IdleLimit: r.IdleLimit, Loop: r.Loop,
		PauseOnMarkers: r.PauseOnMarkers, Resize: r.Resize, ShowKeys: r.ShowKeys, From: r.From, Until: r.Until, Folder: r.Folder,
	}
	o.Open = func() (playback.Source, error) {
		return playback.FromEvents(cast.Header{Width: r.Cols, Height: r.Rows}, r.Events), nil
	}
	result, err := Run(context.Background(), o)
	out := outcome{Result: result}
	if err != nil {
		out.Err = err.Error()
	}
	if b, err = json.Marshal(out); err != nil {
		return err
	}
	return os.WriteFile(file+".outcome", b, 0o600)
}

// theatre is a person's terminal, which is an emulator, and a player on it.
type theatre struct {
	t     *testing.T
	m     *pty.Master
	slave *os.File
	file  string
	cmd   *exec.Cmd
	ended chan struct{}

	mu   sync.Mutex
	term *vt.Terminal
	raw  []byte
	size [2]int // that was asked for
}

func newTheatre(t *testing.T, cols, rows int) *theatre {
	t.Helper()
	t.Parallel()
	m, slave, err := pty.Open(pty.OpenOptions{Size: pty.Size{Cols: uint16(cols), Rows: uint16(rows)}})
	if err != nil {
		t.Fatal(err)
	}
	s := &theatre{t: t, m: m, slave: slave, file: t.TempDir() + "/role", ended: make(chan struct{})}
	s.term = vt.New(cols, rows, vt.Options{Notify: func(e vt.Event) {
		if e.Kind == vt.SizeEvent {
			s.size = [2]int{e.Cols, e.Rows}
		}
	}})
	var wg sync.WaitGroup
	wg.Go(func() {
		b := make([]byte, 32<<10)
		for {
			n, err := m.Read(b)
			s.mu.Lock()
			s.term.Write(b[:n])
			s.raw = append(s.raw, b[:n]...)
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	})
	t.Cleanup(func() {
		if s.cmd != nil {
			syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
			if st, err := m.State(); err == nil && st.Foreground > 1 {
				syscall.Kill(-st.Foreground, syscall.SIGKILL)
			}
			<-s.ended
		}
		m.Close()
		slave.Close()
		wg.Wait()
		if t.Failed() {
			t.Logf("screen:\n%s\nbytes: %.3000q", s.term.Text(false), s.raw)
		}
	})
	return s
}

// script writes what is to be played, and returns the command that does.
func (s *theatre) script(r role) *exec.Cmd {
	s.t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(s.file, b, 0o600); err != nil {
		s.t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(exe)
	// The race detector lets a process wait for a second at its end.
	cmd.Env = append(os.Environ(), roleEnv+"="+s.file, "GORACE=atexit_sleep_ms=0")
	return cmd
}

// start runs cmd as the leader of the terminal's session.
func (s *theatre) start(cmd *exec.Cmd) {
	s.t.Helper()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.slave, s.slave, s.slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.cmd = cmd
	go func() {
		cmd.Wait()
		close(s.ended)
	}()
}

func (s *theatre) play(r role) { s.start(s.script(r)) }

func (s *theatre) until(what string, holds func() bool) {
	s.t.Helper()
	for end := time.Now().Add(waitMost); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("waited in vain: %s", what)
		}
	}
}

// look calls f with the person's terminal.
func (s *theatre) look(f func(*vt.Terminal)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.term)
}

func (s *theatre) text() (text string) {
	s.look(func(t *vt.Terminal) { text = t.Text(false) })
	return text
}

func (s *theatre) untilShown(want string) {
	s.t.Helper()
	s.until(fmt.Sprintf("%q is shown", want), func() bool { return strings.Contains(s.text(), want) })
}

func (s *theatre) untilGone(what string) {
	s.t.Helper()
	s.until(fmt.Sprintf("%q is gone", what), func() bool { return !strings.Contains(s.text(), what) })
}

func (s *theatre) typeText(p string) {
	s.t.Helper()
	if _, err := io.WriteString(s.m, p); err != nil {
		s.t.Fatal(err)
	}
}

// sane waits until the terminal is as it was found.
func (s *theatre) sane() {
	s.t.Helper()
	s.until("the terminal is sane", func() bool {
		st, err := s.m.State()
		ok := err == nil && st.Canonical && st.Echo && st.Signals && st.Post && st.CRToNL
		s.look(func(t *vt.Terminal) {
			fresh := vt.New(2, 2, vt.Options{}).Modes()
			ok = ok && t.Modes() == fresh && t.Cursor().Visible && t.Cursor().Shape == vt.BlockCursor
		})
		return ok
	})
}

// over waits for the end.
func (s *theatre) over() outcome {
	s.t.Helper()
	select {
	case <-s.ended:
	case <-time.After(waitMost):
		s.t.Fatal("the player does not end")
	}
	b, err := os.ReadFile(s.file + ".outcome")
	if err != nil {
		s.t.Fatal(err)
	}
	var o outcome
	if err := json.Unmarshal(b, &o); err != nil {
		s.t.Fatal(err)
	}
	return o
}

// ev is an event at t ms. The code is o unless the text begins with another one and
// a colon.
func ev(t int, text string) cast.Event {
	e := cast.Event{Time: time.Duration(t) * time.Millisecond, Code: cast.Output, Data: []byte(text)}
	switch code, rest, _ := strings.Cut(text, ":"); code {
	case "i", "m":
		e.Code, e.Data = cast.Code(code), []byte(rest)
	case "r":
		e.Code, e.Data = cast.Resize, nil
		fmt.Sscanf(rest, "%dx%d", &e.Cols, &e.Rows)
	}
	return e
}

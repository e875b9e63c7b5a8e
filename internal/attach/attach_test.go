//go:build linux || darwin

package attach

import (
	"strings"
	"testing"

	"github.com/sluicerun/sluice/internal/pty"
	"github.com/sluicerun/sluice/session"
	"golang.org/x/sys/unix"
)

// fullScreen is what an editor does first, and left is what must follow.
const fullScreen = "\x1b[?1049h\x1b[?1000h\x1b[?2004h\x1b[?25lhello"

func wantLeft(t *testing.T, s *stage) {
	t.Helper()
	for _, seq := range []string{"\x1b[?1000l", "\x1b[?2004l", "\x1b[?1049l", "\x1b[?25h"} {
		s.untilShown(seq)
	}
}

func TestEnd(t *testing.T) {
	s := newStage(t)
	s.run(role{})
	s.untilFrame(session.FrameSize)
	if f := s.frames()[0]; f.kind != session.FrameSize || !strings.Contains(f.payload, "80") || !strings.Contains(f.payload, "24") {
		t.Errorf("the first frame is %c %s", f.kind, f.payload)
	}
	s.send(session.FrameRedraw, fullScreen)
	s.untilShown("hello")
	s.end(session.End{Status: 3, Text: "exit status 3", Ended: true})
	o := s.over()
	if want := (session.End{Status: 3, Text: "exit status 3", Ended: true}); o.Err != "" || o.Result.End != want || o.Result.Detached {
		t.Errorf("%+v", o)
	}
	s.untilSane()
	wantLeft(t, s)
	s.gone()
}

// A program that only writes text leaves nothing to be left: what is shown is
// what it wrote.
func TestPlainOutput(t *testing.T) {
	s := newStage(t)
	s.run(role{})
	s.send(session.FrameOutput, "one\r\n\x1b[31mtwo\x1b[m")
	s.end(session.End{Ended: true})
	if o := s.over(); o.Err != "" {
		t.Error(o.Err)
	}
	s.gone()
	s.untilSane()
	s.untilShown("two\x1b[m")
	if got := s.shown(); got != "one\r\n\x1b[31mtwo\x1b[m" {
		t.Errorf("shown: %q", got)
	}
}

func TestSignals(t *testing.T) {
	for _, sig := range []unix.Signal{unix.SIGTERM, unix.SIGHUP, unix.SIGINT} {
		t.Run(unix.SignalName(sig), func(t *testing.T) {
			s := newStage(t)
			s.run(role{})
			s.send(session.FrameRedraw, fullScreen)
			s.untilShown("hello")
			s.kill(sig)
			if o := s.over(); !strings.Contains(o.Err, sig.String()) || o.Lost {
				t.Errorf("%+v", o)
			}
			s.untilSane()
			wantLeft(t, s)
		})
	}
}

// After kill -9 nothing of the client runs any more: the guard restores.
func TestKill(t *testing.T) {
	s := newStage(t)
	s.run(role{})
	s.send(session.FrameRedraw, fullScreen)
	s.untilShown("hello")
	s.kill(unix.SIGKILL)
	s.gone()
	s.untilSane()
	wantLeft(t, s)
}

// Killed before anything was shown, there are no modes to be left.
func TestKillEarly(t *testing.T) {
	s := newStage(t)
	s.run(role{})
	s.kill(unix.SIGKILL)
	s.gone()
	s.untilSane()
	if got := s.shown(); got != "" {
		t.Errorf("shown: %q", got)
	}
}

func TestPanic(t *testing.T) {
	s := newStage(t)
	cmd := s.client(role{Panic: true})
	var stderr strings.Builder
	cmd.Stderr = &stderr
	s.start(cmd)
	s.untilRaw()
	s.send(session.FrameRedraw, fullScreen)
	s.untilShown("hello")
	s.kill(unix.SIGTERM)
	s.gone()
	if !strings.Contains(stderr.String(), "as the test wants it") {
		t.Errorf("stderr: %s", stderr.String())
	}
	s.untilSane()
	wantLeft(t, s)
}

func TestLost(t *testing.T) {
	s := newStage(t)
	s.run(role{})
	s.send(session.FrameRedraw, fullScreen)
	s.untilShown("hello")
	s.conn.Close()
	if o := s.over(); !o.Lost || !strings.Contains(o.Err, "lost") {
		t.Errorf("%+v", o)
	}
	s.untilSane()
	wantLeft(t, s)
}

// The terminal goes away, as when its window is closed.
func TestHangup(t *testing.T) {
	s := newStage(t)
	s.run(role{})
	s.send(session.FrameRedraw, fullScreen)
	s.untilShown("hello")
	s.m.Close()
	if o := s.over(); o.Err == "" || o.Lost || o.Result.Detached {
		t.Errorf("%+v", o)
	}
	s.gone()
}

func TestResize(t *testing.T) {
	s := newStage(t)
	s.run(role{})
	s.untilFrame(session.FrameSize)
	s.forget()
	if err := s.m.Resize(pty.Size{Cols: 132, Rows: 43}); err != nil {
		t.Fatal(err)
	}
	s.untilFrame(session.FrameSize)
	if got := s.frames()[0].payload; !strings.Contains(got, "132") || !strings.Contains(got, "43") {
		t.Errorf("size %s", got)
	}
}

// A terminal that takes nothing holds up the session, and not the user.
func TestSlowScreen(t *testing.T) {
	s := newStage(t)
	s.run(role{})
	s.block()
	s.send(session.FrameOutput, "wakes the reader that blocks from now on")
	done := make(chan error, 1)
	go func() {
		var err error
		for n := 0; n < 64 && err == nil; n++ {
			err = session.WriteFrame(s.conn, session.FrameOutput, []byte(strings.Repeat("x", 64<<10)))
		}
		done <- err
	}()
	s.typeText("still there")
	s.untilKeys("still there")
	select {
	case <-done:
		t.Error("4 MiB went to a terminal that takes nothing")
	default:
	}
	s.typeText("\x1dd")
	if o := s.over(); !o.Result.Detached {
		t.Errorf("%+v", o)
	}
	s.conn.Close()
	<-done // what it says depends on when the client hung up
	s.release()
	s.gone()
	s.untilSane()
}

// The client was stopped by others and continued: the terminal is taken once
// more, and drawn.
func TestContinued(t *testing.T) {
	s := newStage(t)
	s.run(role{})
	s.untilFrame(session.FrameSize)
	s.forget()
	s.kill(unix.SIGSTOP)
	s.until("the client is stopped", func() bool { return processState(t, s.cmd.Process.Pid) == "T" })
	s.stty("sane")
	s.untilSane()
	s.kill(unix.SIGCONT)
	s.untilRaw()
	s.untilFrame(session.FrameResume)
	s.send(session.FrameOutput, "of the old screen")
	s.send(session.FrameRedraw, "drawn anew")
	s.untilShown("drawn anew")
	if strings.Contains(s.shown(), "old screen") {
		t.Error("output was shown before the redraw")
	}
	s.end(session.End{Ended: true})
	s.over()
	s.untilSane()
}

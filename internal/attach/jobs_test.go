//go:build linux || darwin

package attach

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
	"github.com/sluicerun/sluice/session"
	"golang.org/x/sys/unix"
)

const prompt = "ready> "

// newShell is a stage on which an interactive bash stands, whose jobs can be
// clients.
func newShell(t *testing.T, r role) *stage {
	t.Helper()
	bash := testpeer.Need(t, "bash", "bash")
	s := newStage(t)
	cmd := exec.Command(bash, "--norc", "--noprofile", "-i")
	c := s.client(r)
	cmd.Env = append(c.Env, "PS1="+prompt, "TERM=dumb", "INPUTRC=/dev/null", "HISTFILE=", "CLIENT="+c.Path)
	s.start(cmd)
	s.untilShown(prompt)
	return s
}

// shellWorks tells the shell to calculate, which nobody else here can.
func (s *stage) shellWorks() {
	s.t.Helper()
	s.typeText("echo a$((20+3))z\r")
	s.untilShown("a23z")
}

func (s *stage) job() int { return s.state().Foreground }

// front starts the client as the shell's job, and has it show something.
func (s *stage) front() {
	s.t.Helper()
	s.typeText(`"$CLIENT"` + "\r")
	s.untilRaw()
	s.send(session.FrameRedraw, fullScreen)
	s.untilShown("hello")
	s.untilFrame(session.FrameSize)
	s.forget()
}

// back waits until the client has stopped and the shell is there.
func (s *stage) back() {
	s.t.Helper()
	wantLeft(s.t, s)
	s.untilShown("Stopped")
	s.untilShown(prompt)
	s.shellWorks()
	s.forget()
}

// again brings the job back.
func (s *stage) again() {
	s.t.Helper()
	s.typeText("fg\r")
	s.untilRaw()
	s.untilFrame(session.FrameResume)
	s.untilFrame(session.FrameSize)
	s.send(session.FrameRedraw, "drawn anew")
	s.untilShown("drawn anew")
	s.forget()
	s.typeText("key")
	s.untilKeys("key")
}

// finish ends the session and looks whether the shell has its terminal as before.
func (s *stage) finish() {
	s.t.Helper()
	s.end(session.End{Ended: true})
	if o := s.over(); o.Err != "" {
		s.t.Error(o.Err)
	}
	s.untilShown(prompt)
	s.forget()
	s.typeText("stty -a\r")
	s.untilShown("\nisig icanon ")
	s.untilShown(" echo ")
}

func TestSuspend(t *testing.T) {
	s := newShell(t, role{})
	s.front()
	s.send(session.FrameStopped, "")
	s.back()
	s.again()
	s.send(session.FrameStopped, "") // and once more
	s.untilShown("Stopped")
	s.untilShown(prompt)
	s.shellWorks()
	s.forget()
	s.again()
	s.finish()
}

// kill -TSTP is no ^Z of the program, and means the same.
func TestSuspendFromOutside(t *testing.T) {
	s := newShell(t, role{})
	s.front()
	if err := unix.Kill(s.job(), unix.SIGTSTP); err != nil {
		t.Fatal(err)
	}
	s.back()
	s.again()
	s.finish()
}

// A pipeline stops as a whole, or the shell would wait for the rest of it.
func TestSuspendPipeline(t *testing.T) {
	s := newShell(t, role{})
	s.typeText(`"$CLIENT" | cat` + "\r")
	s.untilRaw()
	s.send(session.FrameRedraw, "not for a pipe")
	s.send(session.FrameOutput, "through the pipe")
	s.untilShown("through the pipe")
	s.send(session.FrameStopped, "")
	s.untilShown("Stopped")
	s.shellWorks()
	s.forget()
	s.typeText("fg\r")
	s.untilRaw()
	s.untilFrame(session.FrameResume)
	s.send(session.FrameOutput, "goes on")
	s.untilShown("goes on")
	if strings.Contains(s.shown(), "not for a pipe") {
		t.Error("a redraw was written to a pipe")
	}
	s.finish()
}

// bg lets the program go on; the terminal stays the shell's until fg.
func TestBackgroundAfterStop(t *testing.T) {
	s := newShell(t, role{})
	s.front()
	s.send(session.FrameStopped, "")
	s.back()
	s.typeText("bg\r")
	s.untilFrame(session.FrameResume)
	s.send(session.FrameRedraw, "for nobody's eyes")
	s.shellWorks()
	if strings.Contains(s.shown(), "for nobody") {
		t.Error("the client wrote from the background")
	}
	s.forget()
	s.again()
	s.finish()
}

// A stopped job can be ended: kill sends SIGTERM, and then SIGCONT.
func TestKillWhileStopped(t *testing.T) {
	s := newShell(t, role{})
	s.front()
	s.send(session.FrameStopped, "")
	s.back()
	s.typeText("kill %1\r")
	if o := s.over(); !strings.Contains(o.Err, "terminated") {
		t.Errorf("%+v", o)
	}
	s.shellWorks()
}

// Started in the background the client does not touch the terminal, and takes
// what the session sends all the same.
func TestBackgroundStart(t *testing.T) {
	s := newShell(t, role{})
	s.typeText(`"$CLIENT" &` + "\r")
	s.untilShown("[1]")
	s.send(session.FrameRedraw, "for nobody's eyes")
	for range 32 { // more than the socket holds: it is being read
		s.send(session.FrameOutput, strings.Repeat("nothing to see ", 4000))
	}
	s.shellWorks()
	if strings.Contains(s.shown(), "nobody's") || strings.Contains(s.shown(), "nothing to see") {
		t.Error("the client wrote from the background")
	}
	if s.state().Raw() || s.count(session.FrameSize) > 0 {
		t.Error("the client took the terminal in the background")
	}
	s.forget()
	s.again()
	s.finish()
}

// Killed in the background, with the guard, nothing happens to the shell.
func TestKillInBackground(t *testing.T) {
	s := newShell(t, role{})
	s.front()
	job := s.job()
	guard := childOf(t, job)
	s.send(session.FrameStopped, "")
	s.back()
	if err := unix.Kill(job, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.typeText("wait; echo over$((1+1))\r")
	s.untilShown("over2")
	s.until("the guard is gone", func() bool { st := processState(t, guard); return st == "" || st == "Z" })
	if strings.Contains(s.shown(), "\x1b[?1049l") {
		t.Error("the guard wrote to the shell's terminal")
	}
}

// Where no shell would continue us, the program is not left stopped.
func TestStoppedWithoutJobControl(t *testing.T) {
	s := newStage(t)
	s.run(role{})
	s.send(session.FrameRedraw, "x")
	s.send(session.FrameStopped, "")
	s.untilFrame(session.FrameResume)
	s.untilShown("no shell with job control")
	s.typeText("k")
	s.untilKeys("k")
}

func TestPipes(t *testing.T) {
	s := newStage(t)
	in, inW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	outR, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := s.client(role{})
	cmd.Stdin, cmd.Stdout = in, out
	s.start(cmd)
	in.Close()
	out.Close()
	if _, err := inW.WriteString("some \x1d input\n"); err != nil {
		t.Fatal(err)
	}
	s.until("the input arrives", func() bool { return s.count(session.FrameStdin) == 1 })
	inW.Close()
	s.untilFrame(session.FrameEOF)
	if f := s.frames(); len(f) != 2 || f[0].payload != "some \x1d input\n" {
		t.Errorf("%q", f)
	}
	big := strings.Repeat("0123456789abcde\n", 1<<16)
	got := make(chan string)
	go func() {
		var b strings.Builder
		p := make([]byte, 100_000)
		for {
			n, err := outR.Read(p)
			b.Write(p[:n])
			if err != nil {
				got <- b.String()
				return
			}
		}
	}()
	s.send(session.FrameRedraw, "a screen")
	for rest := big; rest != ""; rest = rest[1<<16:] {
		s.send(session.FrameOutput, rest[:1<<16])
	}
	s.send(session.FrameNotice, "look\x1b[2Jhere")
	s.end(session.End{Status: 1, Ended: true})
	if o := s.over(); o.Err != "" || o.Result.End.Status != 1 {
		t.Errorf("%+v", o)
	}
	if text := <-got; text != big {
		t.Errorf("%d bytes came out of %d", len(text), len(big))
	}
	s.untilShown("look[2Jhere")
	outR.Close()
	s.untilSane()
}

// A pipe that is full does not keep the client from ending.
func TestBlockedPipe(t *testing.T) {
	s := newStage(t)
	in, inW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer inW.Close()
	outR, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer outR.Close()
	cmd := s.client(role{})
	cmd.Stdin, cmd.Stdout = in, out
	s.start(cmd)
	in.Close()
	out.Close()
	s.send(session.FrameOutput, strings.Repeat("x", 100_000))
	inW.WriteString("here") // it runs, its signals are listened to
	s.untilFrame(session.FrameStdin)
	s.kill(unix.SIGTERM)
	if o := s.over(); !strings.Contains(o.Err, "terminated") {
		t.Errorf("%+v", o)
	}
	s.gone()
}

// Whose output nobody reads any more ends as other programs do.
func TestBrokenPipe(t *testing.T) {
	s := newStage(t)
	outR, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := s.client(role{})
	cmd.Stdout = out
	s.start(cmd)
	out.Close()
	s.untilRaw()
	outR.Close()
	// More than once: a process that another test is just starting has the pipe
	// until its exec.
	s.until("the client ends", func() bool {
		session.WriteFrame(s.conn, session.FrameOutput, []byte("x"))
		select {
		case <-s.ended:
			return true
		default:
			return false
		}
	})
	if o := s.over(); !strings.Contains(o.Err, "broken pipe") || o.Lost {
		t.Errorf("%+v", o)
	}
	s.untilSane()
}

// Input from a pipe, a screen that is a terminal: modes are left, settings are
// not touched.
func TestPipeToTerminal(t *testing.T) {
	s := newStage(t)
	in, inW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer inW.Close()
	cmd := s.client(role{})
	cmd.Stdin = in
	s.start(cmd)
	in.Close()
	s.untilFrame(session.FrameSize)
	s.send(session.FrameRedraw, fullScreen)
	s.untilShown("hello")
	if st := s.state(); !st.Canonical || !st.Echo {
		t.Error("the terminal was made raw for a pipe")
	}
	s.kill(unix.SIGKILL)
	s.gone()
	wantLeft(t, s)
}

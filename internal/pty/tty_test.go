//go:build linux

package pty

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// run runs a program with its standard input on tty and returns its output.
func run(t *testing.T, tty *os.File, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = tty
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v: %s", cmd.Args, err, out)
	}
	return string(out)
}

func TestRawAndBack(t *testing.T) {
	stty := testpeer.Need(t, "stty", "coreutils")
	s := newStage(t, OpenOptions{})
	run(t, s.slave, stty, "intr", "^X", "-iutf8", "cstopb")
	before := run(t, s.slave, stty, "-a")
	saved, err := Save(s.slave)
	if err != nil {
		t.Fatal(err)
	}
	if err := MakeRaw(s.slave); err != nil {
		t.Fatal(err)
	}
	ours := run(t, s.slave, stty, "-a")
	if state, _ := s.State(); !state.Raw() || state.Echo || state.FlowControl || state.CRToNL || state.Post {
		t.Errorf("raw is %+v", state)
	}
	if err := saved.Restore(s.slave); err != nil {
		t.Fatal(err)
	}
	if after := run(t, s.slave, stty, "-a"); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	// Python's tty.setraw is cfmakeraw(3) too.
	run(t, s.slave, testpeer.NeedPython(t, "tty", "python3"), "-c", "import tty; tty.setraw(0)")
	if theirs := run(t, s.slave, stty, "-a"); theirs != ours {
		t.Errorf("ours:\n%s\ntheirs:\n%s", ours, theirs)
	}
}

// Who has changed the terminal since knows better; the modes are ours to leave in
// any case.
func TestRestoreLeavesOthersSettings(t *testing.T) {
	stty := testpeer.Need(t, "stty", "coreutils")
	s := newStage(t, OpenOptions{})
	saved, err := Save(s.slave)
	if err != nil {
		t.Fatal(err)
	}
	saved.Modes = CursorHidden
	if err := MakeRaw(s.slave); err != nil {
		t.Fatal(err)
	}
	run(t, s.slave, stty, "isig")
	if err := saved.Restore(s.slave); err != nil {
		t.Fatal(err)
	}
	if state, _ := s.State(); state.Canonical || !state.Signals {
		t.Errorf("restored over another's settings: %+v", state)
	}
	if before := s.wait("\x1b[?25h"); before != "" {
		t.Errorf("%q was written", before)
	}
}

// Reports that nobody read would be typed into the shell; what was typed stays
// where nothing reports.
func TestRestoreAndTypeAhead(t *testing.T) {
	for modes, want := range map[Modes]int{Mouse: 0, CursorHidden: 5, 0: 5} {
		s := newStage(t, OpenOptions{})
		saved, err := Save(s.slave)
		if err != nil {
			t.Fatal(err)
		}
		saved.Modes = modes
		if err := MakeRaw(s.slave); err != nil {
			t.Fatal(err)
		}
		s.typeText("type\n")
		for start := time.Now(); ; time.Sleep(time.Millisecond) {
			if n, err := s.Untaken(); err != nil || time.Since(start) > patience {
				t.Fatalf("%d bytes arrived, %v", n, err)
			} else if n == 5 {
				break
			}
		}
		if err := saved.Restore(s.slave); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Untaken(); err != nil || n != want {
			t.Errorf("%v: %d bytes are left (%v), want %d", modes, n, err, want)
		}
	}
}

// A terminal that takes nothing, like one after ^S, does not hold Restore up.
func TestRestoreOfAStoppedTerminal(t *testing.T) {
	m, slave, err := Open(OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	defer slave.Close()
	path, _ := m.Path()
	tty, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	saved, err := Save(tty)
	if err != nil {
		t.Fatal(err)
	}
	saved.Modes = CursorHidden
	if err := MakeRaw(tty); err != nil {
		t.Fatal(err)
	}
	// The kernel moves what was written on in its own time, which makes room: the
	// terminal is full when nothing has gone in for a while.
	for n := 1; n > 0; {
		tty.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		if n, err = tty.Write(make([]byte, 1<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
	}
	if err := saved.restore(tty, 20*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), "cursor-hidden") {
		t.Errorf("the error is %v", err)
	}
	if state, _ := m.State(); !state.Canonical || !state.Echo {
		t.Errorf("the settings were not restored: %+v", state)
	}
}

// A process that is killed outright leaves a sane terminal, through its guardian;
// and the file description that it shares with others stays blocking.
func TestGuardianAfterKill(t *testing.T) {
	s := newStage(t, OpenOptions{})
	inherited, err := s.Slave()
	if err != nil {
		t.Fatal(err)
	}
	defer inherited.Close()
	cmd := s.role("guarded")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = inherited, inherited, inherited
	s.perform(cmd)
	s.wait("RAW ")
	s.until("raw", State.Raw)
	err = control(inherited, func(fd int) error {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		if flags&unix.O_NONBLOCK != 0 {
			return errors.New("the inherited file was made non-blocking")
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	s.wait("\r\n")
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	want := string((UnknownModes | AltScreen).Leave())
	if before := s.wait(want); before != "" {
		t.Errorf("%q came before the sequences", before)
	}
	s.until("sane again", func(s State) bool { return s.Canonical && s.Echo && s.Signals && s.Post })
}

// A process that ends in order has told its guardian, which writes nothing more.
func TestGuardianAfterOrderlyEnd(t *testing.T) {
	s := newStage(t, OpenOptions{})
	cmd := s.role("guarded")
	s.perform(cmd)
	s.wait("RAW ")
	s.wait("\r\n")
	s.typeText("q")
	s.wait("ENDING\r\n")
	if text := s.wait("ENDED"); text != string((UnknownModes | AltScreen).Leave()) {
		t.Errorf("between: %q", text)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if state, err := s.State(); err != nil || !state.Canonical || !state.Echo {
		t.Errorf("%+v, %v", state, err)
	}
}

// The same before a terminal that is not ours: what tmux believes of the screen.
func TestGuardianUnderTmux(t *testing.T) {
	tmux := testpeer.Need(t, "tmux", "tmux")
	socket := t.TempDir() + "/s"
	do := func(args ...string) string {
		t.Helper()
		out, err := exec.Command(tmux, append([]string{"-S", socket, "-f", os.DevNull}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("tmux %v: %v: %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	do("new-session", "-d", "-x", "80", "-y", "24", "env", roleEnv+"=guarded", quickExit, "sh", "-c", fmt.Sprintf("'%s'; exec sleep 1000", self(t)))
	t.Cleanup(func() { do("kill-server") })
	const modes = "#{alternate_on} #{mouse_button_flag} #{mouse_sgr_flag} #{cursor_flag} #{keypad_cursor_flag}"
	until := func(want string) {
		t.Helper()
		for start := time.Now(); do("display-message", "-p", modes) != want; time.Sleep(5 * time.Millisecond) {
			if time.Since(start) > patience {
				t.Fatalf("%s is %s, want %s\n%s", modes, do("display-message", "-p", modes), want, do("capture-pane", "-p"))
			}
		}
	}
	until("1 1 1 0 1")
	_, line, found := strings.Cut(do("capture-pane", "-p"), "RAW ")
	if !found {
		t.Fatalf("the screen is %q", line)
	}
	pid, err := strconv.Atoi(strings.Fields(line)[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Kill(pid, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	until("0 0 0 1 0")
	name := do("display-message", "-p", "#{pane_tty}")
	tty, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	for start := time.Now(); ; time.Sleep(2 * time.Millisecond) {
		now, err := TermiosOf(tty)
		if err != nil {
			t.Fatal(err)
		}
		if state := stateOf(&now.t); state.Canonical && state.Echo && state.Signals {
			break
		}
		if time.Since(start) > patience {
			t.Fatal("tmux's terminal stays raw")
		}
	}
}

// ^Z, bg, fg, under a shell with job control, alone and in a pipeline, where the
// shell waits for every process of the job.
func TestSuspendUnderAShell(t *testing.T) {
	bash := testpeer.Need(t, "bash", "bash")
	for _, line := range []string{"%s", "%s | cat", "sh -c '%s; true'"} {
		t.Run(line, func(t *testing.T) {
			s := newStage(t, OpenOptions{Size: Size{Cols: 80, Rows: 24}})
			cmd := s.command(bash, "--norc", "--noprofile", "-i")
			cmd.Env = append(cmd.Env, roleEnv+"=suspend")
			s.perform(cmd)
			pid := cmd.Process.Pid
			shell := func(s State) bool { return s.Foreground == pid && !s.Canonical }
			s.until("the shell", shell)
			s.typeText(fmt.Sprintf(line, self(t)) + "\r")
			s.wait("RAW\r\n")
			raw := s.until("raw", State.Raw)

			for round, size := range []Size{{Cols: 100, Rows: 30}, {Cols: 70, Rows: 20}} {
				s.typeText("\x1a")
				s.wait("Stopped")
				s.until("the shell", shell)
				if round == 1 {
					// It runs, sees that it has no terminal, and stops again.
					s.typeText("bg; until jobs | grep -q Stopped; do sleep 0.01; done; echo AG''AIN\r")
					s.wait("AGAIN\r\n")
					s.until("the shell", shell)
				}
				s.typeText("stty -a; echo END''ED\r")
				if text := s.wait("ENDED\r\n"); !strings.Contains(text, " icanon") || !strings.Contains(text, " echo ") {
					t.Errorf("suspended, the terminal is %s", text)
				}
				s.until("the shell", shell)
				if err := s.Resize(size); err != nil {
					t.Fatal(err)
				}
				s.typeText("fg\r")
				s.wait("BACK " + size.String() + "\r\n")
				if state, err := s.State(); err != nil || !state.Raw() || state.Foreground != raw.Foreground {
					t.Errorf("continued: %+v, %v", state, err)
				}
			}
			s.typeText("q")
			s.until("the shell at the end", shell)
		})
	}
}

// The leader of a session would stop for ever; the kernel does not let it, and
// Suspend says so.
func TestSuspendWithoutAShell(t *testing.T) {
	s := newStage(t, OpenOptions{})
	cmd := s.role("suspend")
	s.perform(cmd)
	s.wait("RAW\r\n")
	s.typeText("\x1a")
	s.wait("NOBODY\r\n")
	if state, err := s.State(); err != nil || !state.Raw() {
		t.Errorf("%+v, %v", state, err)
	}
	s.typeText("q")
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// From the background the terminal can be restored, and not taken; with tostop a
// process that did it naively would stand still.
func TestBackground(t *testing.T) {
	bash := testpeer.Need(t, "bash", "bash")
	s := newStage(t, OpenOptions{})
	saved, err := Save(s.slave)
	if err != nil {
		t.Fatal(err)
	}
	saved.Modes = CursorHidden
	text, err := saved.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	// wait returns for a stopped job too, with 128 and the signal.
	script := fmt.Sprintf(`set -m; stty tostop; %s=background '%s' & wait $!; echo STATUS $?`, roleEnv, self(t))
	cmd := s.command(bash, "-c", script)
	cmd.Env = append(cmd.Env, "SAVED="+string(text))
	s.perform(cmd)
	before := s.wait("STATUS ")
	if !strings.Contains(before, "\x1b[?25h") || strings.Contains(before, "FAILED") {
		t.Errorf("the background said %q", before)
	}
}

func TestWatchSize(t *testing.T) {
	s := newStage(t, OpenOptions{Size: Size{Cols: 5, Rows: 5}})
	cmd := s.role("sizes")
	s.perform(cmd)
	s.wait("FIRST 5x5\r\n")
	for _, size := range []Size{{Cols: 6, Rows: 5}, {Cols: 6, Rows: 5, XPixel: 60, YPixel: 50}, {Cols: 7, Rows: 7}} {
		if err := s.Resize(size); err != nil {
			t.Fatal(err)
		}
		if before := s.wait("NEXT " + size.String() + "\r\n"); before != "" {
			t.Errorf("%v: %q came first", size, before)
		}
	}
	s.wait("STOPPED\r\n")
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestOpenTTYWithoutOne(t *testing.T) {
	// A session of its own has no terminal.
	cmd := exec.Command(self(t))
	cmd.Env = append(os.Environ(), roleEnv+"=sizes", quickExit)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := cmd.CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("no controlling terminal")) {
		t.Errorf("%v: %s", err, out)
	}
}

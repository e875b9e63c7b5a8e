//go:build linux

package pty

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/testpeer"
)

func TestStateOfANewTerminal(t *testing.T) {
	m, slave, err := Open(OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	defer slave.Close()
	got, err := m.State()
	if err != nil {
		t.Fatal(err)
	}
	want := State{
		Canonical: true, Echo: true, Signals: true, Extended: true, FlowControl: true, CRToNL: true, UTF8: true, Post: true,
		Chars: Chars{EOF: 4, Interrupt: 3, Quit: 28, Suspend: 26, Erase: 127, WordErase: 23, Kill: 21, Reprint: 18, LiteralNext: 22, Start: 17, Stop: 19},
	}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got.Raw() {
		t.Error("a cooked terminal is said to be raw")
	}
}

// stty says what State says, for whatever it sets.
func TestStateFollowsStty(t *testing.T) {
	stty := testpeer.Need(t, "stty", "coreutils")
	m, slave, err := Open(OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	defer slave.Close()
	for _, c := range []struct {
		args  string
		holds func(State) bool
	}{
		{"-echo", func(s State) bool { return !s.Echo && s.Canonical }},
		{"echo", func(s State) bool { return s.Echo }},
		{"-icanon", func(s State) bool { return !s.Canonical && s.Signals && !s.Raw() }},
		{"-isig", func(s State) bool { return !s.Signals && s.Raw() }},
		{"-ixon", func(s State) bool { return !s.FlowControl }},
		{"-iexten", func(s State) bool { return !s.Extended }},
		{"-icrnl", func(s State) bool { return !s.CRToNL }},
		{"-iutf8", func(s State) bool { return !s.UTF8 }},
		{"-opost", func(s State) bool { return !s.Post }},
		{"intr ^X eof ^E susp undef", func(s State) bool {
			return s.Chars.Interrupt == 24 && s.Chars.EOF == 5 && s.Chars.Suspend == 0
		}},
		{"sane", func(s State) bool { return s.Echo && s.Canonical && s.Signals && s.Chars.Interrupt == 3 }},
	} {
		run(t, slave, stty, strings.Fields(c.args)...)
		if s, err := m.State(); err != nil || !c.holds(s) {
			t.Errorf("after stty %s: %+v, %v", c.args, s, err)
		}
	}
}

// What is sane here is what stty calls sane, and what was copied is the same.
func TestSaneAndCopied(t *testing.T) {
	stty := testpeer.Need(t, "stty", "coreutils")
	m, slave, err := Open(OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	defer slave.Close()
	ours := run(t, slave, stty, "-a")
	run(t, slave, stty, "sane", "iutf8")
	if theirs := run(t, slave, stty, "-a"); ours != theirs {
		t.Errorf("ours:\n%s\nstty sane:\n%s", ours, theirs)
	}

	run(t, slave, stty, "intr", "^X", "-echo", "-iutf8", "tostop")
	copied, err := TermiosOf(slave)
	if err != nil {
		t.Fatal(err)
	}
	m2, slave2, err := Open(OpenOptions{Termios: &copied})
	if err != nil {
		t.Fatal(err)
	}
	defer m2.Close()
	defer slave2.Close()
	if a, b := run(t, slave, stty, "-a"), run(t, slave2, stty, "-a"); a != b {
		t.Errorf("copied from:\n%s\nto:\n%s", a, b)
	}
}

func TestUnread(t *testing.T) {
	m, slave, err := Open(OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	defer slave.Close()
	if _, err := slave.WriteString("three\n"); err != nil {
		t.Fatal(err)
	}
	s := &stage{Master: m, t: t}
	s.until("7 unread bytes", func(s State) bool { return s.Unread == 7 })

	// Lines count, half lines do not.
	if _, err := m.Write([]byte("abc\nde")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	if n, err := slave.Read(buf[:1]); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if n, err := m.Untaken(); err != nil || n != 3 {
		t.Errorf("untaken: %d, %v; want the 3 bytes left of the line", n, err)
	}
}

// Who is in the foreground, as a shell with job control decides it.
func TestForeground(t *testing.T) {
	bash := testpeer.Need(t, "bash", "bash")
	s := newStage(t, OpenOptions{})
	cmd := s.command(bash, "--norc", "--noprofile", "-i")
	s.perform(cmd)
	pid := cmd.Process.Pid
	s.wait("$ ")
	s.until("bash in the foreground", func(s State) bool { return s.Foreground == pid && s.Session == pid && !s.Canonical })

	s.typeText("sleep 1000\r")
	state := s.until("sleep in the foreground", func(s State) bool { return s.Foreground != pid && s.Canonical })
	if state.Session != pid {
		t.Errorf("session %d, of bash %d", state.Session, pid)
	}
	for name := ""; name != "sleep"; { // between fork and exec it is bash still
		var err error
		if name, err = ForegroundCommand(state.Foreground, "/proc"); err != nil || name != "sleep" && name != "bash" {
			t.Fatalf("in the foreground: %q, %v", name, err)
		}
	}
	s.typeText("\x03")
	s.until("bash again", func(s State) bool { return s.Foreground == pid })

	// The leader of the second group ends at once.
	s.typeText("true | sleep 1000\r")
	state = s.until("the pipeline", func(s State) bool { return s.Foreground != pid && s.Canonical })
	for name := ""; name != "sleep"; {
		var err error
		if name, err = ForegroundCommand(state.Foreground, "/proc"); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.until("bash at the end", func(s State) bool { return s.Foreground == pid })
}

func TestForegroundCommand(t *testing.T) {
	root := t.TempDir()
	add := func(pid, group int, state, name string, start int, line string) {
		dir := filepath.Join(root, fmt.Sprint(pid))
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		stat := fmt.Sprintf("%d (%s) %s 1 %d 5 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %d 0 0\n", pid, name, state, group, start)
		for file, text := range map[string]string{"stat": stat, "cmdline": line} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	add(10, 10, "S", "vim", 5, "vim\x00file\x00")
	add(20, 20, "Z", "true", 5, "")
	add(22, 20, "S", "younger", 9, "younger\x00")
	add(21, 20, "S", "odd) R (name", 7, "odd\x00")
	add(30, 30, "S", "a-rather-long-n", 5, "/usr/bin/python3\x00/opt/a-rather-long-name.py\x00")
	add(31, 31, "S", "exactly-fifteen", 5, "something else\x00")
	add(40, 99, "S", "moved-away", 5, "moved-away\x00")
	for group, want := range map[int]string{10: "vim", 20: "odd) R (name", 30: "a-rather-long-name.py", 31: "exactly-fifteen", 99: "moved-away"} {
		if got, err := ForegroundCommand(group, root); err != nil || got != want {
			t.Errorf("%d: %q, %v; want %q", group, got, err, want)
		}
	}
	for _, group := range []int{0, -1, 40, 1000} {
		if got, err := ForegroundCommand(group, root); !os.IsNotExist(unwrapAll(err)) {
			t.Errorf("%d: %q, %v", group, got, err)
		}
	}
}

func unwrapAll(err error) error {
	for {
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return err
		}
		err = u.Unwrap()
	}
}

func FuzzMember(f *testing.F) {
	own, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(own)
	f.Add([]byte("1 (a) b) S 1 2 3"))
	f.Add([]byte(")("))
	f.Add([]byte("7 (x\n) Z 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 18446744073709551615 0"))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseMember(text)
		if err != nil && m != (member{}) {
			t.Fatalf("%+v beside %v", m, err)
		}
		if err == nil && !strings.Contains(string(text), "("+m.name+")") {
			t.Fatalf("the name %q is not there", m.name)
		}
	})
}

package adopt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// stage is a program in somebody else's terminal.
type stage struct {
	t        *testing.T
	dir      string
	pid      int
	keyboard func(string) // types as the person at the terminal does
}

// eventually waits until something becomes true.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func (s *stage) path(name string) string { return filepath.Join(s.dir, name) }

func (s *stage) read(name string) string {
	b, _ := os.ReadFile(s.path(name))
	return string(b)
}

// starters start a shell's command in a terminal of theirs.
var starters = map[string]func(*stage, string){
	"script": (*stage).script, ViaTmux: (*stage).tmux, ViaScreen: (*stage).screen,
}

// start runs a command of sh in a terminal. It becomes the process that is typed into.
func start(t *testing.T, outer, command string) *stage {
	t.Helper()
	// A socket's path may have 108 bytes, and a test's directory is long.
	dir, err := os.MkdirTemp("", "adopt")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &stage{t: t, dir: dir}
	file := s.path("command")
	if err := os.WriteFile(file, []byte("cd "+dir+"\n"+command+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	starters[outer](s, "echo $$ > "+s.path("pid.new")+"; mv "+s.path("pid.new")+" "+s.path("pid")+"; . "+file)
	s.waitPID()
	return s
}

// waitPID waits until the program has noted its pid, and sees to its end.
func (s *stage) waitPID() {
	s.t.Helper()
	eventually(s.t, "the program is there", func() bool {
		text := s.read("pid")
		s.pid, _ = strconv.Atoi(strings.TrimSpace(text))
		return s.pid > 0 && strings.HasSuffix(text, "\n")
	})
	pid := s.pid
	s.t.Cleanup(func() { syscall.Kill(pid, syscall.SIGKILL) })
}

func (s *stage) script(command string) {
	testpeer.Need(s.t, "script", "bsdutils")
	cmd := exec.Command("script", "-q", "-f", "-c", command, s.path("typescript"))
	in, err := cmd.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	s.keyboard = func(text string) { io.WriteString(in, text) }
}

func (s *stage) tmux(command string) {
	testpeer.Need(s.t, "tmux", "tmux")
	tmux := func(args ...string) {
		cmd := exec.Command("tmux", append([]string{"-S", s.path("s"), "-f", os.DevNull}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			s.t.Errorf("tmux %q: %v: %s", args, err, out)
		}
	}
	tmux("new-session", "-d", "-x", "80", "-y", "24", "sh", "-c", command)
	// It may have ended with its last program.
	s.t.Cleanup(func() { exec.Command("tmux", "-S", s.path("s"), "kill-server").Run() })
	s.keyboard = func(text string) { tmux("send-keys", "-l", text) }
}

func (s *stage) screen(command string) {
	testpeer.Need(s.t, "screen", "screen")
	dir := s.path("screens")
	if err := os.Mkdir(dir, 0o700); err != nil {
		s.t.Fatal(err)
	}
	screen := func(args ...string) {
		cmd := exec.Command("screen", args...)
		cmd.Env = append(os.Environ(), "SCREENDIR="+dir)
		if out, err := cmd.CombinedOutput(); err != nil {
			s.t.Errorf("screen %q: %v: %s", args, err, out)
		}
	}
	screen("-c", os.DevNull, "-dmS", "a b", "sh", "-c", command)
	s.t.Cleanup(func() {
		quit := exec.Command("screen", "-S", "a b", "-X", "quit") // it may have ended with its last program
		quit.Env = append(os.Environ(), "SCREENDIR="+dir)
		quit.Run()
	})
	s.keyboard = func(text string) { screen("-S", "a b", "-X", "stuff", text) }
}

// input finds the ways into the program.
func (s *stage) input() *Input {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	p, err := Live().Open(s.pid)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { p.Close() })
	table, err := Live().Scan(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	in, err := p.Input(ctx, table)
	if err != nil {
		s.t.Fatal(err)
	}
	return in
}

// types types by a way.
func (s *stage) types(in *Input, via string, data []byte) error {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	w, err := in.Way(via)
	if err != nil {
		return err
	}
	return w.Type(ctx, data)
}

// masterFlags are the flags of all masters, as their holders see them.
func masterFlags(t *testing.T, in *Input) string {
	t.Helper()
	text := ""
	for _, h := range in.Terminal.Masters {
		info, err := Live().fs.FDInfo(h.PID, h.FD)
		if err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintf("%d/%d %o\n", h.PID, h.FD, info.Flags)
	}
	return text
}

// raw is a program that reads keys.
const raw = "stty raw -echo; exec cat > out"

// catReads waits for raw's cat: in the middle of its execve a process has no
// environment.
func (s *stage) catReads() {
	s.t.Helper()
	eventually(s.t, "cat reads keys", func() bool {
		st, err := Live().fs.Stat(s.pid)
		environ, _ := Live().fs.ReadFile(s.pid, "environ")
		return err == nil && st.Comm == "cat" && len(environ) > 0
	})
}

// needWay skips what is root's alone.
func needWay(t *testing.T, via string) {
	t.Helper()
	if via == ViaTIOCSTI {
		testpeer.NeedRoot(t, "TIOCSTI on another's terminal")
	}
}

func TestEveryByteArrives(t *testing.T) {
	t.Parallel()
	var all []byte
	for i := range 256 {
		all = append(all, byte(i))
	}
	long := bytes.Repeat([]byte("0123456789abcdefghijklmnopqrstuvwxyz äöü €\n"), 240) // 10 KB
	for outer, vias := range map[string][]string{
		"script":  {"", ViaMaster, ViaTIOCSTI},
		ViaTmux:   {"", ViaTmux, ViaMaster, ViaTIOCSTI},
		ViaScreen: {"", ViaScreen, ViaMaster, ViaTIOCSTI},
	} {
		t.Run(outer, func(t *testing.T) {
			t.Parallel()
			s := start(t, outer, raw)
			s.catReads()
			in := s.input()
			if in.From != FromTerminal {
				t.Fatalf("it reads %q: %s", in.From, in.Because)
			}
			before := masterFlags(t, in)
			want := ""
			for _, via := range vias {
				if via == ViaTIOCSTI && os.Geteuid() != 0 {
					continue // the terminal is another's
				}
				for _, data := range [][]byte{all, long} {
					if err := s.types(in, via, data); err != nil {
						t.Fatalf("by %q: %v", via, err)
					}
					want += string(data)
					eventually(t, "all has arrived by "+via, func() bool { return len(s.read("out")) >= len(want) })
					if got := s.read("out"); got != want {
						t.Fatalf("by %q: %d bytes were typed, and %d came, or others", via, len(want), len(got))
					}
				}
				s.keyboard("k")
				want += "k"
				eventually(t, "the keyboard goes on", func() bool { return s.read("out") == want })
			}
			if after := masterFlags(t, in); after != before {
				t.Errorf("flags were changed from\n%sto\n%s", before, after)
			}
		})
	}
}

// A program that reads lines slowly gets each of them.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	for _, via := range []string{ViaMaster, ViaTIOCSTI} {
		t.Run(via, func(t *testing.T) {
			t.Parallel()
			needWay(t, via)
			s := start(t, "script", `stty -echo; touch ready; while read -r line; do printf '%s\n' "$line" >> out; sleep 0.01; done`)
			eventually(t, "it reads", func() bool { _, err := os.Stat(s.path("ready")); return err == nil })
			var want strings.Builder
			for i := range 40 {
				fmt.Fprintf(&want, "%d %s\n", i, strings.Repeat("x", 400))
			}
			if err := s.types(s.input(), via, []byte(want.String())); err != nil {
				t.Fatal(err)
			}
			eventually(t, "all lines are there", func() bool { return s.read("out") == want.String() })
		})
	}
}

func TestWhatWouldBeLost(t *testing.T) {
	t.Parallel()
	s := start(t, "script", "touch ready; exec cat > out")
	in := s.input()
	eventually(t, "it reads", func() bool { _, err := os.Stat(s.path("out")); return err == nil })
	var long *LongLineError
	if err := s.types(in, ViaMaster, bytes.Repeat([]byte("x"), 5000)); !errors.As(err, &long) || long.Bytes != 5000 {
		t.Errorf("a line that the terminal does not keep: %v", err)
	}
	line := strings.Repeat("y", 4094) + "\n"
	if err := s.types(in, ViaMaster, []byte(line)); err != nil {
		t.Error(err)
	}
	eventually(t, "the longest line has arrived", func() bool { return s.read("out") == line })
}

func TestNobodyReads(t *testing.T) {
	t.Parallel()
	s := start(t, "script", "stty raw; touch ready; exec sleep 1000")
	eventually(t, "it is there", func() bool { _, err := os.Stat(s.path("ready")); return err == nil })
	in := s.input()
	w, err := in.Way(ViaMaster)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err = w.Type(ctx, bytes.Repeat([]byte("x"), 100000))
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "it does not read") || !strings.Contains(err.Error(), "of 100000 bytes were typed") {
		t.Error(err)
	}
}

func TestEOFAndResize(t *testing.T) {
	t.Parallel()
	s := start(t, "script", "trap 'stty size > size' WINCH; cat > out; echo $? > over; while :; do sleep 0.05; done")
	in := s.input()
	eventually(t, "cat reads", func() bool { _, err := os.Stat(s.path("out")); return err == nil })
	// The shell waits, and cat is of its process group: the terminal's reader.
	w, err := in.Way(ViaMaster)
	if err != nil {
		t.Fatal(err)
	}
	if err := in.EOF(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	eventually(t, "cat has ended", func() bool { return s.read("over") == "0\n" })
	if err := in.Resize(101, 33); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the program is told the size", func() bool { return s.read("size") == "33 101\n" })
}

func TestEOFOfKeys(t *testing.T) {
	t.Parallel()
	s := start(t, "script", raw)
	s.catReads()
	in := s.input()
	w, err := in.Way("")
	if err != nil {
		t.Fatal(err)
	}
	var r *Refusal
	if err := in.EOF(t.Context(), w); !errors.As(err, &r) || r.Right != RightKind {
		t.Error(err)
	}
}

// A job in the background does not have the keyboard.
func TestBackground(t *testing.T) {
	t.Parallel()
	testpeer.Need(t, "bash", "bash")
	s := start(t, "script", `exec bash --norc -ic 'sleep 1000 & echo $! > job; exec cat > out'`)
	eventually(t, "the job is there", func() bool { return strings.HasSuffix(s.read("job"), "\n") })
	eventually(t, "cat is there", func() bool { st, err := Live().fs.Stat(s.pid); return err == nil && st.Comm == "cat" })
	job := *s
	job.pid, _ = strconv.Atoi(strings.TrimSpace(s.read("job")))
	t.Cleanup(func() { syscall.Kill(job.pid, syscall.SIGKILL) })
	in := job.input()
	var r *Refusal
	if _, err := in.Way(""); !errors.As(err, &r) || r.Right != RightForce || !strings.Contains(r.Why, "(cat)") {
		t.Errorf("%v", err)
	}
	if err := job.types(in, ViaMaster, []byte("for whoever reads\n")); err != nil {
		t.Error(err)
	}
	eventually(t, "who reads has it", func() bool { return s.read("out") == "for whoever reads\n" })
}

// Streams that are no terminals.
func TestStdin(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "ours"), os.NewFile(uintptr(pair[1]), "theirs")
	for name, ends := range map[string]struct{ in, out *os.File }{
		"pipe": {r, w}, "socket": {theirs, ours}, "fifo": {f, f},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command("cat")
			cmd.Stdin = ends.in
			var out strings.Builder
			cmd.Stdout = &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			s := &stage{t: t, pid: cmd.Process.Pid}
			flags, err := unix.FcntlInt(ends.out.Fd(), unix.F_GETFL, 0)
			if err != nil {
				t.Fatal(err)
			}
			big := strings.Repeat(strings.Repeat("z", 99)+"\n", 3000) // more than a pipe holds
			ends.out.WriteString("first\n")
			for _, text := range []string{"second\n", big} {
				if err := s.types(s.input(), "", []byte(text)); err != nil {
					t.Error(err)
				}
			}
			var refused *Refusal
			in := s.input()
			way, err := in.Way("")
			if err != nil {
				t.Fatal(err)
			}
			if err := in.EOF(t.Context(), way); !errors.As(err, &refused) {
				t.Errorf("an end that others have open: %v", err)
			}
			ends.out.WriteString("last\n")
			if now, _ := unix.FcntlInt(ends.out.Fd(), unix.F_GETFL, 0); now != flags {
				t.Errorf("flags were changed from %o to %o", flags, now)
			}
			ends.in.Close()
			ends.out.Close()
			if name == "fifo" { // cat itself has it open for writing
				eventually(t, "cat has read all", func() bool { return cmd.ProcessState == nil && drained(cmd.Process.Pid) })
				cmd.Process.Kill()
			}
			cmd.Wait()
			if want := "first\nsecond\n" + big + "last\n"; out.String() != want {
				t.Errorf("%d bytes came, not %d", out.Len(), len(want))
			}
		})
	}
}

// drained tells whether a process has read its FIFO empty and waits for more.
func drained(pid int) bool {
	f, err := os.OpenFile(fmt.Sprintf("/proc/%d/fd/0", pid), os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	n, err := unix.IoctlGetInt(int(f.Fd()), unix.TIOCINQ)
	st, _ := Live().fs.ReadFile(pid, "syscall")
	fd, reads := parseRead(string(st), unix.SYS_READ)
	return err == nil && n == 0 && reads && fd == 0
}

func TestNotAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(path, []byte("a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, os.DevNull} {
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		cmd := exec.Command("sleep", "1000")
		cmd.Stdin = f
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { cmd.Process.Kill(); cmd.Wait() }()
		s := &stage{t: t, pid: cmd.Process.Pid}
		for _, via := range []string{"", ViaStdin} {
			var r *Refusal
			if err := s.types(s.input(), via, []byte("b\n")); !errors.As(err, &r) || r.Right != RightKind || !strings.Contains(r.Why, name) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if b, _ := os.ReadFile(path); string(b) != "a\n" {
		t.Errorf("the file is now %q", b)
	}
}

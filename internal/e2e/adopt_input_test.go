//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/testpeer"
)

func init() {
	workers["private"] = func() {
		unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
		os.WriteFile(os.Args[1], fmt.Append(nil, os.Getpid()), 0o600)
		io.Copy(io.Discard, os.Stdin)
	}
	// The rest of the command line, without the system call pidfd_getfd.
	workers["filtered"] = func() {
		filter := []unix.SockFilter{
			{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // its number
			{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_PIDFD_GETFD, Jf: 1},
			{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
			{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
		}
		if err := sandbox(filter); err != nil {
			fmt.Fprintln(os.Stderr, "no filter:", err)
			os.Exit(99)
		}
		os.Unsetenv(workerEnv)
		fmt.Fprintln(os.Stderr, syscall.Exec(os.Args[1], os.Args[1:], os.Environ()))
	}
}

// finder is fzf in a terminal that sluice did not make. What is typed is in the file
// query, and what was chosen in the file chosen.
type finder struct {
	*world
	pid      int
	query    string
	keyboard func(string)
}

// fzf reads the list by a pipe, and keys by /dev/tty.
const fzf = `printf 'cherry\napple\navocado\nbanana\n' | sh -c 'echo $$ > pid.new; mv pid.new pid; exec fzf --no-sort --bind "change:execute-silent(printf %s {q} > query)"' > chosen; echo $? > over`

func (f *finder) file(name string) string {
	b, _ := os.ReadFile(f.path(name))
	return string(b)
}

// inScript starts it in script, whose own keyboard is a pipe of ours.
func (f *finder) inScript() {
	testpeer.Need(f.t, "script", "bsdutils")
	cmd := exec.Command("script", "-q", "-e", "-f", "-c", fzf, "typescript")
	cmd.Dir, cmd.Env, cmd.SysProcAttr = f.dir, f.env, &syscall.SysProcAttr{Credential: f.as, Setsid: true}
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); cmd.Wait() })
	f.keyboard = func(text string) { io.WriteString(in, text) }
}

// tmuxRun runs a command of a tmux of this world's own, as this world's user.
func (f *finder) tmuxRun(args ...string) error {
	cmd := exec.Command("tmux", append([]string{"-S", f.path("tmux"), "-f", os.DevNull}, args...)...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = f.dir, append(f.env, "TERM=xterm-256color", "TMUX="), &syscall.SysProcAttr{Credential: f.as}
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("tmux %q: %w: %s", args, err, out)
	}
	return err
}

func (f *finder) inTmux() {
	testpeer.Need(f.t, "tmux", "tmux")
	if err := f.tmuxRun("new-session", "-d", "-x", "80", "-y", "24", "sh", "-c", fzf); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { f.tmuxRun("kill-server") }) // it may have ended with its program
	f.keyboard = func(text string) {
		if err := f.tmuxRun("send-keys", "-l", text); err != nil {
			f.t.Error(err)
		}
	}
}

// newFinder starts fzf in script or in tmux.
func newFinder(w *world, outer string) *finder {
	w.t.Helper()
	testpeer.Need(w.t, "fzf", "fzf")
	w.env = append(w.env, "SHELL=/bin/sh", "TERM=xterm-256color", "FZF_DEFAULT_OPTS=")
	f := &finder{world: w}
	if outer == "tmux" {
		f.inTmux()
	} else {
		f.inScript()
	}
	f.pid = w.noted("pid")
	named(w.t, f.pid, "fzf")
	until(w.t, "fzf has its terminal", func() bool {
		out := w.run("adopt", fmt.Sprint(f.pid), "--explain").stdout
		return strings.Contains(out, "input comes from its terminal: it has opened the terminal for reading") && strings.Contains(out, "keys one by one")
	})
	return f
}

func (f *finder) target() string { return "pid:" + strconv.Itoa(f.pid) }

// shows waits until what fzf was told is query.
func (f *finder) shows(query string) {
	f.t.Helper()
	f.query = query
	until(f.t, fmt.Sprintf("fzf has %q and not %q", query, f.file("query")), func() bool { return f.file("query") == query })
	// fzf gives the terminal its first modes while a command of its runs: a Ctrl+U
	// would be the terminal's then, and not fzf's.
	until(f.t, "fzf takes keys", func() bool { return f.raw() })
}

// raw tells whether the terminal hands keys on one by one.
func (f *finder) raw() bool {
	tty, err := os.OpenFile(fmt.Sprintf("/proc/%d/fd/2", f.pid), os.O_RDONLY|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		f.t.Fatal(err)
	}
	defer tty.Close()
	modes, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	return err == nil && modes.Lflag&unix.ICANON == 0
}

// masters are the flags of the descriptors that hold the terminal's other side.
func (f *finder) masters() string {
	f.t.Helper()
	var e struct {
		Input struct {
			Terminal struct{ Masters []struct{ PID, FD int } }
		}
	}
	if err := json.Unmarshal([]byte(f.must("adopt", fmt.Sprint(f.pid), "--explain", "--json")), &e); err != nil {
		f.t.Fatal(err)
	}
	text := ""
	for _, m := range e.Input.Terminal.Masters {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%d", m.PID, m.FD))
		if err != nil {
			f.t.Fatal(err)
		}
		text += string(b)
	}
	if text == "" {
		f.t.Error("nobody holds the terminal's other side")
	}
	return text
}

// The question that adopting began with: fzf runs already, in somebody's terminal,
// and is told keys from outside while its keyboard goes on.
func TestAdoptFzf(t *testing.T) {
	thorough(t)
	t.Parallel()
	nobody := &syscall.Credential{Uid: 65534, Gid: 65534}
	for _, test := range []struct {
		name, outer string
		theirs      *syscall.Credential // who runs fzf; nil: who runs the test
		ours        *syscall.Credential // who types
		vias        []string
	}{
		{"script", "script", nil, nil, []string{"", "master", "tiocsti"}},
		{"tmux", "tmux", nil, nil, []string{"", "tmux", "master", "tiocsti"}},
		{"script of a user", "script", nobody, nobody, []string{"", "master"}},
		{"tmux of a user", "tmux", nobody, nobody, []string{"", "tmux", "master"}},
		{"root into a user's tmux", "tmux", nobody, nil, []string{"tmux", "master", "tiocsti"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if test.theirs != nil {
				testpeer.NeedRoot(t, "become another user")
				w.become(test.theirs)
			}
			f := newFinder(w, test.outer)
			w.as = test.ours
			before := f.masters()
			typed := ""
			// The keyboard, and each way in its turn.
			for i, c := range "avocadoavocado" {
				via := test.vias[i/2%len(test.vias)]
				switch {
				case i%2 == 0:
					w.as = test.theirs
					f.keyboard(string(c))
					w.as = test.ours
				case via == "tiocsti" && os.Geteuid() != 0:
					continue // needs root
				case via == "":
					f.must("type", f.target(), string(c))
				default:
					f.must("type", f.target(), "--via", via, string(c))
				}
				typed += string(c)
				f.shows(typed)
			}
			for _, via := range test.vias[1:] {
				if via == "tiocsti" && os.Geteuid() != 0 {
					continue
				}
				f.must("press", f.target(), "--via", via, "Backspace*2")
				typed = typed[:len(typed)-2]
				f.shows(typed)
			}
			if after := f.masters(); after != before {
				t.Errorf("the holders' descriptors were\n%s and are now\n%s", before, after)
			}
			f.must("press", f.target(), "Ctrl+U", "b", "a", "n")
			f.shows("ban")
			f.must("press", f.target(), "Enter")
			until(t, "fzf has ended", func() bool { return f.file("over") == "0\n" })
			if got := f.file("chosen"); got != "banana\n" {
				t.Errorf("chosen was %q", got)
			}
			if test.outer == "script" { // its recording went on to the end
				until(t, "script has ended", func() bool { return strings.Contains(f.file("typescript"), "Script done") })
				if text := f.file("typescript"); !strings.Contains(text, "cherry") || !strings.Contains(text, "COMMAND_EXIT_CODE=\"0\"") {
					t.Errorf("the typescript is %q", clip(text))
				}
			}
		})
	}
}

// Who may not is told why.
func TestAdoptAnotherUser(t *testing.T) {
	thorough(t)
	testpeer.NeedRoot(t, "become another user")
	t.Parallel()
	for _, outer := range []string{"script", "tmux"} {
		t.Run(outer, func(t *testing.T) {
			t.Parallel()
			f := newFinder(newWorld(t), outer)
			f.keyboard("a")
			f.shows("a")
			home, dir := f.dir, f.env
			f.become(&syscall.Credential{Uid: 65534, Gid: 65534})
			for _, via := range [][]string{nil, {"--via", "tiocsti"}, {"--via", "stdin"}} {
				r := f.run(append([]string{"type", f.target(), "x"}, via...)...)
				if r.status != 1 || !strings.Contains(r.stderr, "as root") {
					t.Errorf("%v: status %d, %s", via, r.status, r.stderr)
				}
				if len(via) == 0 && !strings.Contains(r.stderr, "its user is root, and ours is nobody") {
					t.Errorf("the reason: %s", r.stderr)
				}
			}
			if r := f.run("adopt", fmt.Sprint(f.pid), "--explain"); r.status != 0 || !strings.Contains(r.stdout, "refused") || strings.Contains(r.stdout, "taken") {
				t.Errorf("%+v", r)
			}
			f.dir, f.env, f.as = home, dir, nil
			f.keyboard("p")
			f.shows("ap")
		})
	}
}

// A program that has made itself private, and a filter around ourselves.
func TestAdoptRights(t *testing.T) {
	testpeer.NeedRoot(t, "become another user")
	t.Parallel()
	w := newWorld(t)
	w.become(&syscall.Credential{Uid: 65534, Gid: 65534})
	w.spawn("sh", "-c", "sleep 1000 | "+strings.Join(w.worker("private"), " ")+" private-pid")
	pid := "pid:" + fmt.Sprint(w.noted("private-pid"))
	w.fails(1, "it keeps itself private", "type", pid, "x")

	f := newFinder(w, "script")
	filtered := append(w.worker("filtered")[2:], sluice, "type", f.target(), "v")
	r := w.runWith(func(cmd *exec.Cmd) {
		cmd.Path, cmd.Args = filtered[0], filtered
		cmd.Env = append(cmd.Env, workerEnv+"=filtered")
	})
	if r.status != 1 || !strings.Contains(r.stderr, "a seccomp filter that sluice itself runs under") {
		t.Errorf("%+v", r)
	}
}

// sandbox gives this thread, and what it executes, a filter of system calls.
func sandbox(filter []unix.SockFilter) error {
	runtime.LockOSThread() // else another thread may execute it
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	return setFilter(&unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]})
}

// Streams that are no terminals get lines, and a file is left alone.
func TestAdoptStdin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.spawn("sh", "-c", "sleep 1000 | sh -c 'echo $$ > pipe; exec cat > pipe.out'")
	if err := unix.Mkfifo(w.path("fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.spawn("sh", "-c", "echo $$ > named; exec cat < fifo > named.out")
	held, err := os.OpenFile(w.path("fifo"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "ours"), os.NewFile(uintptr(pair[1]), "theirs")
	defer ours.Close()
	cat := exec.Command("sh", "-c", "echo $$ > socket; exec cat > socket.out")
	cat.Dir, cat.Stdin = w.dir, theirs
	if err := cat.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cat.Process.Kill(); cat.Wait() }()
	theirs.Close()
	for _, name := range []string{"pipe", "named", "socket"} {
		pid := w.noted(name)
		named(t, pid, "cat")
		to := fmt.Sprintf("pid:%d", pid)
		w.must("type", to, "--enter", "a line")
		w.runWith(func(cmd *exec.Cmd) { cmd.Stdin = strings.NewReader("pasted\n") }, "paste", to)
		w.must("press", to, "b", "Tab", "c", "Enter")
		want := "a line\npasted\nb\tc\n"
		until(t, name+" has its lines", func() bool { return w.read(w.path(name+".out")) == want })
		w.fails(1, "ends when all who write to it have closed it", "eof", to)
	}
	held.Close() // no end of ours keeps it open
	until(t, "the FIFO's reader has ended", func() bool { return !alive(w.noted("named")) })

	if err := os.WriteFile(w.path("data"), []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.spawn("sh", "-c", "exec < data; echo $$ > file; exec sleep 1000")
	pid := w.noted("file")
	named(t, pid, "sleep")
	w.fails(1, "writing would change the file", "type", fmt.Sprintf("pid:%d", pid), "--enter", "2")
	if got := w.read(w.path("data")); got != "1\n" {
		t.Errorf("the file is %q", got)
	}
}

// The other verbs, on a shell in script.
func TestAdoptVerbs(t *testing.T) {
	t.Parallel()
	testpeer.Need(t, "script", "bsdutils")
	w := newWorld(t)
	w.script("ask", `echo $$ > pid
stty -echo; read -r secret; stty echo; echo "$secret" > secret
trap 'stty size > size' WINCH
cat > lines
echo over > over; while :; do sleep 0.05; done`)
	cmd := exec.Command("script", "-q", "-f", "-c", "sh ask", "typescript")
	cmd.Dir, cmd.Env = w.dir, w.env
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait(); in.Close() }()
	to := fmt.Sprintf("pid:%d", w.noted("pid"))
	r := w.runWith(func(cmd *exec.Cmd) { cmd.Stdin = strings.NewReader("hunter2\n") }, "type", to, "--secret", "--enter")
	if r.status != 0 {
		t.Fatalf("%+v", r)
	}
	until(t, "it has the secret", func() bool { b, _ := os.ReadFile(w.path("secret")); return string(b) == "hunter2\n" })
	if strings.Contains(w.read(w.path("typescript")), "hunter2") {
		t.Error("the secret was shown")
	}
	until(t, "cat reads", func() bool { _, err := os.Stat(w.path("lines")); return err == nil })
	r = w.runWith(func(cmd *exec.Cmd) { cmd.Stdin = strings.NewReader("again\n") }, "type", to, "--secret", "--timeout", "100ms")
	if r.status != 1 || !strings.Contains(r.stderr, "still shows what is typed") {
		t.Errorf("%+v", r)
	}
	w.must("type", to, "--enter", "--pace", "1ms", "one line")
	w.must("paste", to, "ask")
	text := "one line\n" + w.read(w.path("ask"))
	until(t, "all lines are there", func() bool { return w.read(w.path("lines")) == text })
	w.fails(1, "keeps 4095", "type", to, strings.Repeat("x", 5000))
	w.must("eof", to)
	until(t, "cat has ended", func() bool { _, err := os.Stat(w.path("over")); return err == nil })
	w.must("resize", to, "101x33")
	until(t, "it is told its size", func() bool { b, _ := os.ReadFile(w.path("size")); return string(b) == "33 101\n" })

	for _, test := range []struct {
		want string
		args []string
	}{
		{"--exclusive needs a session", []string{"type", to, "x", "--exclusive"}},
		{"--show and --until need a session", []string{"press", to, "a", "--until", "x"}},
		{"--show and --until need a session", []string{"paste", to, "ask", "--show"}},
		{"there is no way \"telepathy\"; the ways are tmux", []string{"type", to, "x", "--via", "telepathy"}},
		{"--via is about processes", []string{"type", "latest", "x", "--via", "tmux"}},
		{"it is not the number of a process", []string{"type", "pid:cat", "x"}},
		{"did you mean Enter?", []string{"press", to, "Entr"}},
		{"protocol", []string{"press", to, "Ctrl+Enter"}},
		{"ps -e lists", []string{"type", "pid:999999999", "x"}},
		{"on no terminal of a run", []string{"screen", to}},
		{"add --explain", []string{"adopt", strings.TrimPrefix(to, "pid:")}},
	} {
		w.fails(2, test.want, test.args...)
	}
	w.fails(1, "its terminal is none of tmux's", "type", to, "x", "--via", "tmux")
}

// A process of a run is its rank: the run's own order and journal hold.
func TestAdoptOurOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.terminal("own", "--", "sh", "-c", "sleep 1000 & echo $! > child; exec cat")
	pid := w.ps()[0].Workers[0].PID
	named(t, pid, "cat")
	to := fmt.Sprintf("pid:%d", pid)
	w.must("type", to, "--enter", "by pid", "--until", "by pid")
	if got := w.must("screen", to); !strings.Contains(got, "by pid") {
		t.Errorf("the screen is %q", got)
	}
	if got := w.journal("own"); len(got) == 0 || got[0].source != "type" {
		t.Errorf("the journal has %+v", got)
	}
	child := fmt.Sprint(w.noted("child"))
	if out := w.must("adopt", child, "--explain"); !strings.Contains(out, "session  taken") {
		t.Error(out)
	}
	w.must("type", to, "--via", "master", "--enter", "past it")
	until(t, "it has what was typed past the session", func() bool { return strings.Contains(w.must("screen", "own"), "past it\npast it") })
}

func TestAdoptExplain(t *testing.T) {
	t.Parallel()
	f := newFinder(newWorld(t), "tmux")
	var e struct {
		PID     int
		Comm    string
		Streams []struct {
			FD   int
			Kind string
		}
		Input struct {
			From string
			Ways []struct {
				Name          string
				Exists, Taken bool
				Why           string
			}
		}
	}
	if err := json.Unmarshal([]byte(f.must("adopt", fmt.Sprint(f.pid), "--explain", "--json")), &e); err != nil {
		t.Fatal(err)
	}
	if e.PID != f.pid || e.Comm != "fzf" || e.Input.From != "terminal" || len(e.Streams) != 3 || e.Streams[0].Kind != "pipe" {
		t.Errorf("%+v", e)
	}
	want := "tmux true true\nscreen false false\nkitty false false\nwezterm false false\nmaster true false\ntiocsti true false\nstdin true false\n"
	got := ""
	for _, w := range e.Input.Ways {
		got += fmt.Sprintln(w.Name, w.Exists, w.Taken)
		if !w.Taken && w.Why == "" && os.Geteuid() == 0 {
			t.Errorf("why is %s not taken?", w.Name)
		}
	}
	if got != want {
		t.Errorf("the ways are\n%swant\n%s", got, want)
	}
	if err := f.tmuxRun("copy-mode"); err != nil {
		t.Fatal(err)
	}
	if out := f.must("adopt", fmt.Sprint(f.pid), "--explain"); !strings.Contains(out, "the pane is in copy mode") || !strings.Contains(out, "master   taken") {
		t.Error(out)
	}
	if _, err := os.Stat(filepath.Join(f.dir, "query")); err == nil {
		t.Error("explaining has typed something")
	}
}

//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// terminal starts a worker on a terminal, which is stopped when the test ends.
func (w *world) terminal(name string, args ...string) {
	w.t.Helper()
	w.must(append([]string{"run", "--pty", "-d", "--grace", "1s", "--name", name}, args...)...)
	w.t.Cleanup(func() { w.run("stop", name, "--kill") })
}

// fails runs sluice and wants a status and a text on its stderr.
func (w *world) fails(status int, want string, args ...string) {
	w.t.Helper()
	if r := w.run(args...); r.status != status || !strings.Contains(r.stderr, want) {
		w.t.Errorf("sluice %q: status %d\n%s%s\nwant %d and %q", args, r.status, clip(r.stdout), clip(r.stderr), status, want)
	}
}

// TestTypeLines: several ranks that read lines, from the first key to after
// their end.
func TestTypeLines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.terminal("cats", "-n", "2", "--size", "40x10", "--", "cat")
	w.must("type", "cats/all", "--enter", "for", "all")
	for _, rank := range []string{"cats/0", "cats/1"} {
		w.must("wait", rank, "--regex", `^for all\nfor all$`)
	}
	w.must("type", "cats/1", "--enter", `<Esc> one \n`)
	w.must("wait", "cats/1", "--text", "<Esc> one \\n\n<Esc> one \\n")
	if got := w.must("screen", "cats"); got != "for all\nfor all\n" {
		t.Errorf("the screen of rank 0: %q", got)
	}
	w.fails(2, "did you mean Enter?", "press", "cats", "Entr")
	w.fails(3, `     2 | for all`, "wait", "cats/0", "--text", "<Esc>", "--timeout", "50ms")
	w.fails(2, "did not ask for", "mouse", "cats/0", "scroll-up")
	w.fails(2, "longer than", "type", "cats/0", strings.Repeat("x", 5000))
	w.must("resize", "cats/all", "50x12")
	var state struct {
		State struct {
			Cols, Rows int
			TTY        struct{ Canonical, Echo bool }
			Foreground struct{ Command string }
		}
	}
	eventually(t, "the screen has its new size", func() bool {
		if err := json.Unmarshal([]byte(w.must("screen", "cats/1", "--json")), &state); err != nil {
			t.Fatal(err)
		}
		return state.State.Cols == 50 && state.State.Rows == 12
	})
	if s := state.State; !s.TTY.Canonical || !s.TTY.Echo || s.Foreground.Command != "cat" {
		t.Errorf("the state: %+v", s)
	}
	w.must("type", "cats/0", "--enter", "\xff\xfe") // as it is
	eventually(t, "the bytes are logged", func() bool {
		return strings.HasSuffix(w.read(filepath.Join(w.ps()[0].Dir, "attempt_0", "0", "stdin.log")), "\xff\xfe\r")
	})
	w.must("type", "cats/1", "unfinished") // a line that eof completes
	w.must("wait", "cats/1", "--regex", "^unfinished$")
	w.must("eof", "cats/all")
	w.must("wait", "cats/1", "--exit")
	w.must("wait", "cats")

	// The run has ended; its screens stay.
	if got := w.must("screen", "cats/1"); got != "for all\nfor all\n<Esc> one \\n\n<Esc> one \\n\nunfinishedunfinished\n" {
		t.Errorf("the last screen of rank 1: %q", got)
	}
	w.must("wait", "cats/0", "--text", "for all", "--exit")
	w.fails(3, "ended before", "wait", "cats/0", "--text", "nothing of the kind")
	w.fails(2, "it has ended", "type", "cats/0", "x")
	if r := w.run("attach", "cats/0"); r.status != 0 || !strings.HasPrefix(r.stdout, "for all\nfor all\n") || !strings.Contains(r.stderr, "this was its last screen") {
		t.Errorf("attach after the end: %+v", r)
	}
	timing, err := os.ReadFile(filepath.Join(w.dirOf("cats"), "..", "1", "timing"))
	if err != nil || !regexp.MustCompile(`(?m)^H 0\.000000 SOURCE type@\d+$`).Match(timing) || !regexp.MustCompile(`(?m)^H 0\.000000 SOURCE eof@\d+$`).Match(timing) {
		t.Errorf("who typed is not in the timing: %v\n%s", err, timing)
	}
}

// TestWaitConditions: each condition comes true, and is missed where it does not.
func TestWaitConditions(t *testing.T) {
	testpeer.Need(t, "bash", "bash")
	t.Parallel()
	w := newWorld(t)
	rc := w.path("rc")
	if err := os.WriteFile(rc, []byte("PS1='now> '\n"+w.must("shell-init", "bash")), 0o600); err != nil {
		t.Fatal(err)
	}
	w.terminal("bare", "--", "bash", "--norc", "--noprofile", "-i")
	w.fails(3, "sluice shell-init", "wait", "bare", "--prompt", "--timeout", "20ms")
	w.fails(3, "sluice shell-init", "type", "bare", "true", "--enter", "--until-prompt", "--timeout", "300ms")
	w.terminal("sh", "--", "bash", "--noprofile", "--rcfile", rc, "-i")
	w.must("wait", "sh", "--prompt")
	// A prompt is one when it is whole.
	w.terminal("slow", "--", "sh", "-c", `printf '\033]133;A\aone> \033]133;B\a'; read l; printf '\033]133;D;0\a\033]133;A\afirst row\n'; sleep 0.2; printf 'two> \033]133;B\a'; cat`)
	w.must("wait", "slow", "--prompt")
	if got := w.must("type", "slow", "x", "--enter", "--until-prompt", "--show"); !strings.Contains(got, "two>") {
		t.Errorf("half of a prompt:\n%s", got)
	}
	w.must("type", "sh", "echo first; sleep 0.05", "--enter")
	w.must("wait", "sh", "--prompt", "--since-input", "--text", "first")
	w.must("type", "sh", "x")
	w.fails(3, "the shell's prompt", "wait", "sh", "--prompt", "--since-input", "--timeout", "20ms")
	w.must("press", "sh", "Backspace", "Enter")
	w.must("wait", "sh", "--prompt", "--since-input")
	w.fails(3, `the text "first"`, "wait", "sh", "--text", "first", "--since-input", "--timeout", "20ms")
	w.must("wait", "sh", "--text", "first", "--timeout", "0")

	w.must("type", "sh", `printf '\e]2;a title\a'; clear; echo waiting`, "--enter")
	w.must("wait", "sh", "--title", "^a t", "--gone", "first", "--text", "waiting")
	w.must("wait", "sh", "--cursor", "2,6", "--settled", "50ms")
	w.fails(3, "the cursor in row 1", "wait", "sh", "--cursor", "1,*", "--timeout", "0")

	file := w.path("made")
	w.must("type", "sh", "touch "+file, "--enter")
	w.must("wait", "sh", "--file", "made") // from the world's directory
	w.fails(3, "the file "+w.path("not-made"), "wait", "sh", "--file", "not-made", "--timeout", "20ms")

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
	w.must("wait", "sh", "--port", port)
	l.Close()
	w.fails(3, "port "+port, "wait", "sh", "--port", port, "--timeout", "20ms")

	// The end comes while somebody waits for something else.
	waiting := w.start("wait", "sh", "--text", "never", "--timeout", "1m")
	w.must("type", "sh", "exit 7", "--enter")
	if status := waiting.end(); status != 3 || !strings.Contains(waiting.err.String(), `ended before the text "never"`) {
		t.Errorf("a wait at the end: status %d, %s", status, waiting.err)
	}
	w.must("wait", "sh", "--exit")
	if r := w.run("wait", "sh"); r.status != 7 {
		t.Errorf("the run's status: %+v", r)
	}
}

// TestSelf: a program uses its own terminal, by itself.
func TestSelf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// In a home of its own, where its run is not listed.
	script := `
export XDG_STATE_HOME=/nonexistent
"$0" resize self 70x20
stty size
"$0" type self/0 --enter typed by myself
read line
echo "read: $line"
"$0" screen self --json | grep -o '"command":"[^"]*"'
exit 6`
	w.terminal("own", "-n", "2", "--", "sh", "-c", `[ $SLUICE_RANK = 1 ] && exec cat; `+script, sluice)
	w.must("wait", "own/0", "--text", "20 70", "--text", "read: typed by myself")
	if r := w.run("wait", "own"); r.status != 6 {
		t.Errorf("status %d, %s", r.status, r.stderr)
	}
	if got := w.must("screen", "own/0"); !strings.Contains(got, `"command":"`) {
		t.Errorf("the screen: %s", got)
	}
	w.fails(2, "SLUICE_RUN is not set", "screen", "self")
}

// TestTypeSecret: a password is asked for and given; nothing keeps it.
func TestTypeSecret(t *testing.T) {
	testpeer.Need(t, "bash", "bash")
	t.Parallel()
	w := newWorld(t)
	const secret = "correct-horse-battery"
	w.terminal("login", "--", "bash", "-c", `read -p 'Name: ' name; read -sp 'Password: ' p; echo; echo "$name has ${#p} letters"; read`)
	w.must("wait", "login", "--text", "Name:")
	give := func(c *exec.Cmd) { c.Stdin = strings.NewReader(secret + "\n") }
	if r := w.runWith(give, "type", "login", "--secret", "--enter", "--timeout", "50ms"); r.status != 2 || !strings.Contains(r.stderr, "still shows what is typed") {
		t.Errorf("where it would be shown: %+v", r)
	}
	w.must("type", "login", "me", "--enter")
	if r := w.runWith(give, "type", "login", "--secret", "--enter"); r.status != 0 {
		t.Fatalf("%+v", r)
	}
	w.must("wait", "login", "--text", fmt.Sprintf("me has %d letters", len(secret)))
	w.must("press", "login", "Enter")
	w.must("wait", "login")
	if names := holders(t, w.dir, secret); len(names) != 0 {
		t.Errorf("the secret is in %q", names)
	}
	if names := holders(t, w.dir, "me has"); len(names) == 0 {
		t.Errorf("the answer is in no file: the wrong ones were looked at")
	}
}

// TestVimDriven: an editor under remote control.
func TestVimDriven(t *testing.T) {
	testpeer.Need(t, "vim", "vim")
	t.Parallel()
	w := newWorld(t)
	file := w.path("notes.txt")
	w.terminal("edit", "--size", "60x10", "--", "vim", "-N", "-u", "NONE", "-i", "NONE", file)
	w.must("wait", "edit", "--text", "~", "--settled", "100ms")
	w.must("type", "edit", "--expand", "ihello<Esc>ointo vim<Esc>")
	w.must("wait", "edit", "--text", "hello\ninto vim", "--cursor", "2,8")
	w.must("type", "edit", "--expand", ":set mouse=a<Enter>")
	w.must("wait", "edit", "--text", ":set mouse=a", "--cursor", "2,8")
	w.must("mouse", "edit", "click", "2,1")
	w.must("wait", "edit", "--cursor", "1,2")
	w.must("mouse", "edit", "click", "into")
	w.must("wait", "edit", "--cursor", "2,2")
	w.must("type", "edit", "Go")
	w.must("wait", "edit", "--text", "-- INSERT --", "--cursor", "3,1")
	paste := func(c *exec.Cmd) { c.Stdin = strings.NewReader("pasted\nlines") }
	if r := w.runWith(paste, "paste", "edit"); r.status != 0 {
		t.Fatalf("%+v", r)
	}
	w.must("wait", "edit", "--text", "into vim\npasted\nlines")
	w.must("press", "edit", "Esc", ":", "x", "Enter")
	w.must("wait", "edit")
	if b, err := os.ReadFile(file); err != nil || string(b) != "hello\ninto vim\npasted\nlines\n" {
		t.Errorf("%v: %q", err, b)
	}
	if got := w.must("screen", "edit", "--svg", "-"); !strings.Contains(got, "<svg") {
		t.Errorf("a picture after the end: %s", clip(got))
	}
}

// TestAttachClients: a person joins, types, leaves, watches, and ends as the program.
func TestAttachClients(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.terminal("talk", "--", "sh", "-c", `while read line; do echo "heard: $line"; [ "$line" = bye ] && exit 4; done`)
	w.must("type", "talk", "before", "--enter")
	w.must("wait", "talk", "--text", "heard: before")

	join := func(args ...string) (*screen, *started) {
		s := newScreen(t)
		return s, w.startWith(s.use, append([]string{"attach", "talk"}, args...)...)
	}
	s, client := join()
	eventually(t, "the screen is drawn", func() bool { return strings.Contains(s.String(), "heard: before") })
	s.master.WriteString("from the keyboard\r")
	w.must("wait", "talk", "--text", "heard: from the keyboard")
	w.must("type", "talk", "from elsewhere", "--enter")
	eventually(t, "both are seen", func() bool {
		return strings.Contains(s.String(), "heard: from the keyboard") && strings.Contains(s.String(), "heard: from elsewhere")
	})
	watch, watcher := join("--read-only", "--detach-key", "Ctrl+T")
	eventually(t, "it is drawn for who watches", func() bool { return strings.Contains(watch.String(), "heard: from elsewhere") })
	if got := w.must("sessions"); !regexp.MustCompile(`(?m)^talk-\w+/0 +running +\d+ +\S+ +80x24 +1\+1r +sh +sh -c`).MatchString(got) {
		t.Errorf("sessions:\n%s", got)
	}
	watch.master.WriteString("not heard\r")
	watch.master.WriteString("\x14d") // Ctrl+T d
	if status := watcher.end(); status != 0 {
		t.Errorf("leaving: status %d\n%q", status, watch.String())
	}
	eventually(t, "it is said that nobody watches", func() bool { return strings.Contains(watch.String(), "[detached from talk-") })
	s.master.WriteString("\x1dd")
	if status := client.end(); status != 0 {
		t.Errorf("leaving: status %d\n%q", status, s.String())
	}
	eventually(t, "it is said that the person left", func() bool { return strings.Contains(s.String(), "[detached from talk-") })
	again, client := join()
	eventually(t, "it is drawn again", func() bool { return strings.Contains(again.String(), "heard: from elsewhere") })
	again.master.WriteString("bye\r")
	if status := client.end(); status != 4 {
		t.Errorf("the program's status: %d\n%q", status, again.String())
	}
	if strings.Contains(w.must("screen", "talk"), "not heard") {
		t.Errorf("who only watches was heard")
	}
	// Afterwards, in a terminal: the last screen, and the same status.
	s, client = join()
	if status := client.end(); status != 4 {
		t.Errorf("after the end: status %d", status)
	}
	eventually(t, "the last screen is shown", func() bool {
		return strings.Contains(s.String(), "heard: bye") && strings.Contains(s.String(), "it ended with 4")
	})
}

// TestAttachPipes: an input and an output that are no terminals are passed on.
func TestAttachPipes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.terminal("lines", "--", "sh", "-c", `stty -echo; echo ready; while read l; do echo "[$l]"; done; kill -TERM $$`)
	w.must("wait", "lines", "--text", "ready")
	r := w.runWith(func(c *exec.Cmd) { c.Stdin = strings.NewReader("one\ntwo") }, "attach", "lines")
	if r.status != 128+int(syscall.SIGTERM) || !strings.HasSuffix(r.stdout, "[one]\r\n") && !strings.HasSuffix(r.stdout, "[two]\r\n") || strings.Contains(r.stdout, "\x1b") {
		t.Errorf("%+v", r)
	}
	// What is refused of the input is told as all is that sluice tells.
	w.terminal("long", "--", "sh", "-c", `stty -echo; echo ready; cat`)
	w.must("wait", "long", "--text", "ready")
	r = w.runWith(func(c *exec.Cmd) { c.Stdin = strings.NewReader(strings.Repeat("x", 5000) + "\n") }, "attach", "long")
	if !strings.HasPrefix(r.stderr, "sluice: a line is longer than the 4095 bytes") {
		t.Errorf("%+v", r)
	}
}

// The end of a pipe ends an interpreter as it would without a terminal, whenever it
// comes.
func TestPipeIntoInterpreter(t *testing.T) {
	t.Parallel()
	testpeer.Need(t, "python3", "python3")
	for _, c := range []struct{ argv, prompt, text string }{
		{"python3 -q", ">>> ", "print(6 * 7)\n"}, {"bash --norc -i", "# ", "echo $((6 * 7))\n"},
	} {
		for _, late := range []bool{false, true} { // it reads lines, and then keys
			t.Run(fmt.Sprint(c.argv, late), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.env = append(w.env, "PS1=# ")
				r, in, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				s := w.startWith(func(cmd *exec.Cmd) { cmd.Stdin = r }, append([]string{"run", "--pty", "--"}, strings.Fields(c.argv)...)...)
				r.Close()
				if late {
					eventually(t, "it asks", func() bool { return strings.Contains(s.out.String(), c.prompt) })
				}
				io.WriteString(in, c.text)
				in.Close()
				if status := s.end(); status != 0 || !strings.Contains(s.out.String(), "42\r\n") {
					t.Errorf("status %d: %q %s", status, s.out, s.err)
				}
			})
		}
	}
}

// TestEndedRank: one rank has ended and the run goes on.
func TestEndedRank(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.terminal("half", "-n", "2", "--on-failure", "continue", "--", "sh", "-c", `read x; echo "bye $x"; exit $((RANK+3))`)
	w.must("type", "half/0", "me", "--enter")
	w.must("wait", "half/0", "--exit", "--text", "bye me")
	w.fails(2, "it ended with 3", "type", "half/0", "x")
	w.fails(2, "it ended with 3", "resize", "half/0", "20x20")
	w.fails(3, "the program has ended with status 3", "wait", "half/0", "--text", "nothing")
	if r := w.run("attach", "half/0"); r.status != 3 || r.stdout != "me\nbye me\n" {
		t.Errorf("attach: %+v", r)
	}
	got := w.must("sessions", "half")
	if !regexp.MustCompile(`(?m)^half-\w+/0 +ended: 3 +- `).MatchString(got) || !regexp.MustCompile(`(?m)^half-\w+/1 +running +\d+ `).MatchString(got) {
		t.Errorf("sessions:\n%s", got)
	}
	w.must("type", "half/1", "too", "--enter")
	if r := w.run("wait", "half"); r.status != 3 {
		t.Errorf("the run's status: %d, %s", r.status, r.stderr)
	}
}

// TestExpectStopped: a script that is stopped leaves nothing running.
func TestExpectStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mark := w.mark()
	script := w.path("s.sluice")
	text := fmt.Sprintf("run sh -c \"sleep 600 & echo up; sleep 601\" %s\nwait text up\necho ready\nwait text never within forever\n", mark)
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := w.start("expect", script)
	eventually(t, "it waits", func() bool { return strings.Contains(s.out.String(), "ready") })
	s.Process.Signal(syscall.SIGTERM)
	if status := s.end(); status != 143 || !strings.Contains(s.err.String(), "stopped") || !strings.Contains(s.err.String(), "     1 | up") {
		t.Errorf("status %d\n%s", status, s.err)
	}
	eventually(t, "nothing is left", func() bool { return len(marked(mark)) == 0 })
}

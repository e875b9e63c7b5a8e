//go:build linux

package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// hands use a program: by commands of sluice, or at a keyboard. Keys have tmux's
// names, which sluice understands.
type hands interface {
	types(text string)
	keys(names ...string)
	shows(text string)
}

// remote are the hands of a script.
type remote struct {
	*world
	run string
}

func (r remote) types(text string) { r.t.Helper(); r.must("type", r.run, "--", text) }
func (r remote) keys(names ...string) {
	r.t.Helper()
	r.must(append([]string{"press", r.run}, names...)...)
}
func (r remote) shows(text string) { r.t.Helper(); r.waitText(r.run, text) }

// programs are real ones, each used by a person and by nobody's terminal.
var programs = []struct {
	name, pkg string
	args      []string
	status    int
	use       func(w *world, h hands)
}{
	{"fish", "fish", []string{"--no-config", "--private"}, 3, func(w *world, h hands) {
		h.shows("~") // in its home, behind which comes > or #
		h.types("echo a(math 40+2)b")
		h.keys("Enter")
		h.shows("a42b")
		if got := w.must("screen", "fish", "--scrollback"); strings.Contains(got, "respond") {
			w.t.Errorf("fish waited for its terminal:\n%s", got)
		}
		h.types("exit 3")
		h.keys("Enter")
	}},
	{"vim", "vim", []string{"-u", "NONE", "-i", "NONE", "-N", "file"}, 0, func(w *world, h hands) {
		h.shows(`"file" [New]`)
		h.types("ihello, wörld 世界")
		h.keys("Escape")
		h.types(":syntax on|set mouse=a|wq")
		h.shows("wq")
		h.keys("Enter")
		until(w.t, "vim writes the file", func() bool {
			b, _ := os.ReadFile(w.path("file"))
			return string(b) == "hello, wörld 世界\n"
		})
	}},
	{"htop", "htop", nil, 0, func(w *world, h hands) {
		h.shows("F10Quit")
		h.keys("F1")
		h.shows("htop 3")
		h.keys("Enter")
		h.shows("F10Quit")
		h.keys("F10")
	}},
	{"less", "less", []string{"numbers"}, 0, func(w *world, h hands) {
		h.shows("23\nnumbers")
		h.keys("Space")
		h.shows("46\n:")
		h.types("/77")
		h.keys("Enter")
		h.shows("77\n78")
		h.keys("G")
		h.shows("200\n(END)")
		h.types("q")
	}},
	{"python3", "python3", []string{"-q"}, 9, func(w *world, h hands) {
		h.shows(">>>")
		h.types("6*7")
		h.keys("Enter")
		h.shows("\n42\n")
		h.types("while True: pass\n")
		h.keys("Enter")
		h.keys("C-c")
		h.shows("KeyboardInterrupt")
		h.types("import sys; sys.exit(9)")
		h.keys("Enter")
	}},
	{"bash", "bash", []string{"--norc", "--noprofile"}, 6, func(w *world, h hands) {
		enter := func(line string) { w.t.Helper(); h.types(line); h.keys("Enter") }
		h.shows("inner%")
		enter("sleep 600")
		w.inForeground("bash", "sleep")
		h.keys("C-z")
		h.shows("Stopped")
		w.inForeground("bash", "bash")
		enter("bg")
		h.shows("sleep 600 &")
		w.inForeground("bash", "bash")
		enter("fg")
		w.inForeground("bash", "sleep")
		h.keys("C-c")
		w.inForeground("bash", "bash")
		enter("echo was=$?")
		h.shows("was=130")
		enter("exit 6")
	}},
}

// inForeground waits until a command has a worker's terminal.
func (w *world) inForeground(run, command string) {
	w.t.Helper()
	until(w.t, command+" has the terminal", func() bool {
		return strings.Contains(w.must("screen", run, "--json"), fmt.Sprintf(`"command":%q`, command))
	})
}

// settled is a world in which programs find no settings.
func settled(t *testing.T) *world {
	w := newWorld(t)
	w.env = append(w.env, "HOME="+w.dir, "LC_ALL=C.UTF-8", "LESS=", "LESSOPEN=")
	var numbers strings.Builder
	for i := range 200 {
		fmt.Fprintln(&numbers, i+1)
	}
	if err := os.WriteFile(w.path("numbers"), []byte(numbers.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return w
}

// Without any terminal of a person's.
func TestStoryHeadless(t *testing.T) {
	t.Parallel()
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			testpeer.Need(t, p.name, p.pkg)
			w := settled(t)
			w.terminal(p.name, append([]string{"--env", "PS1=inner% ", "--", p.name}, p.args...)...)
			p.use(w, remote{w, p.name})
			if st := w.waitEnded(p.name); st != p.status {
				t.Errorf("exit status %d, want %d", st, p.status)
			}
		})
	}
}

// In a window of the person's terminal.
func TestStoryForeground(t *testing.T) {
	t.Parallel()
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			testpeer.Need(t, p.name, p.pkg)
			o := newOuter(settled(t))
			o.main.line("$S run --pty --env 'PS1=inner% ' -- " + strings.Join(append([]string{p.name}, p.args...), " "))
			p.use(o.world, o.main)
			o.main.prompted()
			if got := o.main.modes(); got != sane {
				t.Errorf("the terminal is left with %s", got)
			}
			if st := o.main.status(); st != fmt.Sprint(p.status) {
				t.Errorf("exit status %s, want %d", st, p.status)
			}
		})
	}
}

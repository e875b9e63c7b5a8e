// Package sessiontest tests programs that have a screen.
//
//	func TestInsert(t *testing.T) {
//		term := sessiontest.Start(t, "vim", "-u", "NONE", "notes.txt")
//		term.Press("i")
//		term.Type("hello")
//		term.WaitText("hello")
//		term.Golden("after-insert", sessiontest.Mask(`\d+L, \d+B`))
//	}
//
// The program runs on a terminal of 80x24 and is ended with the test. When a
// step fails the test ends with the screen as it was, and the session's logs are
// kept for scriptreplay(1).
//
// Golden files are testdata/NAME.golden. They are written anew, and to be read
// as a diff, when the variable UPDATE_GOLDEN is set.
package sessiontest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/session"
	"github.com/sluicerun/sluice/vt"
)

// DefaultTimeout is how long a wait lasts unless Terminal.Timeout is set. It is
// long because only a test that fails waits for its end.
const DefaultTimeout = 30 * time.Second

// Terminal is a program under test. Its methods end the test when they fail, and
// so belong on the test's own goroutine.
type Terminal struct {
	*session.Session
	// Timeout bounds every wait.
	Timeout time.Duration

	t   testing.TB
	dir string
}

// Start runs a program on a terminal.
func Start(t testing.TB, name string, args ...string) *Terminal {
	t.Helper()
	return Run(t, session.Command{Args: append([]string{name}, args...)})
}

// Run is Start with all there is to say.
func Run(t testing.TB, c session.Command) *Terminal {
	t.Helper()
	term := &Terminal{t: t, Timeout: DefaultTimeout}
	if c.Dir == "" {
		// Not t.TempDir, which is gone when somebody wants to look.
		dir, err := os.MkdirTemp("", "sessiontest-")
		if err != nil {
			t.Fatal(err)
		}
		c.Dir, term.dir = dir, dir
	}
	s, err := session.Start(context.Background(), c)
	if err != nil {
		os.RemoveAll(term.dir)
		t.Fatal(err)
	}
	term.Session = s
	t.Cleanup(func() {
		s.Close()
		switch {
		case term.dir == "":
		case t.Failed():
			t.Logf("the session is kept: scriptreplay -T %s -O <(echo; cat %s)", filepath.Join(c.Dir, session.TimingFile), filepath.Join(c.Dir, session.OutputLog))
		default:
			os.RemoveAll(term.dir)
		}
	})
	return term
}

// Type types text as it is.
func (term *Terminal) Type(text string) {
	term.t.Helper()
	term.send(fmt.Sprintf("typing %q", text), session.Step{Text: text})
}

// Press presses keys by their names (package keys).
func (term *Terminal) Press(keys ...string) {
	term.t.Helper()
	term.send("pressing "+strings.Join(keys, " "), session.Step{Keys: keys})
}

// Paste pastes text, bracketed if the program asked for that.
func (term *Terminal) Paste(text string) {
	term.t.Helper()
	term.send("pasting", session.Step{Paste: []byte(text)})
}

// Click clicks on a text on the screen.
func (term *Terminal) Click(text string) {
	term.t.Helper()
	term.send(fmt.Sprintf("clicking on %q", text), session.Step{Mouse: &session.Mouse{Action: "click", On: text}})
}

func (term *Terminal) send(doing string, steps ...session.Step) {
	term.t.Helper()
	in := session.Input{Source: "test", Steps: steps, Timeout: job.Duration(term.Timeout)}
	if err := term.Send(context.Background(), in); err != nil {
		term.fail(doing, err)
	}
}

// WaitText waits until a text is on the screen.
func (term *Terminal) WaitText(text string) {
	term.t.Helper()
	term.WaitFor(session.Condition{Text: text})
}

// WaitRegexp waits until the screen's text matches.
func (term *Terminal) WaitRegexp(re string) {
	term.t.Helper()
	term.WaitFor(session.Condition{Regexp: re})
}

// WaitGone waits until a text is no longer on the screen.
func (term *Terminal) WaitGone(text string) {
	term.t.Helper()
	term.WaitFor(session.Condition{Gone: text})
}

// WaitSettled waits until the screen has not changed for so long.
func (term *Terminal) WaitSettled(d time.Duration) {
	term.t.Helper()
	term.WaitFor(session.Condition{Settled: job.Duration(d)})
}

// WaitExit waits for the program's end and returns its exit status, 128+n for a
// signal.
func (term *Terminal) WaitExit() int {
	term.t.Helper()
	term.WaitFor(session.Condition{Exit: true})
	status, _ := term.Status()
	return status
}

// WaitFor waits for any condition.
func (term *Terminal) WaitFor(c session.Condition) {
	term.t.Helper()
	if c.Timeout == 0 {
		c.Timeout = job.Duration(term.Timeout)
	}
	if err := term.Wait(context.Background(), c); err != nil {
		term.fail("waiting", err)
	}
}

// Text is the screen's text, a line for each row, without trailing blanks.
func (term *Terminal) Text() string { return text(term.Screen(false)) }

func text(s *vt.Snapshot) string {
	var b strings.Builder
	for _, l := range s.Lines {
		var line strings.Builder
		for _, c := range l.Cells {
			switch {
			case c.Text != "":
				line.WriteString(c.Text)
			case c.Width != 0:
				line.WriteByte(' ')
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// A Masker hides what differs from run to run.
type Masker func(screen string) string

// Mask puts a # for every character that matches the regular expression.
func Mask(re string) Masker {
	r := regexp.MustCompile(re)
	return func(screen string) string {
		return r.ReplaceAllStringFunc(screen, func(s string) string { return strings.Repeat("#", len([]rune(s))) })
	}
}

// Golden compares the screen's text with testdata/NAME.golden.
func (term *Terminal) Golden(name string, masks ...Masker) {
	term.t.Helper()
	got := term.Text()
	for _, m := range masks {
		got = m(got)
	}
	file := filepath.Join("testdata", name+".golden")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.MkdirAll("testdata", 0o777); err != nil {
			term.t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			term.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		term.t.Fatalf("%v (set UPDATE_GOLDEN=1 to write it)", err)
	}
	if got != string(want) {
		term.t.Fatalf("the screen is not that of %s (- want, + got; UPDATE_GOLDEN=1 writes it anew):\n%s", file, diff(string(want), got))
	}
}

// diff shows two screens line by line.
func diff(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	var b strings.Builder
	for i := range max(len(w), len(g)) {
		var lw, lg string
		if i < len(w) {
			lw = w[i]
		}
		if i < len(g) {
			lg = g[i]
		}
		if lw == lg {
			fmt.Fprintf(&b, "  %s\n", lw)
			continue
		}
		fmt.Fprintf(&b, "- %s\n+ %s\n", lw, lg)
	}
	return b.String()
}

// fail ends the test with the screen.
func (term *Terminal) fail(doing string, err error) {
	term.t.Helper()
	snap := term.Screen(false)
	term.t.Fatalf("%s: %v\n%s", doing, err, frame(text(snap), snap))
}

// frame draws a box around a screen and tells where the cursor is.
func frame(screen string, s *vt.Snapshot) string {
	var b strings.Builder
	fmt.Fprintf(&b, "screen (%dx%d, cursor in row %d, column %d):\n", s.Cols, s.Rows, s.Cursor.Y+1, s.Cursor.X+1)
	for _, l := range strings.Split(strings.TrimSuffix(screen, "\n"), "\n") {
		b.WriteString("  | " + l + "\n")
	}
	return b.String()
}

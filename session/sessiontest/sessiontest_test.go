//go:build linux

package sessiontest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sluicerun/sluice/internal/testpeer"
	"github.com/sluicerun/sluice/session"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// vim is one without anybody's settings.
func vim(t testing.TB, file string) *Terminal {
	vim := testpeer.Need(t, "vim", "vim")
	return Run(t, session.Command{Args: []string{vim, "-u", "NONE", "-N", "-n", "-i", "NONE", file}, Cwd: filepath.Dir(file),
		Size: session.Size{Cols: 60, Rows: 10}})
}

func TestVim(t *testing.T) {
	file := filepath.Join(t.TempDir(), "notes.txt")
	term := vim(t, file)
	term.WaitText("notes.txt")
	term.Press("i")
	term.WaitText("-- INSERT --")
	term.Type("hello\n")
	term.Paste("pasted\ntwice\n")
	term.Press("Escape", "k", "k", "x")
	term.WaitGone("-- INSERT --")
	term.WaitRegexp(`^asted$`)
	term.Golden("after-insert", Mask(`"\S*notes.txt" *\[New\]`))
	term.Type(":wq")
	term.Press("Enter")
	if st := term.WaitExit(); st != 0 {
		t.Errorf("status %d", st)
	}
	if b, err := os.ReadFile(file); string(b) != "hello\nasted\ntwice\n\n" {
		t.Errorf("%q %v", b, err)
	}
}

// failing is a test that is expected to fail.
type failing struct {
	testing.TB
	fatal   string
	logs    []string
	cleanup []func()
}

func (f *failing) Helper()          {}
func (f *failing) Cleanup(g func()) { f.cleanup = append(f.cleanup, g) }
func (f *failing) Failed() bool     { return f.fatal != "" }
func (f *failing) Logf(format string, args ...any) {
	f.logs = append(f.logs, fmt.Sprintf(format, args...))
}
func (f *failing) Fatal(args ...any) { f.Fatalf("%s", fmt.Sprint(args...)) }
func (f *failing) Fatalf(format string, args ...any) {
	f.fatal = fmt.Sprintf(format, args...)
	panic(f)
}

// fails runs a test that fails, and returns what it says.
func fails(t *testing.T, test func(testing.TB)) (fatal, log string) {
	t.Helper()
	f := &failing{TB: t}
	func() {
		defer func() {
			if r := recover(); r != nil && r != any(f) {
				panic(r)
			}
		}()
		test(f)
	}()
	for _, g := range f.cleanup {
		g()
	}
	if f.fatal == "" {
		t.Error("it did not fail")
	}
	return f.fatal, strings.Join(f.logs, "\n")
}

// A test that fails shows the screen, and keeps the logs.
func TestFailing(t *testing.T) {
	fatal, log := fails(t, func(t testing.TB) {
		term := Start(t, "sh", "-c", "printf 'one\\ntwo> '; read x")
		term.WaitText("two> ")
		term.Timeout = 50 * time.Millisecond
		term.WaitText("three")
	})
	for _, want := range []string{`for the text "three"`, "80x24, cursor in row 2, column 6", "  | one\n  | two>"} {
		if !strings.Contains(fatal, want) {
			t.Errorf("no %q in:\n%s", want, fatal)
		}
	}
	dir := regexp.MustCompile(`-T (\S+)/timing`).FindStringSubmatch(log)
	if dir == nil {
		t.Fatalf("%q", log)
	}
	defer os.RemoveAll(dir[1])
	if b, err := os.ReadFile(filepath.Join(dir[1], session.OutputLog)); string(b) != "one\r\ntwo> " {
		t.Errorf("%q %v", b, err)
	}
	for what, test := range map[string]func(testing.TB){
		`testdata/other.golden`: func(t testing.TB) { Start(t, "true").Golden("other") },
		`unknown key "Entr"`:    func(t testing.TB) { Start(t, "cat").Press("Entr") },
		`no-such-program`:       func(t testing.TB) { Start(t, "no-such-program") },
	} {
		fatal, log := fails(t, test)
		if !strings.Contains(fatal, what) {
			t.Errorf("%s: %s", what, fatal)
		}
		if dir := regexp.MustCompile(`-T (\S+)/timing`).FindStringSubmatch(log); dir != nil {
			os.RemoveAll(dir[1])
		}
	}
}

// A golden that differs is shown as a diff; the variable writes it anew.
func TestGoldenDiffers(t *testing.T) {
	t.Chdir(t.TempDir())
	show := func(t testing.TB, text string) {
		term := Start(t, "printf", text)
		term.WaitExit()
		term.Golden("screen", Mask(`\d+`))
	}
	t.Setenv("UPDATE_GOLDEN", "1")
	show(t, `one\n1234\nthree\n`)
	t.Setenv("UPDATE_GOLDEN", "")
	show(t, `one\n5678\nthree\n`)
	fatal, log := fails(t, func(t testing.TB) { show(t, `one\n5678\nTHREE\n`) })
	if !strings.Contains(fatal, "  one\n  ####\n- three\n+ THREE\n") {
		t.Error(fatal)
	}
	if dir := regexp.MustCompile(`-T (\S+)/timing`).FindStringSubmatch(log); dir != nil {
		os.RemoveAll(dir[1])
	}
}

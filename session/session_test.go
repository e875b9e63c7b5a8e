//go:build linux

package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/internal/testpeer"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/session"
	"github.com/sluicerun/sluice/session/sessiontest"
)

func TestMain(m *testing.M) {
	proc.MaybeStage()
	goleak.VerifyTestMain(m)
}

// A session that keeps no logs leaves nothing on the disk, not even while it runs: a
// SIGKILL has nothing to leave behind.
func TestNoDirectory(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	s, err := session.Start(context.Background(), session.Command{Args: []string{"sh", "-c", "echo one; read x"}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Wait(context.Background(), session.Condition{Text: "one", Timeout: job.Duration(30 * time.Second)}); err != nil {
		t.Fatal(err)
	}
	if files, err := os.ReadDir(tmp); err != nil || len(files) != 0 || s.Dir() != "" {
		t.Errorf("there are %v, %v, in %q", files, err, s.Dir())
	}
}

// The end of the caller's own time is told as such, with what was waited for.
func TestWaitWithinContext(t *testing.T) {
	term := sessiontest.Start(t, "sh", "-c", "echo loading; read x")
	term.WaitText("loading")
	late, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	err := term.Wait(late, session.Condition{Text: "ready", Timeout: -1})
	var no *session.NotMetError
	if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &no) || no.Ended || no.Screen != "loading" ||
		!strings.Contains(err.Error(), `the text "ready"`) {
		t.Errorf("late: %v, %+v", err, no)
	}
	given, giveUp := context.WithCancel(context.Background())
	giveUp()
	if err := term.Wait(given, session.Condition{Text: "ready"}); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), `the text "ready"`) {
		t.Errorf("cancelled: %v", err)
	}
	term.Press("Enter")
	term.WaitExit()
	if err := term.Wait(context.Background(), session.Condition{Text: "ready"}); errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the program ended first: %v", err)
	}
}

// What New cannot do without is said, and not a panic later.
func TestNewWants(t *testing.T) {
	if _, err := session.New(session.Options{}); err == nil || !strings.Contains(err.Error(), "Master") {
		t.Errorf("%v", err)
	}
}

// shell is a shell whose prompt is "$ ".
func shell(t *testing.T) *sessiontest.Terminal {
	t.Helper()
	testpeer.Need(t, "bash", "bash")
	term := sessiontest.Run(t, session.Command{Args: []string{"bash", "--norc", "--noprofile", "-i"},
		Env: append(os.Environ(), "PS1=$ ", "TERM=xterm-256color", "HISTFILE=")})
	term.WaitText("$ ")
	return term
}

func TestShell(t *testing.T) {
	term := shell(t)
	term.Type("echo hello $((6*7))")
	term.Press("Enter")
	term.WaitText("hello 42")
	term.Type("stty size; tty")
	term.Press("Enter")
	term.WaitText("24 80\n/dev/pts/")
	term.Type("exit 7")
	term.Press("Enter")
	if st := term.WaitExit(); st != 7 {
		t.Errorf("status %d", st)
	}
	if !strings.Contains(term.Text(), "exit 7\n") {
		t.Errorf("the last screen is gone:\n%s", term.Text())
	}
}

// What was written is in the log with who wrote it, and scriptreplay plays it.
func TestJournal(t *testing.T) {
	testpeer.Need(t, "scriptreplay", "bsdutils")
	dir := filepath.Join(t.TempDir(), "log")
	term := sessiontest.Run(t, session.Command{Args: []string{"cat"}, Dir: dir})
	ctx := context.Background()
	for i, who := range []string{"ann", "bob", "bob", "ann"} {
		if err := term.Send(ctx, session.Input{Source: who, Steps: []session.Step{{Text: who + "\n"}}}); err != nil {
			t.Fatal(err)
		}
		term.WaitRegexp(fmt.Sprintf(`^(\w+\n){%d} *\n`, 2*i+2))
	}
	if err := term.Resize(session.Size{Cols: 100, Rows: 30}); err != nil {
		t.Fatal(err)
	}
	if err := term.SendEOF(ctx, "ann"); err != nil {
		t.Fatal(err)
	}
	if st := term.WaitExit(); st != 0 {
		t.Errorf("status %d", st)
	}
	term.Close()
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if got, want := read(session.StdinLog), "ann\nbob\nbob\nann\n\x04"; got != want {
		t.Errorf("input %q, want %q", got, want)
	}
	out := read(session.OutputLog)
	if want := strings.ReplaceAll("ann\nann\nbob\nbob\nbob\nbob\nann\nann\n", "\n", "\r\n"); out != want {
		t.Errorf("output %q, want %q", out, want)
	}
	timing := read(session.TimingFile)
	var sources []string
	for _, l := range strings.Split(timing, "\n") {
		if _, name, ok := strings.Cut(l, " SOURCE "); ok {
			sources = append(sources, name)
		}
	}
	if got := strings.Join(sources, " "); got != "ann bob ann" {
		t.Errorf("sources %q", got)
	}
	for _, want := range []string{"SIGWINCH ROWS=30 COLS=100\n", "H 0.000000 EXIT_CODE 0\n", "H 0.000000 COLUMNS 80\n"} {
		if !strings.Contains(timing, want) {
			t.Errorf("the timing has no %q:\n%s", want, timing)
		}
	}
	for stream, want := range map[string]string{"out": out, "in": "ann\nbob\nbob\nann\n\x04"} {
		// It skips the first line of a log.
		cmd := exec.Command("bash", "-c", `cd "$1" && scriptreplay --stream $2 --log-out <(echo; cat stdout.log) --log-in <(echo; cat stdin.log) --log-timing timing --divisor 100`,
			"", dir, stream)
		got, err := cmd.CombinedOutput()
		if err != nil || !bytes.Contains(got, []byte(want)) {
			t.Errorf("scriptreplay of %s: %v, %q", stream, err, got)
		}
	}
	screen, err := session.Replay(dir)
	if err != nil {
		t.Fatal(err)
	}
	if c, r := screen.Size(); c != 100 || r != 30 || !strings.Contains(string(screen.AppendLine(nil, 7)), "ann") {
		t.Errorf("replayed: %dx%d %q", c, r, screen.AppendLine(nil, 7))
	}
}

// Messages are never torn apart, however many write.
func TestMessagesStayWhole(t *testing.T) {
	term := sessiontest.Start(t, "sh", "-c", "stty raw -echo; echo ready; exec cat")
	term.WaitText("ready")
	ctx := context.Background()
	const writers, each = 8, 40
	errs := make(chan error, writers)
	for w := range writers {
		go func() {
			var err error
			text := strings.Repeat(string(rune('a'+w)), 300) + "\n"
			for range each {
				if e := term.Send(ctx, session.Input{Source: "w", Steps: []session.Step{{Text: text}}, Timeout: job.Forever}); e != nil {
					err = e
				}
			}
			errs <- err
		}()
	}
	for range writers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	term.Type("END\n")
	term.WaitText("END")
	text := scrollback(term)
	n := 0
	for _, l := range strings.Split(text, "\n") {
		l = strings.TrimSpace(l)
		if l == "" || l == "ready" || l == "END" {
			continue
		}
		n++
		if strings.Trim(l, l[:1]) != "" {
			t.Fatalf("torn: %q", l)
		}
	}
	if n < writers*each {
		t.Errorf("%d messages of %d", n, writers*each)
	}
}

// scrollback is all text of a session.
func scrollback(term *sessiontest.Terminal) string {
	s := term.Screen(true)
	var b strings.Builder
	for _, l := range append(s.Scrollback, s.Lines...) {
		for _, c := range l.Cells {
			b.WriteString(c.Text)
		}
		if !l.Wrapped {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func TestSecret(t *testing.T) {
	testpeer.Need(t, "python3", "python3")
	dir := filepath.Join(t.TempDir(), "log")
	term := sessiontest.Run(t, session.Command{Dir: dir, Args: []string{"python3", "-c",
		"import getpass,time\ntime.sleep(.3)\np=getpass.getpass('Password: ')\nprint('got', len(p), p[::-1])\ninput('next? ')\nimport tty,os\ntty.setraw(0)\nprint('raw?')\nos.read(0,100)"}})
	ctx := context.Background()
	// Before there is a prompt: the terminal still echoes.
	if err := term.Send(ctx, session.Input{Source: "s", Secret: true, Steps: []session.Step{{Text: "swordfish\n"}}}); err != nil {
		t.Fatal(err)
	}
	term.WaitText("got 9 hsifdrows")
	term.WaitText("next?")
	var no *session.RefusedError
	err := term.Send(ctx, session.Input{Source: "s", Secret: true, Steps: []session.Step{{Text: "other\n"}}, Timeout: job.Duration(100 * time.Millisecond)})
	if !errors.As(err, &no) || !strings.Contains(err.Error(), "still shows") {
		t.Errorf("with echo: %v", err)
	}
	term.Press("Enter")
	term.WaitText("raw?")
	for _, keys := range []bool{false, true} {
		err := term.Send(ctx, session.Input{Source: "s", Secret: true, SecretKeys: keys, Steps: []session.Step{{Text: "other\n"}}, Timeout: job.Duration(100 * time.Millisecond)})
		if keys != (err == nil) || !keys && !strings.Contains(err.Error(), "reads keys") {
			t.Errorf("to who reads keys, %v: %v", keys, err)
		}
	}
	term.WaitExit()
	term.Close()
	filepath.Walk(dir, func(path string, fi os.FileInfo, err error) error {
		if b, _ := os.ReadFile(path); bytes.Contains(b, []byte("swordfish")) || bytes.Contains(b, []byte("other")) {
			t.Errorf("%s holds the secret: %q", path, b)
		}
		return nil
	})
	if b, _ := os.ReadFile(filepath.Join(dir, session.TimingFile)); !bytes.Contains(b, []byte("SECRET s\n")) {
		t.Errorf("the timing does not tell of it:\n%s", b)
	}
}

func TestCanonicalLimit(t *testing.T) {
	term := sessiontest.Start(t, "cat")
	var no *session.RefusedError
	err := term.Send(context.Background(), session.Input{Steps: []session.Step{{Text: strings.Repeat("x", 5000) + "\n"}}})
	if !errors.As(err, &no) || !strings.Contains(err.Error(), "longer than the 4095") {
		t.Errorf("%v", err)
	}
	// In pieces it is no shorter.
	if err := term.Send(context.Background(), session.Input{Steps: []session.Step{{Text: strings.Repeat("x", 3000)}}}); err != nil {
		t.Error(err)
	}
	if err := term.Send(context.Background(), session.Input{Steps: []session.Step{{Text: strings.Repeat("x", 2000)}}}); !errors.As(err, &no) {
		t.Errorf("%v", err)
	}
}

// A sender that gives up is told just that: the program is not blamed for it.
func TestSendGivesUp(t *testing.T) {
	term := sessiontest.Start(t, "sh", "-c", "stty raw -echo; echo ready; exec sleep 100")
	term.WaitText("ready")
	late, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel()
	for range 10 { // both the turn and the end of ctx are there
		err := term.Send(late, session.Input{Steps: []session.Step{{Text: "x"}}})
		if err == nil || strings.Contains(err.Error(), "does not read") {
			t.Fatalf("before anything was written: %v", err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(100*time.Millisecond, cancel)
	err := term.Send(ctx, session.Input{Steps: []session.Step{{Data: make([]byte, 1<<20)}}})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "of 1048576 bytes were taken") {
		t.Errorf("in the middle: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	term := sessiontest.Start(t, "sh", "-c", "stty raw; echo ready; exec cat")
	term.WaitText("ready")
	for what, in := range map[string]session.Step{
		"unknown key":   {Keys: []string{"Entr"}},
		"keys, not":     {EOF: true},
		"not ask":       {Mouse: &session.Mouse{Action: "click", X: 1, Y: 1}},
		"column 0":      {Mouse: &session.Mouse{Action: "click"}},
		"column 81":     {Mouse: &session.Mouse{Action: "drag", X: 1, Y: 1, ToX: 81, ToY: 1}},
		"80 columns":    {Mouse: &session.Mouse{Action: "drag", X: 1, Y: 1}},
		"more than one": {Text: "a", Keys: []string{"Enter"}},
		"not on the s":  {Mouse: &session.Mouse{Action: "click", On: "nowhere"}},
	} {
		err := term.Send(context.Background(), session.Input{Steps: []session.Step{in}})
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%+v: %v, want %q", in, err, what)
		}
	}
}

func TestWaits(t *testing.T) {
	term := shell(t)
	ctx := context.Background()
	var no *session.NotMetError
	wait := func(c session.Condition) error {
		if c.Timeout == 0 {
			c.Timeout = job.Duration(20 * time.Second)
		}
		return term.Wait(ctx, c)
	}
	short := job.Duration(80 * time.Millisecond)
	if err := wait(session.Condition{Text: "nowhere", Timeout: short}); !errors.As(err, &no) || no.Ended {
		t.Errorf("%v", err)
	}
	term.Type("echo one")
	term.Press("Enter")
	term.WaitText("one\n$ ")
	// It is there, but not since the last input.
	term.Type("tr")
	if err := wait(session.Condition{Text: "echo one", SinceInput: true, Source: "test", Timeout: short}); !errors.As(err, &no) {
		t.Errorf("old text counts: %v", err)
	}
	term.Type("ue; printf 'wrapped%.0s' $(seq 30)")
	term.Press("Enter")
	for _, c := range []session.Condition{
		{Text: strings.Repeat("wrapped", 30)}, // over three lines
		{Regexp: `^(wrapped){30}\$ $`},
		{Text: "wrapped", SinceInput: true, Source: "test"},
		{Settled: job.Duration(50 * time.Millisecond)},
		{Gone: "nowhere"},
	} {
		if err := wait(c); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
	term.Type(`clear; printf '\033]2;my title\007\033[10;20H'; read x`)
	term.Press("Enter")
	if err := wait(session.Condition{Title: "^my t", Row: 10, Col: 20}); err != nil {
		t.Error(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "made")
	term.Press("Enter")
	term.Type("sleep .2; touch " + file)
	term.Press("Enter")
	if err := wait(session.Condition{File: file}); err != nil {
		t.Error(err)
	}
	term.Type("exit")
	term.Press("Enter")
	if err := wait(session.Condition{Exit: true}); err != nil {
		t.Error(err)
	}
	if err := wait(session.Condition{Text: "nowhere"}); !errors.As(err, &no) || !no.Ended {
		t.Errorf("after the end: %v", err)
	}
	if err := wait(session.Condition{Regexp: "("}); err == nil || errors.As(err, &no) {
		t.Errorf("%v", err)
	}
}

// Programs that ask their terminal get an answer when nobody is attached.
func TestAnswers(t *testing.T) {
	testpeer.Need(t, "python3", "python3")
	term := sessiontest.Start(t, "python3", "-c", `
import os,sys,termios,tty,select
tty.setraw(0)
for q in [b'\x1b[c', b'\x1b[6n', b'\x1b[>0q', b'\x1b]11;?\x1b\\', b'\x1b[?2026$p', b'\x1b[?u']:
    os.write(1,q)
    r,_,_=select.select([0],[],[],10)
    a=os.read(0,100) if r else b'NOTHING'
    os.write(1,repr(a).encode()+b'\r\n')
`)
	term.WaitExit()
	lines := strings.Split(term.Text(), "\n")
	for i, want := range []string{`\x1b[?`, `\x1b[2;1R`, `\x1bP>|`, `\x1b]11;rgb:`, `\x1b[?2026;2$y`, `\x1b[?0u`} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %d is %q, want %s", i, lines[i], want)
		}
	}
}

// What a background process writes after the program's end is heard, or not, as
// the linger says.
func TestLinger(t *testing.T) {
	late := `trap "" HUP; (sleep 0.1; echo late; sleep 0.6; echo later) & sleep 0.02` // the HUP of its end
	for _, c := range []struct {
		linger      job.Linger
		late, later bool
	}{
		{job.Linger{Mode: job.LingerExit}, false, false},
		{job.Linger{Mode: job.LingerIdle, Idle: job.Duration(300 * time.Millisecond)}, true, false},
		{job.Linger{Mode: job.LingerEOF}, true, true},
	} {
		t.Run(c.linger.String(), func(t *testing.T) {
			t.Parallel()
			term := sessiontest.Run(t, session.Command{Args: []string{"sh", "-c", late}, Linger: c.linger})
			term.WaitExit()
			text := term.Text()
			if c.linger.Mode == job.LingerEOF && (!strings.Contains(text, "late\n") || !strings.Contains(text, "later")) {
				t.Errorf("%q", text)
			}
			if c.linger.Mode == job.LingerExit && strings.Contains(text, "later") {
				t.Errorf("%q", text)
			}
		})
	}
}

// The tail of what a program wrote before its end is never lost.
func TestTail(t *testing.T) {
	for range 20 {
		term := sessiontest.Start(t, "sh", "-c", "seq 1 3000; printf END")
		term.WaitExit()
		if text := term.Text(); !strings.HasSuffix(text, "3000\nEND\n") {
			t.Fatalf("%q", text)
		}
		term.Close()
	}
}

// Exclusive holds everybody else back.
func TestExclusive(t *testing.T) {
	term := sessiontest.Start(t, "sh", "-c", "stty raw -echo; echo ready; exec cat")
	term.WaitText("ready")
	done := make(chan error, 1)
	go func() {
		done <- term.Send(context.Background(), session.Input{Source: "batch", Exclusive: true,
			Steps: []session.Step{{Text: "aaaaaaaaaa", Pace: job.Duration(20 * time.Millisecond)}}})
	}()
	term.WaitRegexp(`^ *a+$`)
	term.Type("b") // its turn comes when the batch has ended
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	term.WaitText("aaaaaaaaaab")
}

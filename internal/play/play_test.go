//go:build linux || darwin

package play

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/internal/pty"
	"github.com/sluicerun/sluice/internal/testpeer"
	"github.com/sluicerun/sluice/vt"
)

// endless is what a recording that is to go on for the whole test ends with.
const endless = 3600_000

// long has a word every ten seconds.
func long() []cast.Event {
	var events []cast.Event
	for i, w := range strings.Fields("zero one two three four five six seven eight nine") {
		events = append(events, ev(i*10_000, w+"\r\n"))
		if i == 4 {
			events = append(events, ev(i*10_000, "m:middle"))
		}
	}
	return append(events, ev(100_000, "ten"))
}

func TestToTheEnd(t *testing.T) {
	s := newTheatre(t, 80, 24)
	s.play(role{Cols: 80, Rows: 24, Events: []cast.Event{ev(0, "hello\r\n"), ev(50, "\x1b[31mworld\x1b[m"), ev(100, "\x1b[?1049h\x1b[?25l\x1b[4 qeditor"), ev(150, "\x1b[?1049l\x1b[?25h")}})
	if o := s.over(); o.Err != "" || o.Result.Quit || o.Result.At != 150*time.Millisecond {
		t.Errorf("%+v", o)
	}
	s.sane()
	s.untilShown("hello\nworld")
	if strings.Contains(s.text(), "editor") {
		t.Error("what was on the alternate screen stayed")
	}
}

// Nothing that the recording asks or switches reaches the person's terminal.
func TestNothingReaches(t *testing.T) {
	s := newTheatre(t, 80, 24)
	s.play(role{Cols: 80, Rows: 24, Events: []cast.Event{
		ev(0, "\x1b[c\x1b[6n\x1b]10;?\a\x1b[>q\x1b[?u\x1bP$qm\x1b\\\x1b[18t\x05\x1b]52;c;eA==\a\x1b]0;title\a"),
		ev(10, "\x1b[?1000;1006;2004;1004h\x1b[>1u\x1b[?1h\x1b=\x1b[>4;2mshown"), ev(endless, "")}})
	s.untilShown("shown")
	s.look(func(v *vt.Terminal) {
		m := v.Modes()
		if v.QueryCount() > 0 || m.Mouse != vt.MouseOff || m.BracketedPaste || m.FocusEvents || m.Kitty != 0 || m.AppCursor || m.AppKeypad || m.ModifyOtherKeys != 0 || v.Title() != "" {
			t.Errorf("%d questions, %+v, title %q", v.QueryCount(), m, v.Title())
		}
		if !m.AltScreen {
			t.Error("it does not play on the alternate screen")
		}
	})
	s.typeText("q")
	if o := s.over(); !o.Result.Quit || o.Err != "" {
		t.Errorf("%+v", o)
	}
	s.sane()
}

func TestKeys(t *testing.T) {
	s := newTheatre(t, 80, 30)
	s.play(role{Cols: 80, Rows: 24, Events: long()})
	s.untilShown("zero")
	s.untilShown("/ 1:40.0 [") // the index is complete
	s.typeText(" ")
	s.untilShown("paused")
	s.typeText(".")
	s.untilShown("zero\none\n")
	s.typeText(".")
	s.untilShown("paused 0:20.0")
	s.typeText(",")
	s.untilShown("paused 0:10.0")
	s.untilGone("two")
	s.typeText("\x1b[C\x1b[C\x1b[C")
	s.untilShown("paused 0:25.0")
	s.untilShown("two")
	s.typeText("\x1b[D")
	s.untilShown("paused 0:20.0")
	s.typeText("\x1b[1;2C") // shift+right
	s.untilShown("paused 1:20.0")
	s.untilShown("eight")
	s.typeText("[")
	s.untilShown("marker: middle")
	s.untilGone("five")
	s.typeText("5")
	s.untilShown("paused 0:50.0")
	s.typeText("/seven|th.ee\r")
	s.untilShown("found: seven")
	s.untilGone("eight")
	s.typeText("n")
	s.untilShown("found beyond the other end: three")
	s.untilGone("four")
	s.typeText("N")
	s.untilShown("found beyond the other end: seven")
	s.typeText("/nowhere\x7f\x7f\x7f\x7f\x7f\x7f\x7fxyzzy\r")
	s.untilShown("not found: xyzzy")
	s.typeText("?")
	s.untilShown("search for text on the screen")
	s.typeText("?")
	s.untilGone("search for text on the screen")
	s.typeText("++")
	s.untilShown("speed 1.5")
	s.typeText("\x1b[F") // end
	s.untilShown("paused 1:40.0")
	s.untilShown("ten")
	s.typeText("0")
	s.untilShown("paused 0:00.0")
	s.untilGone("one")
	s.typeText("\x03")
	if o := s.over(); !o.Result.Quit || o.Result.At != 0 || o.Err != "" {
		t.Errorf("%+v", o)
	}
	s.sane()
}

// A recording on terminals that are larger and smaller.
func TestSizes(t *testing.T) {
	var b strings.Builder
	for i := range 40 {
		fmt.Fprintf(&b, "\x1b[%d;1H%s", i+1, strings.Repeat(string(rune('a'+i%26)), 100))
	}
	events := []cast.Event{ev(0, "\x1b[41;1Hbottom\x1b[39;5H"), ev(0, b.String()), ev(0, "\x1b[41;7H"), ev(20, ""), ev(endless, "")}
	s := newTheatre(t, 20, 5)
	s.play(role{Cols: 100, Rows: 41, Events: events})
	s.untilShown("bottom\n")
	s.look(func(v *vt.Terminal) {
		want := "kkkkkkkkkkkkkkkkkkkk\nllllllllllllllllllll\nmmmmmmmmmmmmmmmmmmmm\nnnnnnnnnnnnnnnnnnnnn\nbottom\n"
		if got := v.Text(false); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if c := v.Cursor(); c.Y != 4 || c.X != 6 || !c.Visible {
			t.Errorf("the cursor is at %+v", c)
		}
	})
	if err := s.m.Resize(pty.Size{Cols: 120, Rows: 50}); err != nil {
		t.Fatal(err)
	}
	s.look(func(v *vt.Terminal) { v.Resize(120, 50) })
	s.untilShown(strings.Repeat("a", 100) + "\n" + strings.Repeat("b", 100) + "\n")
	s.untilShown("demo.cast") // there is room for the bar
	s.typeText("q")
	s.over()
	s.sane()
}

func TestResize(t *testing.T) {
	s := newTheatre(t, 80, 24)
	s.play(role{Cols: 100, Rows: 30, Resize: true, Events: []cast.Event{ev(0, "here"), ev(endless, "")}})
	s.untilShown("here")
	asked := func(cols, rows int) func() bool {
		return func() (ok bool) {
			s.look(func(*vt.Terminal) { ok = s.size == [2]int{cols, rows} })
			return ok
		}
	}
	s.until("100x30 is asked for", asked(100, 30))
	s.typeText("q")
	s.over()
	s.until("80x24 is asked for", asked(80, 24))
}

func TestMarkersPause(t *testing.T) {
	s := newTheatre(t, 80, 30)
	s.play(role{Cols: 80, Rows: 24, Speed: 1000, PauseOnMarkers: true, Events: long()})
	s.untilShown("paused 0:40.0")
	s.typeText(" ")
	if o := s.over(); o.Result.Quit || o.Err != "" || o.Result.At != 100*time.Second {
		t.Errorf("%+v", o)
	}
	s.untilShown("nine\nten")
}

func TestFromUntil(t *testing.T) {
	s := newTheatre(t, 80, 24)
	s.play(role{Cols: 80, Rows: 24, Speed: 1e5, From: 30 * time.Second, Until: 55 * time.Second, Events: long()})
	if o := s.over(); o.Err != "" || o.Result.At != 55*time.Second {
		t.Errorf("%+v", o)
	}
	s.sane()
	s.untilShown("zero\none\ntwo\nthree\nfour\nfive\n")
	if strings.Contains(s.text(), "six") {
		t.Errorf("beyond the end: %s", s.text())
	}
}

func TestStrokesAndShot(t *testing.T) {
	s := newTheatre(t, 80, 24)
	dir := t.TempDir()
	s.play(role{Cols: 80, Rows: 24, ShowKeys: true, Folder: dir, Events: []cast.Event{
		ev(0, "$ "), ev(20, "i:ls"), ev(30, "ls"), ev(40, "i:\r"), ev(40, "i:\x1b[A"), ev(50, "\r\nfiles"), ev(endless, "")}})
	s.untilShown("ls<Enter><Up>")
	s.untilShown("files")
	s.typeText(" s")
	s.untilShown("saved ")
	for _, want := range []struct{ ext, text string }{{"txt", "$ ls\nfiles\n"}, {"svg", "files"}} {
		found, _ := filepath.Glob(filepath.Join(dir, "demo-00.00.*."+want.ext))
		if len(found) != 1 {
			t.Fatalf("files %v", found)
		}
		if b, err := os.ReadFile(found[0]); err != nil || !strings.Contains(string(b), want.text) {
			t.Errorf("%s: %q, %v", found[0], b, err)
		}
	}
	s.typeText("s")
	s.until("a second one", func() bool {
		found, _ := filepath.Glob(filepath.Join(dir, "*-2.svg"))
		return len(found) == 1
	})
	s.typeText("q")
	s.over()
}

func TestLoop(t *testing.T) {
	s := newTheatre(t, 80, 24)
	s.play(role{Cols: 80, Rows: 24, Loop: true, Events: []cast.Event{ev(0, "\x1b[2J\x1b[Hfirst"), ev(100, "\x1b[2J\x1b[Hsecond"), ev(200, "")}})
	for range 3 {
		s.untilShown("first")
		s.untilShown("second")
	}
	s.typeText("q")
	if o := s.over(); !o.Result.Quit {
		t.Errorf("%+v", o)
	}
}

// The terminal is given back whatever happens.
func TestSignals(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT, syscall.SIGKILL} {
		t.Run(sig.String(), func(t *testing.T) {
			s := newTheatre(t, 80, 24)
			s.play(role{Cols: 80, Rows: 24, Events: []cast.Event{ev(0, "\x1b[?25l\x1b[6 qhere"), ev(endless, "")}})
			s.untilShown("here")
			if err := s.cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			<-s.ended
			s.sane()
			if sig == syscall.SIGKILL {
				return
			}
			if o := s.over(); o.Err != (&SignalError{Signal: sig}).Error() {
				t.Errorf("%+v", o)
			}
		})
	}
}

// ^Z and fg, as a shell does them.
func TestSuspend(t *testing.T) {
	bash := testpeer.Need(t, "bash", "bash")
	s := newTheatre(t, 80, 24)
	player := s.script(role{Cols: 80, Rows: 24, Events: []cast.Event{ev(0, "play"), ev(10, "ing\r\n"), ev(endless, "")}})
	shell := player
	exe := player.Path
	shell.Path, shell.Args = bash, []string{"bash", "--norc", "--noprofile", "-i"}
	shell.Env = append(shell.Env, "PS1=prompt> ", "TERM=xterm", "PLAYER="+exe)
	s.start(shell)
	s.untilShown("prompt>")
	s.typeText("\"$PLAYER\"\r")
	s.untilShown("playing")
	s.typeText("\x1a")
	s.untilShown("Stopped")
	s.until("the alternate screen is left", func() (ok bool) {
		s.look(func(v *vt.Terminal) { m := v.Modes(); ok = !m.AltScreen && m.Autowrap && v.Cursor().Visible })
		return ok
	})
	s.typeText("fg\r")
	s.untilShown("playing")
	s.typeText("q")
	s.until("the shell is back", func() bool {
		_, err := os.Stat(s.file + ".outcome")
		return err == nil
	})
	s.typeText("echo e\"\"nd\r")
	s.untilShown("\nend\n")
	s.typeText("exit\r")
	if o := s.over(); !o.Result.Quit || o.Err != "" {
		t.Errorf("%+v", o)
	}
}

// A terminal that takes nothing for a while does not keep keys waiting for ever.
func TestFloodAndQuit(t *testing.T) {
	s := newTheatre(t, 80, 24)
	events := []cast.Event{}
	line := bytes.Repeat([]byte("0123456789abcdef "), 2000)
	for i := range 2000 {
		events = append(events, cast.Event{Time: time.Duration(i) * time.Millisecond, Code: cast.Output, Data: line})
	}
	s.play(role{Cols: 80, Rows: 24, Speed: 1e9, Loop: true, Events: events[:40]})
	s.untilShown("0123456789")
	s.typeText("q")
	if o := s.over(); !o.Result.Quit || o.Err != "" {
		t.Errorf("%+v", o)
	}
	s.sane()
}

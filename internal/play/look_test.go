package play

import (
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/keys"
	"github.com/sluicerun/sluice/vt"
)

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		got, want string
	}{
		{clock(0), "0:00.0"},
		{clock(61*sec + 250*time.Millisecond), "1:01.2"},
		{clock(time.Hour + 2*time.Minute + 3*sec), "1:02:03.0"},
		{status("x", 30*sec, 60*sec, true, false, 1, 50), " > 0:30.0 / 1:00.0 [=========---------] x  ? help "},
		{status("x", 30*sec, 60*sec, false, true, 2.5, 30), " paused 0:30.0 / 1:00.0+ x2.5 "},
		{status("x", 0, 0, true, true, math.Inf(1), 50), " paused 0:00.0 / 0:00.0 xmax [--------] x  ? help "},
		{fit("a\x1b[31mb\u009bcdef", 8), "a?[31mb?"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestPattern(t *testing.T) {
	for _, c := range []struct {
		typed, in string
		want      bool
	}{
		{"error", "an ERROR", true},
		{"Error", "an ERROR", false},
		{"er+or$", "an erRror", true},
		{"a[", "A[ no class", true},
		{"a[", "ab", false},
	} {
		if got := pattern(c.typed).MatchString(c.in); got != c.want {
			t.Errorf("%s in %q: %v", c.typed, c.in, got)
		}
	}
}

func TestPrompt(t *testing.T) {
	typed := func(s string) (p prompt, done bool) {
		p.open = true
		var split keys.Splitter
		for _, u := range append(split.Feed([]byte(s)), split.Flush()...) {
			if k, ok := keyOf(u); ok {
				done = p.key(u, k)
			}
		}
		return p, done
	}
	for _, c := range []struct {
		typed string
		want  prompt
		done  bool
	}{
		{"abc\r", prompt{text: "abc"}, true},
		{"Ab é\x7f\x7fx\x1b[C", prompt{open: true, text: "Abx"}, false},
		{"abc\x15d", prompt{open: true, text: "d"}, false},
		{"a\x7f\x7f", prompt{}, false},
		{"abc\x1b", prompt{}, false},
		{"abc\x03", prompt{}, false},
		{strings.Repeat("y", 2000), prompt{open: true, text: strings.Repeat("y", maxPrompt)}, false},
	} {
		if got, done := typed(c.typed); got != c.want || done != c.done {
			t.Errorf("%.20q: %+v %v, want %+v %v", c.typed, got, done, c.want, c.done)
		}
	}
}

// Frames one after the other show what one drawn afresh shows, and nothing is left
// of what a frame before had in its place.
func TestPainter(t *testing.T) {
	var p painter
	term := vt.New(30, 8, vt.Options{})
	person := vt.New(30, 8, vt.Options{})
	person.Write([]byte("\x1b[?7l"))
	for i, s := range []string{
		"hello", "\r\n\x1b[31;44mcolours \x1b[7mand\x1b[m more", "\x1b[H\x1b[2Kshort", "日本語 wide é", strings.Repeat("scroll\r\n", 20),
		"\x1b[3;29Hedge\x1b[5;30H日", "\x1b[2J", "\x1b[?25l\x1b[5 q",
	} {
		term.Write([]byte(s))
		f := frame{cols: 30, rows: 8, snap: term.Snapshot(false)}
		if i%3 == 1 {
			f.bar = "a bar that is much longer than the row of the terminal"
			f.patches = []patch{{1, 25, "patched"}}
			f.panel = []string{"panel"}
		}
		person.Write(p.draw(f))
		var afresh painter
		want := vt.New(30, 8, vt.Options{})
		want.Write([]byte("\x1b[?7l"))
		want.Write(afresh.draw(f))
		if person.Text(false) != want.Text(false) || person.Cursor().Visible != want.Cursor().Visible || person.Cursor().Shape != want.Cursor().Shape {
			t.Errorf("after %q:\n%s\nwant\n%s", s, person.Text(false), want.Text(false))
		}
		if i%3 != 1 && person.Text(false) != term.Text(false) {
			t.Errorf("after %q:\n%s\nwant\n%s", s, person.Text(false), term.Text(false))
		}
		if m := person.Modes(); m.Sync || person.QueryCount() > 0 {
			t.Errorf("%+v", m)
		}
	}
}

func TestCommands(t *testing.T) {
	for in, want := range map[string]command{"q": doQuit, " ": doPause, "N": doPrevious, "n": doNext, "\x1b[1;2D": doFarLeft, "\x1b[D": doLeft, "\x1bOC": doRight, "+": doFaster, "=": doFaster, "-": doSlower, "7": doPercent, "0": doBegin, "\x1a": doSuspend, "x": doUnknown, "Q": doUnknown, "\x1b[27;5;108~": doRedraw} {
		var split keys.Splitter
		units := append(split.Feed([]byte(in)), split.Flush()...)
		k, ok := keyOf(units[0])
		if c, digit := commandOf(k); !ok || c != want || c == doPercent && digit != 7 {
			t.Errorf("%q: %v %d, want %v", in, c, digit, want)
		}
	}
	for _, line := range help {
		if len(line) > 80 {
			t.Errorf("%q is too long", line)
		}
	}
	if regexp.MustCompile(`\t`).MatchString(strings.Join(help, "")) {
		t.Error("a tab in the help")
	}
}

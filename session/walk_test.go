package session

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/vt"
)

// walked walks over logs that are given as text.
func walked(timing, out, in string, f func(Event) error) error {
	w := walk{out: strings.NewReader(out), size: int64(len(out)), in: strings.NewReader(in), inSize: int64(len(in)), f: f}
	return w.follow(strings.NewReader(timing))
}

// list is what events are told, one a line.
func list(t testing.TB, timing, out, in string) []string {
	t.Helper()
	var got []string
	err := walked(timing, out, in, func(e Event) error {
		s := fmt.Sprintf("%v %s", e.Time, e.Kind)
		switch e.Kind {
		case EventBegin:
			s += fmt.Sprintf(" %dx%d %q %q", e.Cols, e.Rows, e.Head.Command, e.Head.Term)
			if !e.Head.Start.IsZero() {
				s += " " + e.Head.Start.UTC().Format(time.RFC3339)
			}
		case EventOutput, EventInput:
			s += fmt.Sprintf(" %q", e.Data)
		case EventResize:
			s += fmt.Sprintf(" %dx%d", e.Cols, e.Rows)
		case EventExit:
			s += fmt.Sprintf(" %d", e.Status)
		default:
			s += strings.TrimRight(" "+e.Text, " ")
		}
		got = append(got, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

const testHead = "H 0.000000 START_TIME 2024-05-06 07:08:09+02:00\nH 0.000000 TERM xterm\nH 0.000000 COLUMNS 20\nH 0.000000 LINES 5\nH 0.000000 COMMAND sh -c x\nH 0.000000 TIMING_LOG timing\n"

func TestWalk(t *testing.T) {
	for name, c := range map[string]struct {
		timing, out, in string
		want            []string
	}{
		"all there is": {testHead + `O 0.500000 5
H 0.000000 SOURCE keyboard@17
I 1.000000 2
H 0.000000 SOURCE two words
I 0.250001 1
H 0.000000 SECRET script
H 0.000000 HIDDEN keyboard
S 0.000002 SIGWINCH ROWS=3 COLS=9
H 1.000000 MARK the first one
H 0.000000 HIDE
O 0.000001 2
H 2.000000 SHOW
S 0.000000 SIGTERM
H 0.000000 DURATION 9.000000
H 0.000000 EXIT_CODE 130
`, "hello12", "ab\r", []string{
			`0s begin 20x5 "sh -c x" "xterm" 2024-05-06T05:08:09Z`, `500ms output "hello"`, "500ms source keyboard@17", `1.5s input "ab"`, "1.5s source two words",
			`1.750001s input "\r"`, "1.750001s secret script", "1.750001s hidden keyboard", "1.750003s resize 9x3", "2.750003s mark the first one", "2.750003s hide",
			`2.750004s output "12"`, "4.750004s show", "9s exit 130",
		}},
		"nothing":                     {"", "", "", []string{`0s begin 80x24 "" ""`}},
		"nothing but output":          {"", "hello", "", []string{`0s begin 80x24 "" ""`, `0s output "hello"`}},
		"a crash in a line":           {testHead + "O 1.000000 2\nS 1.000000 SIGWINCH ROWS=3 COLS=1", "hello", "", []string{`0s begin 20x5 "sh -c x" "xterm" 2024-05-06T05:08:09Z`, `1s output "he"`, `1s output "llo"`}},
		"the log lacks something":     {"O 1.0 3\nI 1.0 9\nI 1.0 1\nO 1.0 9\nO 1.0 1\n", "hello", "in", []string{`0s begin 80x24 "" ""`, `1s output "hel"`, `2s input "in"`, `4s output "lo"`}},
		"output before the exit":      {"O 1.0 3\nH 0.0 EXIT_CODE 3\nO 1.0 1\nH 0.0 EXIT_CODE 4\n", "hello", "", []string{`0s begin 80x24 "" ""`, `1s output "hel"`, `1s output "lo"`, "1s exit 3"}},
		"a head that lies":            {"H 0.0 COLUMNS 99999\nH 0.0 LINES 5\nH 0.0 START_TIME now\nH 0.0 COMMAND x EXIT_CODE 3\n", "", "", []string{`0s begin 80x24 "x EXIT_CODE 3" ""`}},
		"lines that make no sense":    {"\n\nO\nO 1\nO 1.0 x\nO x 1\nOO 1.0 1\nO 1.0 -1\nS 1.0 SIGWINCH ROWS=0 COLS=1\nS 1.0 SIGWINCH ROWS=70000 COLS=1\nX 1.0 1\nH 1.0 OTHER fact\nH\n\x00", "hello", "", []string{`0s begin 80x24 "" ""`, `1s output "h"`, `6s output "ello"`}},
		"times that make no sense":    {"O -5 1\nO 1e9 1\nO 0.1234567 1\nO 99999999999999999999 1\nO 9223372036 1\nO 9223372036 1\nO 9223372036.9 1\nO 5.x 1\n", "12345678", "", []string{`0s begin 80x24 "" ""`, `0s output "1"`, `0s output "2"`, `123.456ms output "3"`, `123.456ms output "4"`, `640511h56m49.213693951s output "5"`, `640511h56m49.213693951s output "6"`, `640511h56m49.213693951s output "7"`, `640511h56m49.213693951s output "8"`}},
		"a command of three MiB":      {"H 0.0 COMMAND " + strings.Repeat("x", 3<<20) + "\nH 0.0 TERM y\n", "", "", []string{`0s begin 80x24 "` + strings.Repeat("x", maxEntry-len("H 0.0 COMMAND ")) + `" "y"`}},
		"a mark without a label":      {"H 1.0 MARK\nH 1.0 MARK  \n", "", "", []string{`0s begin 80x24 "" ""`, "1s mark", "2s mark"}},
		"the duration is no way back": {"O 5.0 1\nH 0.0 DURATION 3.0\nH 0.0 EXIT_CODE 0\n", "x", "", []string{`0s begin 80x24 "" ""`, `5s output "x"`, "5s exit 0"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, list(t, c.timing, c.out, c.in)); diff != "" {
				t.Errorf("(-want +got)\n%.2000s", diff)
			}
		})
	}
}

// Long entries come in pieces that can be held.
func TestWalkChunks(t *testing.T) {
	text := strings.Repeat("0123456789", 1<<16)
	var out, in strings.Builder
	err := walked(fmt.Sprintf("O 1.0 %d\nI 1.0 %d\n", len(text), len(text)), text, text, func(e Event) error {
		if len(e.Data) > walkChunk {
			t.Errorf("a piece of %d bytes", len(e.Data))
		}
		switch e.Kind {
		case EventOutput:
			out.Write(e.Data)
		case EventInput:
			in.Write(e.Data)
		}
		return nil
	})
	if err != nil || out.String() != text || in.String() != text {
		t.Errorf("%v: %d and %d bytes of %d", err, out.Len(), in.Len(), len(text))
	}
}

// An error ends the walk and comes back as it is, whatever the event.
func TestWalkEnds(t *testing.T) {
	timing := testHead + "O 1.0 1\nH 0.0 SOURCE x\nI 1.0 1\nS 1.0 SIGWINCH ROWS=3 COLS=9\nH 0.0 MARK x\nO 1.0 1\nH 0.0 EXIT_CODE 0\n"
	all := 0
	walked(timing, "abcd", "x", func(Event) error { all++; return nil })
	for n := range all {
		told := 0
		stop := fmt.Errorf("after %d", n)
		err := walked(timing, "abcd", "x", func(Event) error {
			if told++; told > n {
				return stop
			}
			return nil
		})
		if err != stop || told != n+1 {
			t.Errorf("%v after %d, want %v", err, told, stop)
		}
	}
}

// recorded makes a recording of logs that are given as text.
func recorded(t testing.TB, timing, out, in string, o CastOptions) string {
	t.Helper()
	var b strings.Builder
	var c *cast.Writer
	o.Screen = func(off int64) (*vt.Terminal, error) {
		r := replay{left: off}
		if err := walked(timing, out, "", r.event); err != nil && err != errStopped {
			return nil, err
		}
		return r.vt, nil
	}
	r := NewRecorder(o, func(h cast.Header) (err error) {
		c, err = cast.NewWriter(&b, cast.V2, h.In(cast.V2))
		return err
	}, func(e cast.Event) error { return c.Write(e) })
	if err := walked(timing, out, in, r.Event); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// watchCast plays a recording.
func watchCast(t testing.TB, recording string) *vt.Terminal {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(recording, "\n"), "\n")
	var h struct{ Version, Width, Height int }
	if err := json.Unmarshal([]byte(lines[0]), &h); err != nil {
		t.Fatalf("%v: %q", err, lines[0])
	}
	term := vt.New(h.Width, h.Height, vt.Options{})
	last := -1.0
	for _, line := range lines[1:] {
		var e [3]any
		if err := json.Unmarshal([]byte(line), &e); err != nil || !utf8.ValidString(line) {
			t.Fatalf("%v: %q", err, line)
		}
		if at := e[0].(float64); at < last {
			t.Fatalf("time goes back: %q", line)
		} else {
			last = at
		}
		switch data := e[2].(string); e[1] {
		case "o":
			term.Write([]byte(data))
		case "r":
			var cols, rows int
			if n, _ := fmt.Sscanf(data, "%dx%d", &cols, &rows); n != 2 {
				t.Fatalf("a size of %q", data)
			}
			term.Resize(cols, rows)
		}
	}
	return term
}

func TestRecorder(t *testing.T) {
	const plain = `{"version":2,"width":20,"height":5,"timestamp":1714972089,"command":"sh -c x","env":{"TERM":"xterm"}}` + "\n"
	for name, c := range map[string]struct {
		timing, out, in string
		o               CastOptions
		want            string
	}{
		"all there is": {
			"O 0.5 4\nO 0.5 2\nH 0.0 SOURCE me\nI 1.0 1\nS 1.0 SIGWINCH ROWS=3 COLS=9\nS 0.0 SIGWINCH ROWS=3 COLS=9\nH 1.0 MARK here\nO 0.1 1\nH 0.0 DURATION 5.0\nH 0.0 EXIT_CODE 2\n", "a€bc", "x", CastOptions{Input: true},
			"[0.5, \"o\", \"a€\"]\n[1.0, \"o\", \"bc\"]\n[2.0, \"s\", \"me\"]\n[2.0, \"i\", \"x\"]\n[3.0, \"r\", \"9x3\"]\n[4.0, \"m\", \"here\"]\n[5.0, \"x\", \"2\"]\n",
		},
		"a pause of nothing": {"O 1.0 1\nH 1.0 HIDE\nH 3.0 SHOW\nO 1.0 2\nO 1.0 1\n", "a€", "", CastOptions{}, "[1.0, \"o\", \"a\"]\n[4.0, \"o\", \"€\"]\n"},
		"a pause that never ends": {
			"O 1.0 1\nH 1.0 HIDE\nO 1.0 1\nH 1.0 MARK m\nI 1.0 1\nS 1.0 SIGWINCH ROWS=3 COLS=9\nH 0.0 HIDE\nH 0.0 DURATION 50.0\nH 0.0 EXIT_CODE 2\n", "ab", "x", CastOptions{Input: true},
			"[1.0, \"o\", \"a\"]\n[2.0, \"m\", \"m\"]\n",
		},
		"a size in hiding":      {"H 1.0 HIDE\nS 1.0 SIGWINCH ROWS=3 COLS=9\nH 1.0 SHOW\nH 0.0 SHOW\nO 1.0 1\n", "a", "", CastOptions{}, "[1.0, \"r\", \"9x3\"]\n[2.0, \"o\", \"a\"]\n"},
		"a size there and back": {"H 1.0 HIDE\nS 1.0 SIGWINCH ROWS=3 COLS=9\nS 1.0 SIGWINCH ROWS=5 COLS=20\nH 1.0 SHOW\nO 1.0 1\n", "a", "", CastOptions{}, "[2.0, \"o\", \"a\"]\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(plain+c.want, recorded(t, testHead+c.timing, c.out, c.in, c.o)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	// What is shown of a pause is where it led to.
	timing, out := testHead+"O 1.0 6\nH 0.0 HIDE\nO 1.0 26\nO 7.0 9\nH 2.0 SHOW\nO 1.0 10\n", "hello\xe2\x82\xacquiet\r\n\x1b[?1049h\x1b[2;3Hnew\x1b[31mer\x1b[1mest text"
	got := recorded(t, timing, out, "", CastOptions{Title: "t", Command: "c"})
	if !strings.Contains(got, `"command":"c","title":"t"`) || !strings.Contains(got, "\n[1.0, \"o\", \"hello\"]\n") || strings.Count(got, `"o", "`) != 3 || !strings.HasSuffix(got, "\n[2.0, \"o\", \"1mest text\"]\n") {
		t.Errorf("%s", got)
	}
	r := replay{left: math.MaxInt64}
	if err := walked(timing, out, "", r.event); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r.vt.Snapshot(true), watchCast(t, got).Snapshot(true)); diff != "" {
		t.Errorf("(-session +recording)\n%s", diff)
	}
	got = recorded(t, testHead+"O 1.0 6\nH 0.0 SHOW\nO 1.0 3\n", "hiddenopen", "", CastOptions{Hidden: true})
	if term := watchCast(t, got); strings.Count(got, "[0.0,") != 1 || term.LineText(0) != "hiddenopen" {
		t.Errorf("%s", got)
	}
}

// Whatever is hidden: once it is shown again, a player's screen is the session's.
func TestRecorderShowsTheScreen(t *testing.T) {
	// None of them leaves a wrap pending in an empty column, which a drawn screen
	// cannot have, and none joins the character before.
	pieces := []string{
		"text ", "more", "\r\n", "日本", "é", "👍", "\x1b[31m", "\x1b[0;1;7m", "\x1b[2J\x1b[H", "\x1b[H", "\x1b[3;4H", "\r\x1b[K", "\x1b[H\x1b[?1049h", "\x1b[?1049l", "\r\x1b[5@", "\r\x1b[2P",
		"\x1b[2;4r", "\x1b[r", "\x1b[?25l", "\x1b[?25h", "\x1b(0lqk\x1b(B", "\x1b[?7l", "\x1b[?7h", "\t", "\b", strings.Repeat("wrap", 8), "\n\n\n\n\n\n", "\x1b]2;title\a", "\x1b[4 q", "\x1b[?2004h",
	}
	rapid.Check(t, func(rt *rapid.T) {
		var timing, out strings.Builder
		timing.WriteString(testHead)
		hidden := rapid.Bool().Draw(rt, "hidden")
		fromStart, everHidden := hidden, hidden
		for range rapid.IntRange(1, 40).Draw(rt, "entries") {
			switch rapid.IntRange(0, 6).Draw(rt, "entry") {
			case 0:
				hidden, everHidden = true, true
				timing.WriteString("H 0.5 HIDE\n")
			case 1:
				hidden = false
				timing.WriteString("H 0.5 SHOW\n")
			case 2:
				// Afterwards it would bring back lines that scrolled off in hiding, which
				// a player never had.
				if !everHidden {
					fmt.Fprintf(&timing, "S 0.5 SIGWINCH ROWS=%d COLS=%d\n", rapid.IntRange(2, 8).Draw(rt, "rows"), rapid.IntRange(8, 30).Draw(rt, "cols"))
				}
			default:
				s := rapid.SampledFrom(pieces).Draw(rt, "piece")
				n := rapid.IntRange(0, len(s)).Draw(rt, "cut")
				out.WriteString(s)
				fmt.Fprintf(&timing, "O 0.1 %d\n", n)
				if rapid.Bool().Draw(rt, "pause") {
					hidden, everHidden = !hidden, true
					timing.WriteString(map[bool]string{true: "H 0.5 HIDE\n", false: "H 0.5 SHOW\n"}[hidden])
				}
				fmt.Fprintf(&timing, "O 0.1 %d\n", len(s)-n)
			}
		}
		timing.WriteString("H 0.5 SHOW\n")
		r := replay{left: math.MaxInt64}
		if err := walked(timing.String(), out.String(), "", r.event); err != nil {
			rt.Fatal(err)
		}
		got := watchCast(t, recorded(t, timing.String(), out.String(), "", CastOptions{Hidden: fromStart}))
		look := func(t *vt.Terminal) any {
			return []any{t.Text(false), t.Cursor(), t.Modes(), t.Title()}
		}
		if diff := cmp.Diff(look(r.vt), look(got)); diff != "" {
			rt.Fatalf("%q\n%q\n(-session +recording)\n%s", timing.String(), out.String(), diff)
		}
	})
}

// Any timing plays any log: a crash, or somebody, may have written it.
func FuzzReplay(f *testing.F) {
	f.Add("H 0.000000 COLUMNS 20\nH 0.000000 LINES 5\nO 0.1 6\nS 0.1 SIGWINCH ROWS=3 COLS=9\nO 0.2 4\n", "hello\r\nworld", "")
	f.Add("O 0.1 99999999999\nO 0.1 -3\nO\n\x00", "x", "")
	f.Add("S 0 SIGWINCH ROWS=999999999 COLS=999999999\nO 0 1", "\x1b[2J", "")
	f.Add("H 0 SOURCE me\nI 1.5 2\nH 0 HIDE\nI 9.9 1\nO 2.000001 1\nH 0 SHOW\nH 0 MARK x\nO 1 1\nH 0 DURATION 9.5\nH 0 EXIT_CODE 3\n", "a\xe2\x82\xac", "\r\x1b[A")
	f.Fuzz(func(t *testing.T, timing, out, in string) {
		var shown, typed bytes.Buffer
		var last time.Duration
		r := replay{left: math.MaxInt64}
		n := 0
		err := walked(timing, out, in, func(e Event) error {
			if n++; (n == 1) != (e.Kind == EventBegin) || e.Time < last {
				t.Fatalf("event %d is %s at %v after %v", n, e.Kind, e.Time, last)
			}
			last = e.Time
			switch e.Kind {
			case EventOutput:
				shown.Write(e.Data)
			case EventInput:
				typed.Write(e.Data)
			case EventBegin, EventResize:
				if !isSide(e.Cols) || !isSide(e.Rows) {
					t.Fatalf("size %dx%d", e.Cols, e.Rows)
				}
			}
			return r.event(e)
		})
		if err != nil {
			t.Fatal(err)
		}
		if shown.String() != out || !strings.HasPrefix(in, typed.String()) {
			t.Fatalf("%q was shown, %q typed", shown.String(), typed.String())
		}
		if c, rows := r.vt.Size(); c < 1 || rows < 1 || c > vt.MaxCols || rows > vt.MaxRows {
			t.Fatalf("size %dx%d", c, rows)
		}
		for _, o := range []CastOptions{{Input: true}, {Hidden: true, Title: in}} {
			watchCast(t, recorded(t, timing, out, in, o))
		}
	})
}

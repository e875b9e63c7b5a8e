package edit

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sluicerun/sluice/cast"
)

// parse reads events that are written as "1 o text", with times in seconds.
func parse(t *testing.T, s string) []cast.Event {
	t.Helper()
	var list []cast.Event
	for l := range strings.SplitSeq(s, "|") {
		if l == "" {
			continue
		}
		f := strings.SplitN(l, " ", 3)
		var sec float64
		if _, err := fmt.Sscan(f[0], &sec); err != nil {
			t.Fatal(err)
		}
		e := cast.Event{Time: time.Duration(sec * float64(time.Second)), Code: cast.Code(f[1])}
		switch e.Code {
		case cast.Resize:
			fmt.Sscanf(f[2], "%dx%d", &e.Cols, &e.Rows)
		case cast.Exit:
			fmt.Sscan(f[2], &e.Status)
		default:
			e.Data = []byte(f[2])
		}
		list = append(list, e)
	}
	return list
}

func format(list []cast.Event) string {
	var s []string
	for _, e := range list {
		d := string(e.Data)
		switch e.Code {
		case cast.Resize:
			d = fmt.Sprintf("%dx%d", e.Cols, e.Rows)
		case cast.Exit:
			d = fmt.Sprint(e.Status)
		}
		s = append(s, fmt.Sprintf("%v %s %s", e.Time.Seconds(), e.Code, d))
	}
	return strings.Join(s, "|")
}

const sec = time.Second

func TestEdits(t *testing.T) {
	const demo = "0 o a|1 o b|2 i x|2 o c|2.5 r 90x30|3 o d|3 m here|4 o e|5 x 1"
	for _, c := range []struct {
		name     string
		edit     Edit
		in, want string
		duration time.Duration // of 5 s
	}{
		{"cut", Cut(Keep, Range{1 * sec, 3 * sec}), demo, "0 o a|1 o bc|1 r 90x30|1 o d|1 m here|2 o e|3 x 1", 3 * sec},
		{"cut and drop", Cut(Drop, Range{1 * sec, 3 * sec}), demo, "0 o a|1 r 90x30|1 o d|1 m here|2 o e|3 x 1", 3 * sec},
		{"two cuts", Cut(Keep, Range{4 * sec, 5 * sec}, Range{0, 2 * sec}), demo, "0 o ab|0 i x|0 o c|0.5 r 90x30|1 o d|1 m here|2 o e|2 x 1", 2 * sec},
		{"cuts that touch", Cut(Keep, Range{0, 2 * sec}, Range{1 * sec, 4 * sec}), demo, "0 o abc|0 r 90x30|0 o d|0 o e|1 x 1", 1 * sec},
		{"cut to the end", Cut(Keep, Range{3 * sec, 0}), demo, "0 o a|1 o b|2 i x|2 o c|2.5 r 90x30|3 o de|3 x 1", 3 * sec},
		{"cut keeps the source", Cut(Drop, Range{0, 2 * sec}), "0 s me|1 s you|1 i x|3 i y", "1 s you|1 i y", 3 * sec},
		{"trim", Trim(2*sec, 4*sec, Keep), demo, "0 o ab|0 i x|0 o c|0.5 r 90x30|1 o d|1 m here|2 x 1", 2 * sec},
		{"trim and drop", Trim(3*sec, 0, Drop), demo, "0 r 90x30|0 o d|0 m here|1 o e|2 x 1", 2 * sec},
		{"trim the end", Trim(0, 2*sec, Keep), demo, "0 o a|1 o b|2 x 1", 2 * sec},
		{"speed", Speed(2, 0, 0), "0 o a|1 o b|4 o c", "0 o a|0.5 o b|2 o c", 2500 * time.Millisecond},
		{"slow within", Speed(0.5, 1*sec, 2*sec), "0.5 o a|1.5 o b|2 o c|3 o d", "0.5 o a|2 o b|3 o c|4 o d", 6 * sec},
		{"idle", IdleLimit(sec), "3 o a|3.5 o b|9 o c", "1 o a|1.5 o b|2.5 o c", 0},
		{"shift", Shift(sec), "0 o a|1 o b", "1 o a|2 o b", 6 * sec},
		{"shift back", Shift(-2 * sec), "1 o a|3 o b", "0 o a|1 o b", 3 * sec},
		{"duration", SetDuration(10*sec, 0), "0 o a|1 o b", "0 o a|2 o b", 10 * sec},
		{"duration that is told", SetDuration(sec, 2*sec), "0 o a|1 o b", "0 o a|0.5 o b", 1 * sec},
		{"merge", Merge(sec), "0 o a|1 o b|1.5 o c|2 i x|2.1 o d|2.2 o e", "0 o ab|1.5 o c|2 i x|2.1 o de", 5 * sec},
		{"add markers", AddMarkers(Marker{7 * sec, "z"}, Marker{1 * sec, "y"}), "1 o a|2 o b", "1 o a|1 m y|2 o b|7 m z", 7 * sec},
		{"remove markers", RemoveMarkers(), demo, "0 o a|1 o b|2 i x|2 o c|2.5 r 90x30|3 o d|4 o e|5 x 1", 5 * sec},
		{"only", Only(cast.Input, cast.Exit), demo, "2 i x|5 x 1", 5 * sec},
		{"chain", Chain(Without(cast.Input), Speed(2, 0, 0), Shift(sec)), "0 o a|0 i b|2 o c", "1 o a|2 o c", 3500 * time.Millisecond},
		{"no edit", Chain(), demo, demo, 5 * sec},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := cast.Header{Duration: 5 * sec, IdleTimeLimit: 4 * sec, Title: "t"}
			h, ev := c.edit(in, events(parse(t, c.in)...))
			if got := format(collect(t, ev)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if again := format(collect(t, ev)); again != c.want {
				t.Errorf("gone through again: %s", again)
			}
			if h.Duration != c.duration || h.Title != "t" {
				t.Errorf("the header is %+v, want the duration %v", h, c.duration)
			}
			for range ev { // an early end
				break
			}
			if h, _ := c.edit(cast.Header{}, events()); h.Duration != 0 && c.name != "duration" && c.name != "duration that is told" {
				t.Errorf("a duration of %v comes from nowhere", h.Duration)
			}
		})
	}
	if h, _ := Speed(2, 0, 0)(cast.Header{IdleTimeLimit: 4 * sec}, events()); h.IdleTimeLimit != 2*sec {
		t.Errorf("the limit of pauses is %v", h.IdleTimeLimit)
	}
	if h, _ := IdleLimit(sec)(cast.Header{IdleTimeLimit: 4 * sec}, events()); h.IdleTimeLimit != 0 {
		t.Errorf("the limit of pauses is %v", h.IdleTimeLimit)
	}
}

func TestWrongArguments(t *testing.T) {
	for name, e := range map[string]Edit{
		"cut": Cut(Keep, Range{2, 1}), "cut before": Cut(Keep, Range{-1, 1}), "trim": Trim(2, 1, Keep), "trim before": Trim(-1, 0, Keep), "speed": Speed(0, 0, 0),
		"speed back": Speed(-1, 0, 0), "speed range": Speed(1, 2, 1), "idle": IdleLimit(0), "duration": SetDuration(0, 0),
		"unknown duration": SetDuration(1, 0), "merge": Merge(-1), "marker": AddMarkers(Marker{Time: -1}), "match": MarkMatches(nil),
		"join": func(cast.Header, cast.Events) (cast.Header, cast.Events) { return Join(nil, JoinOptions{}) },
		"gap": func(cast.Header, cast.Events) (cast.Header, cast.Events) {
			return Join([]Recording{{}}, JoinOptions{Gap: -1})
		},
	} {
		_, ev := e(cast.Header{}, events(outputs("a", "b")...))
		n := 0
		for _, err := range ev {
			if n++; err == nil {
				t.Errorf("%s: no error", name)
			}
		}
		if n != 1 {
			t.Errorf("%s: %d events", name, n)
		}
	}
}

// An error of what is edited comes after all that was read before it.
func TestErrorsGoThrough(t *testing.T) {
	bad := errors.New("line 7")
	src := func(yield func(cast.Event, error) bool) {
		_ = yield(cast.Event{Time: sec, Code: cast.Output, Data: []byte("abc")}, nil) && yield(cast.Event{}, bad)
	}
	re := rules("c+")
	for name, e := range map[string]Edit{
		"cut": Cut(Keep, Range{0, 0}), "trim": Trim(0, 2*sec, Keep), "speed": Speed(2, 0, 0), "idle": IdleLimit(sec), "merge": Merge(sec), "markers": AddMarkers(),
		"only": Only(cast.Output), "redact": Redact(re, RedactOptions{}), "match": Chain(MarkMatches(re[0].Re), RemoveMarkers()), "commands": MarkCommands(),
		"join": func(h cast.Header, ev cast.Events) (cast.Header, cast.Events) {
			return Join([]Recording{{h, ev}}, JoinOptions{})
		},
	} {
		_, ev := e(cast.Header{}, src)
		var got []string
		for e, err := range ev {
			if err != nil {
				got = append(got, err.Error())
				continue
			}
			got = append(got, string(e.Data[:2]))
		}
		if s := strings.Join(got, "|"); s != "ab|line 7" {
			t.Errorf("%s: got %s", name, s)
		}
	}
}

func TestJoin(t *testing.T) {
	a := Recording{cast.Header{Title: "a", Width: 80, Height: 24, Duration: 5 * sec}, events(parse(t, "1 o a|2 r 90x30|3 x 1")...)}
	b := Recording{cast.Header{Title: "b", Duration: 2 * sec}, events(parse(t, "1 o b|2 x 0")...)}
	for _, c := range []struct {
		o    JoinOptions
		want string
	}{
		{JoinOptions{}, "1 o a|2 r 90x30|5 r 80x24|6 o b|7 r 90x30|8 r 80x24|9 o b|10 x 0"},
		{JoinOptions{Gap: sec, Reset: ResetAll, MarkExits: true}, "1 o a|2 r 90x30|3 m exit 1|6 o \x1bc|6 r 80x24|7 o b|8 m exit 0|9 o \x1bc|10 o b|11 x 0"},
	} {
		list := []Recording{a, b, b}
		want := c.want
		if c.o.Gap == 0 { // with a recording between that has no duration
			list = []Recording{a, b, {cast.Header{}, events(parse(t, "1 r 90x30")...)}, b}
			want = "1 o a|2 r 90x30|5 r 80x24|6 o b|8 r 90x30|8 r 80x24|9 o b|10 x 0"
		}
		h, ev := Join(list, c.o)
		if got := format(collect(t, ev)); got != want {
			t.Errorf("%+v: got  %q\nwant %q", c.o, got, want)
		}
		if h.Title != "a" || c.o.Gap > 0 && h.Duration != 11*sec || c.o.Gap == 0 && h.Duration != 0 {
			t.Errorf("the header is %+v", h)
		}
	}
	if got := format(collect(t, Append(3*sec, 100, 30, b))); got != "3 r 80x24|4 o b|5 x 0" {
		t.Errorf("appended: %s", got)
	}
}

// With Keep, cutting never loses a byte of output nor changes the order of what is
// left, time does not go back, and the end is as much earlier as was cut.
func TestCutKeepsAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list []cast.Event
		var at time.Duration
		want := ""
		for i, gap := range rapid.SliceOfN(rapid.IntRange(0, 5), 1, 30).Draw(t, "gaps") {
			at += time.Duration(gap)
			s := fmt.Sprintf("<%d>", i)
			want += s
			list = append(list, cast.Event{Time: at, Code: cast.Output, Data: []byte(s)})
		}
		list = append(list, cast.Event{Time: at, Code: cast.Exit})
		var ranges []Range
		gone := make([]bool, at)
		for range rapid.IntRange(0, 4).Draw(t, "ranges") {
			r := Range{From: time.Duration(rapid.IntRange(0, 60).Draw(t, "from"))}
			r.Until = r.From + time.Duration(rapid.IntRange(1, 30).Draw(t, "len"))
			ranges = append(ranges, r)
			for i := r.From; i < min(r.Until, at); i++ {
				gone[i] = true
			}
		}
		left := time.Duration(0)
		for _, g := range gone {
			if !g {
				left++
			}
		}
		_, ev := Cut(Keep, ranges...)(cast.Header{}, events(list...))
		got, last := "", time.Duration(0)
		var end cast.Event
		for e, err := range ev {
			if err != nil || e.Time < last {
				t.Fatalf("%+v after %v: %v", e, last, err)
			}
			last, end = e.Time, e
			got += string(e.Data)
		}
		if got != want || end.Code != cast.Exit || end.Time != left {
			t.Fatalf("cutting %v gives %s and ends with %+v at %v, want %s and %v", ranges, got, end, end.Time, want, left)
		}
	})
}

func TestDuration(t *testing.T) {
	if d, err := Duration(events(parse(t, "1 o a|3 x 0")...)); d != 3*sec || err != nil {
		t.Errorf("got %v, %v", d, err)
	}
	if _, err := Duration(failing(errors.New("no"))); err == nil {
		t.Error("no error")
	}
}

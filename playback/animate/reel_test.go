package animate

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/vt"
	"github.com/sluicerun/sluice/vt/render"
)

const ms = time.Millisecond

// loaded is a recording as o shows it.
func loaded(t testing.TB, r *recording, o Options) *reel {
	t.Helper()
	if err := o.fill(r.h, r.all(), true); err != nil {
		t.Fatal(err)
	}
	l, err := load(r.h, r.all(), o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// story is what is seen when: the first line of each frame.
func story(r *reel) (at []time.Duration, text []string) {
	for f := range r.frames() {
		at = append(at, f.at)
		text = append(text, strings.TrimSpace(strings.SplitN(render.Text(f.screen, render.Options{}), "\n", 2)[0]))
	}
	return at, text
}

func TestTimes(t *testing.T) {
	word := func(text string) string { return "\r\x1b[K" + text }
	r := newRecording(20, 3).out(500, word("a")).out(1000, word("b")).out(9000, word("c")).add(9500, cast.Input, "x").out(10000, word("d")).add(12000, cast.Exit, "")
	limited := newRecording(20, 3)
	*limited = *r
	limited.h.IdleTimeLimit = time.Second
	for _, c := range []struct {
		name string
		r    *recording
		o    Options
		at   []time.Duration
		text []string
		end  time.Duration
	}{
		{"as it was", r, Options{}, []time.Duration{0, 500 * ms, 1000 * ms, 9000 * ms, 10000 * ms}, []string{"", "a", "b", "c", "d"}, 14 * time.Second},
		{"no hold", r, Options{Hold: -1}, []time.Duration{0, 500 * ms, 1000 * ms, 9000 * ms, 10000 * ms}, []string{"", "a", "b", "c", "d"}, 12 * time.Second},
		{"limit", r, Options{IdleLimit: time.Second, Hold: ms}, []time.Duration{0, 500 * ms, 1000 * ms, 2000 * ms, 3000 * ms}, []string{"", "a", "b", "c", "d"}, 4001 * ms},
		{"the header's limit", limited, Options{Hold: -1}, []time.Duration{0, 500 * ms, 1000 * ms, 2000 * ms, 3000 * ms}, []string{"", "a", "b", "c", "d"}, 4 * time.Second},
		{"not the header's limit", limited, Options{Hold: -1, IdleLimit: -1}, []time.Duration{0, 500 * ms, 1000 * ms, 9000 * ms, 10000 * ms}, []string{"", "a", "b", "c", "d"}, 12 * time.Second},
		{"limit before speed", r, Options{IdleLimit: time.Second, Speed: 2, Hold: -1}, []time.Duration{0, 266666667, 500 * ms, 1000 * ms, 1500 * ms}, []string{"", "a", "b", "c", "d"}, 2 * time.Second},
		{"slowly", r, Options{Speed: .5, Hold: -1, Until: time.Second}, []time.Duration{0, 1000 * ms, 2000 * ms}, []string{"", "a", "b"}, 2 * time.Second},
		{"a part", r, Options{From: 600 * ms, Until: 9200 * ms, Hold: -1}, []time.Duration{0, 400 * ms, 8400 * ms}, []string{"a", "b", "c"}, 8600 * ms},
		{"a part with a limit", r, Options{From: 600 * ms, Until: 9200 * ms, IdleLimit: 300 * ms, Hold: -1}, []time.Duration{0, 300 * ms, 600 * ms}, []string{"a", "b", "c"}, 800 * ms},
		{"from an event on", r, Options{From: 9 * time.Second, Hold: -1}, []time.Duration{0, time.Second}, []string{"c", "d"}, 3 * time.Second},
		{"its end", r, Options{From: 12 * time.Second, Hold: 5 * ms}, []time.Duration{0}, []string{"d"}, 5 * ms},
		{"two pictures a second", r, Options{FPS: 2, Speed: 3, Hold: -1}, []time.Duration{0, 500 * ms, 3000 * ms, 3500 * ms}, []string{"", "b", "c", "d"}, 4 * time.Second},
		{"nothing at all", newRecording(20, 3), Options{}, []time.Duration{0}, []string{""}, 2 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := loaded(t, c.r, c.o)
			at, text := story(l)
			if diff := cmp.Diff(c.at, at); diff != "" {
				t.Errorf("times (- want, + got):\n%s", diff)
			}
			if !slices.Equal(c.text, text) || l.end != c.end {
				t.Errorf("got %q until %v, want %q until %v", text, l.end, c.text, c.end)
			}
		})
	}
}

// A frame holds all that happened until then, however far in.
func TestStep(t *testing.T) {
	for _, fps := range []int{1, 3, 7, 30, 50, 60, 100} {
		r := &reel{fps: fps}
		last := time.Duration(0)
		for at := time.Duration(0); at < 10*time.Second; at += 1234567 {
			s := r.step(at)
			if s < at || s-at > time.Second/time.Duration(fps)+1 || s < last {
				t.Fatalf("%d a second: %v is shown at %v, after %v", fps, at, s, last)
			}
			last = s
		}
		if far := time.Duration(1<<63 - 1<<40); r.step(far) < far {
			t.Errorf("%d a second: %v is shown at %v", fps, far, r.step(far))
		}
	}
}

func TestHeldBackUpdates(t *testing.T) {
	r := newRecording(20, 3).out(0, "old").out(100, "\x1b[?2026h\r\x1b[K").out(300, "new").out(500, "\x1b[?2026l").
		out(1000, "\x1b[?2026h\rforever").out(1500, "\rFOREVER").out(2500, "\rAND ON ").out(3000, "\rand out")
	at, text := story(loaded(t, r, Options{}))
	if want := []string{"old", "new", "AND ON", "and out"}; !slices.Equal(text, want) {
		t.Errorf("shown are %q at %v, want %q", text, at, want)
	}
}

func TestSizes(t *testing.T) {
	r := newRecording(0, 0).resize(100, 100, 10).resize(200, 30, 40).resize(300, 20, 5)
	for _, c := range []struct {
		o          Options
		cols, rows int
	}{
		{Options{}, 100, 40},
		{Options{Until: 50 * ms}, 80, 24},
		{Options{Until: 150 * ms}, 100, 24},
		{Options{From: 100 * ms, Until: 150 * ms}, 100, 10},
		{Options{From: 150 * ms}, 100, 40},
		{Options{From: 250 * ms}, 30, 40},
		{Options{From: 300 * ms}, 20, 5},
		{Options{Cols: 7, Rows: 9}, 7, 9},
	} {
		if l := loaded(t, r, c.o); l.cols != c.cols || l.rows != c.rows {
			t.Errorf("%+v: %d columns and %d rows, want %d and %d", c.o, l.cols, l.rows, c.cols, c.rows)
		}
	}
}

func TestBadOptions(t *testing.T) {
	for want, o := range map[string]Options{
		"speed -1 is not possible":           {Speed: -1},
		"101 pictures a second":              {FPS: 101},
		"before the recording's begin":       {From: -1},
		"the end is before the begin":        {From: 2, Until: 1},
		"-1 columns":                         {Cols: -1},
		"10001 rows is not possible":         {Rows: 10001},
		"the recording ends at 5s":           {From: 6 * time.Second},
		"nothing to show from 5.000000001s ": {From: 5*time.Second + 1, Until: time.Hour},
	} {
		r := shell()
		r.events = r.events[:len(r.events)-1]
		r.out(5000, "x")
		for name, err := range map[string]error{"svg": SVG(io.Discard, r.h, r.all(), o), "gif": GIF(io.Discard, r.h, r.all(), o)} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s with %+v: got error %v, want one with %q", name, o, err, want)
			}
		}
	}
	r := shell()
	for name, err := range map[string]error{
		"svg":  SVG(io.Discard, r.h, r.broken(), Options{}),
		"gif":  GIF(io.Discard, r.h, r.broken(), Options{}),
		"html": HTML(io.Discard, r.h, r.broken(), Options{}),
	} {
		if !errors.Is(err, errBroken) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

type failingWriter struct{}

var errFull = errors.New("disk full")

func (failingWriter) Write([]byte) (int, error) { return 0, errFull }

func TestWriteErrors(t *testing.T) {
	r := shell()
	for name, err := range map[string]error{
		"svg":  SVG(failingWriter{}, r.h, r.all(), Options{}),
		"gif":  GIF(failingWriter{}, r.h, r.all(), Options{}),
		"html": HTML(failingWriter{}, r.h, r.all(), Options{}),
	} {
		if !errors.Is(err, errFull) || !strings.HasPrefix(err.Error(), "writing "+name) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

func TestColors(t *testing.T) {
	h := cast.Header{Theme: &cast.Theme{FG: "#102030", BG: "#f0f1f2", Palette: slices.Repeat([]string{"#010203", "#a0b0c0"}, 4)}}
	p := Palette(h)
	if p == nil || p.Fg != 0x102030 || p.Bg != 0xf0f1f2 || p.Colors[9] != 0xa0b0c0 || p.Colors[231] != 0xffffff {
		t.Errorf("the recording's theme is %+v", p)
	}
	for _, bad := range []*cast.Theme{nil, {}, {FG: "#10203", BG: "#f0f1f2", Palette: h.Theme.Palette},
		{FG: "#102030", BG: "#f0f1f2", Palette: h.Theme.Palette[1:]},
		{FG: "#102030", BG: "#f0f1f2", Palette: append(h.Theme.Palette[:7:7], "#12345g")}} {
		if p := Palette(cast.Header{Theme: bad}); p != nil {
			t.Errorf("theme %+v is read as %+v", bad, p)
		}
	}
	dracula, err := render.Theme("dracula")
	if err != nil {
		t.Fatal(err)
	}
	asciinema, err := render.Theme("asciinema")
	if err != nil {
		t.Fatal(err)
	}
	r := newRecording(10, 2).out(0, "\x1b]4;1;#abcdef\a\x1b]11;#123456\a").out(1000, "\x1b]104\a\x1b]10;#777777\ax")
	last := func(o Options) (p vt.Palette) {
		for f := range loaded(t, r, o).frames() {
			p = f.screen.Palette
		}
		return p
	}
	if p := last(Options{Until: 500 * ms}); p.Colors[1] != 0xabcdef || p.Bg != 0x123456 || p.Fg != asciinema.Fg || p.Colors[2] != asciinema.Colors[2] {
		t.Errorf("after the program's change: %x %x %x %x", p.Colors[1], p.Bg, p.Fg, p.Colors[2])
	}
	if p := last(Options{}); p.Colors[1] != asciinema.Colors[1] || p.Bg != 0x123456 || p.Fg != 0x777777 {
		t.Errorf("after it was taken back: %x %x %x", p.Colors[1], p.Bg, p.Fg)
	}
	if p := last(Options{Draw: render.Options{Palette: dracula}}); p != *dracula {
		t.Error("the chosen theme does not stand")
	}
	r.h = h
	r.h.Width, r.h.Height = 10, 2
	if p := last(Options{}); p.Colors[1] != 0xa0b0c0 {
		t.Errorf("with the recording's theme, colour 1 is %x", p.Colors[1])
	}
	if diff := cmp.Diff(h.Theme.FG, themeOf(Palette(h)).FG); diff != "" {
		t.Error(diff)
	}
}

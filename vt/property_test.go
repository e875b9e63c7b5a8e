package vt

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func drawSize(t *rapid.T) (int, int) {
	return rapid.SampledFrom([]int{1, 2, 3, 5, 10, 20, 40}).Draw(t, "cols"), rapid.SampledFrom([]int{1, 2, 3, 5, 8}).Draw(t, "rows")
}

func mustBeSound(t interface{ Fatalf(string, ...any) }, v *Terminal) {
	if e := broken(v); e != "" {
		t.Fatalf("%s", e)
	}
}

// Wherever the bytes are cut, the state, the answers and the events are the same.
func TestCutsDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cols, rows := drawSize(t)
		in := stream(t, 30)
		var said [2]string
		opts := func(i int) Options {
			return Options{
				Answer: "answer",
				Reply:  func(b []byte) { said[i] += string(b) + "\n" },
				Notify: func(e Event) { said[i] += fmt.Sprintf("%+v\n", e) },
			}
		}
		whole, cut := New(cols, rows, opts(0)), New(cols, rows, opts(1))
		whole.Write(in)
		for rest := in; len(rest) > 0; {
			n := min(rapid.IntRange(1, 5).Draw(t, "cut"), len(rest))
			cut.Write(rest[:n])
			rest = rest[n:]
			mustBeSound(t, cut)
		}
		mustBeSound(t, whole)
		if d := cmp.Diff(digest(whole), digest(cut)); d != "" {
			t.Fatalf("%q\n%s", in, d)
		}
		if said[0] != said[1] || whole.count != cut.count || whole.queries != cut.queries {
			t.Fatalf("%q\n%s%+v %+v", in, cmp.Diff(said[0], said[1]), whole.count, cut.count)
		}
	})
}

// A dump brings a fresh terminal into the same state, and what follows does the
// same in both.
func TestDumpBringsTheStateBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cols, rows := drawSize(t)
		in := stream(t, 40)
		a := New(cols, rows, Options{})
		a.Write(in)
		if rapid.Bool().Draw(t, "resize") {
			cols, rows = drawSize(t)
			a.Resize(cols, rows)
			mustBeSound(t, a)
			a.Write(stream(t, 10))
		}
		dump := a.Dump()
		b := New(cols, rows, Options{})
		b.Write(dump)
		mustBeSound(t, b)
		if d := cmp.Diff(digest(a), digest(b)); d != "" {
			t.Fatalf("%q\ndump %q\n%s", in, dump, d)
		}
		more := stream(t, 10)
		a.Write(more)
		b.Write(more)
		if d := cmp.Diff(digest(a), digest(b)); d != "" {
			t.Fatalf("%q\nthen %q\n%s", in, more, d)
		}
	})
}

// A redraw makes another terminal look the same, whatever it was in before, and
// what follows looks the same in both.
func TestRedrawLooksTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cols, rows := drawSize(t)
		a, b := New(cols, rows, Options{}), New(cols, rows, Options{})
		in, before := stream(t, 30), stream(t, 20)
		a.Write(in)
		b.Write(before)
		b.Write([]byte("\x18")) // an outer terminal is between sequences
		if odd(a) {
			return
		}
		redraw := a.Redraw(RedrawOptions{Main: rapid.Bool().Draw(t, "main")})
		b.Write(redraw)
		if d := cmp.Diff(looks(a), looks(b)); d != "" {
			t.Fatalf("%q\nonto %q\nredraw %q\n%s", in, before, redraw, d)
		}
	})
}

// odd tells whether a cell is of another width than its text is when written, which
// mode 2027 and the screen's edge can bring about: only a dump can say that.
func odd(t *Terminal) bool {
	for _, s := range []*screen{t.main, t.alt} {
		for y := 0; s != nil && y < s.rows; y++ {
			for _, c := range s.row(y) {
				w := 1
				if c.ch&chWide != 0 {
					w = 2
				}
				if c.ch >= 0x80 && c.ch&chTail == 0 && writtenWidth([]byte(t.tab.text(c))) != w {
					return true
				}
			}
		}
	}
	return false
}

// looks is what a redraw carries: what can be seen, with empty cells the same as
// blanks.
func looks(t *Terminal) *Snapshot {
	s := t.Snapshot(false)
	for y := range s.Lines {
		l := &s.Lines[y]
		l.Mark, l.Wrapped = NoMark, false
		for x := range l.Cells {
			if c := &l.Cells[x]; c.Text == "" && c.Width == 1 {
				c.Text = " "
			}
		}
	}
	if s.Lines[s.Cursor.Y].Cells[s.Cursor.X].Text == " " {
		s.Cursor.PendingWrap = false // nothing can be written again to make it wait
	}
	s.Palette, s.Prompt, s.Title, s.IconTitle, s.Dir = Palette{}, Prompt{}, "", "", ""
	s.Modes.Sync, s.Modes.InBandResize, s.Modes.ColorScheme, s.Modes.AltScroll = false, false, false, false
	return s
}

// Lines that were written one after the other come back whole after the screen was
// made narrower, lower, and as large as before.
func TestResizeKeepsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cols, rows := rapid.IntRange(2, 40).Draw(t, "cols"), rapid.IntRange(1, 10).Draw(t, "rows")
		v := New(cols, rows, Options{})
		for range rapid.IntRange(0, 20).Draw(t, "lines") {
			for range rapid.IntRange(0, 12).Draw(t, "words") {
				v.Write([]byte(rapid.SampledFrom([]string{"word", " x", "日本", "e\u0301", "👩‍🚀", "\x1b[31mred", "\x1b[m"}).Draw(t, "w")))
			}
			if rapid.Bool().Draw(t, "newline") {
				v.Write([]byte("\x1b[m\r\n"))
			}
		}
		before := v.JoinedText(true)
		for range rapid.IntRange(1, 4).Draw(t, "resizes") {
			v.Resize(rapid.IntRange(2, 50).Draw(t, "c"), rapid.IntRange(1, 12).Draw(t, "r"))
			mustBeSound(t, v)
		}
		v.Resize(cols, rows)
		if after := v.JoinedText(true); trimLines(after) != trimLines(before) {
			t.Fatalf("%s", cmp.Diff(before, after))
		}
	})
}

func trimLines(s string) string {
	for len(s) > 0 && s[len(s)-1] == '\n' {
		s = s[:len(s)-1]
	}
	return s
}

// The styles, links and clusters that nothing shows any more are thrown away
// without a change to what is shown.
func TestSweepChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cols, rows := drawSize(t)
		v := New(cols, rows, Options{})
		v.Write(stream(t, 30))
		before := digest(v)
		v.sweep()
		mustBeSound(t, v)
		if d := cmp.Diff(before, digest(v)); d != "" {
			t.Fatal(d)
		}
	})
}

func FuzzTerminal(f *testing.F) {
	for _, s := range append(append([]string{}, texts...), others...) {
		f.Add([]byte(s), uint8(10), uint8(4), uint8(3), uint8(7))
	}
	f.Add([]byte("\x1b]8;;\x7f\x1b\\x"), uint8(10), uint8(4), uint8(3), uint8(7))
	f.Add([]byte("\x1b]\xc2\x14"), uint8(10), uint8(4), uint8(3), uint8(7))
	f.Add([]byte("\x1b]2;\xc2\x14\x9cx\xc2\x14\xc2"), uint8(10), uint8(4), uint8(3), uint8(7))
	f.Add([]byte("日本語\x1b[?69h\x1b[2;5s\x1b[4hx\x1b[2;3r\x1bM\x1b[9S"), uint8(1), uint8(1), uint8(6), uint8(2))
	f.Fuzz(func(t *testing.T, in []byte, cols, rows, cols2, rows2 uint8) {
		c, r, c2, r2 := int(cols%50), int(rows%20), int(cols2%50), int(rows2%20)
		v := New(c, r, Options{Scrollback: 20000, ReplyLimit: 1000})
		third := len(in) / 3
		v.Write(in[:third])
		v.Resize(c2, r2)
		mustBeSound(t, v)
		v.Write(in[third:])
		mustBeSound(t, v)
		v.Resize(c, r)
		mustBeSound(t, v)
		w := New(c, r, Options{Scrollback: 20000, ReplyLimit: 1000})
		w.Write(v.Dump())
		mustBeSound(t, w)
		if v.lines.bytes < 10000 { // a full scrollback loses its chunks at other places
			if a, b := digest(v), digest(w); a != b {
				t.Fatalf("%q\n%s", in, cmp.Diff(a, b))
			}
		}
		v.Snapshot(true)
		v.Redraw(RedrawOptions{Scrollback: 100})
	})
}

package render

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicerun/sluice/vt"
)

func TestHash(t *testing.T) {
	base := func() *vt.Snapshot { return screenOf(6, "ab 漢", "") }
	want := Hash(base())
	if len(want) != 16 {
		t.Errorf("hash %q does not have 16 digits", want)
	}
	for name, change := range map[string]func(*vt.Snapshot){
		"title":      func(s *vt.Snapshot) { s.Title = "x" },
		"blank":      func(s *vt.Snapshot) { s.Lines[1].Cells[2].Text = " " },
		"wrapped":    func(s *vt.Snapshot) { s.Lines[0].Wrapped = true },
		"scrollback": func(s *vt.Snapshot) { s.Scrollback = screenOf(3, "x").Lines },
		"link":       func(s *vt.Snapshot) { link(s, 0, 0, 2, "http://x") },
		"blink":      func(s *vt.Snapshot) { s.Cursor.Blink = true },
		"protected":  func(s *vt.Snapshot) { s.Lines[0].Cells[0].Style.Attr = vt.Protected },
		"palette":    func(s *vt.Snapshot) { s.Palette = xtermPalette() },
		"invisible cursor": func(s *vt.Snapshot) {
			s.Cursor = vt.Cursor{Visible: true}
		},
	} {
		s := base()
		if change(s); Hash(s) != want {
			t.Errorf("%s changes the hash", name)
		}
	}
	seen := map[string]string{want: "nothing"}
	for name, change := range map[string]func(*vt.Snapshot){
		"text":      func(s *vt.Snapshot) { s.Lines[0].Cells[0].Text = "b" },
		"mark":      func(s *vt.Snapshot) { s.Lines[0].Cells[0].Text = "a\u0301" },
		"moved":     func(s *vt.Snapshot) { s.Lines[0], s.Lines[1] = s.Lines[1], s.Lines[0] },
		"fg":        func(s *vt.Snapshot) { s.Lines[0].Cells[2].Style.Fg = vt.Indexed(1) },
		"bg":        func(s *vt.Snapshot) { s.Lines[0].Cells[2].Style.Bg = vt.Indexed(1) },
		"bold":      func(s *vt.Snapshot) { s.Lines[0].Cells[2].Style.Attr = vt.Bold },
		"underline": func(s *vt.Snapshot) { s.Lines[0].Cells[2].Style.Underline = vt.CurlyUnderline },
		"cursor":    func(s *vt.Snapshot) { s.Cursor.X = 1 },
		"row":       func(s *vt.Snapshot) { s.Cursor.Y = 1 },
		"shape":     func(s *vt.Snapshot) { s.Cursor.Shape = vt.BarCursor },
		"hidden":    func(s *vt.Snapshot) { s.Cursor.Visible = false },
		"reverse":   func(s *vt.Snapshot) { s.Modes.ReverseVideo = true },
		"size":      func(s *vt.Snapshot) { *s = *screenOf(7, "ab 漢", "") },
	} {
		s := base()
		change(s)
		h := Hash(s)
		if other, ok := seen[h]; ok {
			t.Errorf("%s and %s have the same hash", name, other)
		}
		seen[h] = name
	}
}

func TestDiff(t *testing.T) {
	a := screenOf(20, "one", "two words", "three", "four", "five", "six", "seven", "漢字 end")
	b := screenOf(20, "one", "two swords", "three", "four", "five", "six", "seven", "漢字 end")
	put(b, 7, 5, vt.Style{Fg: vt.Indexed(1), Attr: vt.Bold}, "end")
	b.Cursor.X = 3
	b.Title = "other"
	d := Diff(a, b, Options{})
	want := `cursor: want block at row 0, column 0, got block at row 0, column 3
title: want "", got "other"
9 cells differ in 2 rows
    want       | got
0   one        | one
1 ! two words  | two swords
        ^^^^^^ |     ^^^^^^
2   three      | three
3   four       | four
    ...
5   six        | six
6   seven      | seven
7 ! 漢字 end   | 漢字 end
         ~~~   |      ~~~
row 7, columns 5 to 7: want plain, got bold, fg 1
`
	if diff := cmp.Diff(want, d.String()); diff != "" {
		t.Errorf("(- want, + got)\n%s", diff)
	}
	if c := d.Cells[0]; c.Row != 1 || c.Col != 4 || c.Want.Text != "w" || c.Got.Text != "s" {
		t.Errorf("the first difference is %+v", c)
	}
	if d := Diff(a, a, Options{}); !d.Same() || d.String() != "" {
		t.Errorf("a screen differs from itself: %s", d)
	}
	if d := Diff(a, b, Options{Region: Region{Row: 2, Rows: 5}}); len(d.Cells) != 0 || len(d.Other) != 1 {
		t.Errorf("the region differs: %s", d)
	}
	if d := Diff(a, screenOf(3, "one"), Options{}); len(d.Cells) == 0 || d.Other[0] != "size: want 20 x 8, got 3 x 1" {
		t.Errorf("different sizes: %s", d)
	}
}

func TestMask(t *testing.T) {
	a, b := screenOf(12, "12:34 漢字", "pid 77"), screenOf(12, "12:56 漢漢", "pid 1234")
	regions := []Region{{Rows: 1, Cols: 5}, {Row: 0, Col: 9, Rows: 1, Cols: 1}, {Row: 1, Col: 4}}
	if d := Diff(Mask(a, regions...), Mask(b, regions...), Options{}); !d.Same() {
		t.Errorf("masked screens differ:\n%s", d)
	}
	if got, want := Text(Mask(a, regions...), Options{}), "      漢\npid\n"; got != want {
		t.Errorf("masked is %q, want %q", got, want)
	}
	if d := Diff(Mask(a, regions[0]), Mask(b, regions[0]), Options{}); d.Same() {
		t.Error("what is not masked is the same")
	}
}

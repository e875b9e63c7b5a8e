package render

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sluicerun/sluice/vt"
)

// genScreen makes any screen whose cells a terminal could hold.
func genScreen(t *rapid.T) *vt.Snapshot {
	color := rapid.Custom(func(t *rapid.T) vt.Color {
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 1:
			return vt.Indexed(rapid.Uint8().Draw(t, "index"))
		case 2:
			return vt.RGB(rapid.Uint8().Draw(t, "r"), rapid.Uint8().Draw(t, "g"), rapid.Uint8().Draw(t, "b"))
		}
		return 0
	})
	style := rapid.Custom(func(t *rapid.T) vt.Style {
		return vt.Style{
			Fg: color.Draw(t, "fg"), Bg: color.Draw(t, "bg"), Ul: color.Draw(t, "ul"),
			Attr:      vt.Attr(rapid.Uint16Range(0, 511).Draw(t, "attr")),
			Underline: vt.Underline(rapid.Uint8Range(0, 5).Draw(t, "underline")),
		}
	})
	text := rapid.SampledFrom([]string{"", "", "a", "b", "Z", "<", "&", "\"", "é", "e\u0301", "漢", "字", "😀", "─", "\ue0b0", "\u200b"})
	address := rapid.SampledFrom([]string{"", "", "http://a.example/?x=1&y", "file:///etc"})
	fill := func(cells []vt.Cell) {
		now := vt.Style{}
		for i := 0; i < len(cells); i++ {
			if rapid.IntRange(0, 3).Draw(t, "change") == 0 {
				now = style.Draw(t, "style")
			}
			cells[i] = vt.Cell{Text: text.Draw(t, "text"), Width: 1, Style: now, Link: address.Draw(t, "link")}
			if strings.ContainsAny(cells[i].Text, "漢字😀") {
				if i+1 == len(cells) {
					cells[i].Text = ""
				} else {
					cells[i].Width = 2
					cells[i+1] = vt.Cell{Style: now, Link: cells[i].Link}
					i++
				}
			}
		}
	}
	cols := rapid.IntRange(1, 12).Draw(t, "cols")
	s := &vt.Snapshot{Cols: cols, Rows: rapid.IntRange(1, 4).Draw(t, "rows"), Title: rapid.String().Draw(t, "title")}
	s.Title = clean(s.Title)
	line := func(cols int) vt.Line {
		l := vt.Line{Cells: make([]vt.Cell, cols), Wrapped: rapid.Bool().Draw(t, "wrapped"), Mark: vt.Mark(rapid.Uint8Range(0, 4).Draw(t, "mark"))}
		fill(l.Cells)
		return l
	}
	for range s.Rows {
		s.Lines = append(s.Lines, line(cols))
	}
	for range rapid.IntRange(0, 3).Draw(t, "scrollback") {
		s.Scrollback = append(s.Scrollback, line(rapid.IntRange(0, 15).Draw(t, "width")))
	}
	s.Cursor = vt.Cursor{
		X: rapid.IntRange(0, cols-1).Draw(t, "x"), Y: rapid.IntRange(0, s.Rows-1).Draw(t, "y"), Visible: rapid.Bool().Draw(t, "visible"),
		Shape: vt.CursorShape(rapid.Uint8Range(0, 2).Draw(t, "shape")), Blink: rapid.Bool().Draw(t, "blink"),
	}
	for _, m := range modeNames() {
		if rapid.IntRange(0, 5).Draw(t, m.name) == 0 {
			m.set(&s.Modes)
		}
	}
	if rapid.Bool().Draw(t, "prompt") {
		s.Prompt = vt.Prompt{Seen: true, State: vt.CommandDone, Exit: -1, Known: true, Count: 3, InLine: -1}
	}
	if rapid.Bool().Draw(t, "palette") {
		s.Palette = xtermPalette()
		s.Palette.Colors[rapid.IntRange(0, 255).Draw(t, "changed")] = 0x123456
	}
	return s
}

func TestJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genScreen(t)
		j, err := JSON(s, Options{Scrollback: true, Cells: rapid.Bool().Draw(t, "cells")})
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParseJSON(j)
		if err != nil {
			t.Fatalf("%v\n%s", err, j)
		}
		if diff := cmp.Diff(s, back); diff != "" {
			t.Fatalf("(- before, + after)\n%s\n%s", diff, j)
		}
	})
}

func TestJSONRegion(t *testing.T) {
	s := everything()
	j, err := JSON(s, Options{Region: Region{Row: 16, Col: 6, Rows: 9, Cols: 5}})
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseJSON(j)
	if err != nil {
		t.Fatal(err)
	}
	if back.Cols != 5 || back.Rows != 9 || back.Lines[0].Cells[0].Text != "漢" || back.Lines[0].Cells[4].Text != "" {
		t.Errorf("the region is %+v", back.Lines[0])
	}
	if !bytes.Contains(j, []byte(`"cursor":null`)) {
		t.Errorf("the cursor is outside of the region:\n%s", j)
	}
}

func TestParseJSONErrors(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{``, "unexpected end"},
		{`{}`, "version is 0"},
		{`{"version":1,"cols":-1}`, "-1 columns"},
		{`{"version":1,"cols":4,"rows":2,"lines":[{}]}`, "1 lines, but rows is 2"},
		{`{"version":1,"cols":4000000,"rows":2,"lines":[{},{}]}`, "more than 4194304 cells"},
		{`{"version":1,"cols":4,"rows":1,"lines":[{"runs":[{"col":3,"width":2,"text":"ab"}]}]}`, "lines[0]: run 0: 2 columns from 3 on do not fit into a line of 4"},
		{`{"version":1,"cols":4,"rows":1,"lines":[{"runs":[{"col":9223372036854775807,"width":1,"text":"a"}]}]}`, "do not fit"},
		{`{"version":1,"cols":4,"rows":1,"lines":[{"runs":[{"col":0,"width":2,"text":"a"}]}]}`, "width is 2, but its 1 characters have 1 columns"},
		{`{"version":1,"cols":4,"rows":1,"lines":[{"runs":[{"col":1,"width":1,"text":"a"},{"col":0,"width":1,"text":"b"}]}]}`, "run 1 begins at column 0"},
		{`{"version":1,"cols":4,"rows":1,"lines":[{"runs":[{"col":0,"width":1,"text":"a","fg":"256"}]}]}`, `fg: colour "256"`},
		{`{"version":1,"cols":4,"rows":1,"lines":[{"runs":[{"col":0,"width":1,"text":"a","bg":"#12345g"}]}]}`, `bg: colour "#12345g"`},
		{`{"version":1,"cols":4,"rows":1,"lines":[{"runs":[{"col":0,"width":1,"text":"a","attrs":["loud"]}]}]}`, `attribute "loud"`},
		{`{"version":1,"cols":4,"rows":1,"lines":[{"cols":-2}]}`, "-2 columns"},
		{`{"version":1,"cols":1,"rows":1,"lines":[{"runs":[{"width":1,"text":"a"}],"cells":[{"width":1,"text":"a"}]}]}`, "both runs and cells"},
		{`{"version":1,"modes":["warp"]}`, `mode "warp"`},
		{`{"version":1,"cursor":{"shape":"beam"}}`, `cursor: shape "beam"`},
		{`{"version":1,"palette":{"fg":"red"}}`, `palette: fg: colour "red"`},
		{`{"version":1,"palette":{"fg":"#000000","bg":"#000000","cursor":"#000000","colors":{"300":"#000000"}}}`, `colour "300"`},
	} {
		_, err := ParseJSON([]byte(c.in))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want one with %q", c.in, err, c.want)
		}
	}
}

// What is accepted can be written, and read again as the same, and drawn.
func FuzzParseJSON(f *testing.F) {
	small := everything()
	small.Scrollback = nil
	for _, o := range []Options{{Region: Region{Rows: 3, Cols: 30}}, {Cells: true, Region: Region{Row: 16, Rows: 1, Cols: 12}}} {
		data, err := JSON(small, o)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"version":1,"cols":4,"rows":1,"cursor":{"row":0,"col":3,"visible":true,"shape":"bar"},"lines":[{"runs":[{"col":0,"width":2,"text":"x","wide":true,"cluster":true},{"col":2,"width":1,"text":"\u001b"}]}]}`))
	f.Add([]byte(`{"version":1,"cols":2,"rows":1,"modes":["reverse-video","mouse-any"],"lines":[{"cells":[{"col":0,"width":2,"text":" ","wide":true,"fg":"#123456","underline":"curly"}]}],"scrollback":[{"cols":0}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseJSON(data)
		if err != nil {
			return
		}
		cells := s.Cols * s.Rows
		for _, l := range s.Scrollback {
			cells += len(l.Cells)
		}
		if cells > 500 {
			return // allowed, but too slow to draw here
		}
		first, err := JSON(s, Options{Scrollback: true})
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseJSON(first)
		if err != nil {
			t.Fatalf("%v\n%s", err, first)
		}
		second, err := JSON(again, Options{Scrollback: true})
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("%v\n%s\n%s", err, first, second)
		}
		if Hash(s) != Hash(again) || !Diff(s, again, Options{Scrollback: true}).Same() {
			t.Fatalf("not the same screen:\n%s", first)
		}
		text := Text(s, Options{Scrollback: true})
		if clean(strings.ReplaceAll(text, "\n", "")) != strings.ReplaceAll(text, "\n", "") {
			t.Fatalf("control characters in %q", text)
		}
		var svg bytes.Buffer
		if err := SVG(&svg, s, Options{}); err != nil {
			t.Fatal(err)
		}
		wellFormed(t, svg.Bytes())
		_, _ = Image(s, Options{FontSize: 5}) // an error where there are no pixels
		_ = ANSI(s, Options{Join: true})
	})
}

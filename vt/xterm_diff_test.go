package vt_test

import (
	"fmt"
	"reflect"
	"strings"
)

// difference is one thing that two terminals do not agree on.
type difference struct {
	what      string // size, cursor, columns, cell, width, style, wrapped, modes, replies, title; above: anything of the lines above the screen
	where     string // "row 3 column 7", "above 12 column 3", or nothing
	want, got string
	blank     bool // of a style: neither has text there
}

func (d difference) String() string {
	return fmt.Sprintf("%s %s: xterm.js has %s, we have %s", d.what, d.where, d.want, d.got)
}

// diff compares what the oracle saw with what we did.
func diff(want, got shot) []difference {
	var ds []difference
	add := func(what, where string, want, got any) {
		if strings.HasPrefix(where, "above") {
			what = "above"
		}
		ds = append(ds, difference{what: what, where: where, want: fmt.Sprintf("%q", fmt.Sprint(want)), got: fmt.Sprintf("%q", fmt.Sprint(got))})
	}
	if want.Cols != got.Cols || want.Rows != got.Rows {
		add("size", "", fmt.Sprint(want.Cols, "x", want.Rows), fmt.Sprint(got.Cols, "x", got.Rows))
		return ds
	}
	if want.X != got.X || want.Y != got.Y {
		add("cursor", "", fmt.Sprintf("row %d column %d", want.Y, want.X), fmt.Sprintf("row %d column %d", got.Y, got.X))
	}
	if want.Above != got.Above {
		add("above", "", want.Above, got.Above)
	}
	lines := func(name string, wantLines, gotLines []shotLine) {
		for y := range min(len(wantLines), len(gotLines)) {
			w, g := wantLines[y], gotLines[y]
			// Whether the last line goes on is not known to xterm.js.
			if w.Wrapped != g.Wrapped && !(name == "row" && y == len(wantLines)-1) {
				add("wrapped", fmt.Sprintf("%s %d", name, y), w.Wrapped, g.Wrapped)
			}
			if len(w.Width) != len(g.Width) {
				add("columns", fmt.Sprintf("%s %d", name, y), len(w.Width), len(g.Width))
				continue
			}
			if w.Text == g.Text && w.Width == g.Width && w.Style == g.Style {
				continue
			}
			wt, ws := w.cells()
			gt, gs := g.cells()
			for x := range wt {
				if broken(w, x) {
					continue
				}
				where := fmt.Sprintf("%s %d column %d", name, y, x)
				if wt[x] != gt[x] {
					add("cell", where, wt[x], gt[x])
				}
				if w.Width[x] != g.Width[x] {
					add("width", where, w.Width[x:x+1], g.Width[x:x+1])
				}
				if ws[x] != gs[x] {
					add("style", where, ws[x], gs[x])
					ds[len(ds)-1].blank = wt[x] == "" && gt[x] == ""
				}
			}
		}
	}
	lines("row", want.Lines, got.Lines)
	// From the bottom: what left at the top is another matter.
	lines("above", tail(want.Scrollback, len(got.Scrollback)), tail(got.Scrollback, len(want.Scrollback)))
	for i := range reflect.TypeFor[shotModes]().NumField() {
		w, g := reflect.ValueOf(want.Modes).Field(i), reflect.ValueOf(got.Modes).Field(i)
		if !w.Equal(g) {
			add("modes", reflect.TypeFor[shotModes]().Field(i).Name, w, g)
		}
	}
	if w, g := ownReplies.ReplaceAll(want.Replies, nil), ownReplies.ReplaceAll(got.Replies, nil); string(w) != string(g) {
		add("replies", "", string(w), string(g))
	}
	if n := len(want.Titles); n > 0 {
		if g := strings.Join(got.Titles, ""); want.Titles[n-1] != g {
			add("title", "", want.Titles[n-1], g)
		}
	}
	return ds
}

// broken tells whether a cell of xterm.js is one half of a wide character without
// the other, or stands where the other half should be: it leaves such cells where
// ours erases both halves.
func broken(l shotLine, x int) bool {
	second := x > 0 && l.Width[x-1] == '2'
	first := x+1 < len(l.Width) && l.Width[x+1] == '0'
	return (l.Width[x] == '0') != second || (l.Width[x] == '2') != first
}

func tail(lines []shotLine, n int) []shotLine { return lines[max(0, len(lines)-n):] }

// report tells the first differences and shows both screens.
func report(ds []difference, want, got shot) string {
	var b strings.Builder
	const most = 12
	for i, d := range ds {
		if i == most {
			fmt.Fprintf(&b, "\n  and %d more", len(ds)-most)
			break
		}
		fmt.Fprintf(&b, "\n  %v", d)
	}
	fmt.Fprintf(&b, "\nxterm.js:\n%vours:\n%v", want, got)
	return b.String()
}

// String draws the screen with a line around it; ↵ marks lines that go on.
func (s shot) String() string {
	var b strings.Builder
	edge := "  +" + strings.Repeat("-", s.Cols) + "+\n"
	b.WriteString(edge)
	for _, l := range s.Lines {
		b.WriteString("  |")
		cells, _ := l.cells()
		for x, text := range cells {
			switch {
			case l.Width[x] == '0':
			case text == "":
				b.WriteString("·")
			default:
				b.WriteString(text)
			}
		}
		b.WriteString("|")
		if l.Wrapped {
			b.WriteString("↵")
		}
		b.WriteString("\n")
	}
	b.WriteString(edge)
	return b.String()
}

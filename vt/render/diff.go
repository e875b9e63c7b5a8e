package render

import (
	"fmt"

	"github.com/sluicerun/sluice/vt"
)

// Difference is what two screens do not have in common.
type Difference struct {
	Cells []CellDifference // from the upper left to the lower right
	Other []string         // what else differs, each in a line of words: the size, the cursor, the title

	want, got *view
}

// CellDifference is one place where two screens differ.
type CellDifference struct {
	Row, Col  int // from 0
	Want, Got vt.Cell
}

// Diff compares what two snapshots show with the same options, of which only
// Scrollback, Region and HideCursor matter. Cells differ if [Hash] tells them apart
// or if their hyperlinks do; a place that only one of the screens has differs if
// the other shows something there. Wrapped flags, marks and modes are not compared.
func Diff(want, got *vt.Snapshot, o Options) *Difference {
	d := &Difference{want: newView(want, o), got: newView(got, o)}
	if w, g := d.want.size(), d.got.size(); w != g {
		d.Other = append(d.Other, fmt.Sprintf("size: want %s, got %s", w, g))
	}
	if w, g := d.want.cursorText(), d.got.cursorText(); w != g && !o.HideCursor {
		d.Other = append(d.Other, fmt.Sprintf("cursor: want %s, got %s", w, g))
	}
	if w, g := d.want.title, d.got.title; w != g {
		d.Other = append(d.Other, fmt.Sprintf("title: want %q, got %q", w, g))
	}
	for y := range max(len(d.want.lines), len(d.got.lines)) {
		for x := range max(d.want.cols, d.got.cols) {
			if w, g := d.want.cell(y, x), d.got.cell(y, x); w != g {
				d.Cells = append(d.Cells, CellDifference{y, x, w, g})
			}
		}
	}
	return d
}

// Same says whether nothing differs.
func (d *Difference) Same() bool { return len(d.Cells) == 0 && len(d.Other) == 0 }

func (v *view) size() string { return fmt.Sprintf("%d x %d", v.cols, len(v.lines)) }

func (v *view) cursorText() string {
	if v.cursor == nil {
		return "hidden"
	}
	return fmt.Sprintf("%s at row %d, column %d", nameOf(shapeNames[:], v.cursor.Shape), v.cursor.Y, v.cursor.X)
}

// cell returns a cell without what is not compared; outside of the view it is
// blank.
func (v *view) cell(y, x int) vt.Cell {
	if y >= len(v.lines) || x >= v.cols {
		return vt.Cell{Width: 1}
	}
	c := v.lines[y].Cells[x]
	c.Style.Attr &^= vt.Protected
	return c
}

// Mask returns a copy of a snapshot in which these regions of the screen are blank
// and without style, for what is never the same twice: clocks, process numbers.
// Rows count from the top of the screen; scrollback is left alone.
func Mask(s *vt.Snapshot, regions ...Region) *vt.Snapshot {
	out := *s
	out.Lines = append([]vt.Line(nil), s.Lines...)
	for _, r := range regions {
		row0, row1, _, _ := r.cut(len(s.Lines), s.Cols)
		for y := row0; y < row1; y++ {
			l := &out.Lines[y]
			_, _, col0, col1 := r.cut(len(s.Lines), len(l.Cells))
			l.Cells = append([]vt.Cell(nil), l.Cells...)
			for x := col0; x < col1; x++ {
				l.Cells[x] = vt.Cell{Width: 1}
			}
			mend(l.Cells) // a wide character of which half is masked
		}
	}
	return &out
}

package render

import (
	"iter"
	"strings"

	"github.com/sluicerun/sluice/vt"
)

// run is a piece of a line in which all cells look the same.
type run struct {
	col    int // of its first cell
	cells  []vt.Cell
	style  vt.Style
	link   string
	cursor bool // the cursor stands on it; it then is one character
}

// text is what the run shows, with a blank for each empty cell.
func (r run) text() string {
	var b strings.Builder
	for _, c := range r.cells {
		switch {
		case c.Width == 0:
		case c.Text == "":
			b.WriteByte(' ')
		default:
			b.WriteString(c.Text)
		}
	}
	return b.String()
}

// blank says whether no cell of the run holds a character.
func (r run) blank() bool {
	for _, c := range r.cells {
		if c.Text != "" {
			return false
		}
	}
	return true
}

// plainBlank says whether a cell shows nothing at all, so that it may be cut off
// at the end of a line.
func plainBlank(c vt.Cell) bool {
	return c.Text == "" && c.Link == "" && c.Style.Bg.IsDefault() && c.Style.Underline == vt.NoUnderline &&
		c.Style.Attr&(vt.Inverse|vt.Strike|vt.Overline) == 0
}

// written returns the cells of a line without the blanks at its end; with colours,
// only blanks that nobody can see are cut.
func written(cells []vt.Cell, colours bool) []vt.Cell {
	n := len(cells)
	for n > 0 && cells[n-1].Width == 1 && cells[n-1].Text == "" && (!colours || plainBlank(cells[n-1])) {
		n--
	}
	return cells[:n]
}

// runs walks over mended cells from left to right. cursor is the column where the
// cursor stands, or -1.
func runs(cells []vt.Cell, cursor int) iter.Seq[run] {
	return func(yield func(run) bool) {
		for i := 0; i < len(cells); {
			j := i + 1
			for j < len(cells) && (cells[j].Width == 0 ||
				i != cursor && j != cursor && cells[j].Style == cells[i].Style && cells[j].Link == cells[i].Link) {
				j++
			}
			if !yield(run{i, cells[i:j], cells[i].Style, cells[i].Link, i == cursor}) {
				return
			}
			i = j
		}
	}
}

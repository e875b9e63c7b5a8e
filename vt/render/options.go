package render

import "github.com/sluicerun/sluice/vt"

// Options say what is shown and how. The zero value shows the screen as it is.
// Fields that an output has no use for are ignored by it.
type Options struct {
	Scrollback bool   // also the lines that scrolled off, where the snapshot has them
	Region     Region // only these cells; the zero value is everything
	HideCursor bool   // HTML, SVG, PNG: leave the cursor out even where it is visible

	// Text and ANSI.
	KeepBlanks bool // do not cut the blanks at the ends of lines and the empty lines at the end
	Join       bool // a line that the terminal wrapped is one line again

	// JSON.
	Cells bool // one object for each cell in place of one for each run

	// HTML.
	Fragment bool // only the <pre>, without a page around it

	// HTML, SVG and PNG.
	Palette    *vt.Palette // colours; nil: those of the snapshot. See [Theme]
	FontSize   float64     // pixels of an em; 0: 15
	BoldBright bool        // bold text in colours 0 to 7 is shown in 8 to 15
	Padding    int         // pixels between the edge and the text, before Scale; 0: 8; negative: none
	Frame      bool        // SVG, PNG: a window around it, with a bar that shows the title
	FontFamily string      // HTML, SVG: CSS font-family; "": the usual monospace fonts

	// PNG.
	CellWidth  int      // pixels, before Scale; 0: what the font needs
	CellHeight int      // pixels, before Scale; 0: what the font needs
	Scale      float64  // enlarges everything, 2 for dense displays; 0: 1
	Shades     int      // how many steps there are from the ground to a letter's colour, for pictures of few colours; 0: 256
	Fonts      [][]byte // TTF, OTF, TTC or OTC files for what the built-in font lacks, tried in order
}

// Region is a rectangle of cells. Row 0 is the first line shown, which is the
// oldest line that scrolled off if [Options.Scrollback] is set. What lies outside
// of the screen is cut off; Rows or Cols of 0 reach to the edge.
type Region struct {
	Row, Col   int
	Rows, Cols int
}

// cut returns the half-open ranges of rows and columns that r takes out of a
// screen of this size.
func (r Region) cut(rows, cols int) (row0, row1, col0, col1 int) {
	row0, row1 = span(r.Row, r.Rows, rows)
	col0, col1 = span(r.Col, r.Cols, cols)
	return row0, row1, col0, col1
}

// span is written so that no sum can overflow.
func span(from, n, size int) (int, int) {
	from = min(max(from, 0), size)
	if n <= 0 || n > size-from {
		n = size - from
	}
	return from, from + n
}

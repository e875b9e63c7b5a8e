package render

import "github.com/sluicerun/sluice/vt"

// Sheet draws the parts of an SVG picture, for those who put a moving one together
// from them: what is around the screen, and single lines. Letters are spaced by the
// renderer (textLength), so that lines take few bytes. Links are left out: such
// pictures are shown as images, which have none. A Sheet is for one goroutine.
type Sheet struct {
	l       layout
	o       Options
	cols    int
	title   string
	palette vt.Palette // of what is around
}

// NewSheet makes a sheet for screens of up to cols columns and rows rows, with
// this palette around them. [Options.Region] and [Options.Scrollback] are ignored;
// title is that of the picture and of the window of [Options.Frame].
func NewSheet(cols, rows int, title string, palette vt.Palette, o Options) *Sheet {
	return &Sheet{l: newLayout(cols, rows, o, 1, false), o: o, cols: cols, title: clean(title), palette: palette}
}

// Begin returns the begin of the picture: the <svg>, what is behind the lines, and
// a <g> with the text's colour, which is left open with the <svg>.
func (d *Sheet) Begin() []byte {
	c := &svgCanvas{l: d.l, text: rgb(d.palette.Fg) & 0xffffff, brief: true}
	c.open(d.title, &painter{palette: d.palette}, d.o)
	return c.b.Bytes()
}

// Place is where line y of the screen lies on the picture, in user units.
func (d *Sheet) Place(y int) (left, top, width, height float64) {
	at := d.l.cells(0, y, d.cols)
	return at.x, at.y, at.w, at.h
}

// Line draws line y of a screen as if it were at the origin: the first column
// begins at 0, and the feet of the letters stand at 0. above is how far the line
// reaches above them. The same line gives the same bytes; an empty one gives none.
func (d *Sheet) Line(s *vt.Snapshot, y int) (drawing []byte, above float64) {
	l := d.l
	l.left, l.top = 0, -l.base
	if y < 0 || y >= len(s.Lines) {
		return nil, l.base
	}
	v := newView(s, Options{Region: Region{Row: y, Rows: 1, Cols: d.cols}})
	p := newPainter(s, v, d.o)
	c := &svgCanvas{l: l, text: rgb(d.palette.Fg) & 0xffffff, brief: true}
	cells := v.lines[0].Cells
	for i := range cells {
		cells[i].Link = ""
	}
	if p.background() != rgb(d.palette.Bg)&0xffffff {
		c.fill(l.cells(0, 0, len(cells)), p.background())
	}
	backgrounds(c, 0, p.row(0), cells, p, l)
	foregrounds(c, 0, p.row(0), cells, p, l)
	c.flush()
	return c.b.Bytes(), l.base
}

// Number writes a length as the pictures of this package have it: with at most
// three digits after the point, and none that say nothing.
func Number(f float64) string { return num(f) }

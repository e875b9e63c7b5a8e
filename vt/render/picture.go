package render

import "github.com/sluicerun/sluice/vt"

// canvas is what a picture is drawn on, SVG or pixels. Nothing of it knows about
// screens.
type canvas interface {
	// fill covers a place with a colour.
	fill(c place, color rgb)
	// glyphs draws cells whose characters come from a font; col and row are those
	// of the first.
	glyphs(col, row int, cells []vt.Cell, l look)
	// shape draws one shape in a place.
	shape(c place, s shape, color rgb)
	// begin and end enclose what belongs to a run; link is its address or "".
	begin(link string)
	end()
}

// picture draws the cells of a view: first all backgrounds, so that no letter that
// leans over the edge of its cell is cut, then what stands on them.
func picture(on canvas, v *view, p *painter, l layout) {
	for y, line := range v.lines {
		backgrounds(on, y, p.row(y), line.Cells, p, l)
	}
	for y, line := range v.lines {
		foregrounds(on, y, p.row(y), line.Cells, p, l)
	}
}

// backgrounds fills the cells of a line behind what is written; row is where it is
// drawn, cursor the column where the cursor stands or -1.
func backgrounds(on canvas, row, cursor int, cells []vt.Cell, p *painter, l layout) {
	for r := range runs(cells, cursor) {
		if k := p.look(r); k.filled && (k.bg != p.background() || r.cursor) {
			on.fill(l.cells(r.col, row, len(r.cells)), k.bg)
		}
	}
}

// foregrounds draws what stands on the backgrounds of a line.
func foregrounds(on canvas, row, cursor int, cells []vt.Cell, p *painter, l layout) {
	for r := range runs(cells, cursor) {
		k := p.look(r)
		if r.blank() && !k.lined() && !r.cursor {
			continue
		}
		on.begin(r.link)
		drawRun(on, row, r, k, l)
		if r.cursor {
			drawCursor(on, l.cells(r.col, row, len(r.cells)), p)
		}
		on.end()
	}
}

// lined says whether lines are drawn even where there is no text.
func (k look) lined() bool { return k.underline != vt.NoUnderline || k.strike || k.overline }

func drawRun(on canvas, row int, r run, k look, l layout) {
	all := l.cells(r.col, row, len(r.cells))
	// Lines under the text come first: letters that reach below stay readable.
	lines, whole := underline(k.underline, l.underlineAt, l.stroke/l.cellH)
	if whole {
		for _, s := range lines {
			on.shape(all, s, k.ul)
		}
	} else {
		for i := range r.cells {
			for _, s := range lines {
				on.shape(l.cells(r.col+i, row, 1), s, k.ul)
			}
		}
	}
	if !k.hidden {
		from := 0
		flush := func(to int) {
			if from < to {
				on.glyphs(r.col+from, row, r.cells[from:to], k)
			}
		}
		for i, c := range r.cells {
			shapes := shapesOf(c.Text)
			if shapes == nil {
				continue
			}
			flush(i)
			from = i + 1
			for _, s := range shapes {
				color := k.fg
				if s.shade != 0 {
					color = k.bg.mix(k.fg, s.shade)
				}
				on.shape(l.cells(r.col+i, row, int(max(c.Width, 1))), s, color)
			}
		}
		flush(len(r.cells))
	}
	if k.strike {
		strike, _ := underline(vt.SingleUnderline, l.strikeAt, l.stroke/l.cellH)
		on.shape(all, strike[0], k.fg)
	}
	if k.overline {
		on.shape(all, shape{b: point{part(1), at{strokes: 1}}}, k.fg)
	}
}

// drawCursor draws those forms of the cursor that do not fill the cell.
func drawCursor(on canvas, c place, p *painter) {
	switch p.cursor.Shape {
	case vt.UnderlineCursor:
		on.shape(c, shape{a: point{part(0), at{part: 1, strokes: -2}}, b: point{part(1), part(1)}}, p.cursorColor())
	case vt.BarCursor:
		on.shape(c, shape{b: point{at{strokes: 2}, part(1)}}, p.cursorColor())
	}
}

// The three dots of a window.
var windowDots = [...]rgb{0xff5f57, 0xfebc2e, 0x28c840}

// windowColors are those of the title bar, of the line around the window and of
// the title.
func (p *painter) windowColors() (bar, edge, title rgb) {
	bg, fg := p.background(), rgb(p.palette.Fg)&0xffffff
	return bg.mix(fg, 26), bg.mix(fg, 64), bg.mix(fg, 180)
}

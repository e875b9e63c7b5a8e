package render

import (
	"image"
	"slices"

	"github.com/sluicerun/sluice/vt"
)

// Film draws one screen after another on the same picture and paints only the
// lines that have changed, as a recording needs it. Letters are kept from one to
// the next. A Film is for one goroutine.
type Film struct {
	c          *pixels
	o          Options
	cols, rows int
	title      string
	palette    vt.Palette
	drawn      []drawnLine // nil before the first
}

// drawnLine is what a line of the picture shows.
type drawnLine struct {
	cells  []vt.Cell
	cursor int // column, -1: not in this line
	shape  vt.CursorShape
}

// NewFilm makes a picture for screens of up to cols columns and rows rows: what of
// a screen lies beyond is cut off, and where a screen ends before there is
// background. [Options.Region] and [Options.Scrollback] are ignored; title is
// what the window of [Options.Frame] shows. Errors are those of [Image].
func NewFilm(cols, rows int, title string, o Options) (*Film, error) {
	c, err := newPixels(cols, rows, o)
	if err != nil {
		return nil, err
	}
	return &Film{c: c, o: o, cols: cols, rows: rows, title: clean(title)}, nil
}

// Image is the picture as the latest Draw left it; the next one paints on it.
func (f *Film) Image() *image.RGBA { return f.c.img }

// Draw paints the screen and returns the part of the picture, in whole lines, that
// may look different than before. Letters do not reach beyond their line.
func (f *Film) Draw(s *vt.Snapshot) image.Rectangle {
	p := newPainter(s, &view{}, f.o)
	p.palette.Cursor &= 0xffffff
	changed := image.Rectangle{}
	if f.drawn == nil || p.palette != f.palette {
		f.palette = p.palette
		f.drawn = make([]drawnLine, f.rows)
		f.c.ground(f.title, p)
		changed = f.c.img.Rect
	}
	for y := range f.drawn {
		now := f.line(s, y, p)
		if old := f.drawn[y]; old.cells != nil && old.cursor == now.cursor && old.shape == now.shape && slices.Equal(old.cells, now.cells) {
			continue
		}
		f.drawn[y] = now
		changed = changed.Union(f.paint(y, now.cells, p))
	}
	return changed
}

// line takes line y of the screen, and gives the painter the cursor if it is in it.
func (f *Film) line(s *vt.Snapshot, y int, p *painter) drawnLine {
	p.cursor = nil
	d := drawnLine{cursor: -1}
	if y >= len(s.Lines) {
		d.cells = pad(nil, f.cols, false)
		return d
	}
	v := newView(s, Options{Region: Region{Row: y, Rows: 1, Cols: f.cols}})
	d.cells = v.lines[0].Cells
	if len(d.cells) < f.cols {
		d.cells = pad(d.cells, f.cols, false)
	}
	if v.cursor != nil && !f.o.HideCursor {
		p.cursor = v.cursor
		d.cursor, d.shape = v.cursor.X, v.cursor.Shape
	}
	return d
}

func (f *Film) paint(y int, cells []vt.Cell, p *painter) image.Rectangle {
	all := f.c.img
	at := f.c.l.cells(0, y, f.cols)
	f.c.rect(at.x, at.y, at.x+at.w, at.y+at.h, p.background())
	in := image.Rect(int(at.x), int(at.y), int(at.x+at.w), int(at.y+at.h))
	f.c.img = all.SubImage(in).(*image.RGBA)
	cursor := -1
	if p.cursor != nil {
		cursor = p.cursor.X
	}
	backgrounds(f.c, y, cursor, cells, p, f.c.l)
	foregrounds(f.c, y, cursor, cells, p, f.c.l)
	f.c.img = all
	return in
}

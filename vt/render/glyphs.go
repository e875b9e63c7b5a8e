package render

import (
	"image"
	"math"
	"unicode"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"github.com/sluicerun/sluice/vt"
)

func (c *pixels) glyphs(col, row int, cells []vt.Cell, k look) {
	for i, cell := range cells {
		if cell.Text == "" || cell.Width == 0 {
			continue
		}
		c.cluster(c.l.cells(col+i, row, int(cell.Width)), cell.Text, k)
	}
}

// cluster draws the first character of a cell and the marks on it. Characters
// that only say how others are drawn (joiners, variation selectors) have no shape.
func (c *pixels) cluster(at place, text string, k look) {
	text = compose(text)
	var base *glyph
	for i, r := range text {
		if i > 0 && unicode.In(r, unicode.Cf, unicode.Variation_Selector) {
			continue
		}
		g, err := c.fonts.find(r, k.bold, k.italic)
		if err != nil || g == nil {
			if i == 0 {
				c.hexBox(at, r, k)
				return
			}
			continue // a mark that no font has: the letter alone says more than a box
		}
		if i == 0 {
			base = g
			c.glyph(at, g, k.fg)
			continue
		}
		if unicode.Is(unicode.M, r) {
			c.mark(at, base, g, k.fg)
		}
	}
}

// glyph draws a glyph in the middle of its place. One of a font that was made for
// other widths is made narrower if it does not fit.
func (c *pixels) glyph(at place, g *glyph, color rgb) {
	squeeze := 1.0
	if !g.own && g.advance > at.w {
		squeeze = at.w / g.advance
	}
	c.outline(g.segments, at.x+(at.w-g.advance*squeeze)/2, at.y+c.l.base, squeeze, color)
}

// mark draws a combining mark over the glyph before it: marks of no width are drawn
// back from where that one ends, others are centred.
func (c *pixels) mark(at place, base, g *glyph, color rgb) {
	if g.advance == 0 {
		c.outline(g.segments, at.x+(at.w+base.advance)/2, at.y+c.l.base, 1, color)
		return
	}
	c.glyph(at, g, color)
}

// outline fills the outline of a glyph whose origin is at x, y.
func (c *pixels) outline(segments sfnt.Segments, x, y, squeeze float64, color rgb) {
	if len(segments) == 0 {
		return
	}
	b := segments.Bounds()
	at := image.Rect(
		int(math.Floor(x+float64(b.Min.X)/64*squeeze)), int(math.Floor(y+float64(b.Min.Y)/64)),
		int(math.Ceil(x+float64(b.Max.X)/64*squeeze)), int(math.Ceil(y+float64(b.Max.Y)/64)))
	if at.Empty() {
		return
	}
	r := &c.pen.r
	r.Reset(at.Dx(), at.Dy())
	x -= float64(at.Min.X)
	y -= float64(at.Min.Y)
	pt := func(p fixed.Point26_6) (float32, float32) {
		return float32(x + float64(p.X)/64*squeeze), float32(y + float64(p.Y)/64)
	}
	for _, s := range segments {
		ax, ay := pt(s.Args[0])
		bx, by := pt(s.Args[1])
		cx, cy := pt(s.Args[2])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			r.ClosePath()
			r.MoveTo(ax, ay)
		case sfnt.SegmentOpLineTo:
			r.LineTo(ax, ay)
		case sfnt.SegmentOpQuadTo:
			r.QuadTo(ax, ay, bx, by)
		case sfnt.SegmentOpCubeTo:
			r.CubeTo(ax, ay, bx, by, cx, cy)
		}
	}
	c.pen.draw(c.img, at, color)
}

// title writes the window's title in the middle of its bar.
func (c *pixels) title(text string, color rgb) {
	if text == "" {
		return
	}
	fonts, err := newFontSet(nil, .87*c.l.size)
	if err != nil {
		return
	}
	fonts.more = c.fonts.more
	var glyphs []*glyph
	width := 0.0
	for _, r := range text {
		g, err := fonts.find(r, false, false)
		if err != nil || g == nil {
			g, err = fonts.find('\ufffd', false, false)
		}
		if err == nil && g != nil {
			glyphs = append(glyphs, g)
			width += g.advance
		}
	}
	x, y := (c.l.width-width)/2, math.Round(c.l.bar/2+.32*c.l.size)
	for _, g := range glyphs {
		c.outline(g.segments, x, y, 1, color)
		x += g.advance
	}
}

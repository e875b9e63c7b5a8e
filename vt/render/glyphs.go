package render

import (
	"image"
	"math"
	"unicode"
	"unicode/utf8"

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

// cluster draws the character of a cell.
func (c *pixels) cluster(at place, text string, k look) {
	m := c.kept(maskKey{text, at.w > c.l.cellW, k.bold, k.italic}, func() *mask { return c.ink(at, text, k) })
	if m == nil {
		r, _ := utf8.DecodeRuneInString(compose(text))
		c.hexBox(at, r, k)
		return
	}
	m.lay(c.img, int(at.x), int(at.y), k.fg)
}

// placed is a glyph with the place of its origin in the cell.
type placed struct {
	*glyph
	x, squeeze float64
}

// ink draws the first character of a cell and the marks on it. Characters that
// only say how others are drawn (joiners, variation selectors) have no shape. It
// returns nil if no font has the character.
func (c *pixels) ink(at place, text string, k look) *mask {
	var all []placed
	for i, r := range compose(text) {
		if i > 0 && !unicode.Is(unicode.M, r) || i > 0 && unicode.Is(unicode.Variation_Selector, r) {
			continue
		}
		g, err := c.fonts.find(r, k.bold, k.italic)
		if err != nil || g == nil {
			if i == 0 {
				return nil
			}
			continue // a mark that no font has: the letter alone says more than a box
		}
		p := placed{g, 0, 1}
		switch {
		case i > 0 && g.advance == 0: // drawn back from where the letter ends
			p.x = (at.w + all[0].advance) / 2
		case !g.own && g.advance > at.w: // made for other widths
			p.squeeze = at.w / g.advance
			fallthrough
		default:
			p.x = (at.w - g.advance*p.squeeze) / 2
		}
		all = append(all, p)
	}
	m := &mask{}
	for _, p := range all {
		m.at = m.at.Union(p.bounds(p.x, c.l.base, p.squeeze))
	}
	if m.at.Empty() {
		return m
	}
	c.pen.r.Reset(m.at.Dx(), m.at.Dy())
	for _, p := range all {
		c.pen.trace(p.segments, p.x-float64(m.at.Min.X), c.l.base-float64(m.at.Min.Y), p.squeeze)
	}
	m.pix = append([]uint8(nil), c.pen.cover(m.at)...)
	m.step(c.pen.steps)
	return m
}

// bounds returns the pixels that the glyph touches if its origin is at x, y.
func (g *glyph) bounds(x, y, squeeze float64) image.Rectangle {
	if len(g.segments) == 0 {
		return image.Rectangle{}
	}
	b := g.segments.Bounds()
	return image.Rect(
		int(math.Floor(x+float64(b.Min.X)/64*squeeze)), int(math.Floor(y+float64(b.Min.Y)/64)),
		int(math.Ceil(x+float64(b.Max.X)/64*squeeze)), int(math.Ceil(y+float64(b.Max.Y)/64)))
}

// trace leads the rasterizer along the outline of a glyph whose origin is at x, y.
func (p *pen) trace(segments sfnt.Segments, x, y, squeeze float64) {
	pt := func(p fixed.Point26_6) (float32, float32) {
		return float32(x + float64(p.X)/64*squeeze), float32(y + float64(p.Y)/64)
	}
	for _, s := range segments {
		ax, ay := pt(s.Args[0])
		bx, by := pt(s.Args[1])
		cx, cy := pt(s.Args[2])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			p.r.ClosePath()
			p.r.MoveTo(ax, ay)
		case sfnt.SegmentOpLineTo:
			p.r.LineTo(ax, ay)
		case sfnt.SegmentOpQuadTo:
			p.r.QuadTo(ax, ay, bx, by)
		case sfnt.SegmentOpCubeTo:
			p.r.CubeTo(ax, ay, bx, by, cx, cy)
		}
	}
}

// outline fills the outline of a glyph whose origin is at x, y.
func (c *pixels) outline(g *glyph, x, y float64, color rgb) {
	at := g.bounds(x, y, 1)
	if at.Empty() {
		return
	}
	c.pen.r.Reset(at.Dx(), at.Dy())
	c.pen.trace(g.segments, x-float64(at.Min.X), y-float64(at.Min.Y), 1)
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
		c.outline(g, x, y, color)
		x += g.advance
	}
}

package render

import (
	"image/color"

	"github.com/sluicerun/sluice/vt"
)

// look is what a style comes to on the screen, with the colours worked out.
type look struct {
	fg, bg, ul rgb
	filled     bool // bg is not the colour of the screen
	hidden     bool // SGR 8: the text is not shown
	bold       bool
	italic     bool
	strike     bool
	overline   bool
	underline  vt.Underline
}

// rgb is a colour as 0xRRGGBB.
type rgb uint32

// RGBA makes rgb a colour of package image/color.
func (c rgb) RGBA() (r, g, b, a uint32) {
	return color.RGBA{uint8(c >> 16), uint8(c >> 8), uint8(c), 0xff}.RGBA()
}

func (c rgb) hex() string {
	const digits = "0123456789abcdef"
	b := [7]byte{'#'}
	for i := range 6 {
		b[1+i] = digits[c>>(20-4*i)&15]
	}
	return string(b[:])
}

// mix returns the colour that lies between c and d; part 0 is c, 256 is d.
func (c rgb) mix(d rgb, part uint32) rgb {
	var out rgb
	for shift := 0; shift < 24; shift += 8 {
		x, y := uint32(c>>shift&0xff), uint32(d>>shift&0xff)
		out |= rgb((x*(256-part)+y*part+128)>>8) << shift
	}
	return out
}

// apart says how well a letter of one colour can be read on the other: how much
// their brightness differs, by the weights of ITU-R BT.601.
func (c rgb) apart(d rgb) int {
	light := func(c rgb) int { return 299*int(c>>16&0xff) + 587*int(c>>8&0xff) + 114*int(c&0xff) }
	n := light(c) - light(d)
	return max(n, -n)
}

// painter knows the colours of one picture.
type painter struct {
	palette    vt.Palette
	boldBright bool
	cursor     *vt.Cursor // nil: not drawn
}

func newPainter(s *vt.Snapshot, v *view, o Options) *painter {
	p := &painter{palette: s.Palette, boldBright: o.BoldBright, cursor: v.cursor}
	if o.Palette != nil {
		p.palette = *o.Palette
	}
	// A snapshot made by hand may have no colours at all.
	if p.palette == (vt.Palette{}) {
		p.palette = xtermPalette()
	}
	if o.HideCursor {
		p.cursor = nil
	}
	return p
}

// row returns the column where the cursor is to be drawn in this row, or -1.
func (p *painter) row(y int) int {
	if p.cursor == nil || p.cursor.Y != y {
		return -1
	}
	return p.cursor.X
}

func (p *painter) background() rgb  { return rgb(p.palette.Bg) & 0xffffff }
func (p *painter) cursorColor() rgb { return rgb(p.palette.Cursor) & 0xffffff }

func (p *painter) color(c vt.Color, otherwise uint32) rgb {
	if i, ok := c.Index(); ok {
		return rgb(p.palette.Colors[i]) & 0xffffff
	}
	if r, g, b, ok := c.RGB(); ok {
		return rgb(r)<<16 | rgb(g)<<8 | rgb(b)
	}
	return rgb(otherwise) & 0xffffff
}

// look works out how a run looks. Faint text is half way to its background.
// Blinking text is shown: a picture stands still.
func (p *painter) look(r run) look {
	s := r.style
	fg := s.Fg
	if i, ok := fg.Index(); ok && i < 8 && p.boldBright && s.Attr&vt.Bold != 0 {
		fg = vt.Indexed(i + 8)
	}
	l := look{
		fg: p.color(fg, p.palette.Fg), bg: p.color(s.Bg, p.palette.Bg),
		filled: !s.Bg.IsDefault(), hidden: s.Attr&vt.Invisible != 0,
		bold: s.Attr&vt.Bold != 0, italic: s.Attr&vt.Italic != 0,
		strike: s.Attr&vt.Strike != 0, overline: s.Attr&vt.Overline != 0,
		underline: s.Underline,
	}
	if s.Attr&vt.Inverse != 0 {
		l.fg, l.bg, l.filled = l.bg, l.fg, true
	}
	if s.Attr&vt.Faint != 0 {
		l.fg = l.fg.mix(l.bg, 128)
	}
	if r.cursor && p.cursor.Shape == vt.BlockCursor {
		// The letter takes the colour of the cell, or keeps its own if that stands
		// out better.
		c := p.cursorColor()
		if l.bg.apart(c) >= l.fg.apart(c) {
			l.fg = l.bg
		}
		l.bg, l.filled = c, true
	}
	l.ul = l.fg
	if !s.Ul.IsDefault() && !(r.cursor && p.cursor.Shape == vt.BlockCursor) {
		l.ul = p.color(s.Ul, 0)
	}
	return l
}

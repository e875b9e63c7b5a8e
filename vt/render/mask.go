package render

import "image"

// mask is how much of each pixel a drawing covers, to be laid on in any colour.
type mask struct {
	at  image.Rectangle
	pix []uint8 // 0 nothing, 255 all, row after row of at
}

// lay colours the pixels of an opaque picture that the mask, moved by x and y,
// covers.
func (m *mask) lay(img *image.RGBA, x, y int, color rgb) {
	at := m.at.Add(image.Pt(x, y))
	in := at.Intersect(img.Rect)
	if in.Empty() {
		return
	}
	r, g, b := uint32(color>>16&0xff), uint32(color>>8&0xff), uint32(color&0xff)
	for row := in.Min.Y; row < in.Max.Y; row++ {
		cover := m.pix[(row-at.Min.Y)*at.Dx()+in.Min.X-at.Min.X:][:in.Dx()]
		px := img.Pix[img.PixOffset(in.Min.X, row):][:4*in.Dx()]
		for i, a := range cover {
			if a == 0 {
				continue
			}
			p := px[4*i : 4*i+4 : 4*i+4]
			if a == 255 {
				p[0], p[1], p[2], p[3] = uint8(r), uint8(g), uint8(b), 255
				continue
			}
			c, d := uint32(a), 255-uint32(a)
			p[0] = uint8((r*c + uint32(p[0])*d + 127) / 255)
			p[1] = uint8((g*c + uint32(p[1])*d + 127) / 255)
			p[2] = uint8((b*c + uint32(p[2])*d + 127) / 255)
			// Outside of a window's round corners nothing is opaque yet.
			p[3] = uint8(c + (uint32(p[3])*d+127)/255)
		}
	}
}

// step rounds how much is covered to one of so many steps, of which the first is
// nothing and the last all; 0 leaves it as it is.
func (m *mask) step(steps int) {
	if steps < 2 {
		return
	}
	n := uint32(steps - 1)
	for i, a := range m.pix {
		m.pix[i] = uint8((uint32(a)*n + 127) / 255 * 255 / n)
	}
}

// maskKey is what the ink of a character depends on.
type maskKey struct {
	text         string
	wide         bool
	bold, italic bool
}

// keptInk is how many pixels of masks are kept: enough for some thousand
// characters of an ordinary size.
const keptInk = 4 << 20

// kept returns the mask of a character, relative to the corner of its cell, and
// makes it if it was not there. Nil: no font has it.
func (c *pixels) kept(key maskKey, ink func() *mask) *mask {
	m, ok := c.masks[key]
	if ok {
		return m
	}
	if c.masks == nil || c.inked > keptInk {
		c.masks, c.inked = map[maskKey]*mask{}, 0
		clear(c.fonts.cache)
	}
	m = ink()
	c.masks[key] = m
	if c.inked += 64; m != nil { // the entry itself is not free either
		c.inked += len(m.pix)
	}
	return m
}

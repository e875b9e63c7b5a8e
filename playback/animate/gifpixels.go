package animate

import (
	"bytes"
	"encoding/binary"
	"image"
)

// gifPixels turns the pixels of one picture after another into numbers of colours,
// of which 0 is a pixel that is as in the picture before.
type gifPixels struct {
	size  image.Point
	drawn []byte // the pixels of the picture before; nil: none

	used  []uint32 // colours, in the order in which they came
	count []int
	slots []uint32 // hash table: 1 + place in used
	index []uint32 // for each pixel 0 or 1 + place in used
	out   []byte
}

// changed returns the part of a rectangle in which pixels differ from the picture
// before.
func (g *gifPixels) changed(img *image.RGBA, at image.Rectangle) image.Rectangle {
	if g.drawn == nil {
		return at
	}
	var in image.Rectangle
	for y := at.Min.Y; y < at.Max.Y; y++ {
		from := img.PixOffset(at.Min.X, y)
		now, old := img.Pix[from:from+4*at.Dx()], g.drawn[from:from+4*at.Dx()]
		if bytes.Equal(now, old) {
			continue
		}
		x0, x1 := 0, at.Dx()
		for bytes.Equal(now[4*x0:4*x0+4], old[4*x0:4*x0+4]) {
			x0++
		}
		for bytes.Equal(now[4*x1-4:4*x1], old[4*x1-4:4*x1]) {
			x1--
		}
		in = in.Union(image.Rect(at.Min.X+x0, y, at.Min.X+x1, y+1))
	}
	return in
}

// read numbers the colours of a rectangle. Its pixels are those of the picture
// before from now on.
func (g *gifPixels) read(img *image.RGBA, at image.Rectangle) {
	g.used, g.count = g.used[:0], g.count[:0]
	clear(g.slots)
	if g.slots == nil {
		g.slots = make([]uint32, 1024)
	}
	first := g.drawn == nil
	if first {
		g.drawn = make([]byte, len(img.Pix))
	}
	if n := at.Dx() * at.Dy(); cap(g.index) < n {
		g.index = make([]uint32, n)
	}
	g.index = g.index[:at.Dx()*at.Dy()]
	i := 0
	last, place := uint32(1), uint32(0) // no pixel is 1: colours are opaque, or nothing is there at all
	for y := at.Min.Y; y < at.Max.Y; y++ {
		from := img.PixOffset(at.Min.X, y)
		now, old := img.Pix[from:from+4*at.Dx()], g.drawn[from:from+4*at.Dx()]
		for ; len(now) >= 4; i++ {
			c := binary.LittleEndian.Uint32(now)
			switch {
			case !first && c == binary.LittleEndian.Uint32(old):
				g.index[i] = 0
			case c>>24 < 0x80: // outside of a window's round corners
				g.index[i] = 0
			default:
				if c != last {
					last, place = c, g.place(opaque(c))
				}
				g.index[i] = place
				g.count[place-1]++
			}
			now, old = now[4:], old[4:]
		}
		copy(g.drawn[from:from+4*at.Dx()], img.Pix[from:])
	}
}

// opaque turns a pixel in the order of memory into 0xRRGGBB.
func opaque(c uint32) uint32 {
	r, g, b, a := c&0xff, c>>8&0xff, c>>16&0xff, c>>24
	if a < 0xff { // colours were multiplied with it
		r, g, b = min(r*255/a, 255), min(g*255/a, 255), min(b*255/a, 255)
	}
	return r<<16 | g<<8 | b
}

// place returns 1 + the place of a colour in used.
func (g *gifPixels) place(c uint32) uint32 {
	if 2*len(g.used) >= len(g.slots) {
		g.slots = make([]uint32, 2*len(g.slots))
		for i, old := range g.used {
			g.slots[g.slot(old)] = uint32(i + 1)
		}
	}
	s := g.slot(c)
	if g.slots[s] == 0 {
		g.used, g.count = append(g.used, c), append(g.count, 0)
		g.slots[s] = uint32(len(g.used))
	}
	return g.slots[s]
}

// slot is where a colour is in the hash table or would be put.
func (g *gifPixels) slot(c uint32) uint32 {
	mask := uint32(len(g.slots) - 1)
	s := c * 2654435769 >> 8 & mask
	for g.slots[s] != 0 && g.used[g.slots[s]-1] != c {
		s = (s + 1) & mask
	}
	return s
}

// numbers returns a number for each pixel, given the place of each colour.
func (g *gifPixels) numbers(places []uint8) []byte {
	if cap(g.out) < len(g.index) {
		g.out = make([]byte, len(g.index))
	}
	g.out = g.out[:len(g.index)]
	all := append([]uint8{0}, places...)
	for i, n := range g.index {
		g.out[i] = all[n]
	}
	return g.out
}

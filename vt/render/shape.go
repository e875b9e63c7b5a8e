package render

import "math"

// at is a place along one side of a cell: a part of the side, plus so many
// strokes (a stroke is how thick a light line is), plus a part of the shorter
// side less one stroke. A line of one stroke in the middle of the cell reaches
// from {part: .5, strokes: -.5} to {part: .5, strokes: .5}; whole pixels and whole
// strokes make it a whole stroke thick at any size.
type at struct{ part, strokes, short float64 }

type point struct{ x, y at }

// A path begins with 'M', goes on with lines 'L' and cubic curves 'C', whose last
// point is where they end.
type step struct {
	op byte
	p  [3]point
}

// shape is a part of what stands in a cell in place of a glyph.
type shape struct {
	kind  shapeKind
	a, b  point  // of a box: its upper left and lower right corner; of a dot: its centre is a
	path  []step // of an area or a line
	shade uint32 // of a box: 1 to 255 is how much of the colour is mixed into the background; 0: all
}

type shapeKind uint8

const (
	boxShape  shapeKind = iota
	areaShape           // the inside of path
	lineShape           // path, one stroke thick
	dotShape
)

// shapesOf returns how to draw a character, or nil if it is a glyph of a font.
func shapesOf(text string) []shape {
	if len(text) != 3 && len(text) != 4 { // none of them is shorter in UTF-8
		return nil
	}
	r, n := rune(0), 0
	for _, r = range text {
		n++
	}
	switch {
	case n != 1:
	case r >= 0x2500 && r <= 0x257f:
		return boxDrawing(r)
	case r >= 0x2580 && r <= 0x259f:
		return block(r)
	case r >= 0x2800 && r <= 0x28ff:
		return braille(byte(r))
	case r >= 0x1fb00 && r <= 0x1fb3b:
		return sextant(int(r - 0x1fb00))
	case r >= 0xe0b0 && r <= 0xe0b7:
		return powerline(r)
	}
	return nil
}

// box is a rectangle of parts of the cell.
func box(x0, y0, x1, y1 float64) shape {
	return shape{a: point{at{part: x0}, at{part: y0}}, b: point{at{part: x1}, at{part: y1}}}
}

func move(x, y at) step  { return step{'M', [3]point{{x, y}}} }
func line(x, y at) step  { return step{'L', [3]point{{x, y}}} }
func part(f float64) at  { return at{part: f} }
func curve(p ...at) step { return step{'C', [3]point{{p[0], p[1]}, {p[2], p[3]}, {p[4], p[5]}}} }

// place is a rectangle on the picture in which shapes are drawn.
type place struct {
	x, y, w, h float64
	short      float64 // the shorter side of one cell
	stroke     float64
	pixels     bool // all of the above are whole numbers, and so must be the edges of boxes
}

// edge returns where the edge of a box lies.
func (c place) edge(p point) (x, y float64) {
	x = p.x.part*c.w + p.x.strokes*c.stroke
	y = p.y.part*c.h + p.y.strokes*c.stroke
	if c.pixels {
		x, y = math.Floor(x+.5), math.Floor(y+.5)
	}
	return c.x + x, c.y + y
}

// on returns where a point of a path lies. What is in the middle of the cell is
// moved with the pixels of a straight line, so that a curve meets it.
func (c place) on(p point) (x, y float64) {
	return c.x + c.along(p.x, c.w), c.y + c.along(p.y, c.h)
}

func (c place) along(a at, side float64) float64 {
	v := a.part * side
	if c.pixels && a.part == .5 {
		v = math.Floor(v-c.stroke/2+.5) + c.stroke/2
	}
	return v + a.strokes*c.stroke + a.short*(c.short-c.stroke)
}

package render

import "math"

// The measures of the built-in font, Go Mono, in parts of an em; most monospace
// fonts are close.
const (
	emAdvance = .6
	emAscent  = .945
	emDescent = .211
	emLine    = 1.2 // the height of a cell
)

// layout says where everything lies on a picture, in its own units: pixels for
// PNG, where all but size are whole numbers, user units for SVG.
type layout struct {
	size           float64 // of the font, an em
	cellW, cellH   float64
	base           float64 // from the top of a cell to the feet of the letters
	stroke         float64 // how thick a light line is
	left, top      float64 // where the first cell begins
	width, height  float64
	bar, round     float64 // the height of the title bar, the radius of the corners; 0: no window
	dotX, dotR     float64 // the first of the three dots; the others follow at three and six times dotR
	edge           float64 // how thick the line around the window is
	underlineAt    float64 // parts of a cell's height
	strikeAt       float64
	pixels, framed bool
}

func newLayout(cols, rows int, o Options, scale float64, pixels bool) layout {
	whole := func(f float64) float64 {
		if pixels {
			return max(math.Round(f), 1)
		}
		return f
	}
	l := layout{size: o.fontSize() * scale, pixels: pixels, framed: o.Frame}
	l.cellW, l.cellH = whole(emAdvance*l.size), whole(emLine*l.size)
	if pixels && (o.CellWidth > 0 || o.CellHeight > 0) {
		if o.CellWidth > 0 {
			l.cellW = whole(float64(o.CellWidth) * scale)
		}
		if o.CellHeight > 0 {
			l.cellH = whole(float64(o.CellHeight) * scale)
		}
		if o.FontSize <= 0 { // as large as fits
			l.size = min(l.cellW/emAdvance, l.cellH/emLine)
		}
	}
	l.base = (l.cellH-(emAscent+emDescent)*l.size)/2 + emAscent*l.size
	l.stroke = whole(l.size / 15)
	if pixels {
		l.base = math.Floor(l.base)
	}
	l.underlineAt = (l.base + .13*l.size) / l.cellH
	l.strikeAt = (l.base - .27*l.size) / l.cellH
	pad := math.Round(o.padding() * scale)
	l.left, l.top = pad, pad
	if o.Frame {
		l.bar, l.round, l.edge = whole(1.9*l.size), whole(.6*l.size), whole(l.size/15)
		l.dotR = .38 * l.size
		l.dotX = l.bar / 2
		l.top += l.bar
	}
	l.width = 2*pad + float64(cols)*l.cellW
	l.height = l.top + pad + float64(rows)*l.cellH
	return l
}

// cells is the place of n cells side by side.
func (l layout) cells(col, row, n int) place {
	return place{
		x: l.left + float64(col)*l.cellW, y: l.top + float64(row)*l.cellH, w: float64(n) * l.cellW, h: l.cellH,
		short: min(l.cellW, l.cellH), stroke: l.stroke, pixels: l.pixels,
	}
}

// dot is how large the dots of braille are, as a radius.
func (c place) dot() float64 { return max(.155*c.short, .5) }

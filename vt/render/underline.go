package render

import "github.com/sluicerun/sluice/vt"

// underline returns a line of this shape around y, moved up where it would not fit
// into the cell; y and stroke are parts of the cell's height. whole says that it may
// be drawn over many cells at once; the others repeat in each cell, and begin and
// end so that cells side by side join.
func underline(u vt.Underline, y, stroke float64) (shapes []shape, whole bool) {
	const swing = 1.25 // of the wave, in strokes
	below := .5        // how far the shape reaches below y, in strokes
	switch u {
	case vt.DoubleUnderline:
		below = 2
	case vt.CurlyUnderline:
		below = swing + .5
	}
	y = min(y, 1-below*stroke)
	bar := func(x0, x1, from, to float64) shape {
		return shape{a: point{part(x0), at{part: y, strokes: from}}, b: point{part(x1), at{part: y, strokes: to}}}
	}
	switch u {
	case vt.SingleUnderline:
		return []shape{bar(0, 1, -.5, .5)}, true
	case vt.DoubleUnderline:
		return []shape{bar(0, 1, -1, 0), bar(0, 1, 1, 2)}, true
	case vt.CurlyUnderline:
		// A wave for each cell. A cubic curve reaches three quarters of the height
		// of its control points.
		const height, reach = swing / .75, .18
		wave := func(x, strokes float64) (at, at) { return part(x), at{part: y, strokes: strokes} }
		x0, y0 := wave(0, 0)
		x1, y1 := wave(reach, -height)
		x2, _ := wave(.5-reach, -height)
		x3, _ := wave(.5+reach, 0)
		x4, y4 := wave(1-reach, height)
		return []shape{{kind: lineShape, path: []step{
			move(x0, y0),
			curve(x1, y1, x2, y1, part(.5), y0),
			curve(x3, y4, x4, y4, part(1), y0),
		}}}, false
	case vt.DottedUnderline:
		const n = 3
		for i := range n {
			x := (float64(i) + .5) / n
			shapes = append(shapes, shape{
				a: point{at{part: x, strokes: -.5}, at{part: y, strokes: -.5}},
				b: point{at{part: x, strokes: .5}, at{part: y, strokes: .5}},
			})
		}
		return shapes, false
	case vt.DashedUnderline:
		return []shape{bar(0, .35, -.5, .5), bar(.65, 1, -.5, .5)}, false
	}
	return nil, true
}

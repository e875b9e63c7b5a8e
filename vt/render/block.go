package render

import "math/bits"

// block is one of the block elements, U+2580 to U+259F.
func block(r rune) []shape {
	switch n := float64(r&0xf) / 8; {
	case r == 0x2580:
		return []shape{box(0, 0, 1, .5)}
	case r <= 0x2588: // the lower eighths
		return []shape{box(0, 1-n, 1, 1)}
	case r <= 0x258f: // the left eighths, fewer and fewer
		return []shape{box(0, 0, 2-n, 1)}
	case r == 0x2590:
		return []shape{box(.5, 0, 1, 1)}
	case r <= 0x2593: // a quarter, half and three quarters of the colour
		s := box(0, 0, 1, 1)
		s.shade = uint32(r-0x2590) * 64
		return []shape{s}
	case r == 0x2594:
		return []shape{box(0, 0, 1, .125)}
	case r == 0x2595:
		return []shape{box(.875, 0, 1, 1)}
	}
	// Quadrants: bits 0 to 3 are upper left, upper right, lower left, lower right.
	const quadrants = "\x04\x08\x01\x0d\x09\x07\x0b\x02\x06\x0e" // 2596 to 259F
	return mosaic(uint(quadrants[r-0x2596]), 2)
}

// sextant is one of U+1FB00 to U+1FB3B, counted from 0. The patterns stand in the
// order of their bits, without those that are blocks: none, the left half, the
// right half and all.
func sextant(i int) []shape {
	pattern := i + 1
	if pattern >= 0b010101 {
		pattern++
	}
	if pattern >= 0b101010 {
		pattern++
	}
	return mosaic(uint(pattern), 3)
}

// mosaic fills those of 2 by rows fields whose bits are set, from the upper left
// one on; two fields side by side are one box.
func mosaic(pattern uint, rows int) []shape {
	var out []shape
	for y := range rows {
		pair := pattern >> (2 * y) & 3
		if pair == 0 {
			continue
		}
		x0, x1 := 0.0, 1.0
		switch pair {
		case 1:
			x1 = .5
		case 2:
			x0 = .5
		}
		out = append(out, box(x0, float64(y)/float64(rows), x1, float64(y+1)/float64(rows)))
	}
	return out
}

// braille has its dots in the order of ISO 11548: 1, 2, 3 down the left side, 4, 5,
// 6 down the right, then 7 and 8 below them. U+2800 has none and is blank.
func braille(pattern byte) []shape {
	out := make([]shape, 0, bits.OnesCount8(pattern))
	for dot := range 8 {
		if pattern&(1<<dot) == 0 {
			continue
		}
		col, row := dot/3, dot%3
		if dot >= 6 {
			col, row = dot-6, 3
		}
		out = append(out, shape{kind: dotShape, a: point{part(.25 + .5*float64(col)), part(.125 + .25*float64(row))}})
	}
	return out
}

// powerline is one of the separators that status lines use, U+E0B0 to U+E0B7 in
// the private use area: triangles and half circles to the right and to the left,
// each filled and as a line.
func powerline(r rune) []shape {
	base, tip := 0.0, 1.0
	if r&2 != 0 {
		base, tip = 1, 0
	}
	path := []step{move(part(base), part(0)), line(part(tip), part(.5)), line(part(base), part(1))}
	if r >= 0xe0b4 {
		// Half an ellipse; the line is drawn inside of the cell.
		const k = .5523
		bend := base + (tip-base)*k
		path = []step{
			move(part(base), part(0)),
			curve(part(bend), part(0), part(tip), part(.5-.5*k), part(tip), part(.5)),
			curve(part(tip), part(.5+.5*k), part(bend), part(1), part(base), part(1)),
		}
	}
	kind := areaShape
	if r&1 != 0 {
		kind = lineShape
	}
	return []shape{{kind: kind, path: path}}
}

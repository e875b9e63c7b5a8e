package render

import "math"

// hexDigits are the digits 0 to F, 3 pixels wide and 5 high, a row in each three
// bits from the top.
var hexDigits = [16]uint16{
	0b111_101_101_101_111, 0b010_110_010_010_111, 0b111_001_111_100_111, 0b111_001_111_001_111,
	0b101_101_111_001_001, 0b111_100_111_001_111, 0b111_100_111_101_111, 0b111_001_001_010_010,
	0b111_101_111_101_111, 0b111_101_111_001_111, 0b010_101_111_101_101, 0b110_101_110_101_110,
	0b011_100_100_100_011, 0b110_101_101_101_110, 0b111_100_110_100_111, 0b111_100_110_100_100,
}

// hexBox draws a character that no font has: its number on a tinted box, in two
// columns, or in three for the numbers of six digits in a wide cell. The digits are
// as large as fits in whole pixels; where not even those do, there is the box alone.
func (c *pixels) hexBox(at place, r rune, k look) {
	t := max(1, math.Floor(at.w/18))
	if at.w > at.h*.8 {
		t = max(1, math.Floor(at.w/24))
	}
	x0, y0, x1, y1 := at.x+math.Floor(t/2), at.y+t, at.x+at.w-math.Ceil(t/2), at.y+at.h-t
	c.rect(x0, y0, x1, y1, k.bg.mix(k.fg, 72))

	n, cols := 4, 2
	if r > 0xffff {
		n = 6
		if at.w > at.h*.8 {
			cols = 3
		}
	}
	rows := n / cols
	px := math.Floor(min((x1-x0)/float64(4*cols-1), (y1-y0)/float64(6*rows-1)))
	if px < 1 {
		return
	}
	left := x0 + math.Floor((x1-x0-px*float64(4*cols-1))/2)
	top := y0 + math.Floor((y1-y0-px*float64(6*rows-1))/2)
	for i := range n {
		digit := hexDigits[r>>(4*(n-1-i))&15]
		x, y := left+float64(i%cols*4)*px, top+float64(i/cols*6)*px
		for bit := range 15 {
			if digit>>(14-bit)&1 != 0 {
				bx, by := x+float64(bit%3)*px, y+float64(bit/3)*px
				c.rect(bx, by, bx+px, by+px, k.fg)
			}
		}
	}
}

package animate

import "github.com/sluicerun/sluice/vt"

// gifColors is the table of colours that all pictures of a file may use: the text's
// and the 16 first colours, each with its steps to the background. Its first entry
// stands for pixels that stay as they are.
type gifColors struct {
	table []uint32 // 0xRRGGBB
	index map[uint32]uint8
}

func newGIFColors(p *vt.Palette, shades int) *gifColors {
	g := &gifColors{table: []uint32{0}, index: map[uint32]uint8{}}
	add := func(c uint32) {
		if _, ok := g.index[c]; !ok && len(g.table) < 256 {
			g.index[c] = uint8(len(g.table))
			g.table = append(g.table, c)
		}
	}
	add(p.Bg & 0xffffff)
	for _, c := range append([]uint32{p.Fg, p.Cursor}, p.Colors[:16]...) {
		for i := 1; i < shades && shades <= 16; i++ {
			add(mixed(p.Bg, c, uint32(i*255/(shades-1))))
		}
		add(c & 0xffffff)
	}
	return g
}

// mixed is the colour that lies between two, of which part/255 is the second.
func mixed(a, b, part uint32) uint32 {
	var c uint32
	for shift := 0; shift < 24; shift += 8 {
		c |= ((b>>shift&0xff)*part + (a>>shift&0xff)*(255-part) + 127) / 255 << shift
	}
	return c
}

// choose finds a table for the colours of one picture and the place of each in it;
// count says how many pixels have each. A nil table is that of the file.
func (g *gifColors) choose(used []uint32, count []int) (places []uint8, table []uint32) {
	places = make([]uint8, len(used))
	common := true
	for i, c := range used {
		if places[i], common = g.index[c]; !common {
			break
		}
	}
	if common {
		return places, nil
	}
	if len(used) <= 255 {
		for i := range used {
			places[i] = uint8(i + 1)
		}
		return places, append([]uint32{0}, used...)
	}
	return alike(used, count)
}

// alike finds a table for more colours than it has room for: those that differ in
// their last bits only share a place, which has the most frequent of them. One bit
// of one part after another is left out, until there is room.
func alike(used []uint32, count []int) (places []uint8, table []uint32) {
	places = make([]uint8, len(used))
	mask := uint32(0xffffff)
	for bit := 0; ; bit++ {
		mask &^= 1 << (bit/3 + []int{0, 16, 8}[bit%3]) // blue, red, green
		groups := map[uint32]int{}                     // the number of the most frequent
		for i, c := range used {
			if best, ok := groups[c&mask]; !ok && len(groups) == 255 {
				groups = nil
				break
			} else if !ok || count[i] > count[best] {
				groups[c&mask] = i
			}
		}
		if groups == nil {
			continue
		}
		table = []uint32{0}
		index := map[uint32]uint8{}
		for i, c := range used {
			if _, ok := index[c&mask]; !ok {
				index[c&mask] = uint8(len(table))
				table = append(table, used[groups[c&mask]])
			}
			places[i] = index[c&mask]
		}
		return places, table
	}
}

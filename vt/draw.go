package vt

import (
	"encoding/hex"
	"unicode/utf8"
)

// drawer writes the bytes that draw what a terminal shows.
type drawer struct {
	t     *Terminal
	p     []byte
	pen   pen
	exact bool // for a Terminal: what only oscRestore can say is said
	x     int  // column of the cursor; cols when a wrap is pending
}

// setPen writes what changes the pen to p.
func (d *drawer) setPen(p pen) {
	if d.pen == p {
		return
	}
	if d.pen.Style != p.Style {
		a, b := d.pen.Style, p.Style
		if (a.Attr^b.Attr)&Protected != 0 {
			if b.Attr&Protected != 0 {
				d.p = append(d.p, "\x1b[1\"q"...)
			} else {
				d.p = append(d.p, "\x1b[0\"q"...)
			}
		}
		a.Attr &^= Protected
		b.Attr &^= Protected
		if a != b {
			d.sgr(b)
		}
	}
	if d.pen.link != p.link {
		d.p = append(d.p, "\x1b]8;"...)
		if p.link != 0 {
			l := d.t.tab.links[p.link]
			if l.id != "" {
				d.p = append(append(d.p, "id="...), l.id...)
			}
			d.p = append(append(d.p, ';'), l.uri...)
		} else {
			d.p = append(d.p, ';')
		}
		d.p = append(d.p, "\x1b\\"...)
	}
	d.pen = p
}

func (d *drawer) sgr(s Style) {
	if s.Attr&^Protected == 0 && s == (Style{Attr: s.Attr}) {
		d.p = append(d.p, "\x1b[m"...)
		return
	}
	d.p = append(appendSGR(append(d.p, "\x1b["...), s), 'm')
}

// private writes an oscRestore.
func (d *drawer) private(s string) {
	if d.exact {
		d.p = append(append(append(d.p, "\x1b]7765;"...), s...), "\x1b\\"...)
	}
}

func (d *drawer) csi(n int, f string) {
	d.p = append(appendInt(append(d.p, "\x1b["...), n), f...)
}

func (d *drawer) goTo(x, y int) {
	d.p = append(appendInt(append(d.p, "\x1b["...), y+1), ';')
	d.p = append(appendInt(d.p, x+1), 'H')
	d.x = x
}

// row writes the cells of a row from column 0 on, where the cursor has to be and
// where nothing but empty cells in the default style may be. fill makes the empty
// cells at the end part of it.
func (d *drawer) row(row []cell) {
	tab := &d.t.tab
	row = row[:used(row)]
	for i := 0; i < len(row); {
		c := row[i]
		if c.ch == 0 {
			j := i + 1
			for j < len(row) && row[j] == c {
				j++
			}
			d.empty(tab.pens[c.style], j-i)
			i = j
			continue
		}
		d.setPen(tab.pens[c.style])
		if c.ch < utf8.RuneSelf {
			d.p = append(d.p, byte(c.ch))
			d.x++
			i++
			continue
		}
		d.cluster(c)
		i++
		if c.ch&chWide != 0 {
			i++
		}
	}
}

// empty writes n cells without text.
func (d *drawer) empty(p pen, n int) {
	bg := pen{Style: Style{Bg: p.Bg}}
	switch {
	case p == (pen{}):
	case p == bg:
		d.setPen(p)
		d.csi(n, "X")
	case d.exact:
		d.setPen(p)
		d.private("e=" + string(appendInt(nil, n)))
		d.x = min(d.x+n, d.t.cols-1)
		return
	default: // looks the same
		d.setPen(p)
		for range n {
			d.p = append(d.p, ' ')
		}
		d.x += n
		return
	}
	if d.x+n < d.t.cols {
		d.csi(n, "C")
		d.x += n
	} else {
		d.csi(d.t.cols-1-d.x, "C")
		d.x = d.t.cols - 1
	}
}

// cluster writes a cell beyond ASCII.
func (d *drawer) cluster(c cell) {
	var tmp [MaxCluster]byte
	text := d.t.tab.appendText(tmp[:0], c)
	w := 1
	if c.ch&chWide != 0 {
		w = 2
	}
	r, _ := utf8.DecodeRune(text)
	if mayJoin(r) { // a sequence in between keeps it from joining the cell before
		d.sgr(d.pen.Style)
	}
	switch {
	case writtenWidth(text) == w:
		d.p = append(d.p, text...)
	case d.exact:
		d.private("t=" + string(appendInt(nil, w)) + "." + hex.EncodeToString(text))
	case runeWidth(r) == w: // without what would make it another width
		d.p = utf8.AppendRune(d.p, r)
	default:
		d.p = append(d.p, "  "[:w]...)
	}
	d.x += w
}

// writtenWidth returns the columns that text takes when it is written, 0 if it
// does not come out as one cell.
func writtenWidth(text []byte) int {
	base, n := utf8.DecodeRune(text)
	w := runeWidth(base)
	if base == utf8.RuneError && n == 1 || w == 0 {
		return 0
	}
	for i := n; i < len(text); {
		r, k := utf8.DecodeRune(text[i:])
		switch rw := runeWidth(r); {
		case rw == 0:
			if r == 0xfe0f && i == n && widens(base) {
				w = 2
			}
		case base < 0x300 && i == n || !mayJoin(r) || !oneCluster(text[:i+k]):
			return 0
		case rw == 2 || isRegional(r):
			w = 2
		}
		i += k
	}
	return w
}

// lines writes rows one below the other, from the cursor's row on, so that those
// for which there is no room scroll off. next yields them in order.
func (d *drawer) lines(rows func(func([]cell, rowMeta))) {
	first := true
	var prev []cell
	rows(func(row []cell, m rowMeta) {
		if !first {
			if !(m.cont && d.flows(prev, row)) {
				d.newline()
				if m.cont {
					d.private("c")
				}
			} else {
				d.x = 0
			}
		} else if m.cont {
			d.private("c")
		}
		first = false
		d.row(row)
		d.rowMarks(m)
		prev = append(prev[:0], row...)
	})
}

func (d *drawer) rowMarks(m rowMeta) {
	if m.mark != NoMark {
		d.private("m=" + string(appendInt(nil, int(m.mark))))
	}
	if m.prompt {
		d.private("p")
	}
}

func (d *drawer) newline() {
	d.setPen(pen{}) // or the row that scrolls in would take its background
	d.p = append(d.p, "\r\n"...)
	d.x = 0
}

// flows tells whether next, written right after prev, comes out wrapped as it is.
func (d *drawer) flows(prev, next []cell) bool {
	cols := d.t.cols
	if len(prev) < cols || len(next) == 0 || next[0].ch == 0 || d.t.tab.pens[next[0].style].Bg != 0 {
		return false
	}
	end := prev[cols-1]
	if end.ch != 0 {
		return true
	}
	return cols > 1 && next[0].ch&chWide != 0 && end.style == next[0].style && d.x == cols-1
}

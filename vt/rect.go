package vt

// rectangle obeys the rectangular area operations of the VT400, CSI ... $ f.
func (t *Terminal) rectangle(f byte, a *params) bool {
	switch f {
	case 'x': // DECFRA
		top, left, bottom, right, ok := t.area(a, 1)
		c := a.at(0, 0)
		if ok && (c >= 32 && c <= 126 || c >= 160 && c <= 255) {
			t.fillArea(top, left, bottom, right, uint32(c))
		}
	case 'z', '{': // DECERA, DECSERA
		top, left, bottom, right, ok := t.area(a, 0)
		for y := top; ok && y <= bottom; y++ {
			t.erase(y, left, right+1, f == '{')
		}
	case 'v': // DECCRA
		top, left, bottom, right, ok := t.area(a, 0)
		y, x := a.at(5, 1)-1, a.at(6, 1)-1
		if t.m.Origin {
			y, x = y+t.scr.top, x+t.left
		}
		if ok && y < t.rows && x < t.cols {
			t.copyArea(top, left, bottom, right, y, x)
		}
	case 'r', 't': // DECCARA, DECRARA
		top, left, bottom, right, ok := t.area(a, 0)
		if ok {
			t.changeArea(top, left, bottom, right, a, f == 't')
		}
	default:
		return false
	}
	return true
}

// area reads top, left, bottom and right from place i on, as inclusive places on
// the screen.
func (t *Terminal) area(a *params, i int) (top, left, bottom, right int, ok bool) {
	y0, x0, y1, x1 := 0, 0, t.rows-1, t.cols-1
	if t.m.Origin {
		y0, x0, y1, x1 = t.scr.top, t.left, t.scr.bottom, t.right
	}
	top = y0 + a.at(i, 1) - 1
	left = x0 + a.at(i+1, 1) - 1
	bottom = min(y0+a.at(i+2, t.rows)-1, y1)
	right = min(x0+a.at(i+3, t.cols)-1, x1)
	return top, left, bottom, right, top <= bottom && left <= right
}

func (t *Terminal) fillArea(top, left, bottom, right int, ch uint32) {
	if t.penDirty {
		t.syncPen()
	}
	c := cell{ch, t.style}
	for y := top; y <= bottom; y++ {
		row := t.scr.row(y)
		cut(row, left, c)
		cut(row, right+1, c)
		fill(row[left:right+1], c)
	}
	t.touchRows(top, bottom)
}

func (t *Terminal) copyArea(top, left, bottom, right, y, x int) {
	h := min(bottom-top+1, t.rows-y)
	w := min(right-left+1, t.cols-x)
	from, to, step := 0, h, 1
	if y > top {
		from, to, step = h-1, -1, -1
	}
	tmp := make([]cell, w)
	for i := from; i != to; i += step {
		copy(tmp, t.scr.row(top + i)[left:left+w])
		row := t.scr.row(y + i)
		cutKeep(row, x)
		cutKeep(row, x+w)
		dst := row[x : x+w]
		copy(dst, tmp)
		if dst[0].ch&chTail != 0 { // halves that the source's edges cut off
			dst[0].ch = 0
		}
		if dst[w-1].ch&chWide != 0 {
			dst[w-1].ch = 0
		}
		t.touch(y + i)
	}
}

// changeArea changes attributes: of the rectangle, or, as DECSACE is to begin with,
// of the stream of text from its first place to its last.
func (t *Terminal) changeArea(top, left, bottom, right int, a *params, reverse bool) {
	for y := top; y <= bottom; y++ {
		l, r := left, right
		if !t.decsace {
			if y > top {
				l = 0
			}
			if y < bottom {
				r = t.cols - 1
			}
		}
		row := t.scr.row(y)
		for x := l; x <= r; x++ {
			if row[x].ch == 0 || row[x].ch&chTail != 0 {
				continue // attributes belong to text
			}
			p := t.tab.pens[row[x].style]
			for i := 4; i < max(a.n, 5); i++ {
				changeAttr(&p, a.at(i, 0), reverse)
			}
			row[x].style = t.tab.pen(p)
			if row[x].ch&chWide != 0 {
				row[x+1].style = row[x].style
			}
		}
		t.touch(y)
	}
	if t.tab.full() {
		t.sweep()
	}
}

func changeAttr(p *pen, n int, reverse bool) {
	switch {
	case reverse && n == 0:
		p.Attr ^= Bold | Blink | Inverse
		changeAttr(p, 4, true)
	case reverse && n == 4:
		if p.Underline == NoUnderline {
			p.Underline = SingleUnderline
		} else {
			p.Underline = NoUnderline
		}
	case reverse:
		p.Attr ^= attrOf(n)
	case n == 0:
		p.Attr &^= Bold | Blink | Inverse | Invisible
		p.Underline = NoUnderline
	case n == 4:
		p.Underline = SingleUnderline
	case n == 24:
		p.Underline = NoUnderline
	case n > 20:
		p.Attr &^= attrOf(n - 20)
	default:
		p.Attr |= attrOf(n)
	}
}

func attrOf(n int) Attr {
	switch n {
	case 1:
		return Bold
	case 5:
		return Blink
	case 7:
		return Inverse
	case 8:
		return Invisible
	}
	return 0
}

// checksum answers DECRQCRA: the sum of the characters of an area, to each of which
// DEC's terminals add bits for its attributes, negated, in 16 bits. Cells that
// nobody wrote count as blanks.
func (t *Terminal) checksum(a *params) {
	id := a.at(0, 0)
	top, left, bottom, right, ok := t.area(a, 2)
	sum := 0
	for y := top; ok && y <= bottom; y++ {
		for _, c := range t.scr.row(y)[left : right+1] {
			if c.ch&chTail != 0 {
				continue
			}
			v := ' '
			if c.ch != 0 {
				for _, r := range t.tab.text(c) {
					v = r
					break
				}
			}
			sum += int(v)
			p := t.tab.pens[c.style]
			for _, b := range [...]struct {
				on  bool
				add int
			}{
				{p.Attr&Protected != 0, 0x04}, {p.Attr&Invisible != 0, 0x08}, {p.Underline != 0, 0x10},
				{p.Attr&Inverse != 0, 0x20}, {p.Attr&Blink != 0, 0x40}, {p.Attr&Bold != 0, 0x80},
			} {
				if b.on {
					sum += b.add
				}
			}
		}
	}
	t.replyf("\x1bP%d!~%04X\x1b\\", id, uint16(-sum))
}

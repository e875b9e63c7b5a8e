package vt

// maxPulled bounds the lines of the scrollback that are taken back to wrap the line
// at the top of the screen anew. A longer one is wrapped from there.
const maxPulled = 4096

// flowRow is a row on its way from one size to another.
type flowRow struct {
	cells []cell
	rowMeta
}

// point is a place that keeps to its character.
type point struct {
	x, y    int
	pending bool
}

// reflow brings the main screen and the scrollback to another size. active says
// that the cursor is on the main screen; otherwise it is where DECSC left it.
func (t *Terminal) reflow(cols, rows int, active bool) {
	old, sb := t.main, &t.lines
	saved := point{old.saved.x, old.saved.y, old.saved.pending}
	cur := saved
	if active {
		cur = point{t.x, t.y, t.pending}
	}
	last := cur.y
	for y := last + 1; y < old.rows; y++ {
		if m := old.rowMeta(y); used(old.row(y)) > 0 || m.cont || m.mark != NoMark {
			last = y
		}
	}
	above := sb.lines            // lines above the screen
	blank := old.rows - 1 - last // empty rows below everything
	if rows > old.rows {         // new rows come from above if the cursor is at the bottom
		more := rows - old.rows
		if cur.y == old.rows-1 {
			n := min(more, above)
			above, more = above-n, more-n
		}
		blank += more
	} else { // empty rows go first, then the top ones
		less := old.rows - rows
		n := min(less, blank)
		blank -= n
		above += less - n
	}
	list := make([]flowRow, 0, last+1)
	for y := range last + 1 {
		list = append(list, flowRow{old.row(y), *old.rowMeta(y)})
	}
	if cols != old.cols {
		list = t.rewrap(list, cols, &cur, &saved)
		sb.rewrap(old.cols, cols, &t.tab)
	}
	top := sb.lines + len(list) - rows
	if above > 0 {
		top += blank
	}
	top = min(max(top, 0), sb.lines+cur.y)
	n := newScreen(cols, rows)
	shift := sb.lines - top // the row of the screen that list begins at
	t.scrolled += uint64(max(-shift, 0))
	for i := range max(-shift, 0) {
		sb.push(list[i].cells, &list[i].rowMeta, &t.tab)
	}
	for i := shift - 1; i >= 0; i-- {
		l := sb.last()
		row := l.unpack(nil, &t.tab)
		copy(n.row(i), row)
		*n.rowMeta(i) = l.meta()
		sb.dropLast()
	}
	for i := max(-shift, 0); i < len(list) && i+shift < rows; i++ {
		copy(n.row(i+shift), list[i].cells)
		*n.rowMeta(i + shift) = list[i].rowMeta
	}
	n.kitty = old.kitty
	if n.saved = old.saved; n.saved.valid() {
		n.saved.x, n.saved.pending = min(saved.x, cols-1), saved.pending && saved.x == cols-1
		n.saved.y = min(max(saved.y+shift, 0), rows-1)
	}
	t.main = n
	if active {
		t.x, t.y, t.pending = min(cur.x, cols-1), cur.y+shift, cur.pending && cur.x == cols-1
	}
}

// rewrap wraps rows anew and moves the points along; what the first row goes on
// from is taken out of the scrollback.
func (t *Terminal) rewrap(list []flowRow, cols int, points ...*point) []flowRow {
	var head []flowRow
	for list[0].cont && t.lines.lines > 0 && len(head) < maxPulled {
		if len(head) > 0 && !head[len(head)-1].cont {
			break
		}
		l := t.lines.last()
		row := l.unpack(make([]cell, 0, t.cols), &t.tab)
		for len(row) < t.cols {
			row = append(row, cell{})
		}
		head = append(head, flowRow{row, l.meta()})
		t.lines.dropLast()
	}
	for i, j := 0, len(head)-1; i < j; i, j = i+1, j-1 {
		head[i], head[j] = head[j], head[i]
	}
	list = append(head, list...)
	for _, p := range points {
		p.y += len(head)
	}
	var out []flowRow
	var l logical
	moved := make([]point, len(points))
	for i := 0; i < len(list); {
		j := i + 1
		for j < len(list) && list[j].cont {
			j++
		}
		l.reset(list[i].rowMeta)
		offs := make([]int, 0, 8)
		for k := i; k < j; k++ {
			offs = append(offs, len(l.cells))
			var next []cell
			if k+1 < j {
				next = list[k+1].cells
			}
			l.add(list[k].cells, list[k].rowMeta, k+1 < j, next)
		}
		keep := 0
		for _, p := range points {
			if p.y >= i && p.y < j {
				keep = max(keep, offs[p.y-i]+p.x)
			}
		}
		l.wrap(cols, keep)
		for n, p := range points {
			if p.y >= i && p.y < j {
				off := offs[p.y-i] + p.x
				if p.pending {
					off++
				}
				row, x, pending := l.place(off, cols)
				moved[n] = point{x, len(out) + row, pending}
			} else if p.y >= len(list) { // below everything
				moved[n] = point{min(p.x, cols-1), -1 - (p.y - len(list)), false}
			}
		}
		for r, s := range l.rows {
			out = append(out, flowRow{append([]cell(nil), l.cells[s.from:s.to]...), l.meta(r)})
		}
		i = j
	}
	for n, p := range points {
		if p.y >= len(list) {
			moved[n].y = len(out) - 1 - moved[n].y
		}
		*p = moved[n]
	}
	return out
}

// rewrap wraps the lines of the scrollback, which were width columns wide, anew.
// Chunks in which nothing is or
// becomes wrapped stay as they are.
func (b *scrollback) rewrap(width, cols int, tab *tables) {
	old := b.chunks
	b.chunks, b.lines, b.bytes = nil, 0, 0
	clear(b.local)
	var l logical
	var rows []flowRow
	flush := func() {
		if len(rows) == 0 {
			return
		}
		l.reset(rows[0].rowMeta)
		for k := range rows {
			if k+1 == len(rows) {
				l.add(rows[k].cells, rows[k].rowMeta, false, nil)
				break
			}
			for len(rows[k].cells) < width {
				rows[k].cells = append(rows[k].cells, cell{})
			}
			l.add(rows[k].cells, rows[k].rowMeta, true, rows[k+1].cells)
		}
		l.wrap(cols, 0)
		for r, s := range l.rows {
			m := l.meta(r)
			b.push(l.cells[s.from:s.to], &m, tab)
		}
		rows = rows[:0]
	}
	for i, c := range old {
		if len(rows) > 0 && c.startsLine() {
			flush()
		}
		if len(rows) == 0 && c.fits(cols) && (i+1 == len(old) || old[i+1].startsLine()) {
			b.chunks = append(b.chunks, c)
			b.lines += len(c.ends)
			b.bytes += c.size
			clear(b.local)
			continue
		}
		from := uint32(0)
		for _, end := range c.ends {
			p := packedLine{c, c.buf[from:end]}
			from = end
			m := p.meta()
			if !m.cont || len(rows) >= maxPulled {
				flush()
			}
			var cells []cell
			if n := len(rows); n < cap(rows) {
				cells = rows[:n+1][n].cells[:0]
			}
			cells = p.unpack(cells, tab)
			rows = append(rows, flowRow{cells, m})
		}
	}
	flush()
}

func (c *chunk) startsLine() bool { return len(c.buf) == 0 || c.buf[0]&lineCont == 0 }

// fits tells whether every line is alone and no longer than cols.
func (c *chunk) fits(cols int) bool {
	from := uint32(0)
	for _, end := range c.ends {
		p := packedLine{c, c.buf[from:end]}
		if p.b[0]&lineCont != 0 || p.cells() > cols {
			return false
		}
		from = end
	}
	return true
}

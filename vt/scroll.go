package vt

// scrollUp moves the lines of a region up by n and blanks what comes in. What
// leaves at the top of the main screen goes to the scrollback, if keep is set and
// whole lines move.
func (t *Terminal) scrollUp(top, bottom, n int, keep bool) {
	n = min(n, bottom-top+1)
	if n <= 0 {
		return
	}
	s, blank := t.scr, t.erased()
	if t.left > 0 || t.right < t.cols-1 {
		t.scrollRect(top, bottom, t.left, t.right, n)
		return
	}
	if keep && top == 0 && s == t.main {
		t.scrolled += uint64(n)
		for y := range n {
			t.lines.push(s.row(y), s.rowMeta(y), &t.tab)
		}
	}
	s.rotateUp(top, bottom, n, &t.ord)
	for y := bottom - n + 1; y <= bottom; y++ {
		s.blankRow(y, blank.style)
	}
	if top == 0 && bottom == t.rows-1 {
		t.touchAll()
	} else {
		t.touchRows(top, bottom)
	}
}

func (t *Terminal) scrollDown(top, bottom, n int) {
	n = min(n, bottom-top+1)
	if n <= 0 {
		return
	}
	blank := t.erased()
	if t.left > 0 || t.right < t.cols-1 {
		t.scrollRect(top, bottom, t.left, t.right, -n)
		return
	}
	t.scr.rotateDown(top, bottom, n, &t.ord)
	for y := top; y < top+n; y++ {
		t.scr.blankRow(y, blank.style)
	}
	t.touchRows(top, bottom)
}

// scrollRect moves the cells of columns left to right up by n lines, or down if n
// is negative.
func (t *Terminal) scrollRect(top, bottom, left, right, n int) {
	blank := t.erased()
	for y := top; y <= bottom; y++ {
		row := t.scr.row(y)
		cutKeep(row, left)
		cutKeep(row, right+1)
	}
	from, to, step := top, bottom+1, 1
	if n < 0 {
		from, to, step = bottom, top-1, -1
	}
	for y := from; y != to; y += step {
		row := t.scr.row(y)[left : right+1]
		if src := y + n; src >= top && src <= bottom {
			copy(row, t.scr.row(src)[left:right+1])
		} else {
			fill(row, blank)
		}
	}
	t.touchRows(top, bottom)
}

// scrollColumns moves columns left to right of the scrolling region left by n, or
// right if n is negative (DECIC, DECDC, DECBI, DECFI, SL, SR).
func (t *Terminal) scrollColumns(left, n int) {
	if t.y < t.scr.top || t.y > t.scr.bottom || left < t.left || left > t.right {
		return
	}
	for y := t.scr.top; y <= t.scr.bottom; y++ {
		t.shiftCells(y, left, t.right, n)
		t.scr.rowMeta(y).cont = false // the text no longer goes on from row to row
	}
	t.pending = false
}

// shiftCells moves the cells of columns x to right left by n, or right if n is
// negative, and blanks the ones that come free.
func (t *Terminal) shiftCells(y, x, right, n int) {
	blank := t.erased()
	row := t.scr.row(y)
	cut(row, x, blank)
	cut(row, right+1, blank)
	part := row[x : right+1]
	switch {
	case n > 0:
		n = min(n, len(part))
		cut(row, x+n, blank)
		copy(part, part[n:])
		fill(part[len(part)-n:], blank)
	case n < 0:
		n = min(-n, len(part))
		cut(row, right+1-n, blank)
		copy(part[n:], part)
		fill(part[:n], blank)
	}
	t.touch(y)
}

// insertCells makes room for n cells at column x of the cursor's row.
func (t *Terminal) insertCells(x, right, n int) { t.shiftCells(t.y, x, right, -n) }

// inMargins tells whether the cursor is where lines can be inserted and deleted.
func (t *Terminal) inMargins() bool {
	return t.y >= t.scr.top && t.y <= t.scr.bottom && t.x >= t.left && t.x <= t.right
}

func (t *Terminal) insertLines(n int) {
	if !t.inMargins() {
		return
	}
	t.scrollDown(t.y, t.scr.bottom, n)
	t.x, t.pending = t.left, false
}

func (t *Terminal) deleteLines(n int) {
	if !t.inMargins() {
		return
	}
	t.scrollUp(t.y, t.scr.bottom, n, false)
	t.x, t.pending = t.left, false
}

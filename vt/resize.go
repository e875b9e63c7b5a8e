package vt

// Resize gives the screen another size, within the limits that New keeps to. On
// the main screen wrapped lines are wrapped anew and the cursor stays on its
// character; lines that no longer fit go to the scrollback and come back from it.
// The alternate screen is cut or filled with blanks: what runs there draws it
// again.
func (t *Terminal) Resize(cols, rows int) {
	cols, rows = clampSize(cols, rows)
	if cols == t.cols && rows == t.rows {
		return
	}
	t.begin()
	t.open = false
	t.dirty = make([]uint64, rows)
	onMain := t.scr == t.main
	x, y, pending := t.x, t.y, t.pending
	t.reflow(cols, rows, onMain)
	if t.alt != nil {
		t.alt = t.alt.resized(cols, rows, !onMain, y)
	}
	if onMain {
		t.scr = t.main
	} else {
		t.scr = t.alt
		t.x, t.y, t.pending = min(x, cols-1), min(y, rows-1), pending && x == cols-1
	}
	t.cols, t.rows = cols, rows
	t.left, t.right = 0, cols-1
	t.growTabs(cols)
	t.touchAll()
	t.replied = 0
	if t.m.InBandResize {
		t.reportSize()
		t.queries-- // nobody asked
	}
	t.end()
}

// resized returns the screen cut or filled up to a size. Rows go away at the
// bottom, and at the top only as far as the cursor's row, if it is on this screen,
// would be lost otherwise.
func (s *screen) resized(cols, rows int, active bool, y int) *screen {
	n := newScreen(cols, rows)
	n.saved, n.kitty = s.saved, s.kitty
	n.saved.x, n.saved.y = min(n.saved.x, cols-1), min(n.saved.y, rows-1)
	n.saved.pending = n.saved.pending && n.saved.x == cols-1
	skip := 0
	if active && y >= rows {
		skip = y - rows + 1
	}
	for i := range min(rows, s.rows-skip) {
		row := n.row(i)
		copy(row, s.row(i+skip))
		if row[cols-1].ch&chWide != 0 {
			row[cols-1].ch = 0
		}
		*n.rowMeta(i) = *s.rowMeta(i + skip)
	}
	return n
}

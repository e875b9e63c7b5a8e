package vt

// repeatLast writes the character before the cursor n more times (REP). It works
// right after that character only, where xterm.js allows it as well.
func (t *Terminal) repeatLast(n int) {
	if !t.open {
		return
	}
	if t.penDirty {
		t.syncPen()
	}
	x, ok := t.before()
	if !ok {
		return
	}
	c := t.scr.row(t.y)[x]
	if c.ch == 0 {
		return
	}
	w := 1
	if c.ch&chWide != 0 {
		w = 2
	}
	c.ch &^= chWide
	if c.ch&chCluster != 0 { // the number may change while writing
		text := []byte(t.tab.text(c))
		for range min(n, t.cols*t.rows) {
			t.put(t.tab.encode(text, 1), w)
		}
		return
	}
	for range min(n, t.cols*t.rows) {
		t.put(c.ch, w)
	}
}

func (t *Terminal) clearTabs(how int) {
	switch how {
	case 0:
		t.tabs[t.x] = false
	case 3:
		clear(t.tabs)
	}
}

func (t *Terminal) setMargins(top, bottom int) {
	bottom = min(bottom, t.rows)
	if top >= bottom {
		return
	}
	t.scr.top, t.scr.bottom = top-1, bottom-1
	t.move(0, 0)
}

func (t *Terminal) setSideMargins(left, right int) {
	right = min(right, t.cols)
	if left >= right {
		return
	}
	t.left, t.right = left-1, right-1
	t.move(0, 0)
}

// setCursorStyle is DECSCUSR. 0 is the form that a terminal begins with: a steady
// block, as xterm's cursorBlink resource has it.
func (t *Terminal) setCursorStyle(n int) {
	if n > 6 {
		return
	}
	if n == 0 {
		n = 2
	}
	t.noBlink = n%2 == 0
	t.shape = CursorShape((n - 1) / 2)
	t.notify(Event{Kind: CursorEvent})
}

package vt

// control obeys a control of C0.
func (t *Terminal) control(b byte) {
	t.open = false
	switch b {
	case 0x0d:
		t.carriageReturn()
	case 0x0a, 0x0b, 0x0c:
		t.lineFeed()
	case 0x08:
		t.backspace()
	case 0x09:
		t.tabForward(1)
	case 0x07:
		t.notify(Event{Kind: BellEvent})
	case 0x0e:
		t.cs.lock(1)
	case 0x0f:
		t.cs.lock(0)
	case 0x05:
		if t.o.Answer != "" {
			t.reply([]byte(t.o.Answer))
		}
	}
}

func (t *Terminal) carriageReturn() {
	t.pending = false
	// Left of the margin there is only the screen's edge to go to, as in xterm.
	if t.x >= t.left {
		t.x = t.left
	} else {
		t.x = 0
	}
}

func (t *Terminal) lineFeed() {
	y := t.y
	scrolled := t.index()
	if t.y != y && !scrolled {
		// The line was left with a newline: what stands there is a line of its own.
		t.scr.rowMeta(t.y).cont = false
	}
	if t.m.Newline {
		t.carriageReturn()
	}
	t.pending = false
}

// index goes down a line and scrolls at the bottom margin. It says whether it
// scrolled.
func (t *Terminal) index() bool {
	switch {
	case t.y == t.scr.bottom:
		if t.x >= t.left && t.x <= t.right {
			t.scrollUp(t.scr.top, t.scr.bottom, 1, true)
			return true
		}
	case t.y < t.rows-1:
		t.y++
	}
	return false
}

func (t *Terminal) reverseIndex() {
	switch {
	case t.y == t.scr.top:
		if t.x >= t.left && t.x <= t.right {
			t.scrollDown(t.scr.top, t.scr.bottom, 1)
		}
	case t.y > 0:
		t.y--
	}
	t.pending = false
}

// backspace goes left, and with reverse wrap (mode 45) from the start of a line
// that was wrapped to the end of the one before; 1045 asks for any line.
func (t *Terminal) backspace() {
	wrap := (t.m.ReverseWrap || t.x11.moreWrap) && t.m.Autowrap
	if t.pending {
		t.pending = false
		if wrap {
			return
		}
	}
	left := t.left
	if t.x < left {
		left = 0
	}
	switch {
	case t.x > left:
		t.x--
	case wrap && t.y > t.scr.top && t.y <= t.scr.bottom && (t.x11.moreWrap || t.scr.rowMeta(t.y).cont):
		t.scr.rowMeta(t.y).cont = false
		t.y--
		t.x = t.right
		// The last column stays empty where a wide character did not fit.
		if row := t.scr.row(t.y); t.x > 0 && row[t.x].ch == 0 && row[t.x-1].ch&chTail != 0 {
			t.x--
		}
	}
}

// move places the cursor, counted from the top left of the screen or, with origin
// mode, of the margins.
func (t *Terminal) move(x, y int) {
	if t.m.Origin {
		t.x = min(max(t.left+x, t.left), t.right)
		t.y = min(max(t.scr.top+y, t.scr.top), t.scr.bottom)
	} else {
		t.x = min(max(x, 0), t.cols-1)
		t.y = min(max(y, 0), t.rows-1)
	}
	t.pending = false
}

// column and line are the cursor's place as move counts it.
func (t *Terminal) column() int {
	if t.m.Origin {
		return t.x - t.left
	}
	return t.x
}

func (t *Terminal) line() int {
	if t.m.Origin {
		return t.y - t.scr.top
	}
	return t.y
}

// up, down, forward and backward stop at a margin that they do not begin beyond.
func (t *Terminal) up(n int) {
	limit := 0
	if t.y >= t.scr.top {
		limit = t.scr.top
	}
	t.y = max(t.y-n, limit)
	t.pending = false
}

func (t *Terminal) down(n int) {
	limit := t.rows - 1
	if t.y <= t.scr.bottom {
		limit = t.scr.bottom
	}
	t.y = min(t.y+n, limit)
	t.pending = false
}

func (t *Terminal) forward(n int) {
	t.x = min(t.x+n, t.rightEdge())
	t.pending = false
}

func (t *Terminal) backward(n int) {
	limit := 0
	if t.x >= t.left {
		limit = t.left
	}
	t.x = max(t.x-n, limit)
	t.pending = false
}

func (t *Terminal) growTabs(cols int) {
	for x := len(t.tabs); x < cols; x++ {
		t.tabs = append(t.tabs, x%8 == 0)
	}
	t.tabs = t.tabs[:cols]
}

func (t *Terminal) tabForward(n int) {
	if t.pending { // as xterm.js: the text's end stays marked
		return
	}
	edge := t.rightEdge()
	for ; n > 0 && t.x < edge; n-- {
		t.x++
		for t.x < edge && !t.tabs[t.x] {
			t.x++
		}
	}
}

func (t *Terminal) tabBack(n int) {
	t.pending = false
	limit := 0
	if t.m.Origin && t.x >= t.left {
		limit = t.left
	}
	for ; n > 0 && t.x > limit; n-- {
		t.x--
		for t.x > limit && !t.tabs[t.x] {
			t.x--
		}
	}
}

func (t *Terminal) saveCursor() {
	t.scr.saved = savedCursor{t.x, t.y, t.pending, t.pen, t.cs, t.m.Origin}
}

// restoreCursor also works when nothing was saved: then to the top left, with
// everything plain, as DECRC is described for the VT510.
func (t *Terminal) restoreCursor() {
	s := t.scr.saved
	if !s.valid() {
		s.cs = newCharsets()
	}
	t.x, t.y = min(s.x, t.cols-1), min(s.y, t.rows-1)
	t.pending = s.pending && t.x == s.x
	t.pen, t.penDirty = s.pen, true
	t.cs = s.cs
	t.m.Origin = s.origin
	if t.m.Origin {
		t.x = min(max(t.x, t.left), t.right)
		t.y = min(max(t.y, t.scr.top), t.scr.bottom)
	}
}

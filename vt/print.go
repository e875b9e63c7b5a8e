package vt

import "unicode/utf8"

// rightEdge returns the last column that text written at the cursor may take.
func (t *Terminal) rightEdge() int {
	if t.x <= t.right {
		return t.right
	}
	return t.cols - 1
}

// printASCII writes bytes of 20 to 7e. They neither join what stands before nor
// take two columns, so whole stretches go into a row at once.
func (t *Terminal) printASCII(p []byte) {
	if t.cs.special {
		t.printMapped(p)
		return
	}
	if t.penDirty {
		t.syncPen()
	}
	for len(p) > 0 {
		if t.pending {
			if t.m.Autowrap {
				t.wrap()
			}
			t.pending = false
		}
		right := t.rightEdge()
		n := min(right-t.x+1, len(p))
		if t.m.Insert {
			t.insertCells(t.x, right, n)
		}
		row := t.scr.row(t.y)
		part := row[t.x : t.x+n]
		if part[0].ch&chTail != 0 {
			cut(row, t.x, cell{style: t.style})
		}
		if e := t.x + n; e < len(row) && row[e].ch&chTail != 0 {
			cut(row, e, cell{style: t.style})
		}
		if st := t.style; len(part) == n {
			for i, b := range p[:n] {
				part[i] = cell{uint32(b), st}
			}
		}
		t.touch(t.y)
		p = p[n:]
		t.x += n
		if t.x > right {
			t.x = right
			t.pending = true
		}
	}
	t.open = true
}

// printMapped writes bytes of 20 to 7e through the character set in force.
func (t *Terminal) printMapped(p []byte) {
	for _, b := range p {
		r := t.cs.char(b)
		t.put(uint32(r), 1)
	}
}

func (t *Terminal) printRune(r rune) {
	w := runeWidth(r)
	if w == 0 {
		t.mark(r)
		return
	}
	if t.open && !t.x11.noClusters && mayJoin(r) && t.join(r) {
		return
	}
	t.put(uint32(r), w)
}

// put writes a character of w columns at the cursor.
func (t *Terminal) put(ch uint32, w int) {
	if t.penDirty {
		t.syncPen()
	}
	if t.pending {
		if t.m.Autowrap {
			t.wrap()
		}
		t.pending = false
	}
	right := t.rightEdge()
	if w == 2 && t.x >= right {
		switch {
		case t.wrapWidth() < 2: // two columns are nowhere to be had
			ch, w = utf8.RuneError, 1
		case !t.m.Autowrap:
			return // xterm.js leaves it out as well: half a character is none
		default:
			row := t.scr.row(t.y)
			cut(row, t.x, cell{style: t.style})
			cut(row, right+1, cell{style: t.style})
			row[t.x] = cell{style: t.style}
			t.touch(t.y)
			t.wrap()
			right = t.rightEdge()
		}
	}
	if t.m.Insert {
		t.insertCells(t.x, right, w)
	}
	row := t.scr.row(t.y)
	blank := cell{style: t.style}
	cut(row, t.x, blank)
	cut(row, t.x+w, blank)
	if w == 2 {
		row[t.x] = cell{ch | chWide, t.style}
		row[t.x+1] = cell{chTail, t.style}
	} else {
		row[t.x] = cell{ch, t.style}
	}
	t.touch(t.y)
	t.x += w
	if t.x > right {
		t.x = right
		t.pending = true
	}
	t.open = true
}

// wrapWidth returns the columns of the line that text wraps into.
func (t *Terminal) wrapWidth() int { return t.right - t.left + 1 }

// wrap goes to the start of the next line, which then belongs to this one.
func (t *Terminal) wrap() {
	y := t.y
	whole := t.left == 0 && t.right == t.cols-1
	scrolled := t.index()
	t.x, t.pending = t.left, false
	if whole && (scrolled || t.y != y) {
		t.scr.rowMeta(t.y).cont = true
		t.touch(t.y)
	}
}

// before returns the column of the cell that was written last, as long as the
// cursor has not moved since.
func (t *Terminal) before() (x int, ok bool) {
	x = t.x
	if !t.pending {
		x--
	}
	if x < 0 {
		return 0, false
	}
	if row := t.scr.row(t.y); row[x].ch&chTail != 0 {
		x--
	}
	return x, true
}

// mark adds a character without a column of its own to the cell before the
// cursor, wherever that cell's text came from. Where there is none the character
// is lost: a cell of it alone could not be shown.
func (t *Terminal) mark(r rune) {
	x, ok := t.before()
	if !ok {
		return
	}
	row := t.scr.row(t.y)
	c := row[x]
	if c.ch == 0 {
		return
	}
	open := t.open
	text := t.tab.appendText(t.text[:0], c)
	base, _ := utf8.DecodeRune(text)
	single := c.ch&chCluster == 0
	text = utf8.AppendRune(text, r)
	t.text = text
	if len(text) > MaxCluster {
		t.count.Truncated++
		return
	}
	t.setCluster(x, text)
	if open && r == 0xfe0f && single && c.ch&chWide == 0 && !t.x11.noClusters && widens(base) {
		t.widen(x)
	}
	t.open = open
}

// join adds a character that has columns of its own to the cluster before the
// cursor, if the rules of Unicode make it a part of that. It says whether it did.
func (t *Terminal) join(r rune) bool {
	x, ok := t.before()
	if !ok {
		return false
	}
	c := t.scr.row(t.y)[x]
	if c.ch < 0x300 { // nothing joins a plain letter or an empty cell but what has no width
		return false
	}
	text := utf8.AppendRune(t.tab.appendText(t.text[:0], c), r)
	t.text = text
	if !oneCluster(text) {
		return false
	}
	if len(text) > MaxCluster {
		t.count.Truncated++
		return true
	}
	t.setCluster(x, text)
	if c.ch&chWide == 0 && (runeWidth(r) == 2 || isRegional(r)) {
		t.widen(x)
	}
	return true
}

// setCluster gives the cell at column x of the cursor's row another text.
func (t *Terminal) setCluster(x int, text []byte) {
	if t.tab.full() {
		t.sweep()
	}
	c := &t.scr.row(t.y)[x]
	w := 1
	if c.ch&chWide != 0 {
		w = 2
	}
	c.ch = t.tab.encode(text, w)
	t.touch(t.y)
}

// widen makes the cluster at column x, just written, two columns wide. At the end
// of a line it moves to the next.
func (t *Terminal) widen(x int) {
	row := t.scr.row(t.y)
	c := row[x]
	right := t.rightEdge()
	if x < right {
		if t.m.Insert {
			t.insertCells(x+1, right, 1)
		}
		cut(row, x+2, cell{style: c.style})
		row[x].ch |= chWide
		row[x+1] = cell{chTail, c.style}
		t.x = x + 2
		if t.x > right {
			t.x, t.pending = right, true
		}
		t.touch(t.y)
		return
	}
	if !t.m.Autowrap || t.wrapWidth() < 2 {
		return
	}
	row[x] = cell{style: c.style}
	t.wrap()
	if t.m.Insert {
		t.insertCells(t.x, t.rightEdge(), 2)
	}
	row = t.scr.row(t.y)
	cut(row, t.x, cell{style: c.style})
	cut(row, t.x+2, cell{style: c.style})
	row[t.x] = cell{c.ch | chWide, c.style}
	row[t.x+1] = cell{chTail, c.style}
	right = t.rightEdge()
	t.x += 2
	if t.x > right {
		t.x, t.pending = right, true
	}
	t.touch(t.y)
}

package vt

// erase blanks columns from to to-1 of row y. With keep, cells that DECSCA
// protects stay as they are.
func (t *Terminal) erase(y, from, to int, keep bool) {
	to = min(to, t.cols)
	if from >= to {
		return
	}
	blank := t.erased()
	row := t.scr.row(y)
	if keep {
		for x := from; x < to; x++ {
			if t.tab.pens[row[x].style].Attr&Protected == 0 {
				cut(row, x, blank)
				cut(row, x+1, blank)
				row[x] = blank
			}
		}
	} else {
		cut(row, from, blank)
		cut(row, to, blank)
		fill(row[from:to], blank)
	}
	t.touch(y)
}

// eraseFrom is the first column that erasing to the end takes; behind a full line it is the end
// of the line, which stays, as in xterm.js: a program that writes a full line and
// then clears to its end does not mean the last character.
func (t *Terminal) eraseFrom() int {
	if t.pending && t.x == t.cols-1 {
		return t.cols
	}
	return t.x
}

func (t *Terminal) eraseLine(how int, keep bool) {
	switch how {
	case 0:
		if t.x == 0 && !t.pending {
			t.scr.rowMeta(t.y).cont = false
		}
		t.erase(t.y, t.eraseFrom(), t.cols, keep)
	case 1:
		t.erase(t.y, 0, t.x+1, keep)
	case 2:
		t.scr.rowMeta(t.y).cont = false
		t.erase(t.y, 0, t.cols, keep)
	}
}

func (t *Terminal) eraseScreen(how int, keep bool) {
	lines := func(from, to int) {
		blank := t.erased()
		for y := from; y <= to; y++ {
			if keep {
				t.erase(y, 0, t.cols, true)
				t.scr.rowMeta(y).cont = false
			} else {
				t.scr.blankRow(y, blank.style)
				t.touch(y)
			}
		}
	}
	switch how {
	case 0:
		t.eraseLine(0, keep)
		lines(t.y+1, t.rows-1)
	case 1:
		lines(0, t.y-1)
		t.erase(t.y, 0, t.x+1, keep)
		t.scr.rowMeta(t.y).cont = false
		if t.x+1 >= t.cols && t.y+1 < t.rows {
			t.scr.rowMeta(t.y + 1).cont = false
		}
	case 2:
		lines(0, t.rows-1)
	case 3:
		if !keep {
			t.lines.drop()
			t.changed = true
		}
	}
}

package vt

// escDispatch obeys an escape sequence other than CSI and the strings.
func (t *Terminal) escDispatch(b byte) {
	if t.p.inter1 != 0 {
		t.count.Unknown++
		return
	}
	switch i := t.p.inter; i {
	case 0:
		t.escPlain(b)
	case '(', ')', '*', '+':
		t.cs.designate(int(i-'('), b)
	case '-', '.', '/': // sets of 96 characters are for bytes from a0 on
	case '#':
		if b == '8' {
			t.align()
		} else if b < '3' || b > '6' { // lines of double size are not done
			t.count.Unknown++
		}
	case '%': // the text is UTF-8 whatever is asked for; both forms reset the sets, as in xterm.js
		t.cs = newCharsets()
	case ' ': // S7C1T and S8C1T: answers are always in 7 bits
	default:
		t.count.Unknown++
	}
}

func (t *Terminal) escPlain(b byte) {
	switch b {
	case '7':
		t.saveCursor()
	case '8':
		t.restoreCursor()
	case '=':
		t.m.AppKeypad = true
		t.notify(Event{Kind: ModeEvent})
	case '>':
		t.m.AppKeypad = false
		t.notify(Event{Kind: ModeEvent})
	case 'D':
		t.index()
		t.pending = false
	case 'E':
		t.carriageReturn()
		t.index()
	case 'M':
		t.reverseIndex()
	case 'H':
		t.tabs[t.x] = true
	case 'Z':
		t.primaryAttributes()
	case 'c':
		t.reset(t.cols, t.rows)
		t.notify(Event{Kind: ResetEvent})
	case 'N', 'O':
		t.cs.single = b - 'N' + 2
		t.cs.update()
	case 'n', 'o':
		t.cs.lock(b - 'n' + 2)
	case '}', '~', '|': // GR is for bytes that are no UTF-8
	case '6':
		t.backIndex()
	case '9':
		t.forwardIndex()
	case 'F', 'l', 'm', 'V', 'W', '\\':
	default:
		t.count.Unknown++
	}
}

// backIndex and forwardIndex go a column and scroll sideways at the margin (DECBI,
// DECFI).
func (t *Terminal) backIndex() {
	if t.x == t.left {
		t.scrollColumns(t.left, -1)
	} else if t.x > 0 {
		t.x--
	}
	t.pending = false
}

func (t *Terminal) forwardIndex() {
	if t.x == t.right {
		t.scrollColumns(t.left, 1)
	} else if t.x < t.cols-1 {
		t.x++
	}
	t.pending = false
}

// align fills the screen with E, resets the margins and goes home (DECALN).
func (t *Terminal) align() {
	t.scr.top, t.scr.bottom = 0, t.rows-1
	t.left, t.right = 0, t.cols-1
	for y := range t.rows {
		t.scr.blankRow(y, 0)
		fill(t.scr.row(y), cell{ch: 'E'})
		t.touch(y)
	}
	t.x, t.y, t.pending = 0, 0, false
}

// softReset is DECSTR.
func (t *Terminal) softReset() {
	t.cursorHidden = false
	t.m.Origin, t.m.Insert, t.m.Autowrap = false, false, true
	t.m.AppCursor, t.m.AppKeypad = false, false
	t.m.ReverseWrap, t.x11.moreWrap = false, false
	t.m.LeftRightMargin = false
	t.scr.top, t.scr.bottom = 0, t.rows-1
	t.left, t.right = 0, t.cols-1
	t.pen, t.penDirty = pen{}, true
	t.cs = newCharsets()
	t.scr.saved = savedCursor{}
	t.scr.kitty = nil
	t.m.ModifyOtherKeys = 0
	t.decsace = false
	t.pending = false
	t.notify(Event{Kind: ModeEvent})
}

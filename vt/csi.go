package vt

// csiDispatch obeys a control sequence.
func (t *Terminal) csiDispatch(f byte) {
	q := &t.p
	if q.inter1 != 0 {
		t.count.Unknown++
		return
	}
	ok := true
	switch {
	case q.inter != 0:
		ok = t.csiInter(q.inter, f)
	case q.prefix == 0:
		ok = t.csiPlain(f)
	case q.prefix == '?':
		ok = t.csiPrivate(f)
	case q.prefix == '>':
		ok = t.csiGreater(f)
	case q.prefix == '=':
		ok = t.csiEquals(f)
	case q.prefix == '<':
		ok = f == 'u'
		if ok {
			t.kittyPop(q.params.at(0, 1))
		}
	}
	if !ok {
		t.count.Unknown++
	}
}

func (t *Terminal) csiPlain(f byte) bool {
	a := &t.p.params
	n := a.at(0, 1)
	switch f {
	case 'm':
		t.sgr(a)
	case 'A':
		t.up(n)
	case 'B':
		t.down(n)
	case 'C':
		t.forward(n)
	case 'D':
		t.backward(n)
	case 'E':
		t.down(n)
		t.carriageReturn()
	case 'F':
		t.up(n)
		t.carriageReturn()
	case 'G', '`':
		t.move(n-1, t.line())
	case 'H', 'f':
		t.move(a.at(1, 1)-1, n-1)
	case 'I':
		t.tabForward(n)
	case 'Z':
		t.tabBack(n)
	case 'J':
		t.eraseScreen(a.at(0, 0), false)
	case 'K':
		t.eraseLine(a.at(0, 0), false)
	case 'L':
		t.insertLines(n)
	case 'M':
		t.deleteLines(n)
	case '@':
		t.pending = false
		if t.x >= t.left && t.x <= t.right {
			t.insertCells(t.x, t.right, n)
		}
	case 'P':
		t.pending = false
		if t.x >= t.left && t.x <= t.right {
			t.shiftCells(t.y, t.x, t.right, n)
		}
	case 'X':
		t.pending = false
		t.erase(t.y, t.x, t.x+n, false)
	case 'S':
		t.scrollUp(t.scr.top, t.scr.bottom, n, true)
		t.pending = false
	case 'T', '^':
		if a.n > 1 { // five numbers: mouse highlighting, which is not done
			return false
		}
		t.scrollDown(t.scr.top, t.scr.bottom, n)
		t.pending = false
	case 'a':
		t.move(t.column()+n, t.line())
	case 'b':
		t.repeatLast(n)
	case 'c':
		if a.at(0, 0) == 0 {
			t.primaryAttributes()
		}
	case 'd':
		t.move(t.column(), n-1)
	case 'e':
		t.move(t.column(), t.line()+n)
	case 'g':
		t.clearTabs(a.at(0, 0))
	case 'h', 'l':
		for i := range a.n {
			t.setANSIMode(int(a.v[i]), f == 'h')
		}
	case 'n':
		t.status(a.at(0, 0))
	case 'r':
		t.setMargins(a.at(0, 1), a.at(1, t.rows))
	case 's':
		if t.m.LeftRightMargin {
			t.setSideMargins(a.at(0, 1), a.at(1, t.cols))
		} else {
			t.saveCursor()
		}
	case 'u':
		t.restoreCursor()
	case 't':
		t.window(a)
	case 'x':
		t.terminalParameters(a.at(0, 0))
	default:
		return false
	}
	return true
}

func (t *Terminal) csiPrivate(f byte) bool {
	a := &t.p.params
	switch f {
	case 'h', 'l':
		for i := range a.n {
			t.setMode(int(a.v[i]), f == 'h')
		}
	case 's':
		for i := range a.n {
			t.keepMode(int(a.v[i]))
		}
	case 'r':
		for i := range a.n {
			t.bringMode(int(a.v[i]))
		}
	case 'J':
		t.eraseScreen(a.at(0, 0), true)
	case 'K':
		t.eraseLine(a.at(0, 0), true)
	case 'W':
		if a.at(0, 0) != 5 {
			return false
		}
		t.tabs = t.tabs[:0]
		t.growTabs(t.cols)
	case 'n':
		t.privateStatus(a.at(0, 0))
	case 'u':
		t.replyf("\x1b[?%du", t.kittyFlags())
	case 'm':
		if a.at(0, 0) != 4 {
			return false
		}
		t.replyf("\x1b[>4;%dm", t.m.ModifyOtherKeys)
	default:
		return false
	}
	return true
}

func (t *Terminal) csiGreater(f byte) bool {
	a := &t.p.params
	switch f {
	case 'c':
		if a.at(0, 0) == 0 {
			t.reply([]byte("\x1b[>41;390;0c"))
		}
	case 'q':
		if a.at(0, 0) != 0 {
			return false
		}
		t.replyf("\x1bP>|%s\x1b\\", t.o.Version)
	case 'u':
		t.kittyPush(uint8(a.at(0, 0) & kittyAll))
	case 'm': // only resource 4, modifyOtherKeys, is known
		if n := a.at(0, 0); n != 4 && a.any {
			return false
		}
		if v := a.at(1, 0); v <= 2 {
			t.m.ModifyOtherKeys = uint8(v)
			t.notify(Event{Kind: ModeEvent})
		}
	case 'n':
		if a.at(0, 0) != 4 {
			return false
		}
		t.m.ModifyOtherKeys = 0
		t.notify(Event{Kind: ModeEvent})
	default:
		return false
	}
	return true
}

func (t *Terminal) csiEquals(f byte) bool {
	a := &t.p.params
	switch f {
	case 'c':
		if a.at(0, 0) == 0 {
			t.reply([]byte("\x1bP!|00000000\x1b\\"))
		}
	case 'u':
		t.kittySet(uint8(a.at(0, 0)&kittyAll), a.at(1, 1))
	default:
		return false
	}
	return true
}

func (t *Terminal) csiInter(i, f byte) bool {
	a := &t.p.params
	switch uint16(t.p.prefix)<<8 | uint16(i) {
	case '?'<<8 | '$':
		if f != 'p' {
			return false
		}
		t.replyf("\x1b[?%d;%d$y", a.at(0, 0), t.modeState(a.at(0, 0)))
		return true
	case ' ':
		switch f {
		case 'q':
			t.setCursorStyle(a.at(0, 0))
		case '@':
			t.scrollColumns(t.left, a.at(0, 1))
		case 'A':
			t.scrollColumns(t.left, -a.at(0, 1))
		default:
			return false
		}
		return true
	case '!':
		if f != 'p' {
			return false
		}
		t.softReset()
		return true
	case '"':
		switch f {
		case 'q':
			switch a.at(0, 0) {
			case 0, 2:
				t.pen.Attr &^= Protected
			case 1:
				t.pen.Attr |= Protected
			}
			t.penDirty = true
		case 'p': // DECSCL: no lower level is done
		default:
			return false
		}
		return true
	case '\'':
		switch f {
		case '}':
			t.scrollColumns(t.x, -a.at(0, 1))
		case '~':
			t.scrollColumns(t.x, a.at(0, 1))
		default:
			return false
		}
		return true
	case '*':
		switch f {
		case 'x':
			t.decsace = a.at(0, 0) == 2
		case 'y':
			t.checksum(a)
		default:
			return false
		}
		return true
	case '$':
		switch f {
		case 'p':
			t.replyf("\x1b[%d;%d$y", a.at(0, 0), t.ansiModeState(a.at(0, 0)))
			return true
		}
		return t.rectangle(f, a)
	}
	return false
}

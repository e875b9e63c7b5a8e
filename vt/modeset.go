package vt

// flag returns the setting behind a private mode (DECSET) that is no more than
// on and off, nil if it is none of those. inverted says that on is false.
func (t *Terminal) flag(n int) (f *bool, inverted bool) {
	switch n {
	case 1:
		return &t.m.AppCursor, false
	case 4:
		return &t.x11.smooth, false
	case 5:
		return &t.m.ReverseVideo, false
	case 7:
		return &t.m.Autowrap, false
	case 8:
		return &t.x11.repeat, false
	case 12:
		return &t.noBlink, true
	case 25:
		return &t.cursorHidden, true
	case 40:
		return &t.x11.allowDECCOLM, false
	case 45:
		return &t.m.ReverseWrap, false
	case 66:
		return &t.m.AppKeypad, false
	case 67:
		return &t.m.BackarrowBS, false
	case 95:
		return &t.x11.keepDECCOLM, false
	case 1004:
		return &t.m.FocusEvents, false
	case 1007:
		return &t.m.AltScroll, false
	case 1039:
		return &t.x11.altEsc, false
	case 1045:
		return &t.x11.moreWrap, false
	case 2004:
		return &t.m.BracketedPaste, false
	case 2026:
		return &t.m.Sync, false
	case 2027:
		return &t.x11.noClusters, true
	case 2031:
		return &t.m.ColorScheme, false
	case 2048:
		return &t.m.InBandResize, false
	}
	return nil, false
}

func mouseMode(n int) (MouseMode, bool) {
	switch n {
	case 9:
		return MouseX10, true
	case 1000:
		return MouseNormal, true
	case 1002:
		return MouseButton, true
	case 1003:
		return MouseAny, true
	}
	return 0, false
}

func mouseEncoding(n int) (MouseEncoding, bool) {
	switch n {
	case 1005:
		return MouseUTF8, true
	case 1006:
		return MouseSGR, true
	case 1015:
		return MouseURXVT, true
	case 1016:
		return MouseSGRPixel, true
	}
	return 0, false
}

// setMode is DECSET and DECRST for one mode.
func (t *Terminal) setMode(n int, on bool) {
	if f, inv := t.flag(n); f != nil {
		*f = on != inv
		switch n {
		case 5:
			t.touchAll()
		case 12:
			t.notify(Event{Kind: CursorEvent})
		case 2026:
			t.notify(Event{Kind: SyncEvent})
		case 2048:
			if on {
				t.reportSize()
			}
			t.notify(Event{Kind: ModeEvent})
		default:
			t.notify(Event{Kind: ModeEvent})
		}
		return
	}
	if m, ok := mouseMode(n); ok {
		t.m.Mouse = MouseOff // any of them switches all of them off
		if on {
			t.m.Mouse = m
		}
		t.notify(Event{Kind: ModeEvent})
		return
	}
	if e, ok := mouseEncoding(n); ok {
		t.m.MouseEncoding = MouseLegacy
		if on {
			t.m.MouseEncoding = e
		}
		t.notify(Event{Kind: ModeEvent})
		return
	}
	switch n {
	case 3:
		t.setColumnMode(on)
	case 6:
		t.m.Origin = on
		t.move(0, 0)
	case 69:
		t.m.LeftRightMargin = on
		t.left, t.right = 0, t.cols-1
	case 47, 1047:
		t.showScreen(on)
	case 1048:
		if on {
			t.saveCursor()
		} else {
			t.restoreCursor()
		}
	case 1049:
		if on {
			if t.scr == t.main { // on the alternate screen it would save that one's
				t.saveCursor()
			}
			t.showScreen(true)
		} else {
			t.showScreen(false)
			t.restoreCursor()
		}
	default:
		t.count.Unknown++
	}
}

// setColumnMode is DECCOLM, 80 or 132 columns. It works only after mode 40 has
// allowed it, as in xterm; the width is its owner's to change.
func (t *Terminal) setColumnMode(on bool) {
	if !t.x11.allowDECCOLM {
		return
	}
	t.x11.deccolm = on
	t.scr.top, t.scr.bottom = 0, t.rows-1
	t.left, t.right = 0, t.cols-1
	if !t.x11.keepDECCOLM {
		t.eraseScreen(2, false)
	}
	t.move(0, 0)
	cols := 80
	if on {
		cols = 132
	}
	t.notify(Event{Kind: SizeEvent, Cols: cols})
}

// showScreen brings the alternate or the main screen up. As in xterm.js the
// alternate screen begins empty whichever of 47, 1047 and 1049 asks for it, and
// its cells, margins and keyboard flags are gone when it goes. The cursor stays
// where it is.
func (t *Terminal) showScreen(alt bool) {
	if alt == t.m.AltScreen {
		return
	}
	if alt {
		t.alt = newScreen(t.cols, t.rows)
		t.scr = t.alt
		t.eraseScreen(2, false) // in the background of the pen
	} else {
		t.scr, t.alt = t.main, nil
	}
	t.m.AltScreen = alt
	t.touchAll()
	t.notify(Event{Kind: ScreenEvent})
	t.notify(Event{Kind: ModeEvent})
}

// modeState is the answer of DECRQM: 0 unknown, 1 set, 2 reset, 3 and 4 the same
// for ever.
func (t *Terminal) modeState(n int) int {
	on := false
	if f, inv := t.flag(n); f != nil {
		on = *f != inv
	} else if m, ok := mouseMode(n); ok {
		on = t.m.Mouse == m
	} else if e, ok := mouseEncoding(n); ok {
		on = t.m.MouseEncoding == e
	} else {
		switch n {
		case 3:
			on = t.x11.deccolm
		case 6:
			on = t.m.Origin
		case 69:
			on = t.m.LeftRightMargin
		case 47, 1047, 1049:
			on = t.m.AltScreen
		case 1048: // not a state; xterm answers set
			on = true
		case 2, 14, 18, 19, 38, 41, 42, 44, 46, 80, 1001, 1010, 1011, 1034, 1035, 1036, 1037, 1042, 1043, 1044:
			return 4
		default:
			return 0
		}
	}
	if on {
		return 1
	}
	return 2
}

func (t *Terminal) setANSIMode(n int, on bool) {
	switch n {
	case 4:
		t.m.Insert = on
	case 20:
		t.m.Newline = on
		t.notify(Event{Kind: ModeEvent})
	default:
		t.count.Unknown++
	}
}

func (t *Terminal) ansiModeState(n int) int {
	on := false
	switch n {
	case 4:
		on = t.m.Insert
	case 20:
		on = t.m.Newline
	case 12: // SRM: there is no local echo
		return 3
	case 1, 2, 3, 5, 7, 10, 11, 13, 14, 15, 16, 17, 18, 19:
		return 4
	default:
		return 0
	}
	if on {
		return 1
	}
	return 2
}

// keepMode and bringMode are XTSAVE and XTRESTORE. Only known modes are kept, so
// there can be no more than those.
func (t *Terminal) keepMode(n int) {
	t.keepModeAs(n, t.modeState(n) == 1)
}

func (t *Terminal) bringMode(n int) {
	if on, ok := t.savedModes[n]; ok {
		t.setMode(n, on)
	}
}

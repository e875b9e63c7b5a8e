package vt

// Dump returns bytes that bring a fresh Terminal of the same size and options into
// the same state: the scrollback, the screens, the cursor, what the program set
// and even a sequence of which only a part has come. Whoever feeds them discards
// answers and events meanwhile.
//
// They are ordinary control sequences as far as there are any, so that another
// terminal shows the same screen; the rest is said in an OSC 7765 of our own,
// which others ignore.
func (t *Terminal) Dump() []byte { return t.DumpTail(t.lines.lines) }

// DumpTail is Dump with no more than the newest lines of the scrollback.
func (t *Terminal) DumpTail(lines int) []byte {
	d := &drawer{t: t, exact: true}
	if t.x11.deccolm {
		d.p = append(d.p, "\x1b[?40h\x1b[?3h\x1b[?40l"...)
	}
	d.palette()
	d.screen(t.main, lines)
	d.screenState(t.main, true)
	if t.alt != nil {
		d.setPen(pen{})
		d.p = append(d.p, "\x1b[?47h"...)
		d.goTo(0, 0)
		d.screen(t.alt, 0)
		d.screenState(t.alt, true)
	}
	d.state()
	d.pendingInput()
	return d.p
}

// RedrawOptions say what Redraw draws.
type RedrawOptions struct {
	// Main draws the main screen before the alternate one, where that is shown, so
	// that the outer terminal has it when the program leaves.
	Main bool

	// Scrollback is how many lines of the scrollback, the newest, are written first,
	// so that they go into the outer terminal's own. More than 0 implies Main.
	Scrollback int
}

// Redraw returns bytes that make another terminal, such as the one that somebody
// attached from, show this screen and take its modes, so that the program's
// further output can go to it as it is. The terminal has to be like xterm and of
// the same size; in what state it is does not matter.
func (t *Terminal) Redraw(o RedrawOptions) []byte {
	d := &drawer{t: t}
	below := o.Main || o.Scrollback > 0
	d.p = append(d.p, "\x1b[?2026h\x1b[?25l"...)
	if below || t.alt == nil {
		d.p = append(d.p, "\x1b[?1047l"...)
	}
	// What would get in the way of drawing. DECSTR does most of it.
	d.p = append(d.p, "\x1b[!p\x1b[?25l\x1b[?69l\x1b[?5l\x1b[?7h\x1b[?2027h\x1b[20l\x1b[m\x1b]8;;\x1b\\\x0f\x1b(B"...)
	d.resetModes()
	d.palette()
	if below || t.alt == nil {
		d.p = append(d.p, "\x1b[H\x1b[2J"...)
		d.x = 0
		d.screen(t.main, o.Scrollback)
	}
	if t.alt != nil {
		if below {
			d.screenState(t.main, false)
		}
		d.setPen(pen{})
		d.p = append(d.p, "\x1b[?1049h\x1b[H\x1b[2J"...)
		d.x = 0
		d.screen(t.alt, 0)
	}
	d.screenState(t.scr, false)
	d.state()
	d.p = append(d.p, "\x1b[?2026l"...)
	return d.p
}

// RedrawModes returns bytes that make another terminal take the modes of this one
// and draw nothing: for one that shows what it should, but was in other hands
// meanwhile.
func (t *Terminal) RedrawModes() []byte {
	d := &drawer{t: t}
	d.titles()
	for _, n := range [...]int{1, 66, 67, 1004, 2004} {
		f, inv := t.flag(n)
		d.setMode(n, *f != inv)
	}
	d.mouse()
	d.keyboard()
	d.csi(t.cursorStyle(), " q")
	d.mode(25, t.Cursor().Visible)
	return d.p
}

// screen writes the rows of s from the top of an empty screen on, after that many
// lines of the scrollback.
func (d *drawer) screen(s *screen, scrollback int) {
	t := d.t
	skip := max(t.lines.lines-max(scrollback, 0), 0)
	all := skip < t.lines.lines
	last := s.rows - 1
	for !all && last > 0 && used(s.row(last)) == 0 && *s.rowMeta(last) == (rowMeta{}) {
		last--
	}
	d.lines(func(yield func([]cell, rowMeta)) {
		if all {
			var row []cell
			i := 0
			t.lines.each(func(l packedLine) {
				if i++; i > skip {
					row = l.unpack(row[:0], &t.tab)
					yield(row, l.meta())
				}
			})
		}
		for y := range last + 1 {
			yield(s.row(y), *s.rowMeta(y))
		}
	})
	d.setPen(pen{})
}

// screenState writes what belongs to one screen besides its rows.
func (d *drawer) screenState(s *screen, kitty bool) {
	if c := s.saved; c.valid() {
		if c.origin {
			d.p = append(d.p, "\x1b[?6h"...)
		}
		d.goTo(c.x, c.y)
		if c.pending {
			d.pending(s, c.x, c.y)
		}
		d.setPen(c.pen)
		d.charsets(c.cs)
		d.p = append(d.p, "\x1b7"...)
		if c.origin {
			d.p = append(d.p, "\x1b[?6l"...)
		}
		d.noCharsets(c.cs)
		d.setPen(pen{})
	}
	if k := s.kitty; kitty && len(k) > 0 {
		if k[0] != 0 {
			d.p = append(d.p, "\x1b["...)
			d.p = append(appendInt(append(d.p, '='), int(k[0])), ";1u"...)
		}
		for _, f := range k[1:] {
			d.p = append(appendInt(append(d.p, "\x1b[>"...), int(f)), 'u')
		}
	}
	if s.top != 0 || s.bottom != s.rows-1 {
		d.csi(s.top+1, ";")
		d.p = append(appendInt(d.p, s.bottom+1), 'r')
	}
}

// pending makes the cursor at column x, the last, wait for the next character, as
// it does when that column has just been written: by writing it again.
func (d *drawer) pending(s *screen, x, y int) {
	row := s.row(y)
	at := x
	if row[x].ch&chTail != 0 {
		at--
	}
	c := row[at]
	if x != d.t.cols-1 || c.ch == 0 {
		d.private("w")
		return
	}
	if at != x {
		d.p = append(d.p, "\x1b[D"...)
	}
	d.text(c)
}

func (d *drawer) text(c cell) {
	d.setPen(d.t.tab.pens[c.style])
	if c.ch < 0x80 {
		d.p = append(d.p, byte(c.ch))
	} else {
		d.cluster(c)
	}
}

func (d *drawer) charsets(c charsets) {
	for i, set := range c.g {
		if set != 'B' && set != 0 {
			d.p = append(d.p, 0x1b, "()*+"[i], set)
		}
	}
	switch c.gl {
	case 1:
		d.p = append(d.p, 0x0e)
	case 2:
		d.p = append(d.p, "\x1bn"...)
	case 3:
		d.p = append(d.p, "\x1bo"...)
	}
	if c.single != 0 {
		d.p = append(d.p, 0x1b, 'N'+c.single-2)
	}
}

// noCharsets takes back what charsets did.
func (d *drawer) noCharsets(c charsets) {
	if c == newCharsets() {
		return
	}
	for i, set := range c.g {
		if set != 'B' {
			d.p = append(d.p, 0x1b, "()*+"[i], 'B')
		}
	}
	if c.single != 0 { // it ends with a character, which may stand anywhere that is drawn again
		d.p = append(d.p, "\x1b%G"...)
	}
	d.p = append(d.p, 0x0f)
}

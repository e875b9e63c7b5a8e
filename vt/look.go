package vt

import (
	"slices"
	"unicode/utf8"
)

// ScrollbackLines returns how many lines the scrollback holds.
func (t *Terminal) ScrollbackLines() int { return t.lines.lines }

// Snapshot copies what can be seen, with the lines of the scrollback if asked for.
// On the alternate screen these are still the ones of the main screen.
func (t *Terminal) Snapshot(scrollback bool) *Snapshot {
	s := &Snapshot{
		Cols: t.cols, Rows: t.rows,
		Cursor: t.Cursor(), Modes: t.Modes(),
		Title: t.title, IconTitle: t.icon, Dir: t.dir,
		Palette: Palette{Fg: t.fg, Bg: t.bg, Cursor: t.cc},
		Prompt:  t.Prompt(),
	}
	for i := range s.Palette.Colors {
		s.Palette.Colors[i] = t.color(i)
	}
	all := make([]Cell, t.cols*t.rows)
	s.Lines = make([]Line, t.rows)
	for y := range t.rows {
		cells := all[y*t.cols : (y+1)*t.cols : (y+1)*t.cols]
		for x, c := range t.scr.row(y) {
			cells[x] = t.show(c)
		}
		m := t.scr.rowMeta(y)
		s.Lines[y] = Line{Cells: cells, Mark: m.mark}
		if y > 0 {
			s.Lines[y-1].Wrapped = m.cont
		}
	}
	if scrollback {
		s.Scrollback = t.scrollbackLines()
	}
	return s
}

func (t *Terminal) show(c cell) Cell {
	p := &t.tab.pens[c.style]
	w := uint8(1)
	if c.ch&chWide != 0 {
		w = 2
	} else if c.ch&chTail != 0 {
		w = 0
	}
	return Cell{Text: t.tab.text(c), Width: w, Style: p.Style, Link: t.tab.uri(p.link)}
}

func (b *tables) uri(n uint32) string {
	if n == 0 {
		return ""
	}
	return b.links[n].uri
}

func (t *Terminal) scrollbackLines() []Line {
	out := make([]Line, 0, t.lines.lines)
	t.lines.each(func(l packedLine) {
		m := l.meta()
		if n := len(out); n > 0 {
			out[n-1].Wrapped = m.cont
		}
		cells := make([]Cell, 0, max(t.cols, l.cells()))
		l.runs(func(r run) {
			c := Cell{Width: 1, Style: r.pen.Style}
			if r.pen.link != 0 {
				c.Link = l.c.link[r.pen.link-1].uri
			}
			switch r.kind {
			case runEmpty:
				for range r.cells {
					cells = append(cells, c)
				}
			case runASCII:
				for _, b := range r.text {
					c.Text = ascii[b : b+1]
					cells = append(cells, c)
				}
			default:
				c.Text = string(r.text)
				c.Width = uint8(r.cells)
				cells = append(cells, c)
				if r.cells == 2 {
					c.Text, c.Width = "", 0
					cells = append(cells, c)
				}
			}
		})
		for len(cells) < t.cols {
			cells = append(cells, Cell{Width: 1})
		}
		out = append(out, Line{Cells: cells, Mark: m.mark})
	})
	if n := len(out); n > 0 {
		out[n-1].Wrapped = t.main.rowMeta(0).cont
	}
	return out
}

// LineText returns the text of row y of the screen, without the blanks at its end.
func (t *Terminal) LineText(y int) string { return string(t.AppendLine(nil, y)) }

// AppendLine appends to dst the text of row y of the screen that is shown, without
// the blanks at its end; nothing for a row that is not there.
func (t *Terminal) AppendLine(dst []byte, y int) []byte {
	if y < 0 || y >= t.rows {
		return dst
	}
	// Most of a row is blank, and sessions ask for all rows at every key.
	row := t.scr.row(y)
	n := len(row)
	for n > 0 && (row[n-1].ch == 0 || row[n-1].ch == ' ') {
		n--
	}
	start := len(dst)
	dst = t.appendCells(dst, row[:n])
	for len(dst) > start && dst[len(dst)-1] == ' ' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// Wraps tells whether the text of row y of the screen that is shown goes on in row
// y+1: no newline was sent between them.
func (t *Terminal) Wraps(y int) bool {
	return y >= 0 && y+1 < t.rows && t.scr.rowMeta(y+1).cont
}

// appendLine appends the text of row y; cells with nothing in them are spaces.
func (t *Terminal) appendLine(p []byte, y int) []byte { return t.appendCells(p, t.scr.row(y)) }

func (t *Terminal) appendCells(p []byte, row []cell) []byte {
	p = slices.Grow(p, len(row))
	for _, c := range row {
		switch {
		case c.ch == 0:
			p = append(p, ' ')
		case c.ch < utf8.RuneSelf:
			p = append(p, byte(c.ch))
		default:
			p = t.tab.appendText(p, c)
		}
	}
	return p
}

// Text returns the text of the screen, and of the scrollback before it if asked
// for: one line for each row, without the blanks at its end, each followed by a
// newline.
func (t *Terminal) Text(scrollback bool) string { return t.allText(scrollback, false) }

// JoinedText is Text with lines that were wrapped put together again.
func (t *Terminal) JoinedText(scrollback bool) string { return t.allText(scrollback, true) }

func (t *Terminal) allText(scrollback, join bool) string {
	n := t.rows * (t.cols + 1)
	if scrollback {
		n += t.lines.textSize()
	}
	p := make([]byte, 0, n)
	last := -1     // columns of the line before
	empty := false // the latest of them has nothing in it
	// How a line ends is known when the next one comes.
	begin := func(cont, wide bool) {
		switch {
		case last < 0:
		case !join || !cont:
			p = append(trimBlanks(p), '\n')
		case last == t.cols-1 && wide: // no blank of the text: a wide character did not fit
		case last == t.cols && wide && empty:
			p = p[:len(p)-1]
		default:
			for ; last < t.cols; last++ {
				p = append(p, ' ')
			}
		}
		last, empty = 0, false
	}
	if scrollback {
		t.lines.each(func(l packedLine) {
			if text, ok := l.plain(); ok {
				begin(l.meta().cont, false)
				p = append(p, text...)
				last, empty = len(text), false
				return
			}
			first := true
			l.runs(func(r run) {
				if first {
					begin(l.meta().cont, r.kind == runWide)
					first = false
				}
				if r.kind == runEmpty {
					for range r.cells {
						p = append(p, ' ')
					}
				}
				p = append(p, r.text...)
				last += r.cells
				empty = r.kind == runEmpty
			})
			if first {
				begin(l.meta().cont, false)
			}
		})
	}
	for y := range t.rows {
		row := t.scr.row(y)
		begin(t.scr.rowMeta(y).cont, row[0].ch&chWide != 0)
		p = t.appendLine(p, y)
		last, empty = t.cols, row[t.cols-1].ch == 0
	}
	return string(append(trimBlanks(p), '\n'))
}

// trimBlanks cuts the blanks at the end of the latest line.
func trimBlanks(p []byte) []byte {
	for len(p) > 0 && p[len(p)-1] == ' ' {
		p = p[:len(p)-1]
	}
	return p
}

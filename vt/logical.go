package vt

import "unicode/utf8"

// logical is a line as it was written, without the ends of rows.
type logical struct {
	cells []cell
	text  int  // cells up to the last with text; behind it only backgrounds
	cont  bool // goes on from a line that is not here
	marks []markAt
	rows  []span
}

type markAt struct {
	off int
	rowMeta
}

// span is the part of a logical line that a row shows.
type span struct{ from, to int }

func (l *logical) reset(m rowMeta) {
	l.cells, l.marks, l.text, l.cont = l.cells[:0], l.marks[:0], 0, m.cont
}

// add appends a row. more says that the line goes on in the row next.
func (l *logical) add(row []cell, m rowMeta, more bool, next []cell) {
	if m.mark != NoMark || m.prompt {
		l.marks = append(l.marks, markAt{len(l.cells), m})
	}
	if !more {
		l.text = len(l.cells) + usedText(row)
		l.cells = append(l.cells, row[:used(row)]...)
		return
	}
	n := len(row)
	if n > 1 && row[n-1].ch == 0 && len(next) > 0 && next[0].ch&chWide != 0 {
		n-- // a wide character did not fit there
	}
	l.cells = append(l.cells, row[:n]...)
	l.text = len(l.cells)
}

// wrap lays the line out in rows of cols cells. Rows at the end in which nothing is
// left go away, as in xterm.js, but not the place at offset keep.
func (l *logical) wrap(cols, keep int) {
	l.rows = l.rows[:0]
	for l.text > keep && l.cells[l.text-1].ch == 0 {
		l.text--
	}
	if cols == 1 { // no room for anything wide
		out := l.cells[:0]
		text := 0
		for i, c := range l.cells {
			if c.ch&chTail != 0 {
				continue
			}
			if c.ch&chWide != 0 {
				c.ch = utf8.RuneError
			}
			out = append(out, c)
			if i < l.text {
				text = len(out)
			}
		}
		l.cells, l.text = out, text
	}
	from := 0
	for l.text-from > cols {
		to := from + cols
		if l.cells[to-1].ch&chWide != 0 {
			to--
		}
		l.rows = append(l.rows, span{from, to})
		from = to
	}
	// Backgrounds behind the text do not wrap: what does not fit is cut.
	l.rows = append(l.rows, span{from, min(from+cols, len(l.cells))})
}

// place finds the row and column, after wrap, of the place at offset off. pending
// says that it is the end of a full row.
func (l *logical) place(off, cols int) (row, x int, pending bool) {
	for i, s := range l.rows {
		if off < s.to || i == len(l.rows)-1 {
			if x = off - s.from; x >= cols {
				return i, cols - 1, off == s.from+cols && off == l.text
			}
			return i, x, false
		}
	}
	return 0, 0, false
}

func (l *logical) meta(i int) rowMeta {
	m := rowMeta{cont: l.cont || i > 0}
	for _, k := range l.marks {
		if k.off >= l.rows[i].from && (k.off < l.rows[i].to || i == len(l.rows)-1) {
			if markRank(k.mark) >= markRank(m.mark) {
				m.mark = k.mark
			}
			m.prompt = m.prompt || k.prompt
		}
	}
	return m
}

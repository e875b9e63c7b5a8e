package vt

import (
	"fmt"
	"strings"
)

// digest writes the whole state of a terminal as text, with the numbers of the
// tables replaced by what they stand for, so that two states can be compared.
func digest(t *Terminal) string {
	var b strings.Builder
	showPen := func(p pen) string {
		s := fmt.Sprintf("%x/%x/%x/%x/%d", p.Fg, p.Bg, p.Ul, p.Attr, p.Underline)
		if p.link != 0 {
			s += fmt.Sprintf("/%q", t.tab.links[p.link])
		}
		return s
	}
	row := func(cells []cell, m rowMeta) {
		cells = cells[:used(cells)]
		fmt.Fprintf(&b, "  %+v ", m)
		last := uint32(0)
		for _, c := range cells {
			if c.style != last {
				fmt.Fprintf(&b, "{%s}", showPen(t.tab.pens[c.style]))
				last = c.style
			}
			switch {
			case c.ch == 0:
				b.WriteString("·")
			case c.ch&chTail != 0:
				b.WriteString("»")
			default:
				fmt.Fprintf(&b, "%s", t.tab.text(c))
				if len(t.tab.text(c)) > 4 {
					b.WriteString("|")
				}
			}
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "scrollback %d\n", t.lines.lines)
	t.lines.each(func(l packedLine) { row(l.unpack(nil, &t.tab), l.meta()) })
	for i, s := range []*screen{t.main, t.alt} {
		if s == nil {
			continue
		}
		fmt.Fprintf(&b, "screen %d: %dx%d margins %d-%d kitty %v saved %+v pen %s\n", i, s.cols, s.rows, s.top, s.bottom,
			append([]uint8{}, s.kitty...), [...]any{s.saved.x, s.saved.y, s.saved.pending, s.saved.cs, s.saved.origin}, showPen(s.saved.pen))
		for y := range s.rows {
			row(s.row(y), *s.rowMeta(y))
		}
	}
	fmt.Fprintf(&b, "cursor %d %d pending %v open %v pen %s sets %+v\n", t.x, t.y, t.pending, t.open, showPen(t.pen), t.cs)
	fmt.Fprintf(&b, "sides %d-%d tabs %v\n", t.left, t.right, t.tabs)
	fmt.Fprintf(&b, "modes %+v %+v saved %v\n", t.m, t.x11, t.savedModes)
	fmt.Fprintf(&b, "cursor hidden %v shape %v steady %v decsace %v\n", t.cursorHidden, t.shape, t.noBlink, t.decsace)
	fmt.Fprintf(&b, "titles %q %q %q %q dir %q\n", t.title, t.icon, t.titles, t.icons, t.dir)
	fmt.Fprintf(&b, "colours %x %x %x", t.fg, t.bg, t.cc)
	for i := range 256 {
		if c := t.color(i); c != defaultColor(i) {
			fmt.Fprintf(&b, " %d=%x", i, c)
		}
	}
	fmt.Fprintf(&b, "\nprompt %+v\n", t.prompt)
	q := t.p
	fmt.Fprintf(&b, "parser %d", q.state)
	switch q.state {
	case utf8Tail:
		fmt.Fprintf(&b, " %x %d %x %x %x", q.u8.cp, q.u8.need, q.u8.lo, q.u8.hi, q.u8.raw[:q.u8.n])
	case escape:
		fmt.Fprintf(&b, " %q %q", q.inter, q.inter1)
	case csi, dcsHead:
		fmt.Fprintf(&b, " bad %v", q.bad)
		if !q.bad {
			fmt.Fprintf(&b, " %q %q %q %v %v", q.prefix, q.inter, q.inter1, q.params.v[:q.params.n], q.params.sub)
			fmt.Fprintf(&b, " %v %v", q.params.any, q.params.cut)
		}
	case str:
		fmt.Fprintf(&b, " %d %q %v %v %v", q.kind, q.buf, q.over, q.sawEsc, q.sawC2)
		if q.kind == dcsString {
			fmt.Fprintf(&b, " %q", q.dcs)
		}
	}
	b.WriteString("\n")
	return b.String()
}

// broken says what is wrong with a terminal, "" if nothing is.
func broken(t *Terminal) string {
	if t.x < 0 || t.x >= t.cols || t.y < 0 || t.y >= t.rows {
		return fmt.Sprintf("cursor %d,%d of %dx%d", t.x, t.y, t.cols, t.rows)
	}
	if t.left < 0 || t.left > t.right || t.right >= t.cols || !t.m.LeftRightMargin && (t.left != 0 || t.right != t.cols-1) {
		return fmt.Sprintf("sides %d-%d of %d", t.left, t.right, t.cols)
	}
	if len(t.tabs) != t.cols || len(t.dirty) != t.rows {
		return fmt.Sprintf("%d tabs, %d rows", len(t.tabs), len(t.dirty))
	}
	if t.m.AltScreen != (t.alt != nil) || t.m.AltScreen != (t.scr == t.alt) || !t.m.AltScreen && t.scr != t.main {
		return "the wrong screen is shown"
	}
	for _, s := range []*screen{t.main, t.alt} {
		if s == nil {
			continue
		}
		if s.cols != t.cols || s.rows != t.rows || len(s.cells) != s.cols*s.rows {
			return fmt.Sprintf("screen %dx%d of %dx%d", s.cols, s.rows, t.cols, t.rows)
		}
		if s.top < 0 || s.top > s.bottom || s.bottom >= s.rows {
			return fmt.Sprintf("margins %d-%d of %d", s.top, s.bottom, s.rows)
		}
		if s.saved.x < 0 || s.saved.x >= s.cols || s.saved.y < 0 || s.saved.y >= s.rows {
			return fmt.Sprintf("saved cursor %+v", s.saved)
		}
		if len(s.kitty) > MaxKittyStack {
			return "kitty stack too long"
		}
		seen := make([]bool, s.rows)
		for y, n := range s.order {
			if seen[n] {
				return fmt.Sprintf("row %d twice: %v", y, s.order)
			}
			seen[n] = true
			if e := brokenRow(t, s.row(y)); e != "" {
				return fmt.Sprintf("row %d: %s", y, e)
			}
		}
	}
	n, size := 0, 0
	for _, c := range t.lines.chunks {
		n += len(c.ends)
		size += c.size
	}
	if n != t.lines.lines || size != t.lines.bytes || n > 0 && t.lines.limit < 0 {
		return fmt.Sprintf("scrollback of %d lines, %d bytes says %d, %d", n, size, t.lines.lines, t.lines.bytes)
	}
	e := ""
	t.lines.each(func(l packedLine) {
		row := l.unpack(nil, &t.tab)
		if len(row) != l.cells() || len(row) > t.cols {
			e = fmt.Sprintf("line of %d cells says %d, on %d columns", len(row), l.cells(), t.cols)
		}
		if s := brokenRow(t, row); s != "" {
			e = s
		}
	})
	return e
}

func brokenRow(t *Terminal, row []cell) string {
	for x, c := range row {
		if int(c.style) >= len(t.tab.pens) {
			return fmt.Sprintf("column %d: style %d of %d", x, c.style, len(t.tab.pens))
		}
		switch {
		case c.ch&chTail != 0:
			if c.ch != chTail || x == 0 || row[x-1].ch&chWide == 0 {
				return fmt.Sprintf("column %d: a second half alone", x)
			}
			if row[x-1].style != c.style {
				return fmt.Sprintf("column %d: halves of two styles", x)
			}
		case c.ch&chWide != 0 && (x+1 == len(row) || row[x+1].ch&chTail == 0):
			return fmt.Sprintf("column %d: a first half alone", x)
		case c.ch&chCluster != 0:
			if int(c.ch&chValue) >= len(t.tab.clusters) {
				return fmt.Sprintf("column %d: cluster %d of %d", x, c.ch&chValue, len(t.tab.clusters))
			}
			if s := t.tab.text(c); len(s) > MaxCluster {
				return fmt.Sprintf("column %d: cluster of %d bytes", x, len(s))
			}
		}
	}
	return ""
}

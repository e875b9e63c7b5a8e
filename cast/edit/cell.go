package edit

import (
	"iter"
	"slices"
	"unicode/utf8"

	"github.com/sluicerun/sluice/cast/edit/internal/automaton"
)

// place is where a character was written in a stream; n is 0 for one that was not.
type place struct {
	at int64
	n  int32
	r  rune
}

// cell is a character of a text, and what was written to its place before. A gap
// that the cursor jumped over is a blank that nothing has written.
type cell struct {
	place
	before []place
}

// each calls f for all that was written to a cell, what is seen last.
func (c *cell) each(f func(place)) {
	for _, p := range c.before {
		f(p)
	}
	if c.n > 0 {
		f(c.place)
	}
}

// blank is a cell that nothing was written to.
func blank(r rune) cell { return cell{place: place{r: r}} }

// text is characters with their places, and the line among them that is being
// written.
type text struct {
	cells []cell
	line  int // where it begins
	cur   int // where the next character goes, from line to len(cells)
	typed bool
}

// mostCells is how long a line may be in which the cursor has gone back.
const mostCells = 4 << 10

// apply does what a token says, whose bytes lie at the position at.
func (x *text) apply(t token, at int64) {
	switch t.op {
	case opText:
		x.write(place{at, int32(t.n), t.r})
	case opBreak:
		x.cells = append(x.cells, blank('\n'))
		x.line, x.cur = len(x.cells), len(x.cells)
	case opBack:
		for n := t.count; n > 0 && x.cur > x.line; {
			x.cur--
			n -= columns(x.cells[x.cur].r)
		}
	case opForward:
		for n := min(t.count, mostCells); n > 0; x.cur++ {
			if x.cur == len(x.cells) {
				x.cells = append(x.cells, blank(' '))
			}
			n -= columns(x.cells[x.cur].r)
		}
	case opDelete:
		x.cells = slices.Delete(x.cells, x.cur, min(x.cur+t.count, len(x.cells)))
	case opInsert:
		if x.cur < len(x.cells) {
			x.cells = slices.Insert(x.cells, x.cur, blanks(t.count)...)
		}
	case opErase:
		for i := x.cur; i < min(x.cur+t.count, len(x.cells)); i++ {
			x.cells[i] = blank(' ')
		}
	case opClip:
		x.cells = x.cells[:x.cur]
	case opRubout:
		if x.cur > x.line {
			x.cur--
			x.cells = slices.Delete(x.cells, x.cur, x.cur+1)
		}
	}
}

func blanks(n int) []cell {
	b := make([]cell, min(n, mostCells))
	for i := range b {
		b[i] = blank(' ')
	}
	return b
}

// write puts a character at the cursor: over what is there, or, if it was typed,
// before it.
func (x *text) write(p place) {
	c := cell{place: p}
	switch {
	case x.cur == len(x.cells):
		x.cells = append(x.cells, c)
	case x.typed || mask(p.r) == "":
		x.cells = slices.Insert(x.cells, x.cur, c)
	default:
		old := x.cells[x.cur]
		if c.before = old.before; old.n > 0 {
			c.before = append(c.before, old.place)
		}
		x.cells[x.cur] = c
		switch columns(p.r) - columns(old.r) {
		case 1:
			if x.cur+1 < len(x.cells) {
				x.cells = slices.Delete(x.cells, x.cur+1, x.cur+2)
			}
		case -1:
			x.cells = slices.Insert(x.cells, x.cur+1, blanks(1)...)
		}
	}
	x.cur++
}

// plain is a text of its own: p, which lies at the position at.
func plain(p []byte, at int64) *text {
	x := &text{}
	for i := 0; i < len(p); {
		r, n := utf8.DecodeRune(p[i:])
		x.apply(token{op: opText, n: n, r: r}, at+int64(i))
		i += n
	}
	return x
}

// hide adds the patches that replace the characters of a match.
func (x *text) hide(s *patches, m automaton.Match, with string) {
	first := m.From >= 0
	for i := range x.part(m) {
		c := &x.cells[i]
		c.each(func(p place) {
			w := ""
			switch {
			case with == "" || p.r == '\n' || p.r == '\t':
				w = mask(p.r)
			case first && p == c.place:
				w, first = with, false
			}
			s.put(patch{p.at, int(p.n), w})
		})
	}
}

// part is the indexes of the cells of a match.
func (x *text) part(m automaton.Match) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := max(m.From, 0); i < min(m.Until, len(x.cells)) && yield(i); i++ {
		}
	}
}

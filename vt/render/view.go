package render

import (
	"strings"
	"unicode/utf8"

	"github.com/sluicerun/sluice/vt"
)

// view is the part of a snapshot that is shown.
type view struct {
	cols   int
	above  int // how many of the lines had scrolled off
	lines  []vt.Line
	cursor *vt.Cursor // in the view's own rows and columns; nil: elsewhere, or hidden
	title  string
}

// newView takes the part that o asks for, as it is seen: colours are exchanged if
// the screen is reversed, all lines have the same width.
func newView(s *vt.Snapshot, o Options) *view { return viewOf(s, o, true) }

// rawView takes the same part as it is: lines that scrolled off keep their width,
// a hidden cursor has a place.
func rawView(s *vt.Snapshot, o Options) *view { return viewOf(s, o, false) }

func viewOf(s *vt.Snapshot, o Options, seen bool) *view {
	lines, above := s.Lines, 0
	screen := max(s.Cols, 0)
	for _, l := range lines {
		screen = max(screen, len(l.Cells))
	}
	width := screen
	if o.Scrollback && len(s.Scrollback) > 0 {
		above = len(s.Scrollback)
		lines = append(append(make([]vt.Line, 0, above+len(s.Lines)), s.Scrollback...), s.Lines...)
		for _, l := range s.Scrollback {
			width = max(width, len(l.Cells))
		}
	}
	if seen {
		screen = width
	}
	row0, row1, col0, col1 := o.Region.cut(len(lines), width)
	v := &view{cols: min(col1, screen) - min(col0, screen), above: min(max(above-row0, 0), row1-row0), title: clean(s.Title)}
	for y, l := range lines[row0:row1] {
		own := screen
		if y < v.above && !seen {
			own = len(l.Cells)
		}
		cells := pad(l.Cells, own, seen && s.Modes.ReverseVideo)
		v.lines = append(v.lines, vt.Line{
			Cells:   mend(cells[min(col0, own):min(col1, own)]),
			Wrapped: l.Wrapped && col1 >= own,
			Mark:    l.Mark,
		})
	}
	c := s.Cursor
	c.Y += above
	if (c.Visible || !seen) && c.Y >= row0 && c.Y < row1 && c.X >= col0 && c.X < min(col1, screen) {
		c.X -= col0
		c.Y -= row0
		if c.X > 0 && seen && v.lines[c.Y].Cells[c.X].Width == 0 {
			c.X-- // on the second half of a wide character
		}
		v.cursor = &c
	}
	return v
}

// pad returns a copy of cells of exactly this width; reverse exchanges the
// colours of all of them, as DECSCNM does.
func pad(cells []vt.Cell, width int, reverse bool) []vt.Cell {
	out := make([]vt.Cell, width)
	for i := range out {
		out[i].Width = 1
	}
	copy(out, cells)
	if reverse {
		for i := range out {
			out[i].Style.Attr ^= vt.Inverse
		}
	}
	return out
}

// mend makes cells what a terminal would hold, in place: each wide character has
// both of its halves or becomes blank, nothing else has a width but 1, and text
// has no control characters.
func mend(cells []vt.Cell) []vt.Cell {
	for i := 0; i < len(cells); i++ {
		c := &cells[i]
		if c.Text = clean(c.Text); c.Text == " " {
			c.Text = ""
		}
		switch {
		case c.Width == 2 && c.Text != "" && i+1 < len(cells) && cells[i+1].Width == 0:
			i++
			cells[i] = vt.Cell{Style: c.Style, Link: c.Link}
		case c.Width == 2 || c.Width == 0:
			c.Text, c.Width = "", 1
		default:
			c.Width = 1
		}
	}
	return cells
}

// clean puts U+FFFD in place of what must not reach a terminal or a document:
// control characters, invalid UTF-8 and the two code points that XML forbids.
func clean(s string) string {
	for i := 0; i < len(s); i++ {
		if b := s[i]; b < ' ' || b > '~' {
			return strings.Map(cleanRune, s) // which reads an invalid byte as U+FFFD
		}
	}
	return s
}

func cleanRune(r rune) rune {
	if r < ' ' || r >= 0x7f && r < 0xa0 || r == 0xfffe || r == 0xffff {
		return utf8.RuneError
	}
	return r
}

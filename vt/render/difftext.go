package render

import (
	"fmt"
	"strings"

	"github.com/sluicerun/sluice/vt"
)

const (
	aroundRows = 2  // unchanged lines shown before and after a changed one
	styleNotes = 20 // differences of style that are told in words
)

// String shows both screens side by side where they differ. Under a line that
// differs, ^ stands where the text is not the same and ~ where only the style is;
// the styles are told below. Without any difference it is "".
func (d *Difference) String() string {
	if d.Same() {
		return ""
	}
	var b strings.Builder
	for _, o := range d.Other {
		b.WriteString(o + "\n")
	}
	if len(d.Cells) == 0 {
		return b.String()
	}
	marks := d.marks()
	fmt.Fprintf(&b, "%s in %s\n", count(len(d.Cells), "cell differs", "cells differ"), count(len(marks), "row", "rows"))
	rows := max(len(d.want.lines), len(d.got.lines))
	width := max(d.want.used(), d.got.used(), len("want"))
	digits := len(fmt.Sprint(rows - 1))
	fmt.Fprintf(&b, "%*s   %s | got\n", digits, "", padText("want", 4, width))
	skipped := false
	for y := range rows {
		if !near(marks, y) {
			skipped = true
			continue
		}
		if skipped {
			fmt.Fprintf(&b, "%*s   ...\n", digits, "")
			skipped = false
		}
		flag := " "
		if marks[y] != "" {
			flag = "!"
		}
		want, columns := d.want.rowText(y)
		got, _ := d.got.rowText(y)
		b.WriteString(strings.TrimRight(fmt.Sprintf("%*d %s %s | %s", digits, y, flag, padText(want, columns, width), got), " ") + "\n")
		if m := marks[y]; m != "" {
			b.WriteString(strings.TrimRight(fmt.Sprintf("%*s   %s | %s", digits, "", padText(m, len(m), width), m), " ") + "\n")
		}
	}
	if skipped {
		fmt.Fprintf(&b, "%*s   ...\n", digits, "")
	}
	d.styles(&b)
	return b.String()
}

// marks returns, for each row that differs, the line that goes under it.
func (d *Difference) marks() map[int]string {
	rows := map[int][]byte{}
	for _, c := range d.Cells {
		m := rows[c.Row]
		for len(m) < c.Col {
			m = append(m, ' ')
		}
		if c.Want.Text != c.Got.Text || c.Want.Width != c.Got.Width {
			m = append(m, '^')
		} else {
			m = append(m, '~')
		}
		rows[c.Row] = m
	}
	out := make(map[int]string, len(rows))
	for y, m := range rows {
		out[y] = string(m)
	}
	return out
}

// styles tells the first differences of style, one for cells side by side that
// differ in the same way.
func (d *Difference) styles(b *strings.Builder) {
	told := 0
	for i := 0; i < len(d.Cells); {
		c := d.Cells[i]
		j := i + 1
		for j < len(d.Cells) && d.Cells[j].Row == c.Row && d.Cells[j].Col == c.Col+j-i &&
			sameLook(d.Cells[j].Want, c.Want) && sameLook(d.Cells[j].Got, c.Got) {
			j++
		}
		if !sameLook(c.Want, c.Got) {
			if told == styleNotes {
				b.WriteString("... and more styles\n")
				return
			}
			told++
			fmt.Fprintf(b, "row %d, columns %d to %d: want %s, got %s\n", c.Row, c.Col, c.Col+j-i-1, styleText(c.Want), styleText(c.Got))
		}
		i = j
	}
}

func sameLook(a, b vt.Cell) bool { return a.Style == b.Style && a.Link == b.Link }

func styleText(c vt.Cell) string {
	j := runToJSON(run{cells: []vt.Cell{c}, style: c.Style, link: c.Link})
	words := j.Attrs
	add := func(name, value string) {
		if value != "" {
			words = append(words, name+" "+value)
		}
	}
	add("fg", j.Fg)
	add("bg", j.Bg)
	add("underline", j.Underline)
	add("underline colour", j.Ul)
	add("link", j.Link)
	if len(words) == 0 {
		return "plain"
	}
	return strings.Join(words, ", ")
}

// used is how many columns of a view hold text.
func (v *view) used() int {
	n := 0
	for _, l := range v.lines {
		n = max(n, len(written(l.Cells, false)))
	}
	return n
}

func (v *view) rowText(y int) (text string, columns int) {
	if y >= len(v.lines) {
		return "", 0
	}
	cells := written(v.lines[y].Cells, false)
	return run{cells: cells}.text(), len(cells)
}

func near(marks map[int]string, y int) bool {
	for i := y - aroundRows; i <= y+aroundRows; i++ {
		if marks[i] != "" {
			return true
		}
	}
	return false
}

func padText(text string, columns, width int) string {
	return text + strings.Repeat(" ", max(width-columns, 0))
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}

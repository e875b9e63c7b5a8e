package render

import (
	"strings"

	"github.com/sluicerun/sluice/vt"
)

// Text returns the lines as plain text, each ended by a newline. The blanks at
// the ends of lines and the empty lines at the end are cut unless
// [Options.KeepBlanks] is set; an empty screen is "". Text that is marked
// invisible (SGR 8) is there: it is what the cells hold.
func Text(s *vt.Snapshot, o Options) string {
	v := newView(s, o)
	var b strings.Builder
	for _, l := range joined(v.lines, o.Join) {
		cells := l
		if !o.KeepBlanks {
			cells = written(cells, false)
		}
		b.WriteString(run{cells: cells}.text())
		b.WriteByte('\n')
	}
	return ending(b.String(), o)
}

// joined returns the cells of each line; with join, a line goes on for as long as
// the terminal wrapped it. A wide character that did not fit leaves one blank at
// the end of the line before it, which was never printed and is dropped.
func joined(lines []vt.Line, join bool) [][]vt.Cell {
	var out [][]vt.Cell
	goesOn := false
	for i, l := range lines {
		cells := l.Cells
		if join && l.Wrapped && i+1 < len(lines) {
			if n := len(cells); n > 1 && plainBlank(cells[n-1]) && cells[n-1].Width == 1 && startsWide(lines[i+1]) {
				cells = cells[:n-1]
			}
		}
		if goesOn {
			last := &out[len(out)-1]
			*last = append((*last)[:len(*last):len(*last)], cells...)
		} else {
			out = append(out, cells)
		}
		goesOn = join && l.Wrapped
	}
	return out
}

func startsWide(l vt.Line) bool { return len(l.Cells) > 0 && l.Cells[0].Width == 2 }

// ending cuts the empty lines at the end of a text.
func ending(text string, o Options) string {
	if o.KeepBlanks {
		return text
	}
	text = strings.TrimRight(text, "\n")
	if text == "" {
		return ""
	}
	return text + "\n"
}

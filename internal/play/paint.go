package play

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/sluicerun/sluice/vt"
	"github.com/sluicerun/sluice/vt/render"
)

// painter makes frames: bytes that bring a terminal from the frame before to the
// next one. Only rows that differ are written.
type painter struct {
	rows  []string // as they are on the terminal; nil: nothing is known
	shape string
}

// patch is text put over a row, in reverse.
type patch struct {
	row, col int
	text     string
}

// frame is what is to be seen.
type frame struct {
	cols, rows int // of the terminal
	snap       *vt.Snapshot
	patches    []patch
	panel      []string // lines at the top left, over everything
	bar        string   // the last row; "" for none
	prompt     bool     // the cursor stands at the end of the bar
}

// forget has the next frame drawn in full.
func (p *painter) forget() { p.rows = nil }

// window is the part of a screen that is shown where there is room for cols and
// rows: the row of the cursor is always in it.
func window(s *vt.Snapshot, cols, rows int) render.Region {
	top := min(max(s.Cursor.Y-rows+1, 0), max(s.Rows-rows, 0))
	return render.Region{Row: top, Rows: min(rows, s.Rows), Cols: min(cols, s.Cols)}
}

func (p *painter) draw(f frame) []byte {
	room := f.rows
	if f.bar != "" && f.snap.Rows < f.rows {
		room--
	}
	region := window(f.snap, f.cols, room)
	lines := strings.Split(string(render.ANSI(f.snap, render.Options{Region: region})), "\n")
	rows := make([]string, f.rows)
	for y := range rows {
		// Before the text: behind it, in a full row, it would take the last column.
		rows[y] = "\x1b[m\x1b[K"
		if y < len(lines) && y < region.Rows {
			rows[y] += lines[y]
		}
	}
	for _, c := range f.patches {
		if y := c.row - region.Row; y >= 0 && y < region.Rows && c.col < f.cols {
			rows[y] += fmt.Sprintf("\x1b[%d;%dH\x1b[7m%s\x1b[m", y+1, c.col+1, c.text)
		}
	}
	for y, line := range f.panel {
		if y < len(rows) {
			rows[y] += fmt.Sprintf("\x1b[%d;1H\x1b[7m%s\x1b[m", y+1, fit(line, f.cols))
		}
	}
	if f.bar != "" && f.rows > 0 {
		rows[f.rows-1] = "\x1b[m\x1b[K\x1b[7m" + fit(f.bar, f.cols) + "\x1b[m"
	}
	var b bytes.Buffer
	b.WriteString("\x1b[?2026h\x1b[?25l")
	if len(p.rows) != len(rows) {
		b.WriteString("\x1b[m\x1b[2J")
		p.rows = make([]string, len(rows))
	}
	for y, row := range rows {
		if row != p.rows[y] {
			fmt.Fprintf(&b, "\x1b[%d;1H%s", y+1, row)
		}
	}
	p.rows = rows
	p.cursor(&b, f, region)
	b.WriteString("\x1b[?2026l")
	return b.Bytes()
}

func (p *painter) cursor(b *bytes.Buffer, f frame, region render.Region) {
	c := f.snap.Cursor
	if f.prompt {
		fmt.Fprintf(b, "\x1b[%d;%dH\x1b[?25h", f.rows, min(len([]rune(f.bar)), f.cols-1)+1)
		return
	}
	n := int(c.Shape)*2 + 2
	if c.Blink {
		n--
	}
	if shape := fmt.Sprintf("\x1b[%d q", n); shape != p.shape {
		p.shape = shape
		b.WriteString(shape)
	}
	y := c.Y - region.Row
	if c.Visible && len(f.panel) == 0 && c.X < region.Cols && y >= 0 && y < region.Rows {
		fmt.Fprintf(b, "\x1b[%d;%dH\x1b[?25h", y+1, c.X+1)
	}
}

// fit is text cut to columns; what could end or be a sequence is shown as a
// question mark. Characters beyond ASCII count as one column each.
func fit(text string, cols int) string {
	var b strings.Builder
	for _, r := range text {
		if cols--; cols < 0 {
			break
		}
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			r = '?'
		}
		b.WriteRune(r)
	}
	return b.String()
}

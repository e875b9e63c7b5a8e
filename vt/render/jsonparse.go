package render

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/sluicerun/sluice/vt"
)

// maxCells bounds what a few bytes of JSON can make us allocate: some 250 MB.
const maxCells = 1 << 22

// ParseJSON reads what [JSON] wrote, in either form. Unknown fields are ignored,
// so that fields can be added. What JSON does not tell apart comes back as one: a
// blank and a cell in which nothing was written are both empty. A screen whose
// lines and lines that scrolled off have more than 4,194,304 cells together is
// refused.
func ParseJSON(data []byte) (*vt.Snapshot, error) {
	var j jsonScreen
	if err := json.Unmarshal(data, &j); err != nil {
		return nil, fmt.Errorf("reading a screen from JSON: %w", err)
	}
	s, err := j.snapshot()
	if err != nil {
		return nil, fmt.Errorf("reading a screen from JSON: %w", err)
	}
	return s, nil
}

func (j *jsonScreen) snapshot() (*vt.Snapshot, error) {
	switch {
	case j.Version != jsonVersion:
		return nil, fmt.Errorf("version is %d, only %d can be read", j.Version, jsonVersion)
	case j.Cols < 0 || j.Rows < 0 || j.Cols > maxCells || j.Rows > maxCells:
		return nil, fmt.Errorf("a screen of %d columns and %d rows cannot be", j.Cols, j.Rows)
	case len(j.Lines) != j.Rows:
		return nil, fmt.Errorf("there are %d lines, but rows is %d", len(j.Lines), j.Rows)
	}
	s := &vt.Snapshot{Cols: j.Cols, Rows: j.Rows, Title: clean(j.Title), IconTitle: clean(j.IconTitle), Dir: clean(j.Dir)}
	if err := j.Cursor.read(&s.Cursor); err != nil {
		return nil, fmt.Errorf("cursor: %w", err)
	}
	if err := readModes(j.Modes, &s.Modes); err != nil {
		return nil, err
	}
	if err := j.Prompt.read(&s.Prompt); err != nil {
		return nil, fmt.Errorf("prompt: %w", err)
	}
	if err := j.Palette.read(&s.Palette); err != nil {
		return nil, fmt.Errorf("palette: %w", err)
	}
	if err := j.fits(); err != nil {
		return nil, err
	}
	for _, part := range []struct {
		name string
		from []jsonLine
		to   *[]vt.Line
	}{{"scrollback", j.Scrollback, &s.Scrollback}, {"lines", j.Lines, &s.Lines}} {
		for i, l := range part.from {
			line, err := l.line(j.Cols)
			if err != nil {
				return nil, fmt.Errorf("%s[%d]: %w", part.name, i, err)
			}
			*part.to = append(*part.to, line)
		}
	}
	return s, nil
}

// fits says whether all lines together are small enough, before any is made.
func (j *jsonScreen) fits() error {
	left := maxCells
	for _, part := range [][]jsonLine{j.Scrollback, j.Lines} {
		for _, l := range part {
			cols := l.width(j.Cols)
			if cols < 0 {
				return fmt.Errorf("a line of %d columns cannot be", cols)
			}
			if cols > left {
				return fmt.Errorf("the screen has more than %d cells", maxCells)
			}
			left -= cols
		}
	}
	return nil
}

// width is that of the line on a screen of so many columns.
func (j *jsonLine) width(cols int) int {
	if j.Cols != nil {
		return *j.Cols
	}
	return cols
}

func (j *jsonCursor) read(c *vt.Cursor) (err error) {
	if j == nil {
		return nil
	}
	*c = vt.Cursor{X: j.Col, Y: j.Row, Visible: j.Visible, Blink: j.Blink, PendingWrap: j.PendingWrap}
	c.Shape, err = valueOf[vt.CursorShape]("shape", shapeNames[:], j.Shape)
	return err
}

func readModes(names []string, m *vt.Modes) error {
	byName := map[string]named{}
	for _, n := range modeNames() {
		byName[n.name] = n
	}
	for _, name := range names {
		n, ok := byName[name]
		if !ok {
			return fmt.Errorf("mode %q is not known", name)
		}
		n.set(m)
	}
	return nil
}

func (j *jsonPrompt) read(p *vt.Prompt) (err error) {
	if j == nil {
		return nil
	}
	*p = vt.Prompt{Seen: true, Count: j.Count, InLine: j.Row, Ends: j.Ends}
	if j.Exit != nil {
		p.Exit, p.Known = *j.Exit, true
	}
	p.State, err = valueOf[vt.Mark]("state", markNames[:], j.State)
	return err
}

func (j *jsonPalette) read(p *vt.Palette) error {
	if j == nil {
		return nil
	}
	*p = xtermPalette()
	for _, c := range []struct {
		name, text string
		to         *uint32
	}{{"fg", j.Fg, &p.Fg}, {"bg", j.Bg, &p.Bg}, {"cursor", j.Cursor, &p.Cursor}} {
		v, err := parseHex(c.text)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		*c.to = v
	}
	for number, text := range j.Colors {
		i, err := strconv.ParseUint(number, 10, 8)
		if err != nil {
			return fmt.Errorf("colour %q is none of 0 to 255", number)
		}
		if p.Colors[i], err = parseHex(text); err != nil {
			return fmt.Errorf("colour %d: %w", i, err)
		}
	}
	return nil
}

func (j *jsonLine) line(cols int) (vt.Line, error) {
	mark, err := valueOf[vt.Mark]("mark", markNames[:], j.Mark)
	if err != nil {
		return vt.Line{}, err
	}
	if len(j.Runs) > 0 && len(j.Cells) > 0 {
		return vt.Line{}, fmt.Errorf("there are both runs and cells")
	}
	cells := pad(nil, j.width(cols), false)
	end := 0
	for i, r := range append(j.Runs, j.Cells...) {
		if r.Col < end {
			return vt.Line{}, fmt.Errorf("run %d begins at column %d, before the end of another", i, r.Col)
		}
		if end, err = r.put(cells); err != nil {
			return vt.Line{}, fmt.Errorf("run %d: %w", i, err)
		}
	}
	return vt.Line{Cells: mend(cells), Wrapped: j.Wrapped, Mark: mark}, nil
}

// put sets the cells of a run and returns the column behind it.
func (j *jsonRun) put(cells []vt.Cell) (end int, err error) {
	style, err := j.style()
	if err != nil {
		return 0, err
	}
	width := 1
	if j.Wide {
		width = 2
	}
	var texts []string
	if j.Cluster {
		texts = []string{j.Text}
	} else {
		for _, r := range j.Text {
			texts = append(texts, string(r))
		}
	}
	if j.Width != len(texts)*width {
		return 0, fmt.Errorf("width is %d, but its %d characters have %d columns", j.Width, len(texts), len(texts)*width)
	}
	if j.Col > len(cells) || j.Width > len(cells)-j.Col {
		return 0, fmt.Errorf("%d columns from %d on do not fit into a line of %d", j.Width, j.Col, len(cells))
	}
	link := clean(j.Link)
	for i, text := range texts {
		at := cells[j.Col+i*width:]
		at[0] = vt.Cell{Text: text, Width: uint8(width), Style: style, Link: link}
		if j.Wide {
			at[1] = vt.Cell{Style: style, Link: link}
		}
	}
	return j.Col + j.Width, nil
}

func (j *jsonRun) style() (s vt.Style, err error) {
	for _, c := range []struct {
		name, text string
		to         *vt.Color
	}{{"fg", j.Fg, &s.Fg}, {"bg", j.Bg, &s.Bg}, {"ul", j.Ul, &s.Ul}} {
		if *c.to, err = parseColor(c.text); err != nil {
			return s, fmt.Errorf("%s: %w", c.name, err)
		}
	}
	if s.Underline, err = valueOf[vt.Underline]("underline", underlineNames[:], j.Underline); err != nil {
		return s, err
	}
	for _, name := range j.Attrs {
		bit, err := valueOf[uint8]("attribute", attrNames[:], name)
		if err != nil {
			return s, err
		}
		s.Attr |= 1 << bit
	}
	return s, nil
}

func parseColor(text string) (vt.Color, error) {
	if text == "" {
		return 0, nil
	}
	if text[0] == '#' {
		v, err := parseHex(text)
		return vt.RGB(uint8(v>>16), uint8(v>>8), uint8(v)), err
	}
	i, err := strconv.ParseUint(text, 10, 8)
	if err != nil {
		return 0, fmt.Errorf("colour %q is neither #rrggbb nor a number of the palette from 0 to 255", text)
	}
	return vt.Indexed(uint8(i)), nil
}

func parseHex(text string) (uint32, error) {
	if len(text) == 7 && text[0] == '#' {
		if v, err := strconv.ParseUint(text[1:], 16, 24); err == nil {
			return uint32(v), nil
		}
	}
	return 0, fmt.Errorf("colour %q is not #rrggbb", text)
}

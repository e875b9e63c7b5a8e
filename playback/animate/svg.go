package animate

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/vt/render"
)

// SVG writes a moving drawing that needs no other file and no script: it moves
// where it is shown as an image too. Every line of the screen is a strip of all
// that the line shows in time, one below the other, of which a window shows one; a
// line that shows the same as another, or as before, is drawn once. Programs that
// do not move pictures show the screen of [Options.Poster].
//
// Errors are those of events, of w and of options that are not possible.
func SVG(w io.Writer, h cast.Header, events cast.Events, o Options) error {
	if err := o.fill(h, events, w != nil); err != nil {
		return fmt.Errorf("drawing a moving svg: %w", err)
	}
	r, err := load(h, events, o)
	if err != nil {
		return fmt.Errorf("drawing a moving svg: %w", err)
	}
	m := newMovie(r, o)
	for f := range r.frames() {
		m.add(f)
	}
	if _, err := w.Write(m.finish(o)); err != nil {
		return fmt.Errorf("writing svg: %w", err)
	}
	return nil
}

// movie puts the drawing together.
type movie struct {
	r     *reel
	sheet *render.Sheet
	above float64
	ids   map[string]int // of drawings
	lines []drawing
	rows  [][]change
}

// drawing is what some lines show at some times. The first is the empty one.
type drawing struct {
	svg  string
	uses int
}

// change says that a row shows a drawing from a time on.
type change struct {
	at   time.Duration
	line int
}

func newMovie(r *reel, o Options) *movie {
	return &movie{
		r: r, sheet: render.NewSheet(r.cols, r.rows, o.Title, r.colors.base, o.Draw),
		ids: map[string]int{"": 0}, lines: make([]drawing, 1), rows: make([][]change, r.rows),
	}
}

func (m *movie) add(f frame) {
	for _, y := range f.rows {
		if y >= len(m.rows) {
			continue
		}
		svg, above := m.sheet.Line(f.screen, y)
		m.above = above
		id, ok := m.ids[string(svg)]
		if !ok {
			id = len(m.lines)
			m.lines = append(m.lines, drawing{svg: string(svg)})
			m.ids[m.lines[id].svg] = id
		}
		if n := len(m.rows[y]); n == 0 || m.rows[y][n-1].line != id {
			m.rows[y] = append(m.rows[y], change{f.at, id})
		}
	}
}

func (m *movie) finish(o Options) []byte {
	b := bytes.NewBuffer(m.sheet.Begin())
	strips := make([]strip, len(m.rows))
	for y, row := range m.rows {
		if len(row) > 0 && row[0].at > 0 { // a row that came with another size
			row = append([]change{{}}, row...)
		}
		strips[y] = newStrip(row)
		for _, line := range strips[y].lines {
			m.lines[line].uses++
		}
	}
	b.WriteString("<defs>\n")
	for i, d := range m.lines {
		if d.uses > 1 && d.svg != "" {
			fmt.Fprintf(b, "<g id=\"%s\">\n%s</g>\n", lineID(i), d.svg)
		}
	}
	b.WriteString("</defs>\n")
	// From below: a row's background must not cover what hangs down from the row
	// above it, underscores first of all.
	for y := range slices.Backward(strips) {
		m.writeStrip(b, y, &strips[y], o)
	}
	b.WriteString("</g>\n</svg>\n")
	return b.Bytes()
}

// strip is what one row shows in time.
type strip struct {
	lines []int    // from the top, each once
	moves []change // line is a place in lines
}

func newStrip(row []change) strip {
	var s strip
	places := map[int]int{}
	for _, c := range row {
		place, ok := places[c.line]
		if !ok {
			place = len(s.lines)
			places[c.line] = place
			s.lines = append(s.lines, c.line)
		}
		s.moves = append(s.moves, change{c.at, place})
	}
	return s
}

// The window of a row is a little higher than a line, for what reaches beyond, and
// the lines of a strip have so much between them that none looks into the window of
// another. In parts of a line's height.
const (
	spare = .2
	pitch = 1.5
)

func (m *movie) writeStrip(b *bytes.Buffer, y int, s *strip, o Options) {
	x, top, width, height := m.sheet.Place(y)
	switch {
	case len(s.lines) == 0 || len(s.lines) == 1 && s.lines[0] == 0:
		return
	case len(s.lines) == 1:
		m.writeLine(b, s.lines[0], x, top+m.above)
		return
	}
	num := render.Number
	fmt.Fprintf(b, "<svg x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\">\n<g", num(x), num(top-spare*height), num(width), num((1+2*spare)*height))
	place := 0
	for _, c := range s.moves {
		if c.at <= m.r.poster {
			place = c.line
		}
	}
	if place > 0 {
		fmt.Fprintf(b, " transform=\"translate(0 %s)\"", num(-float64(place)*pitch*height))
	}
	b.WriteString(">\n")
	m.writeMoves(b, s.moves, pitch*height, o)
	for i, line := range s.lines {
		m.writeLine(b, line, 0, (spare+float64(i)*pitch)*height+m.above)
	}
	b.WriteString("</g>\n</svg>\n")
}

// writeMoves writes when which line of a strip comes into the window.
func (m *movie) writeMoves(b *bytes.Buffer, moves []change, height float64, o Options) {
	end := "repeatCount=\"indefinite\""
	if o.Once {
		end = "fill=\"freeze\""
	}
	total := max(m.r.end, time.Millisecond).Seconds()
	fmt.Fprintf(b, "<animateTransform attributeName=\"transform\" type=\"translate\" calcMode=\"discrete\" dur=\"%ss\" %s values=\"", render.Number(total), end)
	for i, c := range moves {
		if i > 0 {
			b.WriteByte(';')
		}
		b.WriteString("0 " + render.Number(-float64(c.line)*height))
	}
	b.WriteString("\" keyTimes=\"")
	digits := 3 // after the point, so that a millisecond can be told
	for t := total; t > 1; t /= 10 {
		digits++
	}
	for i, c := range moves {
		if i > 0 {
			b.WriteByte(';')
		}
		f := strconv.FormatFloat(min(c.at.Seconds()/total, 1), 'f', digits, 64)
		if f = strings.TrimRight(strings.TrimRight(f, "0"), "."); f != "0" {
			f = strings.TrimPrefix(f, "0")
		}
		if f == "" {
			f = "0"
		}
		b.WriteString(f)
	}
	b.WriteString("\"/>\n")
}

// writeLine puts a drawing's origin at a place.
func (m *movie) writeLine(b *bytes.Buffer, line int, x, y float64) {
	num := render.Number
	switch d := m.lines[line]; {
	case d.svg == "":
	case d.uses > 1:
		fmt.Fprintf(b, "<use href=\"#%s\"", lineID(line))
		if x != 0 {
			fmt.Fprintf(b, " x=\"%s\"", num(x))
		}
		fmt.Fprintf(b, " y=\"%s\"/>\n", num(y))
	default:
		fmt.Fprintf(b, "<g transform=\"translate(%s %s)\">\n%s</g>\n", num(x), num(y), d.svg)
	}
}

func lineID(i int) string { return "l" + strconv.FormatInt(int64(i), 36) }

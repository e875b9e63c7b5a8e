package animate

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/sluicerun/sluice/vt"
)

// node is an element of a drawing.
type node struct {
	name string
	attr map[string]string
	kids []*node
	text string
}

func parse(t testing.TB, data []byte) *node {
	t.Helper()
	root := &node{}
	open := []*node{root}
	d := xml.NewDecoder(bytes.NewReader(data))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return root.kids[0]
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		top := open[len(open)-1]
		switch tok := tok.(type) {
		case xml.StartElement:
			n := &node{name: tok.Name.Local, attr: map[string]string{}}
			for _, a := range tok.Attr {
				n.attr[a.Name.Local] = a.Value
			}
			top.kids = append(top.kids, n)
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			top.text += string(tok)
		}
	}
}

func (n *node) num(t testing.TB, name string) float64 {
	t.Helper()
	if n.attr[name] == "" {
		return 0
	}
	f, err := strconv.ParseFloat(n.attr[name], 64)
	if err != nil {
		t.Fatalf("%s of <%s>: %v", name, n.name, err)
	}
	return f
}

// letter is where a piece of text begins.
type letter struct {
	x, y float64
	text string
}

// viewer does what a viewer of SVG does with the parts that these drawings have.
type viewer struct {
	t    testing.TB
	defs map[string]*node
	at   float64 // seconds; negative: animations do not run
	seen []letter
}

// show walks a drawing; what lies outside of the window is not seen.
func (p *viewer) show(n *node, x, y, top, bottom float64) {
	switch n.name {
	case "defs":
		for _, d := range n.kids {
			p.defs[d.attr["id"]] = d
		}
		return
	case "svg":
		if len(p.defs) > 0 || n.attr["viewBox"] == "" { // a strip's window
			x, y = x+n.num(p.t, "x"), y+n.num(p.t, "y")
			top, bottom = y, y+n.num(p.t, "height")
		}
	case "g":
		dx, dy := translate(p.t, p.transform(n))
		x, y = x+dx, y+dy
	case "use":
		d := p.defs[strings.TrimPrefix(n.attr["href"], "#")]
		if d == nil {
			p.t.Fatalf("nothing is called %s", n.attr["href"])
		}
		p.show(d, x+n.num(p.t, "x"), y+n.num(p.t, "y"), top, bottom)
	case "text":
		if at := y + n.num(p.t, "y"); at > top && at < bottom && n.attr["text-anchor"] == "" {
			p.seen = append(p.seen, letter{x + n.num(p.t, "x"), at, n.text})
		}
	}
	for _, k := range n.kids {
		p.show(k, x, y, top, bottom)
	}
}

// transform is that of an element at this time.
func (p *viewer) transform(n *node) string {
	for _, a := range n.kids {
		if a.name != "animateTransform" || p.at < 0 {
			continue
		}
		values, times := strings.Split(a.attr["values"], ";"), strings.Split(a.attr["keyTimes"], ";")
		if len(values) != len(times) || times[0] != "0" {
			p.t.Fatalf("%d values at %d times, the first %s", len(values), len(times), times[0])
		}
		total, err := strconv.ParseFloat(strings.TrimSuffix(a.attr["dur"], "s"), 64)
		if err != nil {
			p.t.Fatal(err)
		}
		i := sort.Search(len(times), func(i int) bool {
			f, err := strconv.ParseFloat(times[i], 64)
			if err != nil {
				p.t.Fatal(err)
			}
			return f > p.at/total
		})
		return "translate(" + values[i-1] + ")"
	}
	return n.attr["transform"]
}

func translate(t testing.TB, s string) (x, y float64) {
	t.Helper()
	if s == "" {
		return 0, 0
	}
	if _, err := fmt.Sscanf(s, "translate(%g %g)", &x, &y); err != nil {
		t.Fatalf("transform %q: %v", s, err)
	}
	return x, y
}

// textAt is the text that a drawing of the usual size shows at a time.
func textAt(t testing.TB, root *node, at float64, cols, rows int) string {
	t.Helper()
	p := &viewer{t: t, defs: map[string]*node{}, at: at}
	p.show(root, 0, 0, 0, 1e9)
	return arrange(t, p.seen, cols, rows)
}

// arrange puts text at its columns.
func arrange(t testing.TB, seen []letter, cols, rows int) string {
	t.Helper()
	lines := make([][]rune, rows)
	for i := range lines {
		lines[i] = []rune(strings.Repeat(" ", cols))
	}
	for _, l := range seen {
		col, row := int((l.x-8)/9+.5), int((l.y-8)/18)
		if row < 0 || row >= rows {
			t.Fatalf("%q is in row %d", l.text, row)
		}
		for _, r := range l.text {
			if unicode.Is(unicode.M, r) {
				continue
			}
			if col < cols {
				lines[row][col] = r
			}
			col++
		}
	}
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(strings.TrimRight(string(l), " ") + "\n")
	}
	return b.String()
}

// plain is a screen's text as far as it is made of single letters.
func plain(s *vt.Snapshot, cols, rows int) string {
	var b strings.Builder
	for y := range rows {
		line := []rune(strings.Repeat(" ", cols))
		for x := range cols {
			if y < len(s.Lines) && x < len(s.Lines[y].Cells) {
				if c := s.Lines[y].Cells[x]; c.Text != "" {
					line[x] = []rune(c.Text)[0]
				}
			}
			if r := line[x]; r >= 0x2500 && r < 0x2900 {
				line[x] = ' ' // a shape
			}
		}
		b.WriteString(strings.TrimRight(string(line), " ") + "\n")
	}
	return b.String()
}

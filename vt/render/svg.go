package render

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sluicerun/sluice/vt"
)

// SVG writes a drawing of the screen that needs no other file. Each letter stands
// at its column, which all renderers understand, so that columns stay in line with
// any font; a character that may come from another font is made as wide as its
// cells. Text can be selected and searched; invisible text (SGR 8) is left out.
// Hyperlinks are kept as in [HTML].
//
// A user unit is a pixel: [Options.FontSize] of 15 gives cells of 9 by 18. Errors
// are those of w.
func SVG(w io.Writer, s *vt.Snapshot, o Options) error {
	v := newView(s, o)
	p := newPainter(s, v, o)
	l := newLayout(v.cols, len(v.lines), o, 1, false)
	c := &svgCanvas{l: l, text: rgb(p.palette.Fg) & 0xffffff}
	c.open(v.title, p, o)
	picture(c, v, p, l)
	c.b.WriteString("</g>\n</svg>\n")
	if _, err := w.Write(c.b.Bytes()); err != nil {
		return fmt.Errorf("writing svg: %w", err)
	}
	return nil
}

// svgCanvas puts shapes of one colour that follow each other into one <path>.
type svgCanvas struct {
	b    bytes.Buffer
	l    layout
	text rgb // the colour that text has by itself
	link bool
	path svgPath
	// brief: letters are spaced by the renderer, which takes a third of the bytes.
	brief bool
}

type svgPath struct {
	d     strings.Builder
	attrs string
}

func (c *svgCanvas) open(name string, p *painter, o Options) {
	l := c.l
	title := name
	if title == "" {
		title = "terminal"
	}
	fmt.Fprintf(&c.b, `<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="0 0 %[1]s %[2]s" role="img" font-family="%s" font-size="%s">`+"\n",
		num(l.width), num(l.height), escapeXML(o.family()), num(l.size))
	fmt.Fprintf(&c.b, "<title>%s</title>\n", escapeXML(title))
	if !l.framed {
		fmt.Fprintf(&c.b, `<rect width="%s" height="%s" fill="%s"/>`+"\n", num(l.width), num(l.height), p.background().hex())
	} else {
		c.window(name, p)
	}
	keep := ""
	if c.brief {
		keep = ` style="font-variant-ligatures:none"`
	}
	fmt.Fprintf(&c.b, `<g fill="%s"%s>`+"\n", c.text.hex(), keep)
}

func (c *svgCanvas) window(title string, p *painter) {
	l := c.l
	bar, edge, letters := p.windowColors()
	r, h := num(l.round), l.edge/2
	fmt.Fprintf(&c.b, `<rect width="%s" height="%s" rx="%s" fill="%s"/>`+"\n", num(l.width), num(l.height), r, p.background().hex())
	corner := "A" + r + " " + r + " 0 0 1 "
	c.b.WriteString(`<path d="M0 ` + num(l.bar) + "V" + r + corner + r + " 0H" + num(l.width-l.round) +
		corner + num(l.width) + " " + r + "V" + num(l.bar) + `Z" fill="` + bar.hex() + `"/>` + "\n")
	fmt.Fprintf(&c.b, `<rect x="%s" y="%[1]s" width="%s" height="%s" rx="%s" fill="none" stroke="%s" stroke-width="%s"/>`+"\n",
		num(h), num(l.width-l.edge), num(l.height-l.edge), num(l.round-h), edge.hex(), num(l.edge))
	for i, color := range windowDots {
		fmt.Fprintf(&c.b, `<circle cx="%s" cy="%s" r="%s" fill="%s"/>`+"\n", num(l.dotX+float64(i)*3*l.dotR), num(l.bar/2), num(l.dotR), color.hex())
	}
	if name := l.fitTitle(title); name != "" {
		fmt.Fprintf(&c.b, `<text x="%s" y="%s" text-anchor="middle" font-size="%s" fill="%s">%s</text>`+"\n",
			num(l.width/2), num(l.bar/2+.32*l.size), num(.87*l.size), letters.hex(), escapeXML(name))
	}
}

// fitTitle cuts a title so that it does not reach the three dots, nor the same
// distance from the other side.
func (l layout) fitTitle(title string) string {
	room := l.width - 2*(l.dotX+9*l.dotR)
	n := int(room / (.87 * emAdvance * l.size))
	if utf8.RuneCountInString(title) <= n {
		return title
	}
	if n < 4 {
		return ""
	}
	return string([]rune(title)[:n-1]) + "…"
}

func (c *svgCanvas) fill(at place, color rgb) {
	// Without crispEdges, a seam would show where two backgrounds meet.
	fmt.Fprintf(&c.b, `<rect x="%s" y="%s" width="%s" height="%s" fill="%s" shape-rendering="crispEdges"/>`+"\n",
		num(at.x), num(at.y), num(at.w), num(at.h), color.hex())
}

func (c *svgCanvas) begin(link string) {
	var href string
	if href, c.link = webLink(link); c.link {
		fmt.Fprintf(&c.b, `<a href="%s">`+"\n", escapeXML(href))
	}
}

func (c *svgCanvas) end() {
	c.flush()
	if c.link {
		c.b.WriteString("</a>\n")
	}
}

// glyphs cuts cells into pieces that a renderer cannot get wrong: words of letters,
// apart where there is more than one blank between them (XML may make one of
// many), and single characters where another font may have to help.
func (c *svgCanvas) glyphs(col, row int, cells []vt.Cell, k look) {
	c.flush()
	for i := 0; i < len(cells); {
		j := i + int(max(cells[i].Width, 1))
		switch {
		case cells[i].Text == "" || cells[i].Width == 0:
		case !plainLetter(cells[i]):
			c.piece(col+i, row, cells[i:j], k, true)
		default:
			for j < len(cells) && (plainLetter(cells[j]) || cells[j].Text == "" && j+1 < len(cells) && plainLetter(cells[j+1])) {
				j++
			}
			c.piece(col+i, row, cells[i:j], k, false)
		}
		i = j
	}
}

// plainLetter says whether any monospace font will have the character, one column
// wide.
func plainLetter(c vt.Cell) bool {
	r, n := utf8.DecodeRuneInString(c.Text)
	return c.Width == 1 && n > 0 && n == len(c.Text) && (r < 0x7f || r < 0x530 && unicode.IsLetter(r))
}

func (c *svgCanvas) piece(col, row int, cells []vt.Cell, k look, squeeze bool) {
	at := c.l.cells(col, row, len(cells))
	c.b.WriteString(`<text`)
	if y := num(at.y + c.l.base); y != "0" {
		c.b.WriteString(` y="` + y + `"`)
	}
	c.b.WriteString(` x="` + num(at.x))
	switch {
	case squeeze:
		c.b.WriteString(`" textLength="` + num(at.w) + `" lengthAdjust="spacingAndGlyphs`)
	case c.brief:
		if len(cells) > 1 {
			c.b.WriteString(`" textLength="` + num(at.w))
		}
	default:
		for i := 1; i < len(cells); i++ {
			c.b.WriteString(" " + num(at.x+float64(i)*c.l.cellW))
		}
	}
	c.b.WriteByte('"')
	if k.fg != c.text {
		c.b.WriteString(` fill="` + k.fg.hex() + `"`)
	}
	if k.bold {
		c.b.WriteString(` font-weight="bold"`)
	}
	if k.italic {
		c.b.WriteString(` font-style="italic"`)
	}
	c.b.WriteString(">" + escapeXML(run{cells: cells}.text()) + "</text>\n")
}

func (c *svgCanvas) shape(at place, s shape, color rgb) {
	var d string
	attrs := `fill="` + color.hex() + `"`
	switch s.kind {
	case boxShape:
		x0, y0 := at.edge(s.a)
		x1, y1 := at.edge(s.b)
		d = "M" + num(x0) + " " + num(y0) + "H" + num(x1) + "V" + num(y1) + "H" + num(x0) + "Z"
		attrs += ` shape-rendering="crispEdges"`
	case areaShape:
		d = svgSteps(at, s.path) + "Z"
	case lineShape:
		d = svgSteps(at, s.path)
		attrs = `fill="none" stroke="` + color.hex() + `" stroke-width="` + num(at.stroke) + `"`
	case dotShape:
		x, y := at.on(s.a)
		r := at.dot()
		half := "a" + num(r) + " " + num(r) + " 0 1 0 "
		d = "M" + num(x-r) + " " + num(y) + half + num(2*r) + " 0" + half + num(-2*r) + " 0Z"
	}
	if attrs != c.path.attrs {
		c.flush()
		c.path.attrs = attrs
	}
	c.path.d.WriteString(d)
}

func svgSteps(at place, path []step) string {
	var b strings.Builder
	for _, s := range path {
		b.WriteByte(s.op)
		points := s.p[:1]
		if s.op == 'C' {
			points = s.p[:]
		}
		for i, p := range points {
			if i > 0 {
				b.WriteByte(' ')
			}
			x, y := at.on(p)
			b.WriteString(num(x) + " " + num(y))
		}
	}
	return b.String()
}

func (c *svgCanvas) flush() {
	if c.path.d.Len() > 0 {
		c.b.WriteString(`<path d="` + c.path.d.String() + `" ` + c.path.attrs + "/>\n")
	}
	c.path.d.Reset()
	c.path.attrs = ""
}

func escapeXML(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder does not fail
	return b.String()
}

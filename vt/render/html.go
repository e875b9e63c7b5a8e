package render

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/sluicerun/sluice/vt"
)

// fontFamily has no quotes: CSS allows names of several words without, and some
// renderers of SVG lose what follows a quoted name.
const fontFamily = "ui-monospace, Cascadia Mono, SF Mono, Menlo, Consolas, DejaVu Sans Mono, Liberation Mono, monospace"

// HTML writes the lines as a page, or with [Options.Fragment] as one <pre>, that
// needs no other file: colours stand in style attributes, nothing is loaded and
// nothing runs. All text is escaped. Hyperlinks become <a> if they lead to http,
// https, ftp or mailto, else they are plain text. Invisible text (SGR 8) is left
// out.
//
// Errors are those of w.
func HTML(w io.Writer, s *vt.Snapshot, o Options) error {
	v := newView(s, o)
	p := newPainter(s, v, o)
	b := bufio.NewWriter(w)
	if !o.Fragment {
		title := v.title
		if title == "" {
			title = "terminal"
		}
		// The policy holds even if an attribute were ever to get through.
		fmt.Fprintf(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"+
			"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"+
			"<meta name=\"viewport\" content=\"width=device-width\">\n<title>%s</title>\n</head>\n<body style=\"margin:0;background:%s\">\n",
			html.EscapeString(title), p.background().hex())
	}
	pad := o.padding()
	fmt.Fprintf(b, "<pre style=\"margin:0;padding:%gpx;width:max-content;min-width:%dch;color:%s;background:%s;font:%gpx/1.2 %s;font-variant-ligatures:none;direction:ltr;unicode-bidi:bidi-override\">", // cells stand where they are, whatever they hold
		pad, v.cols, rgb(p.palette.Fg&0xffffff).hex(), p.background().hex(), o.fontSize(), html.EscapeString(o.family()))
	b.WriteByte('\n') // a newline that directly follows <pre> is not part of it
	for y, l := range v.lines {
		cells, cursor := l.Cells, p.row(y)
		if n := len(written(cells, true)); n > cursor {
			cells = cells[:n]
		} else {
			cells = cells[:cursor+1]
		}
		for r := range runs(cells, cursor) {
			p.writeHTML(b, r)
		}
		b.WriteByte('\n')
	}
	b.WriteString("</pre>\n")
	if !o.Fragment {
		b.WriteString("</body>\n</html>\n")
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("writing html: %w", err)
	}
	return nil
}

func (p *painter) writeHTML(b *bufio.Writer, r run) {
	l := p.look(r)
	var text strings.Builder
	for _, c := range r.cells {
		switch {
		case c.Width == 0:
		case c.Text == "" || l.hidden:
			text.WriteString("  "[:c.Width])
		case c.Width == 2:
			// Fonts for wide characters seldom are exactly two columns wide.
			text.WriteString(`<span style="display:inline-block;width:2ch">` + html.EscapeString(c.Text) + `</span>`)
		default:
			text.WriteString(html.EscapeString(c.Text))
		}
	}
	inner := text.String()
	css, lines := p.css(r, l)
	for _, line := range lines {
		inner = `<span style="` + line + `">` + inner + `</span>`
	}
	href, isLink := webLink(r.link)
	switch {
	case isLink:
		// A link would have the browser's colour and underline.
		if !slices.ContainsFunc(css, func(s string) bool { return strings.HasPrefix(s, "color:") }) {
			css = append([]string{"color:inherit"}, css...)
		}
		if l.underline == vt.NoUnderline {
			css = append(css, "text-decoration:none")
		}
		b.WriteString(`<a href="` + html.EscapeString(href) + `" rel="noopener noreferrer nofollow" style="` + strings.Join(css, ";") + `">` + inner + `</a>`)
	case len(css) > 0:
		b.WriteString(`<span style="` + strings.Join(css, ";") + `">` + inner + `</span>`)
	default:
		b.WriteString(inner)
	}
}

// css returns the declarations of a run, and those of further elements inside it:
// an element has one shape of line, so each kind of line beyond the first needs
// an element of its own.
func (p *painter) css(r run, l look) (own, lines []string) {
	if l.fg != rgb(p.palette.Fg)&0xffffff {
		own = append(own, "color:"+l.fg.hex())
	}
	if l.filled {
		own = append(own, "background:"+l.bg.hex())
	}
	if r.cursor {
		switch c := p.cursorColor().hex(); p.cursor.Shape {
		case vt.UnderlineCursor:
			own = append(own, "box-shadow:inset 0 -.15em "+c)
		case vt.BarCursor:
			own = append(own, "box-shadow:inset .12em 0 "+c)
		}
	}
	if l.bold {
		own = append(own, "font-weight:bold")
	}
	if l.italic {
		own = append(own, "font-style:italic")
	}
	if l.underline != vt.NoUnderline {
		shape := map[vt.Underline]string{vt.DoubleUnderline: " double", vt.CurlyUnderline: " wavy",
			vt.DottedUnderline: " dotted", vt.DashedUnderline: " dashed"}[l.underline]
		line := "text-decoration:underline" + shape
		if l.ul != l.fg {
			line += " " + l.ul.hex()
		}
		own = append(own, line)
	}
	if l.strike {
		lines = append(lines, "text-decoration:line-through")
	}
	if l.overline {
		lines = append(lines, "text-decoration:overline")
	}
	return own, lines
}

// webLink says whether a hyperlink is safe to click in a page. file: is not among
// them: it would make some systems log in to a host that the program named.
func webLink(link string) (string, bool) {
	if link == "" || clean(link) != link {
		return "", false
	}
	u, err := url.Parse(link)
	if err != nil || !slices.Contains([]string{"http", "https", "ftp", "mailto"}, strings.ToLower(u.Scheme)) {
		return "", false
	}
	return link, true
}

func (o Options) family() string {
	if o.FontFamily != "" {
		return clean(o.FontFamily)
	}
	return fontFamily
}

func (o Options) fontSize() float64 {
	if o.FontSize > 0 {
		return o.FontSize
	}
	return 15
}

func (o Options) padding() float64 {
	switch {
	case o.Padding < 0:
		return 0
	case o.Padding == 0:
		return 8
	}
	return float64(o.Padding)
}

// num writes a length with at most three digits after the point.
func num(f float64) string {
	s := strconv.FormatFloat(f, 'f', 3, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" || s == "" {
		return "0"
	}
	return s
}

//go:build ignore

// Command terminal draws what a program wrote to a terminal as an SVG picture:
//
//	sluice run ... 2>&1 | go run docs/img/terminal.go > picture.svg
//
// It knows lines and the colours that sluice uses (SGR: bold, dim, the eight
// basic foregrounds and the 256); any other escape sequence is dropped.
package main

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	charWidth  = 8.4 // of 14 px monospace
	lineHeight = 20
	margin     = 16
)

func main() {
	if err := draw(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "terminal:", err)
		os.Exit(1)
	}
}

var escape = regexp.MustCompile(`\x1b(\[([0-9;]*)[A-Za-z]|.)`)

func draw(r io.Reader, w io.Writer) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	columns := 40
	for _, l := range lines {
		columns = max(columns, utf8.RuneCountInString(escape.ReplaceAllString(l, "")))
	}
	width := int(float64(columns)*charWidth) + 2*margin
	height := len(lines)*lineHeight + 2*margin
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">`+"\n", width, height)
	fmt.Fprintf(out, `<rect width="%d" height="%d" rx="8" fill="#0d1117"/>`+"\n", width, height)
	var s style
	for i, l := range lines {
		fmt.Fprintf(out, `<text x="%d" y="%d" fill="#e6edf3" xml:space="preserve">`, margin, margin+14+i*lineHeight)
		for l != "" {
			at := escape.FindStringSubmatchIndex(l)
			if at == nil {
				s.span(out, l)
				break
			}
			s.span(out, l[:at[0]])
			if l[at[1]-1] == 'm' && at[4] >= 0 {
				s.set(strings.Split(l[at[4]:at[5]], ";"))
			}
			l = l[at[1]:]
		}
		out.WriteString("</text>\n")
	}
	out.WriteString("</svg>\n")
	return out.Flush()
}

// style is the state that SGR sequences change.
type style struct {
	bold, dim bool
	color     string
}

func (s *style) set(params []string) {
	for i := 0; i < len(params); i++ {
		n, _ := strconv.Atoi(params[i])
		switch {
		case n == 0:
			*s = style{}
		case n == 1:
			s.bold = true
		case n == 2:
			s.dim = true
		case n == 22:
			s.bold, s.dim = false, false
		case n >= 30 && n <= 37:
			s.color = palette(n - 30)
		case n == 39:
			s.color = ""
		case n == 38 && i+2 < len(params) && params[i+1] == "5":
			c, _ := strconv.Atoi(params[i+2])
			s.color = palette(c)
			i += 2
		}
	}
}

func (s style) span(w io.Writer, text string) {
	if text == "" {
		return
	}
	var attrs string
	if s.color != "" {
		attrs += ` fill="` + s.color + `"`
	}
	if s.bold {
		attrs += ` font-weight="700"`
	}
	if s.dim {
		attrs += ` opacity="0.65"`
	}
	text = html.EscapeString(text)
	if attrs == "" {
		fmt.Fprint(w, text)
		return
	}
	fmt.Fprintf(w, "<tspan%s>%s</tspan>", attrs, text)
}

// palette is colour n of the 256 that xterm has.
func palette(n int) string {
	basic := [...]string{"#484f58", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#b1bac4",
		"#6e7681", "#ffa198", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#f0f6fc"}
	switch {
	case n < 0 || n > 255:
		return ""
	case n < 16:
		return basic[n]
	case n < 232:
		n -= 16
		level := func(v int) int {
			if v == 0 {
				return 0
			}
			return 55 + 40*v
		}
		return fmt.Sprintf("#%02x%02x%02x", level(n/36), level(n/6%6), level(n%6))
	}
	g := 8 + 10*(n-232)
	return fmt.Sprintf("#%02x%02x%02x", g, g, g)
}

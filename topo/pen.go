package topo

import (
	"strings"

	"github.com/clipperhouse/displaywidth"
)

// pen draws boxes of one style.
type pen struct {
	across, down       string
	nw, ne, sw, se     string
	dot, times, hidden string
}

func newPen(ascii bool) pen {
	if ascii {
		return pen{"-", "|", "+", "+", "+", "+", ", ", " x", "?"}
	}
	return pen{"─", "│", "╭", "╮", "╰", "╯", " · ", " ×", ""}
}

// plain replaces what the style cannot show.
func (p pen) plain(s string) string {
	if p.hidden == "" {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r > '~' {
			return '?'
		}
		return r
	}, s)
}

// box frames lines with a title, width columns wide. What is longer is cut.
func (p pen) box(title string, lines []string, width int) []string {
	title = displaywidth.TruncateString(p.plain(title), max(width-5, 0), "")
	top := p.nw + p.across + " " + title + " "
	top += strings.Repeat(p.across, max(width-displaywidth.String(top)-1, 0)) + p.ne
	out := []string{top}
	for _, l := range lines {
		out = append(out, p.down+" "+pad(p.plain(l), width-4)+" "+p.down)
	}
	return append(out, p.sw+strings.Repeat(p.across, max(width-2, 0))+p.se)
}

func pad(s string, width int) string {
	s = displaywidth.TruncateString(s, max(width, 0), "")
	return s + strings.Repeat(" ", max(width-displaywidth.String(s), 0))
}

// tile puts blocks beside each other as long as they fit, a column between
// them. Those of one row are made equally high.
func (p pen) tile(blocks [][]string, width int) []string {
	var out []string
	for len(blocks) > 0 {
		row, used := 0, 0
		for row < len(blocks) {
			w := displaywidth.String(blocks[row][0])
			if row > 0 && used+1+w > width {
				break
			}
			used += w + 1
			row++
		}
		out = append(out, p.row(blocks[:row])...)
		blocks = blocks[row:]
	}
	return out
}

func (p pen) row(blocks [][]string) []string {
	height := 0
	for _, b := range blocks {
		height = max(height, len(b))
	}
	out := make([]string, height)
	for i, b := range blocks {
		empty := p.down + strings.Repeat(" ", max(displaywidth.String(b[0])-2, 0)) + p.down
		for y := range height {
			if i > 0 {
				out[y] += " "
			}
			switch last := len(b) - 1; {
			case y < last:
				out[y] += b[y]
			case y == height-1:
				out[y] += b[last]
			default:
				out[y] += empty
			}
		}
	}
	return out
}

// indent breaks a text and sets its further lines in.
func (p pen) indent(text string, width int) []string {
	lines := wrap(p.plain(text), width-2)
	for i := range lines[1:] {
		lines[i+1] = "  " + lines[i+1]
	}
	return lines
}

// noBreak is a space at which wrap does not break a line.
const noBreak = "\u00a0"

// wrap breaks a text at spaces, and at commas where a word is longer than the
// line, as lists of CPUs can be.
func wrap(text string, width int) []string {
	width = max(width, 8)
	var lines []string
	line := ""
	flush := func() {
		lines = append(lines, strings.ReplaceAll(strings.TrimRight(line, " "), noBreak, " "))
		line = ""
	}
	for _, word := range strings.SplitAfter(text, " ") {
		for word != "" {
			room := width - displaywidth.String(line)
			if displaywidth.String(strings.TrimRight(word, " ")) <= room {
				line += word
				break
			}
			if displaywidth.String(strings.TrimRight(word, " ")) <= width {
				flush()
				continue
			}
			head := displaywidth.TruncateString(word, room, "")
			cut := strings.LastIndexByte(head, ',') + 1
			if cut == 0 {
				if line != "" {
					flush()
					continue
				}
				cut = max(len(head), 1)
			}
			line += word[:cut]
			word = word[cut:]
			flush()
		}
	}
	if line != "" || len(lines) == 0 {
		flush()
	}
	return lines
}

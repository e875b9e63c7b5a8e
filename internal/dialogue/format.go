package dialogue

import (
	"strconv"
	"strings"
	"time"
)

// Format is the script in its canonical form: what Parse reads as the same
// script. A tape comes out in this package's own language.
func Format(s *Script) string {
	var b strings.Builder
	formatBlock(&b, &s.Body, 0)
	return b.String()
}

// printer collects the words of one command.
type printer struct{ words []string }

func (p *printer) word(w ...string) { p.words = append(p.words, w...) }

// option adds --name value.
func (p *printer) option(name, value string) {
	if value != "" {
		p.word("--"+name, value)
	}
}

func (p *printer) line() string { return strings.Join(p.words, " ") }

// String is the command as one line, without its body and comments.
func (c *Command) String() string {
	var p printer
	if c.On != "" {
		p.word("@" + c.On)
	}
	c.Op.write(&p)
	return p.line()
}

func formatBlock(b *strings.Builder, block *Block, depth int) {
	for _, c := range block.Commands {
		formatNotes(b, c.Before, depth)
		formatCommand(b, c, depth, strings.Repeat("\t", depth))
	}
	formatNotes(b, block.Tail, depth)
}

func formatNotes(b *strings.Builder, notes []string, depth int) {
	for _, n := range notes {
		if n != "" {
			b.WriteString(strings.Repeat("\t", depth) + n)
		}
		b.WriteByte('\n')
	}
}

func comment(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}

func formatCommand(b *strings.Builder, c *Command, depth int, lead string) {
	b.WriteString(lead + c.String())
	bodies := c.blocks()
	if _, ok := c.Op.(*Include); ok {
		bodies = nil // they are in the other file
	}
	if len(bodies) == 0 {
		b.WriteString(comment(c.After) + "\n")
		return
	}
	for i, body := range bodies {
		if body.Inline {
			formatCommand(b, body.Commands[0], depth, " ")
			return
		}
		if i > 0 {
			b.WriteString(" else")
		}
		b.WriteString(" {" + comment(body.Head) + "\n")
		formatBlock(b, body, depth+1)
		b.WriteString(strings.Repeat("\t", depth) + "}")
		if i == len(bodies)-1 {
			b.WriteString(comment(body.After) + "\n")
		}
	}
}

// showDuration is like String of time.Duration without parts that are zero:
// "2m", not "2m0s".
func showDuration(d time.Duration) string {
	if d < 0 {
		return "forever"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// String is "80x24".
func (s Size) String() string { return strconv.Itoa(s.Cols) + "x" + strconv.Itoa(s.Rows) }

package dialogue

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// WritePlan writes the steps of a script without running any: each with its
// place, in the language's canonical form, and with the setting that would apply
// to it behind a #. Both branches of an if and all of a select are shown.
func WritePlan(w io.Writer, s *Script, o RunOptions) error {
	p := &plan{timeout: defaultTimeout, size: Size{80, 24}, file: s.Name}
	if o.Timeout != 0 {
		p.timeout = o.Timeout
	}
	p.out.WriteString(s.Name + "\n")
	p.block(&s.Body, 0)
	for _, warning := range s.Warnings {
		fmt.Fprintf(&p.out, "warning: %s: %s\n", warning.At, warning.Why)
	}
	_, err := io.WriteString(w, p.out.String())
	return err
}

// plan follows the settings through the text.
type plan struct {
	out     strings.Builder
	file    string
	timeout time.Duration
	pace    time.Duration
	size    Size
}

func (p *plan) block(b *Block, depth int) {
	for _, c := range b.Commands {
		if c.At.File != p.file {
			p.file = c.At.File
			p.out.WriteString(p.file + "\n")
		}
		line := strings.Repeat("  ", depth) + c.String()
		if note := p.note(c); note != "" {
			line = fmt.Sprintf("%-50s # %s", line, note)
		}
		fmt.Fprintf(&p.out, "%5d  %s\n", c.At.Line, line)
		for i, inner := range c.blocks() {
			if i > 0 {
				fmt.Fprintf(&p.out, "%5s  %selse\n", "", strings.Repeat("  ", depth))
			}
			p.block(inner, depth+1)
		}
		p.file = c.At.File
	}
}

// note is what the settings add to a command.
func (p *plan) note(c *Command) string {
	within := func(o Opt) string {
		if o.Set {
			return ""
		}
		return "within " + showDuration(p.timeout)
	}
	pace := func(o Opt) string {
		if o.Set || p.pace == 0 {
			return ""
		}
		return showDuration(p.pace) + " between keys"
	}
	switch op := c.Op.(type) {
	case *Set:
		switch op.Name {
		case "timeout":
			p.timeout = op.D
		case "typing":
			p.pace = op.D
		case "size":
			p.size = op.Size
		}
	case *Run:
		return p.sized(op.Launch)
	case *Shell:
		return p.sized(op.Launch)
	case *Wait:
		return within(op.Within)
	case *Expect:
		if op.Cond.Exit && !op.Not {
			return within(op.Within)
		}
	case *Select:
		for _, b := range op.Body.Commands {
			if _, is := b.Op.(*Within); is {
				return ""
			}
		}
		return within(Opt{})
	case *Type:
		return pace(op.Pace)
	case *Press:
		return pace(op.Pace)
	case *Secret:
		return "not shown, not recorded, and only while nothing is echoed"
	}
	return ""
}

func (p *plan) sized(l Launch) string {
	if l.Size != (Size{}) {
		return ""
	}
	return p.size.String()
}

package render

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/sluicerun/sluice/vt"
)

// sgrAttrs are the attributes with the numbers that switch them on and off (ECMA-48,
// overline from xterm's ctlseqs). Bold and faint are switched off together.
var sgrAttrs = [...]struct {
	attr    vt.Attr
	on, off string
}{
	{vt.Bold, "1", "22"},
	{vt.Faint, "2", "22"},
	{vt.Italic, "3", "23"},
	{vt.Blink, "5", "25"},
	{vt.Inverse, "7", "27"},
	{vt.Invisible, "8", "28"},
	{vt.Strike, "9", "29"},
	{vt.Overline, "53", "55"},
}

// writeSGR writes the shortest sequence that leads from one style to another.
func writeSGR(b *bytes.Buffer, from, to vt.Style) {
	if from == to {
		return
	}
	if to == (vt.Style{}) {
		b.WriteString("\x1b[m")
		return
	}
	change := strings.Join(sgrChange(from, to), ";")
	afresh := strings.Join(append([]string{"0"}, sgrChange(vt.Style{}, to)...), ";")
	if len(afresh) < len(change) {
		change = afresh
	}
	if change != "" {
		b.WriteString("\x1b[" + change + "m")
	}
}

func sgrChange(from, to vt.Style) []string {
	var p []string
	had := from.Attr
	if off := had &^ to.Attr; off&(vt.Bold|vt.Faint) != 0 {
		p = append(p, "22")
		had &^= vt.Bold | vt.Faint
	}
	for _, a := range sgrAttrs {
		switch {
		case to.Attr&a.attr != 0 && had&a.attr == 0:
			p = append(p, a.on)
		case to.Attr&a.attr == 0 && had&a.attr != 0:
			p = append(p, a.off)
		}
	}
	if from.Underline != to.Underline {
		p = append(p, sgrUnderline(to.Underline))
	}
	if from.Fg != to.Fg {
		p = append(p, sgrColor(to.Fg, 30))
	}
	if from.Bg != to.Bg {
		p = append(p, sgrColor(to.Bg, 40))
	}
	if from.Ul != to.Ul {
		p = append(p, sgrUnderlineColor(to.Ul))
	}
	return p
}

// sgrUnderline uses sub-parameters for the shapes beyond a plain line: 21 is no
// double underline everywhere, and a terminal that does not know 4:3 drops it.
func sgrUnderline(u vt.Underline) string {
	switch u {
	case vt.NoUnderline:
		return "24"
	case vt.SingleUnderline:
		return "4"
	}
	return "4:" + strconv.Itoa(int(u))
}

// sgrColor separates by semicolons, which every terminal with these colours reads;
// base is 30 for the text and 40 for the background.
func sgrColor(c vt.Color, base int) string {
	if i, ok := c.Index(); ok {
		switch n := int(i); {
		case n < 8:
			return strconv.Itoa(base + n)
		case n < 16:
			return strconv.Itoa(base + 60 + n - 8)
		default:
			return strconv.Itoa(base+8) + ";5;" + strconv.Itoa(n)
		}
	}
	if r, g, bl, ok := c.RGB(); ok {
		return strconv.Itoa(base+8) + ";2;" + strconv.Itoa(int(r)) + ";" + strconv.Itoa(int(g)) + ";" + strconv.Itoa(int(bl))
	}
	return strconv.Itoa(base + 9)
}

// sgrUnderlineColor separates by colons: a terminal that does not know 58 would
// read 58;5;1 as blinking and bold.
func sgrUnderlineColor(c vt.Color) string {
	if i, ok := c.Index(); ok {
		return "58:5:" + strconv.Itoa(int(i))
	}
	if r, g, bl, ok := c.RGB(); ok {
		return "58:2::" + strconv.Itoa(int(r)) + ":" + strconv.Itoa(int(g)) + ":" + strconv.Itoa(int(bl))
	}
	return "59"
}

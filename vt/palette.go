package vt

import (
	"fmt"
	"strconv"
	"strings"
)

// defaultColor returns colour i of the palette as xterm has it.
func defaultColor(i int) uint32 {
	plain := [16]uint32{
		0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
		0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
	}
	switch {
	case i < 16:
		return plain[i]
	case i < 232:
		level := func(n int) uint32 {
			if n == 0 {
				return 0
			}
			return uint32(55 + 40*n)
		}
		i -= 16
		return level(i/36)<<16 | level(i/6%6)<<8 | level(i%6)
	}
	return uint32(8+10*(i-232)) * 0x010101
}

func (t *Terminal) color(i int) uint32 {
	if t.palette != nil {
		return t.palette[i]
	}
	return defaultColor(i)
}

func (t *Terminal) setColor(i int, c uint32) {
	if t.palette == nil {
		t.palette = new([256]uint32)
		for j := range t.palette {
			t.palette[j] = defaultColor(j)
		}
	}
	t.palette[i] = c
}

func (t *Terminal) paletteChanged() {
	t.touchAll()
	t.notify(Event{Kind: PaletteEvent})
}

// oscPalette is OSC 4: pairs of a number and a colour or ?.
func (t *Terminal) oscPalette(s string) {
	f := strings.Split(s, ";")
	for i := 0; i+1 < len(f); i += 2 {
		n, err := strconv.Atoi(f[i])
		if err != nil || n < 0 || n > 255 {
			continue
		}
		if f[i+1] == "?" {
			t.reply(t.oscAnswer(fmt.Sprintf("4;%d;%s", n, formatColor(t.color(n)))))
		} else if c, ok := parseColor(f[i+1]); ok {
			t.setColor(n, c)
			t.paletteChanged()
		}
	}
}

// oscColors is OSC 10, 11 and 12; what follows after a semicolon is for the next
// of them.
func (t *Terminal) oscColors(n int, s string) {
	for arg := range strings.SplitSeq(s, ";") {
		var c *uint32
		switch n {
		case 10:
			c = &t.fg
		case 11:
			c = &t.bg
		case 12:
			c = &t.cc
		default:
			return
		}
		if arg == "?" {
			t.reply(t.oscAnswer(fmt.Sprintf("%d;%s", n, formatColor(*c))))
		} else if v, ok := parseColor(arg); ok {
			*c = v
			t.paletteChanged()
		}
		n++
	}
}

func (t *Terminal) resetPalette(s string) {
	if s == "" {
		t.palette = nil
		t.paletteChanged()
		return
	}
	for arg := range strings.SplitSeq(s, ";") {
		if n, err := strconv.Atoi(arg); err == nil && n >= 0 && n <= 255 && t.palette != nil {
			t.palette[n] = defaultColor(n)
		}
	}
	t.paletteChanged()
}

// oscAnswer puts an answer into the form that the question had.
func (t *Terminal) oscAnswer(s string) []byte {
	end := "\x1b\\"
	if t.p.bel {
		end = "\a"
	}
	t.out = append(append(append(t.out[:0], "\x1b]"...), s...), end...)
	return t.out
}

func formatColor(c uint32) string {
	r, g, b := c>>16&0xff, c>>8&0xff, c&0xff
	return fmt.Sprintf("rgb:%04x/%04x/%04x", r*0x101, g*0x101, b*0x101)
}

// parseColor reads a colour as XParseColor does: rgb:h/h/h of one to four digits
// each, or # and three, six, nine or twelve digits.
func parseColor(s string) (uint32, bool) {
	var parts []string
	if f, ok := strings.CutPrefix(s, "rgb:"); ok {
		parts = strings.Split(f, "/")
	} else if f, ok := strings.CutPrefix(s, "#"); ok && len(f) > 0 && len(f)%3 == 0 {
		n := len(f) / 3
		parts = []string{f[:n], f[n : 2*n], f[2*n:]}
	}
	if len(parts) != 3 {
		return 0, false
	}
	var c uint32
	for _, p := range parts {
		v, err := strconv.ParseUint(p, 16, 16)
		if err != nil || len(p) > 4 {
			return 0, false
		}
		// rgb: scales the digits given; # takes them as the highest ones.
		if s[0] == '#' {
			v = v << (16 - 4*len(p)) >> 8
		} else {
			v = v * 255 / (1<<(4*len(p)) - 1)
		}
		c = c<<8 | uint32(v)
	}
	return c, true
}

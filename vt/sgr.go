package vt

// sgr changes the pen. Colours come as 38;5;n, 38;2;r;g;b, or with colons as in
// ISO 8613-6, where a colour space may stand between the 2 and the red.
func (t *Terminal) sgr(a *params) {
	p := &t.pen
	for i := 0; i < a.n; i++ {
		switch n := a.v[i]; {
		case n == 0:
			p.Style = Style{Attr: p.Attr & Protected}
		case n == 1:
			p.Attr |= Bold
		case n == 2:
			p.Attr |= Faint
		case n == 3:
			p.Attr |= Italic
		case n == 4:
			u := int32(SingleUnderline)
			if i+1 < a.n && a.isSub(i+1) {
				i++
				u = a.v[i]
			}
			if u <= int32(DashedUnderline) {
				p.Underline = Underline(u)
			}
		case n == 5, n == 6:
			p.Attr |= Blink
		case n == 7:
			p.Attr |= Inverse
		case n == 8:
			p.Attr |= Invisible
		case n == 9:
			p.Attr |= Strike
		case n == 21:
			p.Underline = DoubleUnderline
		case n == 22:
			p.Attr &^= Bold | Faint
		case n == 23:
			p.Attr &^= Italic
		case n == 24:
			p.Underline = NoUnderline
		case n == 25:
			p.Attr &^= Blink
		case n == 27:
			p.Attr &^= Inverse
		case n == 28:
			p.Attr &^= Invisible
		case n == 29:
			p.Attr &^= Strike
		case n >= 30 && n <= 37:
			p.Fg = Indexed(uint8(n - 30))
		case n == 38:
			i = longColor(a, i, &p.Fg)
		case n == 39:
			p.Fg = 0
		case n >= 40 && n <= 47:
			p.Bg = Indexed(uint8(n - 40))
		case n == 48:
			i = longColor(a, i, &p.Bg)
		case n == 49:
			p.Bg = 0
		case n == 53:
			p.Attr |= Overline
		case n == 55:
			p.Attr &^= Overline
		case n == 58:
			i = longColor(a, i, &p.Ul)
		case n == 59:
			p.Ul = 0
		case n >= 90 && n <= 97:
			p.Fg = Indexed(uint8(n - 90 + 8))
		case n >= 100 && n <= 107:
			p.Bg = Indexed(uint8(n - 100 + 8))
		}
		for i+1 < a.n && a.isSub(i+1) { // what a number does not know after a colon
			i++
		}
	}
	t.penDirty = true
}

// longColor reads the colour after 38, 48 or 58 at place i and returns the place of
// its last number.
func longColor(a *params, i int, c *Color) int {
	if i+1 >= a.n {
		return i
	}
	if a.isSub(i + 1) {
		end := i + 1
		for end < a.n && a.isSub(end) {
			end++
		}
		v := a.v[i+1 : end]
		switch {
		case v[0] == 5 && len(v) >= 2 && v[1] <= 255:
			*c = Indexed(uint8(v[1]))
		case v[0] == 2 && len(v) == 4:
			setRGB(c, v[1], v[2], v[3])
		case v[0] == 2 && len(v) > 4:
			setRGB(c, v[2], v[3], v[4])
		}
		return end - 1
	}
	switch a.v[i+1] {
	case 5:
		if i+2 < a.n && a.v[i+2] <= 255 {
			*c = Indexed(uint8(a.v[i+2]))
		}
		return min(i+2, a.n-1)
	case 2:
		if i+4 < a.n {
			setRGB(c, a.v[i+2], a.v[i+3], a.v[i+4])
		}
		return min(i+4, a.n-1)
	}
	return i + 1
}

func setRGB(c *Color, r, g, b int32) {
	if r <= 255 && g <= 255 && b <= 255 {
		*c = RGB(uint8(r), uint8(g), uint8(b))
	}
}

// appendSGR appends the parameters of SGR, from "0" on, that make the style out of
// any other. Protected is no part of SGR.
func appendSGR(p []byte, s Style) []byte {
	p = append(p, '0')
	for i, n := range [...]byte{'1', '2', '3', '5', '7', '8', '9'} {
		if s.Attr&(Bold<<i) != 0 {
			p = append(p, ';', n)
		}
	}
	switch s.Underline {
	case NoUnderline:
	case SingleUnderline:
		p = append(p, ";4"...)
	default:
		p = append(p, ";4:"...)
		p = append(p, '0'+byte(s.Underline))
	}
	if s.Attr&Overline != 0 {
		p = append(p, ";53"...)
	}
	p = appendColor(p, s.Fg, 30, 90, "38")
	p = appendColor(p, s.Bg, 40, 100, "48")
	return appendColor(p, s.Ul, -1, -1, "58")
}

func appendColor(p []byte, c Color, plain, bright int, long string) []byte {
	if n, ok := c.Index(); ok {
		switch {
		case plain >= 0 && n < 8:
			return appendInt(append(p, ';'), plain+int(n))
		case plain >= 0 && n < 16:
			return appendInt(append(p, ';'), bright+int(n)-8)
		case plain < 0: // 58 is known in this form only, to those who know it
			return appendInt(append(append(append(p, ';'), long...), ":5:"...), int(n))
		}
		return appendInt(append(append(append(p, ';'), long...), ";5;"...), int(n))
	}
	if r, g, b, ok := c.RGB(); ok {
		sep, first := byte(';'), ";2;"
		if plain < 0 {
			sep, first = ':', ":2::"
		}
		p = append(append(append(p, ';'), long...), first...)
		p = append(appendInt(p, int(r)), sep)
		p = append(appendInt(p, int(g)), sep)
		return appendInt(p, int(b))
	}
	return p
}

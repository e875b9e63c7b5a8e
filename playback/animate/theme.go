package animate

import (
	"fmt"
	"strconv"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/vt"
	"github.com/sluicerun/sluice/vt/render"
)

// defaultTheme is that of recordings which say nothing of their colours.
const defaultTheme = "asciinema"

// Palette returns the colours of a recording's own theme, for [render.Options], or
// nil if it has none that can be read. A theme of eight colours has them twice.
func Palette(h cast.Header) *vt.Palette {
	t := h.Theme
	if t == nil || len(t.Palette) != 8 && len(t.Palette) != 16 {
		return nil
	}
	fg, ok := hexColor(t.FG)
	bg, ok2 := hexColor(t.BG)
	if !ok || !ok2 {
		return nil
	}
	var first [16]uint32
	for i := range first {
		if first[i], ok = hexColor(t.Palette[i%len(t.Palette)]); !ok {
			return nil
		}
	}
	return render.Colors(fg, bg, first)
}

// Colors are the colours in which a recording is shown: those of its own theme, or
// else asciinema's.
func Colors(h cast.Header) *vt.Palette {
	if p := Palette(h); p != nil {
		return p
	}
	p, err := render.Theme(defaultTheme)
	if err != nil {
		panic(err) // it is one of render's own
	}
	return p
}

// hexColor reads #rrggbb.
func hexColor(s string) (uint32, bool) {
	if len(s) != 7 || s[0] != '#' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[1:], 16, 32)
	return uint32(n), err == nil
}

// themeOf is the way back.
func themeOf(p *vt.Palette) *cast.Theme {
	hex := func(c uint32) string { return fmt.Sprintf("#%06x", c&0xffffff) }
	t := &cast.Theme{FG: hex(p.Fg), BG: hex(p.Bg)}
	for _, c := range p.Colors[:16] {
		t.Palette = append(t.Palette, hex(c))
	}
	return t
}

// colors knows what the screens of one picture look like.
type colors struct {
	base  vt.Palette
	fixed bool       // the user chose them: what the program changes does not count
	own   vt.Palette // those of an emulator in which nothing was changed
}

func newColors(h cast.Header, o Options) (*colors, error) {
	if p := o.Draw.Palette; p != nil {
		return &colors{base: *p, fixed: true}, nil
	}
	c := &colors{base: *Colors(h), own: vt.New(1, 1, vt.Options{}).Snapshot(false).Palette}
	return c, nil
}

// apply gives a snapshot its colours: the theme's, where the program has not
// changed them.
func (c *colors) apply(s *vt.Snapshot) {
	if c.fixed {
		s.Palette = c.base
		return
	}
	// Text, background and cursor are the emulator's from its begin.
	for i := range s.Palette.Colors {
		if s.Palette.Colors[i] == c.own.Colors[i] {
			s.Palette.Colors[i] = c.base.Colors[i]
		}
	}
}

// terminal returns an emulator with these colours.
func (c *colors) terminal(cols, rows int) *vt.Terminal {
	return vt.New(cols, rows, vt.Options{Fg: c.base.Fg, Bg: c.base.Bg, Cursor: c.base.Cursor})
}

package render

import (
	"fmt"
	"strings"

	"github.com/sluicerun/sluice/vt"
)

// theme is a terminal's 16 colours and those of its text, background and cursor.
type theme struct {
	name           string
	fg, bg, cursor uint32
	colors         [16]uint32
}

// xterm is the first: it stands in where a snapshot has no colours. The colours of
// solarized are those of Ethan Schoonover's table, those of dracula, nord and gruvbox
// of their specifications, those of asciinema, monokai and tango of asciinema's
// player.
var themes = [...]theme{
	{"xterm", 0xe5e5e5, 0x000000, 0xe5e5e5, [16]uint32{
		0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
		0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff}},
	{"dark", 0xd4d7dd, 0x16181d, 0xf0f2f5, [16]uint32{
		0x2a2d34, 0xf0717a, 0x8fca74, 0xe6bd6a, 0x6fa8f2, 0xc792ea, 0x62c4cf, 0xc8ccd4,
		0x6b7280, 0xff8f96, 0xa9e08f, 0xffd78a, 0x93c1ff, 0xdcb2fa, 0x87dfe8, 0xffffff}},
	{"light", 0x24292f, 0xffffff, 0x24292f, [16]uint32{
		0x24292f, 0xc4232f, 0x1a7f37, 0x8a5c00, 0x0b5fd0, 0x8250df, 0x14747d, 0x6e7781,
		0x57606a, 0xa40e26, 0x2da44e, 0xa87400, 0x218bff, 0xa475f9, 0x3192aa, 0x8c959f}},
	{"solarized-dark", 0x839496, 0x002b36, 0x93a1a1, [16]uint32{
		0x073642, 0xdc322f, 0x859900, 0xb58900, 0x268bd2, 0xd33682, 0x2aa198, 0xeee8d5,
		0x002b36, 0xcb4b16, 0x586e75, 0x657b83, 0x839496, 0x6c71c4, 0x93a1a1, 0xfdf6e3}},
	{"solarized-light", 0x657b83, 0xfdf6e3, 0x586e75, [16]uint32{
		0x073642, 0xdc322f, 0x859900, 0xb58900, 0x268bd2, 0xd33682, 0x2aa198, 0xeee8d5,
		0x002b36, 0xcb4b16, 0x586e75, 0x657b83, 0x839496, 0x6c71c4, 0x93a1a1, 0xfdf6e3}},
	{"dracula", 0xf8f8f2, 0x282a36, 0xf8f8f2, [16]uint32{
		0x21222c, 0xff5555, 0x50fa7b, 0xf1fa8c, 0xbd93f9, 0xff79c6, 0x8be9fd, 0xf8f8f2,
		0x6272a4, 0xff6e6e, 0x69ff94, 0xffffa5, 0xd6acff, 0xff92df, 0xa4ffff, 0xffffff}},
	{"asciinema", 0xcccccc, 0x121314, 0xcccccc, [16]uint32{
		0x000000, 0xdd3c69, 0x4ebf22, 0xddaf3c, 0x26b0d7, 0xb954e1, 0x54e1b9, 0xd9d9d9,
		0x4d4d4d, 0xdd3c69, 0x4ebf22, 0xddaf3c, 0x26b0d7, 0xb954e1, 0x54e1b9, 0xffffff}},
	{"monokai", 0xf8f8f2, 0x272822, 0xf8f8f2, [16]uint32{
		0x272822, 0xf92672, 0xa6e22e, 0xf4bf75, 0x66d9ef, 0xae81ff, 0xa1efe4, 0xf8f8f2,
		0x75715e, 0xf92672, 0xa6e22e, 0xf4bf75, 0x66d9ef, 0xae81ff, 0xa1efe4, 0xf9f8f5}},
	{"gruvbox-dark", 0xebdbb2, 0x282828, 0xebdbb2, [16]uint32{
		0x282828, 0xcc241d, 0x98971a, 0xd79921, 0x458588, 0xb16286, 0x689d6a, 0xa89984,
		0x928374, 0xfb4934, 0xb8bb26, 0xfabd2f, 0x83a598, 0xd3869b, 0x8ec07c, 0xebdbb2}},
	{"gruvbox-light", 0x3c3836, 0xfbf1c7, 0x3c3836, [16]uint32{
		0xfbf1c7, 0xcc241d, 0x98971a, 0xd79921, 0x458588, 0xb16286, 0x689d6a, 0x7c6f64,
		0x928374, 0x9d0006, 0x79740e, 0xb57614, 0x076678, 0x8f3f71, 0x427b58, 0x3c3836}},
	{"tango", 0xcccccc, 0x121314, 0xcccccc, [16]uint32{
		0x000000, 0xcc0000, 0x4e9a06, 0xc4a000, 0x3465a4, 0x75507b, 0x06989a, 0xd3d7cf,
		0x555753, 0xef2929, 0x8ae234, 0xfce94f, 0x729fcf, 0xad7fa8, 0x34e2e2, 0xeeeeec}},
	{"nord", 0xd8dee9, 0x2e3440, 0xd8dee9, [16]uint32{
		0x3b4252, 0xbf616a, 0xa3be8c, 0xebcb8b, 0x81a1c1, 0xb48ead, 0x88c0d0, 0xe5e9f0,
		0x4c566a, 0xbf616a, 0xa3be8c, 0xebcb8b, 0x81a1c1, 0xb48ead, 0x8fbcbb, 0xeceff4}},
}

// ThemeNames lists the names that [Theme] knows.
func ThemeNames() []string {
	names := make([]string, len(themes))
	for i, t := range themes {
		names[i] = t.name
	}
	return names
}

// Theme returns the colours with this name, for [Options.Palette]. They stand for
// colours that the program in the terminal chose by number or did not choose, also
// where it changed them (OSC 4, 10, 11).
func Theme(name string) (*vt.Palette, error) {
	for i := range themes {
		if themes[i].name == name {
			p := themes[i].palette()
			return &p, nil
		}
	}
	return nil, fmt.Errorf("theme %q is not known: there are %s", name, strings.Join(ThemeNames(), ", "))
}

// Colors returns a palette of 16 colours, 0xRRGGBB, with the 240 others that are
// the same everywhere. The cursor has the text's colour.
func Colors(fg, bg uint32, first [16]uint32) *vt.Palette {
	p := (&theme{fg: fg, bg: bg, cursor: fg, colors: first}).palette()
	return &p
}

func xtermPalette() vt.Palette { return themes[0].palette() }

// palette adds the 240 colours that are the same everywhere: xterm's cube of
// 6x6x6, with levels 0, 95, 135 ... 255, and the greys 8, 18 ... 238.
func (t *theme) palette() vt.Palette {
	p := vt.Palette{Fg: t.fg, Bg: t.bg, Cursor: t.cursor}
	copy(p.Colors[:], t.colors[:])
	level := func(i int) uint32 {
		if i == 0 {
			return 0
		}
		return uint32(55 + 40*i)
	}
	for i := range 216 {
		p.Colors[16+i] = level(i/36)<<16 | level(i/6%6)<<8 | level(i%6)
	}
	for i := range 24 {
		p.Colors[232+i] = uint32(8+10*i) * 0x010101
	}
	return p
}

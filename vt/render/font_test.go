package render

import (
	"encoding/binary"
	"testing"

	"golang.org/x/image/font/gofont/gomono"
)

// fontWith returns Go Mono in which the only character is r, with the glyph of
// letter: its tables with another cmap, in the form of the OpenType specification.
func fontWith(r rune, letter uint16) []byte {
	be := binary.BigEndian
	cmap := be.AppendUint16(nil, 0)         // version
	cmap = be.AppendUint16(cmap, 1)         // one subtable
	cmap = be.AppendUint16(cmap, 3)         // Windows
	cmap = be.AppendUint16(cmap, 10)        // full Unicode
	cmap = be.AppendUint32(cmap, 12)        // where it begins
	cmap = be.AppendUint16(cmap, 12)        // format 12
	cmap = be.AppendUint16(cmap, 0)         // reserved
	cmap = be.AppendUint32(cmap, 16+12)     // length
	cmap = be.AppendUint32(cmap, 0)         // language
	cmap = be.AppendUint32(cmap, 1)         // one group
	cmap = be.AppendUint32(cmap, uint32(r)) // first
	cmap = be.AppendUint32(cmap, uint32(r)) // last
	cmap = be.AppendUint32(cmap, uint32(letter))

	src := gomono.TTF
	n := int(be.Uint16(src[4:]))
	out := append([]byte(nil), src[:12+16*n]...)
	for i := range n {
		entry := out[12+16*i:][:16]
		data := src[be.Uint32(entry[8:]):][:be.Uint32(entry[12:])]
		if string(entry[:4]) == "cmap" {
			data = cmap
		}
		for len(out)%4 != 0 {
			out = append(out, 0)
		}
		be.PutUint32(out[12+16*i+8:], uint32(len(out)))
		be.PutUint32(out[12+16*i+12:], uint32(len(data)))
		out = append(out, data...)
	}
	return out
}

func TestFonts(t *testing.T) {
	box := drawn(t, screenOf(3, "漢"), Options{})
	letterA := uint16(36) // as in most TrueType fonts: the glyphs of Latin-1 follow each other from the blank, 3, on
	for _, c := range []struct {
		name  string
		fonts [][]byte
		known bool
	}{
		{"none", nil, false},
		{"has another", [][]byte{fontWith('字', letterA)}, false},
		{"has it", [][]byte{fontWith('漢', letterA)}, true},
		{"the second has it", [][]byte{fontWith('字', letterA), fontWith('漢', letterA)}, true},
		{"the first counts", [][]byte{fontWith('漢', letterA), fontWith('漢', letterA+1)}, true},
	} {
		got := drawn(t, screenOf(3, "漢"), Options{Fonts: c.fonts})
		if same := string(got.Pix) == string(box.Pix); same == c.known {
			t.Errorf("%s: the box is there: %v", c.name, same)
		}
		if !c.known {
			continue
		}
		// The letter, in the middle of two cells.
		a := drawn(t, screenOf(1, "A"), Options{})
		for y := range a.Rect.Dy() {
			for x := range a.Rect.Dx() {
				if lit(a, x, y) != (lit(got, x+4, y) || lit(got, x+5, y)) && lit(a, x, y) {
					t.Fatalf("%s: pixel %d, %d is not there\n%s\n%s", c.name, x, y, sketch(a), sketch(got))
				}
			}
		}
	}
	// What the built-in font has is not taken from another.
	a, b := drawn(t, screenOf(2, "B"), Options{}), drawn(t, screenOf(2, "B"), Options{Fonts: [][]byte{fontWith('B', letterA)}})
	if string(a.Pix) != string(b.Pix) {
		t.Error("B was taken from the fallback font")
	}
}

func TestThemes(t *testing.T) {
	for _, name := range ThemeNames() {
		p, err := Theme(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if p.Fg == p.Bg || p.Cursor == p.Bg || p.Colors[16] != 0 || p.Colors[231] != 0xffffff || p.Colors[232] != 0x080808 || p.Colors[67] != 0x5f87af {
			t.Errorf("theme %s: %06x on %06x, %06x", name, p.Fg, p.Bg, p.Colors[16:])
		}
		// The reader's copy is the reader's own.
		p.Fg = 0x123456
		if again, _ := Theme(name); again.Fg == p.Fg {
			t.Errorf("theme %s was changed from outside", name)
		}
	}
	if _, err := Theme("pink"); err == nil || err.Error() != `theme "pink" is not known: there are xterm, dark, light, solarized-dark, solarized-light, dracula, asciinema, monokai, gruvbox-dark, gruvbox-light, tango, nord` {
		t.Errorf("got error %v", err)
	}
}

package render

import (
	"fmt"
	"image"
	"image/color"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/vt"
)

// drawn draws a screen without padding and cursor.
func drawn(t *testing.T, s *vt.Snapshot, o Options) *image.RGBA {
	t.Helper()
	o.Padding, o.HideCursor = -1, true
	img, err := Image(s, o)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// lit says whether anything of the text's colour is at a pixel.
func lit(img *image.RGBA, x, y int) bool { return img.RGBAAt(x, y) != color.RGBA{0, 0, 0, 255} }

// parts counts the groups of lit pixels that touch each other at a side.
func parts(img *image.RGBA) int {
	w := img.Rect.Dx()
	seen := make([]bool, w*img.Rect.Dy())
	n := 0
	for y := range img.Rect.Dy() {
		for x := range w {
			if !lit(img, x, y) || seen[y*w+x] {
				continue
			}
			n++
			todo := []image.Point{{X: x, Y: y}}
			for len(todo) > 0 {
				p := todo[len(todo)-1]
				todo = todo[:len(todo)-1]
				if !p.In(img.Rect) || seen[p.Y*w+p.X] || !lit(img, p.X, p.Y) {
					continue
				}
				seen[p.Y*w+p.X] = true
				todo = append(todo, p.Add(image.Pt(1, 0)), p.Add(image.Pt(-1, 0)), p.Add(image.Pt(0, 1)), p.Add(image.Pt(0, -1)))
			}
		}
	}
	return n
}

// cellSizes are odd and even, narrow and wide.
var cellSizes = [][2]int{{5, 9}, {6, 12}, {7, 13}, {8, 16}, {9, 18}, {10, 19}, {11, 21}, {12, 12}, {16, 9}, {18, 36}, {19, 41}, {33, 66}}

func TestBoxesJoin(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines []string
		parts int
	}{
		{"light", []string{"┌─┬┐", "│ ││", "├─┼┤", "└─┴┘"}, 1},
		{"heavy", []string{"┏━┳┓", "┃ ┃┃", "┣━╋┫", "┗━┻┛"}, 1},
		{"mixed", []string{"┎─┰┒", "┃ ┃┃", "┠─╂┨", "┖─┸┚", "┍━┯┑", "│ ││", "┝━┿┥", "┕━┷┙"}, 2},
		{"double", []string{"╔══╗", "║  ║", "╚══╝"}, 2},
		{"double cross", []string{"╔═╦═╗", "╠═╬═╣", "╚═╩═╝"}, 5}, // around, and one in each field
		{"double with light", []string{"╒═╤╕", "│ ││", "╞═╪╡", "╘═╧╛"}, 1},
		{"light with double", []string{"╓─╥╖", "║ ║║", "╟─╫╢", "╙─╨╜"}, 1},
		{"arcs", []string{"╭─╮", "│ │", "╰─╯"}, 1},
		{"halves", []string{"╶─╴", "   ", "╺━╸"}, 2},
		{"diagonals", []string{"╱╲", "╲╱"}, 1},
		{"blocks", []string{"▛▀▜", "▌ ▐", "▙▄▟"}, 1},
	} {
		for _, size := range cellSizes {
			s := screenOf(len([]rune(c.lines[0])), c.lines...)
			img := drawn(t, s, Options{CellWidth: size[0], CellHeight: size[1]})
			if img.Rect.Dx() != size[0]*s.Cols || img.Rect.Dy() != size[1]*s.Rows {
				t.Fatalf("%v: the picture is %v", size, img.Rect)
			}
			if got := parts(img); got != c.parts {
				t.Errorf("%s in cells of %v: %d parts, want %d\n%s", c.name, size, got, c.parts, sketch(img))
			}
		}
	}
}

// sketch shows a small picture as text.
func sketch(img *image.RGBA) string {
	if img.Rect.Dx() > 100 {
		return ""
	}
	var b strings.Builder
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			b.WriteByte(".#"[map[bool]int{true: 1}[lit(img, x, y)]])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestBlocksAreExact(t *testing.T) {
	for _, size := range cellSizes {
		w, h := size[0], size[1]
		for _, c := range []struct {
			text string
			in   func(x, y int) bool
		}{
			{"█", func(x, y int) bool { return true }},
			{"▀", func(x, y int) bool { return y < (h+1)/2 }},
			{"▄", func(x, y int) bool { return y >= (h+1)/2 }},
			{"▌", func(x, y int) bool { return x < (w+1)/2 }},
			{"▐", func(x, y int) bool { return x >= (w+1)/2 }},
			{"▚", func(x, y int) bool { return (x < (w+1)/2) == (y < (h+1)/2) }},
			{"▞", func(x, y int) bool { return (x < (w+1)/2) != (y < (h+1)/2) }},
			{"\U0001fb14", func(x, y int) bool { // sextants 2, 3 and 5 of two columns and three rows
				return x >= (w+1)/2 && y < (2*h+3)/6 || x < (w+1)/2 && y >= (2*h+3)/6
			}},
		} {
			img := drawn(t, screenOf(1, c.text), Options{CellWidth: w, CellHeight: h})
			for y := range h {
				for x := range w {
					if got := img.RGBAAt(x, y); c.in(x, y) != (got == color.RGBA{0xe5, 0xe5, 0xe5, 0xff}) || lit(img, x, y) != c.in(x, y) {
						t.Fatalf("%s in a cell of %v: pixel %d, %d is %v\n%s", c.text, size, x, y, got, sketch(img))
					}
				}
			}
		}
		// A pattern and what it leaves over fill the cell, without an overlap.
		for i := range 60 {
			pattern := sextant(i)
			rest := sextant(59 - i)
			n := 0
			for _, s := range append(pattern, rest...) {
				at := place{w: float64(w), h: float64(h), pixels: true}
				x0, y0 := at.edge(s.a)
				x1, y1 := at.edge(s.b)
				n += int((x1 - x0) * (y1 - y0))
			}
			if n != w*h {
				t.Errorf("sextant %d and the other: %d pixels of %d", i, n, w*h)
			}
		}
	}
}

func TestColorsAreExact(t *testing.T) {
	s := screenOf(7, "")
	s.Palette = xtermPalette()
	s.Palette.Fg, s.Palette.Bg, s.Palette.Cursor = 0x102030, 0xa0b0c0, 0x0f0f0f
	red := vt.Style{Fg: vt.RGB(1, 2, 3), Bg: vt.Indexed(196)}
	put(s, 0, 1, red, " ")
	red.Attr = vt.Inverse
	put(s, 0, 2, red, " ")
	red.Attr = vt.Faint
	put(s, 0, 3, red, "█")
	red.Attr = vt.Invisible
	put(s, 0, 4, red, "█")
	put(s, 0, 5, vt.Style{Attr: vt.Inverse}, " ")
	s.Cursor = vt.Cursor{X: 6, Visible: true}
	img, err := Image(s, Options{Padding: -1, Scale: 1.5})
	if err != nil {
		t.Fatal(err)
	}
	w := img.Rect.Dx() / 7
	for i, want := range []rgb{0xa0b0c0, 0xff0000, 0x010203, 0x800102, 0xff0000, 0x102030, 0x0f0f0f} {
		for _, x := range []int{i * w, i*w + w - 1} {
			for _, y := range []int{0, img.Rect.Dy() - 1} {
				if c := img.RGBAAt(x, y); (color.RGBA{uint8(want >> 16), uint8(want >> 8), uint8(want), 255}) != c {
					t.Errorf("cell %d, pixel %d, %d: %v, want %s", i, x, y, c, want.hex())
				}
			}
		}
	}
}

// Each underline is there, stays in its cell and joins with that of the next one
// where it should.
func TestUnderlines(t *testing.T) {
	for _, size := range cellSizes {
		for u, want := range map[vt.Underline]int{vt.SingleUnderline: 1, vt.DoubleUnderline: 2, vt.CurlyUnderline: 1, vt.DottedUnderline: 12, vt.DashedUnderline: 5} {
			s := screenOf(4, "", "")
			put(s, 0, 0, vt.Style{Underline: u}, "    ")
			img := drawn(t, s, Options{CellWidth: size[0], CellHeight: size[1]})
			got := parts(img)
			if u == vt.DottedUnderline && size[0] < 9 || u == vt.DashedUnderline && size[0] < 7 {
				want = max(got, 1) // too few pixels to tell them apart
			}
			if got != want {
				t.Errorf("underline %d in cells of %v: %d parts, want %d\n%s", u, size, got, want, sketch(img))
			}
			for x := range img.Rect.Dx() {
				if lit(img, x, size[1]) {
					t.Errorf("underline %d in cells of %v reaches into the next line\n%s", u, size, sketch(img))
					break
				}
			}
		}
	}
}

// Letters are all there and none is cut off by the edge of its cell: what stands
// on two cells is what the glyph alone has.
func TestLettersFit(t *testing.T) {
	for r := rune('!'); r < 0x17f; r++ {
		if r >= 0x7f && r < 0xa1 || r == 0xad {
			continue
		}
		alone := drawn(t, screenOf(3, "", " "+string(r), ""), Options{FontSize: 15})
		inside := 0
		for y := range alone.Rect.Dy() {
			for x := range alone.Rect.Dx() {
				if lit(alone, x, y) && image.Pt(x, y).In(image.Rect(8, 17, 19, 37)) {
					inside++
				} else if lit(alone, x, y) {
					t.Errorf("%q has a pixel at %d, %d, far from its cell", r, x, y)
				}
			}
		}
		if inside < 2 {
			t.Errorf("%q has %d pixels", r, inside)
		}
	}
}

func TestUnknownCharacters(t *testing.T) {
	// Two characters that no font has look different, in a cell and in two.
	for _, pair := range [][2]string{{"\u0e01", "\u0e02"}, {"漢", "字"}, {"\U0001f600", "\U0001f601"}} {
		a, b := drawn(t, screenOf(3, pair[0]), Options{}), drawn(t, screenOf(3, pair[1]), Options{})
		if string(a.Pix) == string(b.Pix) {
			t.Errorf("%q and %q look the same", pair[0], pair[1])
		}
		width := 9 * int(screenOf(3, pair[0]).Lines[0].Cells[0].Width)
		for x := range a.Rect.Dx() {
			any := false
			for y := range a.Rect.Dy() {
				any = any || lit(a, x, y)
			}
			if any != (x < width-1) {
				t.Errorf("%q: something in column %d is %v, its width is %d", pair[0], x, any, width)
			}
		}
	}
	// Joiners, selectors and marks without a glyph do not hide the letter.
	plain := drawn(t, screenOf(2, "x"), Options{})
	marked := screenOf(2, "x")
	marked.Lines[0].Cells[0].Text = "x\ufe0f\u200d\u0323"
	if got := drawn(t, marked, Options{}); string(got.Pix) != string(plain.Pix) {
		t.Error("x with a mark that no font has is not an x")
	}
	composed, decomposed := drawn(t, screenOf(4, "éñšç"), Options{}), drawn(t, screenOf(4, "e\u0301n\u0303s\u030cc\u0327"), Options{})
	if string(composed.Pix) != string(decomposed.Pix) {
		t.Error("a letter with a mark looks different from the letter that is both")
	}
}

func TestImageErrors(t *testing.T) {
	huge := &vt.Snapshot{Cols: 5000, Rows: 1, Lines: make([]vt.Line, 1)}
	for _, c := range []struct {
		s    *vt.Snapshot
		o    Options
		want string
	}{
		{huge, Options{Scale: 100}, "the most is 67108864 in all"},
		{huge, Options{Scale: 1e300}, "not possible"},
		{&vt.Snapshot{}, Options{Padding: -1}, "0 lines of 0 columns"},
		{screenOf(1, "a"), Options{Fonts: [][]byte{[]byte("no font")}}, "reading font 1 of 1"},
	} {
		if _, err := Image(c.s, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got error %v, want one with %q", err, c.want)
		}
	}
}

// The letter under a block cursor can be read, whatever stands behind it.
func TestLetterUnderCursor(t *testing.T) {
	for _, c := range []struct{ fg, bg, want rgb }{
		{0x101010, 0x202020, 0x101010}, {0xffffff, 0x000000, 0x000000}, {0x222222, 0xdddddd, 0x222222}, {0xf0f0f0, 0x303030, 0x303030},
	} {
		s := screenOf(2, "x")
		put(s, 0, 0, vt.Style{
			Fg: vt.RGB(uint8(c.fg>>16), uint8(c.fg>>8), uint8(c.fg)), Bg: vt.RGB(uint8(c.bg>>16), uint8(c.bg>>8), uint8(c.bg)),
		}, "█")
		img, err := Image(s, Options{Padding: -1})
		if err != nil {
			t.Fatal(err)
		}
		if r, g, b, _ := img.At(4, 9).RGBA(); rgb(r>>8<<16|g>>8<<8|b>>8) != c.want {
			t.Errorf("%s on %s: the letter is %v, want %s", c.fg.hex(), c.bg.hex(), img.At(4, 9), c.want.hex())
		}
	}
}

func TestFrame(t *testing.T) {
	s := screenOf(20, "hello")
	s.Title = strings.Repeat("long title ", 20)
	img, err := Image(s, Options{Frame: true, Scale: 2})
	if err != nil {
		t.Fatal(err)
	}
	w, h := img.Rect.Dx()-1, img.Rect.Dy()-1
	for _, p := range []image.Point{{X: 0, Y: 0}, {X: w, Y: 0}, {X: 0, Y: h}, {X: w, Y: h}} {
		if a := img.RGBAAt(p.X, p.Y).A; a != 0 {
			t.Errorf("the corner %v is not transparent: %d", p, a)
		}
	}
	dots := map[string]bool{}
	for y := range 60 {
		for x := range w {
			c := img.RGBAAt(x, y)
			dots[fmt.Sprintf("%02x%02x%02x", c.R, c.G, c.B)] = true
		}
	}
	for _, d := range windowDots {
		if !dots[d.hex()[1:]] {
			t.Errorf("no dot of colour %s", d.hex())
		}
	}
}

package render

import (
	"image"
	"testing"

	"pgregory.net/rapid"

	"github.com/sluicerun/sluice/vt"
)

// Whatever was drawn before, a film shows the same pixels as a picture of its own.
func TestFilm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Options{Frame: rapid.Bool().Draw(t, "frame"), FontSize: 6, HideCursor: rapid.Bool().Draw(t, "hide")}
		first := genScreen(t)
		cols, rows := max(first.Cols, 1), max(len(first.Lines), 1)
		for _, l := range first.Lines {
			cols = max(cols, len(l.Cells))
		}
		f, err := NewFilm(cols, rows, first.Title, o)
		if err != nil {
			t.Fatal(err)
		}
		if at := f.Draw(first); at != f.Image().Rect {
			t.Fatalf("the first time, %v has changed", at)
		}
		f.Draw(genScreen(t))
		before := image.NewRGBA(f.Image().Rect)
		copy(before.Pix, f.Image().Pix)
		changed := f.Draw(first)
		whole, err := Image(first, o)
		if err != nil {
			t.Fatal(err)
		}
		l := f.c.l
		for y := range whole.Rect.Dy() {
			for x := range whole.Rect.Dx() {
				got := f.Image().RGBAAt(x, y)
				if d := before.RGBAAt(x, y); d != got && !image.Pt(x, y).In(changed) {
					t.Fatalf("pixel %d, %d has changed, outside of %v", x, y, changed)
				}
				// Letters that reach beyond their line are cut; the screens are made of
				// fonts' widest, so what is compared are the middles of lines.
				if in := (y-int(l.top))%int(l.cellH) - int(l.cellH)/2; in < -2 || in > 2 || x < int(l.left) || x >= int(l.left)+cols*int(l.cellW) {
					continue
				}
				if want := whole.RGBAAt(x, y); got != want {
					t.Fatalf("pixel %d, %d is %v, want %v", x, y, got, want)
				}
			}
		}
	})
}

// A film paints only what differs.
func TestFilmChanges(t *testing.T) {
	s := everything()
	f, err := NewFilm(s.Cols, len(s.Lines), "", Options{})
	if err != nil {
		t.Fatal(err)
	}
	f.Draw(s)
	if at := f.Draw(everything()); !at.Empty() {
		t.Errorf("the same screen changes %v", at)
	}
	line := func(y int) image.Rectangle { return image.Rect(8, 8+18*y, 8+64*9, 8+18*y+18) }
	s.Lines[3].Cells[7].Text = "!"
	if at := f.Draw(s); at != line(3) {
		t.Errorf("a letter changes %v", at)
	}
	s.Cursor.Y = 22
	if at := f.Draw(s); at != line(24).Union(line(22)) {
		t.Errorf("the cursor changes %v", at)
	}
	s.Cursor.Shape = vt.BarCursor
	if at := f.Draw(s); at != line(22) {
		t.Errorf("the cursor's shape changes %v", at)
	}
	s.Palette.Colors[200] = 0x123456
	if at := f.Draw(s); at != f.Image().Rect {
		t.Errorf("the colours change %v", at)
	}
	if at := f.Draw(&vt.Snapshot{Cols: 3, Rows: 1, Lines: screenOf(3, "abc").Lines, Palette: s.Palette}); at.Min.Y != 8 || at.Max.Y != 8+25*18 {
		t.Errorf("another size changes %v", at)
	}
}

// Shades are how many colours there are between a letter and its ground.
func TestShades(t *testing.T) {
	s := screenOf(20, "smooth ()/\\⣿╭╯ ~@&%W")
	for _, shades := range []int{2, 4, 8, 0} {
		img := drawn(t, s, Options{Shades: shades, FontSize: 30})
		colors := map[uint32]bool{}
		for i := 0; i < len(img.Pix); i += 4 {
			colors[uint32(img.Pix[i])<<16|uint32(img.Pix[i+1])<<8|uint32(img.Pix[i+2])] = true
		}
		if n := len(colors); shades > 0 && n != shades || shades == 0 && n < 50 {
			t.Errorf("%d shades make %d colours", shades, n)
		}
	}
}

func BenchmarkFilm(b *testing.B) {
	s := everything()
	f, err := NewFilm(s.Cols, len(s.Lines), "", Options{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s.Palette.Colors[255]++ // all is painted anew
		f.Draw(s)
	}
}

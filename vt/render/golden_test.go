package render

import (
	"bytes"
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicerun/sluice/vt"
)

// The goldens are written anew with UPDATE_GOLDEN=1, to be read as a diff and
// looked at.
func TestGolden(t *testing.T) {
	s := everything()
	dark, err := Theme("dark")
	if err != nil {
		t.Fatal(err)
	}
	jsonOf := func(o Options) func(*bytes.Buffer) error {
		return func(b *bytes.Buffer) error {
			j, err := JSON(s, o)
			b.Write(j)
			return err
		}
	}
	for _, c := range []struct {
		file  string
		write func(*bytes.Buffer) error
	}{
		{"screen.txt", func(b *bytes.Buffer) error {
			_, err := b.WriteString(Text(s, Options{Scrollback: true}))
			return err
		}},
		{"joined.txt", func(b *bytes.Buffer) error { _, err := b.WriteString(Text(s, Options{Join: true})); return err }},
		{"screen.ansi", func(b *bytes.Buffer) error { _, err := b.Write(ANSI(s, Options{})); return err }},
		{"screen.json", jsonOf(Options{Scrollback: true})},
		{"cells.json", jsonOf(Options{Cells: true, Region: Region{Row: 16, Cols: 20, Rows: 3}})},
		{"screen.html", func(b *bytes.Buffer) error { return HTML(b, s, Options{}) }},
		{"screen.svg", func(b *bytes.Buffer) error { return SVG(b, s, Options{Frame: true}) }},
		{"region.svg", func(b *bytes.Buffer) error {
			return SVG(b, s, Options{Region: Region{Row: 6, Col: 1, Rows: 5, Cols: 40}, Palette: dark, FontSize: 20})
		}},
		{"screen.png", func(b *bytes.Buffer) error { return PNG(b, s, Options{Frame: true, Palette: dark}) }},
		{"double.png", func(b *bytes.Buffer) error {
			return PNG(b, s, Options{Scale: 2, BoldBright: true, Padding: -1, Region: Region{Row: 6, Rows: 12, Cols: 46}})
		}},
	} {
		t.Run(c.file, func(t *testing.T) {
			var got bytes.Buffer
			if err := c.write(&got); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", c.file)
			if os.Getenv("UPDATE_GOLDEN") != "" {
				if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if filepath.Ext(path) == ".png" {
				comparePictures(t, want, got.Bytes())
			} else if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("%s differs, UPDATE_GOLDEN=1 writes it anew (- want, + got):\n%s", path, diff)
			}
		})
	}
}

// comparePictures allows the last bit of a smooth edge to differ: processors that
// multiply and add in one step round differently.
func comparePictures(t *testing.T, want, got []byte) {
	t.Helper()
	a, b := decode(t, want), decode(t, got)
	if a.Bounds() != b.Bounds() {
		t.Fatalf("the picture is %v, want %v", b.Bounds(), a.Bounds())
	}
	for i := range a.Pix {
		if d := int(a.Pix[i]) - int(b.Pix[i]); d < -3 || d > 3 {
			x, y := i%a.Stride/4, i/a.Stride
			t.Fatalf("pixel %d, %d is %v, want %v; UPDATE_GOLDEN=1 writes the picture anew", x, y, b.At(x, y), a.At(x, y))
		}
	}
}

func decode(t *testing.T, data []byte) *image.RGBA {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	out := image.NewRGBA(img.Bounds())
	draw.Draw(out, out.Rect, img, image.Point{}, draw.Src)
	return out
}

// Nothing is written into the snapshot.
func TestSnapshotUntouched(t *testing.T) {
	s := everything()
	s.Modes.ReverseVideo = true
	s.Lines[3].Cells[5].Text = "\x1b" // which is shown as something else
	s.Lines[4].Cells[0] = vt.Cell{Text: "漢", Width: 2}
	want, err := JSON(everything(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	before := s.Lines[3].Cells[5]
	_, _ = Text(s, Options{Scrollback: true, Join: true}), ANSI(s, Options{Join: true})
	_ = HTML(&bytes.Buffer{}, s, Options{})
	_ = SVG(&bytes.Buffer{}, s, Options{})
	_, _ = Image(s, Options{})
	_ = Diff(s, everything(), Options{}).String()
	_ = Mask(s, Region{Rows: 20})
	if s.Lines[3].Cells[5] != before || s.Lines[4].Cells[0].Width != 2 {
		t.Error("a cell of the snapshot was changed")
	}
	s.Modes.ReverseVideo = false
	fresh := everything()
	s.Lines[3].Cells[5], s.Lines[4].Cells[0] = fresh.Lines[3].Cells[5], fresh.Lines[4].Cells[0]
	got, err := JSON(s, Options{})
	if err != nil || !bytes.Equal(want, got) {
		t.Errorf("the snapshot was changed (%v):\n%s", err, cmp.Diff(string(want), string(got)))
	}
}

package animate

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicerun/sluice/internal/testpeer"
	"github.com/sluicerun/sluice/vt/render"
)

func write(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func readPNG(t testing.TB, path string) image.Image {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// differ is the part of the pixels that are much lighter in one picture.
func differ(t testing.TB, a, b image.Image) float64 {
	t.Helper()
	if a.Bounds() != b.Bounds() {
		t.Fatalf("one picture is %v, the other %v", a.Bounds(), b.Bounds())
	}
	n, at := 0, a.Bounds()
	for y := range at.Dy() {
		for x := range at.Dx() {
			r1, g1, b1, _ := a.At(x, y).RGBA()
			r2, g2, b2, _ := b.At(x, y).RGBA()
			if d := int(r1+g1+b1) - int(r2+g2+b2); d > 3*0x6000 || d < -3*0x6000 {
				n++
			}
		}
	}
	return float64(n) / float64(at.Dx()*at.Dy())
}

// A program that does not move pictures shows the poster as it would the still.
func TestRSVG(t *testing.T) {
	rsvg := testpeer.Need(t, "rsvg-convert", "librsvg2-bin")
	r := shell()
	draw := func(name string, svg []byte) image.Image {
		out := filepath.Join(t.TempDir(), name+".png")
		if msg, err := exec.Command(rsvg, "-o", out, write(t, name+".svg", svg)).CombinedOutput(); err != nil || len(msg) > 0 {
			t.Fatalf("%s: %v: %s", name, err, msg)
		}
		return readPNG(t, out)
	}
	for _, at := range []time.Duration{2 * time.Second, 4500 * ms} {
		o := Options{Poster: at, Draw: render.Options{Frame: true}}
		var moving, still, pixels bytes.Buffer
		if err := SVG(&moving, r.h, r.all(), o); err != nil {
			t.Fatal(err)
		}
		if err := Still(&still, r.h, r.all(), at, render.SVG, o); err != nil {
			t.Fatal(err)
		}
		if err := Still(&pixels, r.h, r.all(), at, render.PNG, o); err != nil {
			t.Fatal(err)
		}
		poster := draw("moving", moving.Bytes())
		if d := differ(t, poster, draw("still", still.Bytes())); d > .004 {
			t.Errorf("at %v, %.2f %% of the pixels differ from the still", at, 100*d)
		}
		// Another font, so only about the same.
		if d := differ(t, poster, readPNG(t, write(t, "pixels.png", pixels.Bytes()))); d > .04 {
			t.Errorf("at %v, %.2f %% of the pixels differ from the PNG", at, 100*d)
		}
	}
}

// ImageMagick sees the same pictures in a GIF as we have drawn.
func TestImageMagick(t *testing.T) {
	convert := testpeer.Need(t, "convert", "imagemagick")
	identify := testpeer.Need(t, "identify", "imagemagick")
	r := shell()
	o := Options{Draw: render.Options{Shades: gifShades}}
	var b bytes.Buffer
	if err := GIF(&b, r.h, r.all(), o); err != nil {
		t.Fatal(err)
	}
	path := write(t, "shell.gif", b.Bytes())
	seen, err := exec.Command(identify, "-format", "%W %H %T\n", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	g := decodeGIF(t, b.Bytes())
	var want strings.Builder
	for _, d := range g.Delay {
		fmt.Fprintf(&want, "%d %d %d\n", 40*9+16, 8*18+16, d)
	}
	if diff := cmp.Diff(want.String(), string(seen)); diff != "" {
		t.Errorf("size and delay of pictures (- want, + got):\n%s", diff)
	}
	out := t.TempDir()
	if msg, err := exec.Command(convert, path, "-coalesce", filepath.Join(out, "%03d.png")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, msg)
	}
	n := 0
	if _, err := Frames(r.h, r.all(), o, func(i int, _ time.Duration, img *image.RGBA) error {
		n++
		if d := differ(t, readPNG(t, filepath.Join(out, fmt.Sprintf("%03d.png", i))), img); d != 0 {
			t.Errorf("picture %d: %.2f %% of the pixels differ", i, 100*d)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if n != len(g.Image) {
		t.Errorf("%d pictures in the GIF, want %d", len(g.Image), n)
	}
}

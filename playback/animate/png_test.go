package animate

import (
	"errors"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/vt"
	"github.com/sluicerun/sluice/vt/render"
)

// Where there is nothing to draw, or nobody takes it, that is an error, and no file
// or folder is made.
func TestNothing(t *testing.T) {
	r := shell()
	dir := filepath.Join(t.TempDir(), "frames")
	each := func(int, time.Duration, *image.RGBA) error { return nil }
	for name, draw := range map[string]func(io.Writer, cast.Events, Options) error{
		"SVG":              func(w io.Writer, ev cast.Events, o Options) error { return SVG(w, r.h, ev, o) },
		"GIF":              func(w io.Writer, ev cast.Events, o Options) error { return GIF(w, r.h, ev, o) },
		"HTML":             func(w io.Writer, ev cast.Events, o Options) error { return HTML(w, r.h, ev, o) },
		"Still":            func(w io.Writer, ev cast.Events, o Options) error { return Still(w, r.h, ev, 0, render.SVG, o) },
		"Still, by nobody": func(_ io.Writer, ev cast.Events, o Options) error { return Still(nil, r.h, ev, 0, nil, o) },
		"Frames": func(w io.Writer, ev cast.Events, o Options) error {
			each := each
			if w == nil {
				each = nil
			}
			_, err := Frames(r.h, ev, o, each)
			return err
		},
	} {
		if err := draw(io.Discard, nil, Options{}); err == nil {
			t.Errorf("%s of no events", name)
		}
		if err := draw(nil, r.all(), Options{}); err == nil {
			t.Errorf("%s to nobody", name)
		}
	}
	for _, o := range []Options{{From: time.Hour}, {FPS: -1}} {
		if n, err := FrameFiles(dir, r.h, r.all(), o); err == nil || n != 0 {
			t.Errorf("%+v: %d, %v", o, n, err)
		}
	}
	if _, err := FrameFiles(dir, r.h, nil, Options{}); err == nil {
		t.Error("files of no events")
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a folder was made for nothing")
	}
}

// Every picture is the one that the screen alone makes.
func TestFrames(t *testing.T) {
	o := Options{Draw: render.Options{Frame: true, FontSize: 9}}
	for name, r := range map[string]*recording{"shell": shell(), "editor": editor(1)} {
		l := loaded(t, r, Options{})
		screens := map[time.Duration]*vt.Snapshot{}
		for f := range l.frames() {
			f.screen.Title = r.h.Title
			screens[f.at] = f.screen
		}
		last := time.Duration(-1)
		end, err := Frames(r.h, r.all(), o, func(i int, at time.Duration, img *image.RGBA) error {
			if at <= last || i == 0 && at != 0 {
				t.Errorf("%s: picture %d is of %v, after %v", name, i, at, last)
			}
			last = at
			if i%5 > 1 && i < 20 {
				return nil // drawing takes long
			}
			want, err := render.Image(screens[at], o.Draw)
			if err != nil {
				return err
			}
			if want.Rect != img.Rect {
				t.Fatalf("%s: the picture at %v is %v, want %v", name, at, img.Rect, want.Rect)
			}
			for i := range want.Pix {
				if want.Pix[i] != img.Pix[i] {
					t.Fatalf("%s: pixel %d, %d at %v is %d, want %d", name, i/4%img.Rect.Dx(), i/4/img.Rect.Dx(), at, img.Pix[i], want.Pix[i])
				}
			}
			return nil
		})
		if err != nil || end != l.end {
			t.Errorf("%s: until %v, %v, want %v", name, end, err, l.end)
		}
	}
	stop := errors.New("enough")
	n := 0
	r := shell()
	if _, err := Frames(r.h, r.all(), Options{}, func(int, time.Duration, *image.RGBA) error { n++; return stop }); !errors.Is(err, stop) || n != 1 {
		t.Errorf("after %d pictures: %v", n, err)
	}
}

func TestFrameFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "dir")
	r := newRecording(6, 2).out(0, "a").out(1000, "b").out(2500, "\x1b[K").out(4000, "c")
	n, err := FrameFiles(dir, r.h, r.all(), Options{Hold: 250 * ms})
	if err != nil || n != 3 {
		t.Fatalf("%d pictures, %v", n, err)
	}
	list, err := os.ReadFile(filepath.Join(dir, listName))
	if err != nil {
		t.Fatal(err)
	}
	want := "ffconcat version 1.0\nfile frame-00000.png\nduration 1.000000\nfile frame-00001.png\nduration 3.000000\nfile frame-00002.png\nduration 0.250000\n"
	if diff := cmp.Diff(want, string(list)); diff != "" {
		t.Error(diff)
	}
	for _, name := range regexp.MustCompile(`frame-\d+\.png`).FindAllString(want, -1) {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		c, err := png.DecodeConfig(f)
		if err != nil || c.Width != 6*9+16 || c.Height != 2*18+16 {
			t.Errorf("%s: %v %v", name, c, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

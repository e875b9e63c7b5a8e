package animate

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/gif"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/vt/render"
)

// decoded is a GIF, and what a viewer shows after each of its pictures.
type decoded struct {
	*gif.GIF
	screens []*image.RGBA
	at      []time.Duration
	end     time.Duration
}

func decodeGIF(t testing.TB, data []byte) *decoded {
	t.Helper()
	g, err := gif.DecodeAll(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	d := &decoded{GIF: g}
	img := image.NewRGBA(image.Rect(0, 0, g.Config.Width, g.Config.Height))
	for i, p := range g.Image {
		if g.Disposal[i] != gif.DisposalNone {
			t.Fatalf("picture %d is disposed of by %d", i, g.Disposal[i])
		}
		if g.Delay[i] < 2 {
			t.Errorf("picture %d stays for %d hundredths of a second", i, g.Delay[i])
		}
		draw.Draw(img, p.Rect, p, p.Rect.Min, draw.Over)
		now := image.NewRGBA(img.Rect)
		copy(now.Pix, img.Pix)
		d.screens, d.at = append(d.screens, now), append(d.at, d.end)
		d.end += time.Duration(g.Delay[i]) * 10 * ms
	}
	return d
}

// A GIF shows the same pixels as Frames, at the same times.
func TestGIF(t *testing.T) {
	grown := newRecording(20, 3).out(0, "first").resize(1000, 30, 5).out(1100, "\x1b[5;1Hlow \x1b[31mred").resize(2000, 10, 2).out(2500, "\x1b[2J\x1b[Hend").out(2600, "\x1b]11;#223344\a")
	for name, r := range map[string]*recording{"shell": shell(), "editor": editor(1), "grown": grown} {
		for _, framed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s framed %v", name, framed), func(t *testing.T) {
				o := Options{Draw: render.Options{Frame: framed, Shades: gifShades, FontSize: 8}}
				var b bytes.Buffer
				if err := GIF(&b, r.h, r.all(), o); err != nil {
					t.Fatal(err)
				}
				g := decodeGIF(t, b.Bytes())
				if g.LoopCount != 0 {
					t.Errorf("it is shown %d times", g.LoopCount)
				}
				n := 0
				end, err := Frames(r.h, r.all(), o, func(i int, at time.Duration, img *image.RGBA) error {
					shown := 0
					for shown+1 < len(g.at) && g.at[shown+1] <= at+5*ms {
						shown++
					}
					if d := at - g.at[shown]; d > 5*ms && !bytes.Equal(g.screens[shown].Pix, img.Pix) {
						t.Errorf("the picture at %v comes %v late", at, d)
					}
					if !framed && !bytes.Equal(g.screens[shown].Pix, img.Pix) {
						t.Fatalf("picture %d at %v has other pixels", i, at)
					}
					if framed {
						sameInside(t, g.screens[shown], img)
					}
					n++
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				if d := g.end - end; d < -5*ms || d > 5*ms {
					t.Errorf("it takes %v, want %v", g.end, end)
				}
				if n < 4 {
					t.Errorf("only %d pictures", n)
				}
			})
		}
	}
}

// sameInside compares what is not at a window's round corners, whose pixels are
// half transparent.
func sameInside(t *testing.T, got, want *image.RGBA) {
	t.Helper()
	for i := 0; i < len(want.Pix); i += 4 {
		if want.Pix[i+3] == 255 && !bytes.Equal(got.Pix[i:i+4], want.Pix[i:i+4]) {
			t.Fatalf("pixel %d, %d is %v, want %v", i/4%want.Rect.Dx(), i/4/want.Rect.Dx(), got.Pix[i:i+4], want.Pix[i:i+4])
		}
	}
}

// Hundredths of a second do not add up to something else.
func TestGIFTimes(t *testing.T) {
	r := newRecording(4, 1)
	for i := range 3001 {
		r.out(i*1000/30, fmt.Sprintf("\r%d", i%10))
	}
	for fps, o := range map[int]Options{30: {}, 50: {FPS: 100}, 7: {FPS: 7}} {
		o.Hold, o.Draw.FontSize, o.Once = time.Second, 5, true
		var b bytes.Buffer
		if err := GIF(&b, r.h, r.all(), o); err != nil {
			t.Fatal(err)
		}
		g := decodeGIF(t, b.Bytes())
		if g.end != 101*time.Second || g.LoopCount != -1 {
			t.Errorf("%d a second: takes %v, shown again %d times", fps, g.end, g.LoopCount)
		}
		for i, at := range g.at {
			if i > 0 && (at-g.at[i-1] < time.Second/time.Duration(fps)-10*ms) {
				t.Fatalf("%d a second: picture %d comes %v after the one before", fps, i, at-g.at[i-1])
			}
		}
	}
}

// A picture stays for at most 655.35 seconds; a longer time takes several.
func TestGIFLongPause(t *testing.T) {
	for _, pause := range []int{655_340, 655_360, 655_380, 1_310_700, 2_000_000} {
		r := newRecording(4, 1).out(0, "a").out(pause, "b")
		var b bytes.Buffer
		if err := GIF(&b, r.h, r.all(), Options{FPS: 50}); err != nil {
			t.Fatal(err)
		}
		g := decodeGIF(t, b.Bytes())
		if want := time.Duration(pause)*ms + defaultHold; g.end != want {
			t.Errorf("it takes %v, want %v", g.end, want)
		}
		if last := len(g.at) - 1; g.at[last] != time.Duration(pause)*ms {
			t.Errorf("the last picture comes at %v, want %d ms", g.at[last], pause)
		}
	}
}

// Of more colours than a picture can have, those that are alike become one.
func TestGIFManyColors(t *testing.T) {
	var text strings.Builder
	for i := range 60 {
		fmt.Fprintf(&text, "\x1b[48;2;%d;%d;%dm  ", i*4, 255-i*4, i*2)
	}
	few := newRecording(120, 4).out(0, text.String())
	for y := range 3 {
		for i := range 120 {
			fmt.Fprintf(&text, "\x1b[48;2;%d;%d;%dm ", i*2, y*100, 255-i)
		}
	}
	many := newRecording(120, 4).out(0, text.String())
	for name, c := range map[string]struct {
		r    *recording
		most int
	}{"few": {few, 0}, "many": {many, 15}} {
		var b bytes.Buffer
		if err := GIF(&b, c.r.h, c.r.all(), Options{}); err != nil {
			t.Fatal(err)
		}
		g := decodeGIF(t, b.Bytes())
		_, err := Frames(c.r.h, c.r.all(), Options{Draw: render.Options{Shades: gifShades}}, func(_ int, _ time.Duration, img *image.RGBA) error {
			worst := 0
			for i := range img.Pix {
				d := int(img.Pix[i]) - int(g.screens[0].Pix[i])
				worst = max(worst, d, -d)
			}
			if worst > c.most {
				t.Errorf("%s: a colour is off by %d", name, worst)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestGIFTooLarge(t *testing.T) {
	r := newRecording(10000, 1)
	if err := GIF(io.Discard, r.h, r.all(), Options{}); err == nil || !strings.Contains(err.Error(), "choose a smaller font") {
		t.Errorf("got error %v", err)
	}
	r = newRecording(10000, 400)
	if err := GIF(io.Discard, r.h, r.all(), Options{}); err == nil || !strings.Contains(err.Error(), "is not possible") {
		t.Errorf("got error %v", err)
	}
}

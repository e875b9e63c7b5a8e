package animate

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicerun/sluice/vt"
	"github.com/sluicerun/sluice/vt/render"
)

// What the drawing shows at any time is what the terminal showed then.
func TestSVGMoves(t *testing.T) {
	grown := newRecording(20, 3).out(0, "first").resize(1000, 30, 5).out(1100, "\x1b[5;1Hlow").resize(2000, 10, 2).out(2500, "\x1b[2J\x1b[Hend")
	for name, r := range map[string]*recording{"shell": shell(), "editor": editor(2), "grown": grown} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := SVG(&b, r.h, r.all(), Options{Poster: 1500 * ms}); err != nil {
				t.Fatal(err)
			}
			root := parse(t, b.Bytes())
			l := loaded(t, r, Options{})
			var before *frame
			n := 0
			for f := range l.frames() {
				if before != nil { // in the middle between two frames
					n++
					at := (before.at + f.at) / 2
					if diff := cmp.Diff(plain(before.screen, l.cols, l.rows), textAt(t, root, at.Seconds(), l.cols, l.rows)); diff != "" {
						t.Fatalf("at %v (- terminal, + drawing):\n%s", at, diff)
					}
					if before.at <= 1500*ms && f.at > 1500*ms {
						if diff := cmp.Diff(plain(before.screen, l.cols, l.rows), textAt(t, root, -1, l.cols, l.rows)); diff != "" {
							t.Errorf("where nothing moves (- terminal, + drawing):\n%s", diff)
						}
					}
				}
				before = &f
			}
			if diff := cmp.Diff(plain(before.screen, l.cols, l.rows), textAt(t, root, l.end.Seconds()-.01, l.cols, l.rows)); diff != "" {
				t.Errorf("at the end (- terminal, + drawing):\n%s", diff)
			}
			if n < 3 {
				t.Errorf("only %d frames", n)
			}
		})
	}
}

func TestSVGGolden(t *testing.T) {
	r := newRecording(12, 3)
	r.h.Title = "a & b"
	r.out(500, "\x1b[32m$\x1b[m ").out(1000, "ls").out(1500, "\r\na  \x1b[1mb\x1b[m\r\n\x1b[32m$\x1b[m ").out(2000, "\x1b[H\x1b[2J\x1b[32m$\x1b[m ")
	var b bytes.Buffer
	if err := SVG(&b, r.h, r.all(), Options{Once: true, Draw: render.Options{Padding: -1}}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "short.svg")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("%s differs, UPDATE_GOLDEN=1 writes it anew (- want, + got):\n%s", path, diff)
	}
}

// Lines that scroll through the screen are drawn once.
func TestSVGSize(t *testing.T) {
	r := newRecording(80, 24)
	for i := range 200 {
		r.out(100*i, fmt.Sprintf("\r\n%03d %s", i, strings.Repeat("scrolling along ", 4)))
	}
	var b bytes.Buffer
	if err := SVG(&b, r.h, r.all(), Options{}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "007 scrolling"); n != 2 { // with the cursor at its end and without
		t.Errorf("a line is drawn %d times", n)
	}
	if b.Len() > 600_000 {
		t.Errorf("the drawing takes %d bytes", b.Len())
	}
}

func TestStill(t *testing.T) {
	r := shell()
	for _, c := range []struct {
		at   time.Duration
		want string
	}{{0, ""}, {100 * ms, "$"}, {3500 * ms, "NORMAL"}, {5000 * ms, "$ ls --color"}} {
		var b bytes.Buffer
		err := Still(&b, r.h, r.all(), c.at, func(w io.Writer, s *vt.Snapshot, o render.Options) error {
			_, err := io.WriteString(w, s.Title+"\n"+render.Text(s, o))
			return err
		}, Options{})
		title, text, _ := strings.Cut(b.String(), "\n")
		if first, _, _ := strings.Cut(text, "\n"); err != nil || title != r.h.Title || strings.TrimSpace(first) != c.want {
			t.Errorf("at %v: %q %q %v, want %q", c.at, title, first, err, c.want)
		}
	}
	if err := Still(io.Discard, r.h, r.all(), time.Hour, render.SVG, Options{}); err == nil {
		t.Error("there is a screen after the end")
	}
}

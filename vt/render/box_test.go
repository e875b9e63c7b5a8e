package render

import (
	"os"
	"strings"
	"testing"
)

// The arms are those that the names of the characters in the Unicode standard say.
func TestBoxArms(t *testing.T) {
	data, err := os.ReadFile("testdata/box-names.txt")
	if err != nil {
		t.Fatal(err)
	}
	weights := map[string]uint8{"LIGHT": lightArm, "SINGLE": lightArm, "HEAVY": heavyArm, "DOUBLE": doubleArm}
	sides := map[string][]int{"LEFT": {left}, "RIGHT": {right}, "UP": {up}, "DOWN": {down}, "HORIZONTAL": {left, right}, "VERTICAL": {up, down}}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	if len(lines) != 128 {
		t.Fatalf("%d names, want 128", len(lines))
	}
	for i, l := range lines {
		r := rune(0x2500 + i)
		_, name, _ := strings.Cut(l, " ")
		got, ok := armsOf(r)
		if other := strings.Contains(name, "DASH") || strings.Contains(name, "ARC") || strings.Contains(name, "DIAGONAL"); other == ok {
			t.Errorf("%c %s: has arms is %v", r, name, ok)
			continue
		} else if other {
			continue
		}
		// LIGHT DOWN AND RIGHT; DOWN LIGHT AND RIGHT HEAVY; LIGHT LEFT AND HEAVY RIGHT
		var want [4]uint8
		var all uint8
		if first, rest, _ := strings.Cut(name, " "); weights[first] != 0 {
			one := true
			for _, word := range strings.Fields(rest) {
				one = one && weights[word] == 0
			}
			if one {
				all = weights[first]
			}
		}
		for _, half := range strings.Split(name, " AND ") {
			weight := all
			for _, word := range strings.Fields(half) {
				if w := weights[word]; w != 0 {
					weight = w
				}
			}
			for _, word := range strings.Fields(half) {
				for _, side := range sides[word] {
					want[side] = weight
				}
			}
		}
		if got != want {
			t.Errorf("%c %s: arms are %v, want %v", r, name, got, want)
		}
	}
}

// At each edge of a cell there is exactly what the arm says, at any size: nothing,
// one stroke, a stroke of twice the thickness, or two strokes; in the middle of the
// edge, so that it meets that of the next cell.
func TestBoxEdges(t *testing.T) {
	for _, size := range cellSizes[4:] {
		w, h := size[0], size[1]
		for r := rune(0x2500); r < 0x2580; r++ {
			arms, ok := armsOf(r)
			if !ok {
				continue
			}
			img := drawn(t, screenOf(1, string(r)), Options{CellWidth: w, CellHeight: h})
			for side, weight := range arms {
				n := h
				at := func(i int) bool { return lit(img, (w-1)*side, i) }
				if side == up || side == down {
					n = w
					at = func(i int) bool { return lit(img, i, (h-1)*(side-up)) }
				}
				strokes, pixels := 0, 0
				for i := range n {
					if at(i) {
						pixels++
						if i == 0 || !at(i-1) {
							strokes++
						}
					}
				}
				t1 := int(newLayout(1, 1, Options{CellWidth: w, CellHeight: h}, 1, true).stroke)
				wantStrokes, wantPixels := []int{0, 1, 1, 2}[weight], []int{0, 1, 2, 2}[weight]*t1
				if strokes != wantStrokes || pixels != wantPixels {
					t.Errorf("%c in a cell of %v, side %d: %d strokes of %d pixels, want %d of %d\n%s", r, size, side, strokes, pixels, wantStrokes, wantPixels, sketch(img))
				}
			}
		}
	}
}

// Every character of the ranges that are drawn has a shape, in or on its cell.
func TestShapes(t *testing.T) {
	at := place{w: 9, h: 18, short: 9, stroke: 1}
	n := 0
	for _, span := range [][2]rune{{0x2500, 0x259f}, {0x2801, 0x28ff}, {0x1fb00, 0x1fb3b}, {0xe0b0, 0xe0b7}} {
		for r := span[0]; r <= span[1]; r++ {
			shapes := shapesOf(string(r))
			if len(shapes) == 0 {
				t.Errorf("%U has no shape", r)
			}
			for _, s := range shapes {
				n++
				points := outline(at, s.path)
				if s.kind == boxShape {
					x0, y0 := at.edge(s.a)
					x1, y1 := at.edge(s.b)
					if x0 >= x1 || y0 >= y1 {
						t.Errorf("%U: a box from %v, %v to %v, %v", r, x0, y0, x1, y1)
					}
					points = []xy{{x0, y0}, {x1, y1}}
				}
				for _, p := range points {
					if p.x < -1e-9 || p.y < -1e-9 || p.x > 9+1e-9 || p.y > 18+1e-9 {
						t.Errorf("%U reaches to %v", r, p)
					}
				}
			}
		}
	}
	if n == 0 {
		t.Error("nothing was looked at")
	}
	if s := shapesOf("\u2800"); s == nil || len(s) != 0 {
		t.Errorf("the blank of braille is %v, want no shapes and no glyph", s)
	}
	for _, text := range []string{"", "a", "\u24ff", "\u25a0", "─\u0301", "漢", "\U0001fb3c"} {
		if shapesOf(text) != nil {
			t.Errorf("%q has a shape", text)
		}
	}
}

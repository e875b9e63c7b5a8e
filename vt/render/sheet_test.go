package render

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/sluicerun/sluice/vt"
)

func TestSheet(t *testing.T) {
	s := everything()
	d := NewSheet(s.Cols, len(s.Lines), "a & b", s.Palette, Options{Frame: true, HideCursor: true})
	var doc bytes.Buffer
	doc.Write(d.Begin())
	for y := range s.Lines {
		line, above := d.Line(s, y)
		x, top, width, height := d.Place(y)
		if width != 64*9 || height != 18 || above <= 0 || above >= height {
			t.Fatalf("line %d is %v by %v, %v of it above the feet", y, width, height, above)
		}
		if again, _ := d.Line(s, y); !bytes.Equal(line, again) {
			t.Errorf("line %d is not the same again", y)
		}
		doc.WriteString(`<g transform="translate(` + Number(x) + " " + Number(top+above) + `)">`)
		doc.Write(line)
		doc.WriteString("</g>")
	}
	doc.WriteString("</g></svg>")
	var text strings.Builder
	for _, e := range wellFormed(t, doc.Bytes()) {
		if e.name == "a" {
			t.Error("there is a link")
		}
		text.WriteString(e.text)
	}
	for _, want := range []string{"a & b", "single gypq", "<script>alert('x')</script>", "漢"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("there is no %q", want)
		}
	}
	if line, _ := d.Line(s, 14); len(line) != 0 {
		t.Errorf("an empty line is drawn as %q", line)
	}
	if line, _ := d.Line(s, 99); len(line) != 0 {
		t.Errorf("a line that is not there is drawn as %q", line)
	}
}

// Pieces of text begin where their first letter stands and are as wide as their cells.
func TestSheetPieces(t *testing.T) {
	s := screenOf(30, "one  two   three é 漢 x and  y")
	put(s, 0, 5, vt.Style{Attr: vt.Bold}, "two")
	d := NewSheet(30, 1, "", xtermPalette(), Options{HideCursor: true})
	line, _ := d.Line(s, 0)
	want := `<text x="0" textLength="27">one</text>
<text x="45" textLength="27" font-weight="bold">two</text>
<text x="99" textLength="63">three é</text>
<text x="171" textLength="18" lengthAdjust="spacingAndGlyphs">漢</text>
<text x="198" textLength="45">x and</text>
<text x="261">y</text>
`
	if got := string(line); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestSheetWellFormed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genScreen(t)
		d := NewSheet(rapid.IntRange(1, 20).Draw(t, "cols"), 5, s.Title, s.Palette, Options{})
		for y := range s.Lines {
			line, _ := d.Line(s, y)
			wellFormed(t, []byte("<g>"+string(line)+"</g>"))
		}
	})
}

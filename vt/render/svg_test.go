package render

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/sluicerun/sluice/vt"
)

// element is a start tag of a document with the text directly in it.
type element struct {
	name string
	attr map[string]string
	text string
}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// wellFormed reads a document to its end.
func wellFormed(t failer, data []byte) []element {
	t.Helper()
	var all []element
	var open []int
	d := xml.NewDecoder(bytes.NewReader(data))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, data)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			e := element{name: tok.Name.Local, attr: map[string]string{}}
			for _, a := range tok.Attr {
				e.attr[a.Name.Local] = a.Value
			}
			open = append(open, len(all))
			all = append(all, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				all[open[len(open)-1]].text += string(tok)
			}
		}
	}
}

func TestSVG(t *testing.T) {
	s := everything()
	s.Lines[23].Cells[0].Text = "\x00"
	s.Lines[23].Cells[1].Text = "]]>"
	var b bytes.Buffer
	if err := SVG(&b, s, Options{Frame: true}); err != nil {
		t.Fatal(err)
	}
	all := wellFormed(t, b.Bytes())
	var links, texts []string
	last := 0.0
	for _, e := range all {
		switch e.name {
		case "a":
			links = append(links, e.attr["href"])
		case "text":
			texts = append(texts, e.text)
			if e.attr["text-anchor"] != "" {
				continue // the title of the window
			}
			letters := 0
			for i, word := range strings.Fields(e.attr["x"]) {
				x, err := strconv.ParseFloat(word, 64)
				if err != nil || (x-8)/9 != float64(int((x-8)/9)) || i > 0 && x != last+9 {
					t.Errorf("letter %d of %q is at %s", i, e.text, e.attr["x"])
				}
				last = x
				letters++
			}
			if n := e.attr["textLength"]; n != "9" && n != "18" && letters != utf8.RuneCountInString(e.text) {
				t.Errorf("text %q has %d places, and is %s wide", e.text, letters, n)
			}
		}
	}
	if want := []string{`https://example.org/?a=1&b="2"`}; !slices.Equal(links, want) {
		t.Errorf("links are %q, want %q", links, want)
	}
	for _, want := range []string{"<script>alert('x')</script> &amp; \"quoted\" 'single'", "\ufffd", "]]>", "漢", "漢"[:0] + "😀", "everything <&> a screen can show"} {
		if !slices.Contains(texts, want) {
			t.Errorf("no text %q in %q", want, texts)
		}
	}
	for _, never := range []string{"┌", "█", "⣿", "\ue0b0", "🬀", "secret"} {
		if slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(s, never) }) {
			t.Errorf("%q is text", never)
		}
	}
}

func TestSVGWellFormed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genScreen(t)
		var b bytes.Buffer
		if err := SVG(&b, s, Options{Scrollback: true, Frame: rapid.Bool().Draw(t, "frame"), FontFamily: `a"b<c&'d`}); err != nil {
			t.Fatal(err)
		}
		wellFormed(t, b.Bytes())
	})
}

type failingWriter struct{}

var errFull = errors.New("disk full")

func (failingWriter) Write([]byte) (int, error) { return 0, errFull }

func TestWriteErrors(t *testing.T) {
	s := everything()
	for name, write := range map[string]func(io.Writer, *vt.Snapshot, Options) error{"html": HTML, "svg": SVG, "png": PNG} {
		if err := write(failingWriter{}, s, Options{}); !errors.Is(err, errFull) || !strings.HasPrefix(err.Error(), "writing "+name) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

package render

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/sluicerun/sluice/vt"
)

// A fragment is also XML: it has no other elements, no attribute that does
// anything, and its text is that of the screen.
func TestHTMLFragment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genScreen(t)
		s.Modes.ReverseVideo = false
		for _, l := range s.Lines {
			for i := range l.Cells {
				l.Cells[i].Style.Attr &^= vt.Invisible
			}
		}
		var b bytes.Buffer
		if err := HTML(&b, s, Options{Fragment: true, FontFamily: `"><script>`, HideCursor: true}); err != nil {
			t.Fatal(err)
		}
		for _, e := range wellFormed(t, b.Bytes()) {
			if !slices.Contains([]string{"pre", "span", "a"}, e.name) {
				t.Fatalf("element %s", e.name)
			}
			for name, value := range e.attr {
				switch {
				case name == "href" && strings.HasPrefix(value, "http://"), name == "style", name == "rel":
				default:
					t.Fatalf("attribute %s=%q", name, value)
				}
			}
		}
		var lines []string
		for _, l := range strings.Split(stripTags(b.String()), "\n") {
			lines = append(lines, strings.TrimRight(l, " "))
		}
		if got, want := ending(strings.Join(lines[1:], "\n"), Options{}), Text(s, Options{}); got != want {
			t.Fatalf("text is %q, want %q", got, want)
		}
	})
}

func stripTags(s string) string {
	var b strings.Builder
	in := false
	for _, r := range s {
		switch {
		case r == '<':
			in = true
		case r == '>' && in:
			in = false
		case !in:
			b.WriteRune(r)
		}
	}
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&#34;", `"`, "&#39;", "'", "&amp;", "&").Replace(b.String())
}

func TestHTMLIsSafe(t *testing.T) {
	s := screenOf(60, "<script>alert(1)</script>", "a b c d e f g", "<b onclick='x'>", "hidden")
	s.Title = "</title><script>alert(2)</script>"
	for i, address := range []string{
		"javascript:alert(1)", "JavaScript:alert(1)", " javascript:alert(1)", "data:text/html,x", "file:///etc/passwd",
		"https://ok.example/\"onclick=\"x", "//relative.example", "java\nscript:alert(1)", "http://\x1b]", "vbscript:x",
	} {
		link(s, 1, 2*i, 2*i+1, address)
	}
	put(s, 3, 0, vt.Style{Attr: vt.Invisible}, "hidden")
	var b bytes.Buffer
	if err := HTML(&b, s, Options{}); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, never := range []string{"<script", "javascript:", "JavaScript:", "data:", "file:", "vbscript:", "relative", "onclick='x'>", `"onclick`, "hidden"} {
		if strings.Contains(page, never) {
			t.Errorf("%q is in the page:\n%s", never, page)
		}
	}
	if n := strings.Count(page, "<a "); n != 1 {
		t.Errorf("%d links, want 1:\n%s", n, page)
	}
	if !strings.Contains(page, `<a href="https://ok.example/&#34;onclick=&#34;x"`) {
		t.Errorf("the good link is not there:\n%s", page)
	}
}

func TestHTMLCursor(t *testing.T) {
	s := screenOf(4, "ab", "")
	s.Cursor = vt.Cursor{X: 3, Y: 0, Visible: true}
	for shape, want := range map[vt.CursorShape]string{
		vt.BlockCursor:     `ab <span style="color:#000000;background:#e5e5e5"> </span>`,
		vt.UnderlineCursor: `ab <span style="box-shadow:inset 0 -.15em #e5e5e5"> </span>`,
		vt.BarCursor:       `ab <span style="box-shadow:inset .12em 0 #e5e5e5"> </span>`,
	} {
		s.Cursor.Shape = shape
		for _, hide := range []bool{false, true} {
			var b bytes.Buffer
			if err := HTML(&b, s, Options{Fragment: true, HideCursor: hide}); err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(b.String(), want); got == hide {
				t.Errorf("hidden %v, but %q there is %v:\n%s", hide, want, got, b.String())
			}
		}
	}
}

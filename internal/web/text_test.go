package web

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/vt"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                 "plain",
		"\xe4\xb8\x96":          "世",
		"a\xe4\xb8":             "a\uFFFD",
		"\xe4\xb8A":             "\uFFFDA",
		"\xff\xfe":              "\uFFFD\uFFFD",
		"\xf0\x9f\x8c":          "\uFFFD",
		"\xf0\x9f\x8c\x8d!":     "🌍!",
		"\xc3\xe2\x82\xac":      "\uFFFD€",
		"\xed\xa0\x80":          "\uFFFD\uFFFD\uFFFD", // a surrogate
		"\xc0\x80":              "\uFFFD\uFFFD",
		"x\xf0\x90\xf0\x9f\x8c": "x\uFFFD\uFFFD",
	} {
		for cut := range len(in) + 1 {
			var d cast.Decoder
			got := d.Text([]byte(in[:cut])) + d.Text([]byte(in[cut:])) + d.Flush()
			if got != want {
				t.Errorf("%q cut at %d: got %q, want %q", in, cut, got, want)
			}
		}
	}
}

func TestPieces(t *testing.T) {
	in := strings.Repeat("aé世🌍", 50)
	for n := utf8.UTFMax; n < 20; n++ {
		p := pieces(in, n)
		if strings.Join(p, "") != in {
			t.Errorf("%d: the text is not the same", n)
		}
		for _, s := range p {
			if len(s) > n || !utf8.ValidString(s) || s == "" {
				t.Errorf("%d: a piece is %q", n, s)
			}
		}
	}
}

// What the viewers get is valid, wherever it is cut, and shows what the emulator
// shows that gets the bytes.
func FuzzText(f *testing.F) {
	f.Add([]byte("a\xe4\xb8\x96\xff b"), 2, 3)
	f.Add([]byte("\xf0\x9f\x8c\xf0\x9f\x8c\x8d"), 1, 5)
	f.Fuzz(func(t *testing.T, in []byte, i, j int) {
		if i < 0 || j < i || j > len(in) {
			return
		}
		var d cast.Decoder
		got := d.Text(bytes.Clone(in[:i])) + d.Text(bytes.Clone(in[i:j])) + d.Text(bytes.Clone(in[j:])) + d.Flush()
		if !utf8.ValidString(got) {
			t.Fatalf("%q became %q", in, got)
		}
		if want := valid(in); got != want {
			t.Fatalf("%q cut at %d and %d: got %q, want %q", in, i, j, got, want)
		}
		if len(in) > 1000 {
			return
		}
		// A cut character at the end shows in the emulator when the next comes.
		a, b := vt.New(40, 10, vt.Options{}), vt.New(40, 10, vt.Options{})
		a.Write(append(bytes.Clone(in), '.'))
		b.Write([]byte(got + "."))
		if a.Text(true) != b.Text(true) {
			t.Fatalf("%q: the bytes show\n%s\nthe text shows\n%s", in, a.Text(true), b.Text(true))
		}
	})
}

package cast

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// What is written for bytes that are no text, and for characters that are cut.
func TestExact(t *testing.T) {
	for name, c := range map[string]struct {
		pieces []string
		want   string
	}{
		"text":         {[]string{"aé"}, `"o", "aé"`},
		"nothing":      {[]string{""}, `"o", ""`},
		"no text":      {[]string{"a\xff\xfe é\x80"}, `"b", "o13 1://4 3:gA"|"o", "a�� é�"`},
		"cut":          {[]string{"a\xc3", "\xa9b"}, `"b", "o1 +ww"|"o", "a"|"o", "éb"`},
		"cut in four":  {[]string{"\xf0", "\x9f", "\x91", "\x8d"}, `"b", "o0 +8A"|"o", ""|"b", "o0 +nw"|"o", ""|"b", "o0 +kQ"|"o", ""|"o", "👍"`},
		"without end":  {[]string{"\xe2\x82"}, `"b", "o0 +4oI"|"o", ""|"b", "o3 0:4oI"|"o", "�"`},
		"another":      {[]string{"\xe2\x82", "\xe2"}, `"b", "o0 +4oI"|"o", ""|"b", "o3 0:4oI +4g"|"o", "�"|"b", "o3 0:4g"|"o", "�"`},
		"forgotten":    {[]string{"a\xc3", "forget", "\xa9"}, `"b", "o1 +ww"|"o", "a"|"b", "o3 0:qQ -"|"o", "�"`},
		"in the input": {[]string{"\xc3", "<\xff", "<\xe2", "\xa9", "<\x82\xac"}, `"b", "o0 +ww"|"o", ""|"b", "i3 0:/w"|"i", "�"|"b", "i0 +4g"|"i", ""|"o", "é"|"i", "€"`},
		"as it is":     {[]string{"\uFFFD\xff\uFFFD"}, `"b", "o9 3:/w"|"o", "���"`},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			w, err := NewWriter(&b, V2, Header{})
			if err != nil {
				t.Fatal(err)
			}
			w.SetExact(true)
			var want []Event
			for _, p := range c.pieces {
				e := Event{Code: Output, Data: []byte(p)}
				if in, is := strings.CutPrefix(p, "<"); is {
					e = Event{Code: Input, Data: []byte(in)}
				}
				if p == "forget" {
					w.Forget()
					continue
				}
				want = append(want, e)
				if err := w.Write(e); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			_, text, _ := strings.Cut(b.String(), "\n")
			got := strings.TrimSuffix(strings.ReplaceAll(strings.ReplaceAll(text, "[0.0, ", ""), "]\n", "|"), "|")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			r := open(t, b.String(), ReadOptions{})
			if diff := cmp.Diff(dump(want), dump(readAll(t, r))); diff != "" || len(r.Warnings()) > 0 {
				t.Errorf("%v (-want +got)\n%s", r.Warnings(), diff)
			}
		})
	}
}

// Who has edited a text gets the text.
func TestExactEdited(t *testing.T) {
	for text, c := range map[string]struct{ events, warn string }{
		`[0, "b", "o4 1:/w"]|[0, "o", "a�"]`:                          {"0s o \"a\\xff\"\n", ""},
		`[0, "b", "o4 1:/w"]|[0, "o", "ab�"]`:                         {"0s o \"ab�\"\n", "line 3: the line before does not fit it"},
		`[0, "b", "o4 1:/w"]|[0, "o", "abcd"]`:                        {"0s o \"abcd\"\n", "line 3: the line before does not fit it"},
		`[0, "b", "o4 0:/w"]|[0, "o", "a�"]`:                          {"0s o \"a�\"\n", "line 3: the line before does not fit it"},
		`[0, "b", "o4 9:/w"]|[0, "o", "a�"]`:                          {"0s o \"a�\"\n", "line 3: the line before does not fit it"},
		`[0, "b", "o4 1:YQ"]|[0, "o", "a�"]`:                          {"0s o \"a�\"\n", "line 3: the line before does not fit it"},
		`[0, "b", "i4 1:/w"]|[0, "o", "a�"]`:                          {"0s o \"a�\"\n", "line 3: the line before does not fit it"},
		`[0, "b", "o1 +ww"]|[0, "o", "a"]|[0, "o", "ä"]`:              {"0s o \"a\\xc3\"\n0s o \"\\xa4\"\n", ""},
		`[0, "b", "o1 +ww"]|[0, "o", "a"]|[0, "o", "b"]`:              {"0s o \"a\\xc3\"\n0s o \"b\"\n", "line 4: it does not begin with the character that was cut before"},
		`[0, "b", "o1 +ww"]|[0, "o", "a"]|[0, "o", ""]|[0, "o", "ä"]`: {"0s o \"a\\xc3\"\n0s o \"\"\n0s o \"\\xa4\"\n", ""},
		`[0, "b", "o1 /w"]|[0, "o", "a"]`:                             {"0s b \"o1 /w\"\n0s o \"a\"\n", ""},
		`[0, "b", "o1 +"]|[0, "o", "a"]`:                              {"0s b \"o1 +\"\n0s o \"a\"\n", ""},
		`[0, "b", "x1"]|[0, "o", "a"]`:                                {"0s b \"x1\"\n0s o \"a\"\n", ""},
		`[0, "b", "o99999999999999999999"]|[0, "o", "a"]`:             {"0s b \"o99999999999999999999\"\n0s o \"a\"\n", ""},
	} {
		r := open(t, h2+strings.ReplaceAll(text, "|", "\n")+"\n", ReadOptions{})
		got := dump(readAll(t, r))
		warn := ""
		for _, w := range r.Warnings() {
			warn += w.String()
		}
		if got != c.events || !strings.HasPrefix(warn, c.warn) || c.warn == "" && warn != "" {
			t.Errorf("%s: %s%s", text, got, warn)
		}
	}
}

// Without SetExact every byte is there as well, and no character is cut that ends.
func TestBytesAreKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b bytes.Buffer
		w, err := NewWriter(&b, V3, Header{})
		if err != nil {
			t.Fatal(err)
		}
		var want []byte
		for range rapid.IntRange(1, 8).Draw(t, "pieces") {
			p := piece(t, "piece")
			want = append(want, p...)
			if err := w.Output(0, p); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		got, r := read(t, b.Bytes(), nil)
		var have []byte
		for _, e := range got.events {
			have = append(have, e.Data...)
		}
		if !bytes.Equal(want, have) || len(r.Warnings()) > 0 {
			t.Fatalf("%q became %q, %v", want, have, r.Warnings())
		}
	})
}

package keys

import (
	"errors"
	"strings"
	"testing"
)

func showPieces(p []Piece) string {
	var s []string
	for _, x := range p {
		if x.Text != "" {
			s = append(s, "'"+x.Text+"'")
		} else {
			s = append(s, x.Key.String())
		}
	}
	return strings.Join(s, " ")
}

func TestExpand(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"ihello<Esc>:wq<Enter>", "'ihello' Escape ':wq' Enter"},
		{"a <lt> b > c", "'a < b > c'"},
		{"<C-x><C-s><Down*2>", "Ctrl+X Ctrl+S Down Down"},
		{"<C->><C-<>x", "Ctrl+> Ctrl+< 'x'"},
		{"<^>><C-^>>", "Ctrl+> Ctrl+^ '>'"},
		{"<C-->><C-+>>", "Ctrl+- '>' Ctrl++ '>'"},
		{"<KP->><->>", "KPSubtract '>->'"},
		{"<Space>é<U+1F600><S-a>", "' é😀A'"},
		{"<<>", "'<'"},
		{"", ""},
		{"a\nb", "'a\nb'"},
	} {
		got, err := Expand(c.in)
		if err != nil || showPieces(got) != c.want {
			t.Errorf("Expand(%q) = %s, %v; want %s", c.in, showPieces(got), err, c.want)
		}
	}
	for _, c := range []struct{ in, want string }{
		{"hé <Entr> x", "unknown key \"Entr\": did you mean Enter?\n  hé <Entr> x\n     ^\n  hint: for the character < write <lt>"},
		{"a < b", "a key that begins here with < has no end >\n  a < b\n    ^\n  hint: for the character < write <lt>"},
		{"a <b <Esc>", "a name in brackets is not closed before the next one begins\n  a <b <Esc>\n    ^\n  hint: for the character < write <lt>"},
		{"a\n<>", "a key that begins here with < has no end >\n  a␊<>\n    ^\n  hint: for the character < write <lt>"},
		{"<Down*0>", "cannot repeat a key 0 times: the number must be 1 to 10000\n  <Down*0>\n  ^\n  hint: for the character < write <lt>"},
	} {
		_, err := Expand(c.in)
		var e *Error
		if !errors.As(err, &e) || e.Error() != c.want {
			t.Errorf("Expand(%q):\n%v\nwant\n%s", c.in, err, c.want)
		}
	}
}

func TestUnescape(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`a\e[A\x1b\033\n\t\r\a\b\f\v\\\"\'\E`, "a\x1b[A\x1b\x1b\n\t\r\a\b\f\v\\\"'\x1b"},
		{`\xff\x1g\0\08\377`, "\xff\x01g\x00\x008\xff"},
		{`\u00e9\u{1F600}\U0001f600\u{41}`, "é😀😀A"},
		{"", ""},
	} {
		got, err := Unescape(c.in)
		if err != nil || string(got) != c.want {
			t.Errorf("Unescape(%q) = %q, %v; want %q", c.in, got, err, c.want)
		}
	}
	for _, c := range []struct{ in, want string }{
		{`é\q`, "unknown escape \\q\n  é\\q\n   ^\n  hint: write \\\\ for a backslash"},
		{`a\`, "nothing follows the backslash\n  a\\\n   ^\n  hint: write \\\\ for a backslash"},
		{`\xg`, "one or two hexadecimal digits must follow \\x\n  \\xg\n  ^"},
		{`\400`, "\\400 is more than a byte can hold, \\377\n  \\400\n  ^"},
		{`\u12`, "4 hexadecimal digits must follow \\u\n  \\u12\n  ^\n  hint: or write \\u{1F600}"},
		{`\u{110000}`, "there is no character with the number 110000\n  \\u{110000}\n  ^"},
		{`\ud800`, "there is no character with the number d800\n  \\ud800\n  ^"},
		{`\u{`, "hexadecimal digits and } must follow \\u{\n  \\u{\n  ^"},
		{"\\\xff", "a byte that is no character follows the backslash\n  \\\ufffd\n  ^\n  hint: write \\\\ for a backslash"},
	} {
		_, err := Unescape(c.in)
		var e *Error
		if !errors.As(err, &e) || e.Error() != c.want {
			t.Errorf("Unescape(%q):\n%v\nwant\n%s", c.in, err, c.want)
		}
	}
}

func FuzzExpand(f *testing.F) {
	for _, s := range []string{"ihello<Esc>:wq<Enter>", "<C->>", "<<>", "<Down*3>", "a < b", "<lt>", "<>", "<\x1e>>", "<C-->>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		pieces, err := Expand(s)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Col < 1 || len(e.Error()) == 0 {
				t.Fatalf("Expand(%q): %#v", s, err)
			}
			return
		}
		// Written out again it is the same.
		var b strings.Builder
		for _, p := range pieces {
			if p.Text != "" {
				b.WriteString(strings.ReplaceAll(p.Text, "<", "<lt>"))
			} else {
				b.WriteString("<" + p.Key.String() + ">")
			}
		}
		again, err := Expand(b.String())
		if err != nil || showPieces(again) != showPieces(pieces) {
			t.Fatalf("%q: %s; written as %q: %s, %v", s, showPieces(pieces), b.String(), showPieces(again), err)
		}
	})
}

func FuzzUnescape(f *testing.F) {
	for _, s := range []string{`\e\x1b\033`, `\u{1F600}`, `\`, `\q`, "é\\u00e9", `\U00110000`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b, err := Unescape(s)
		var e *Error
		switch {
		case err != nil && (!errors.As(err, &e) || e.Col < 1 || len(e.Error()) == 0):
			t.Fatalf("Unescape(%q): %#v", s, err)
		case err == nil && !strings.Contains(s, `\`) && string(b) != s:
			t.Fatalf("%q became %q", s, b)
		case err == nil && len(b) > len(s):
			t.Fatalf("%q grew to %q", s, b)
		}
	})
}

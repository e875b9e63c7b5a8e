package console

import (
	"bytes"
	"regexp"
	"testing"
)

func TestEscFilter(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"text", "plain ü\t\b\x07 text", "plain ü\t\b\x07 text"},
		{"sgr", "\x1b[1;38;5;12mx\x1b[m", "\x1b[1;38;5;12mx\x1b[m"},
		{"sgr with colons", "\x1b[38:2::1:2:3mx\x1b[0m", "\x1b[38:2::1:2:3mx\x1b[0m"},
		{"left open", "\x1b[31mx", "\x1b[31mx\x1b[0m"},
		{"a colour of number 0 is no reset", "\x1b[38;5;0mx", "\x1b[38;5;0mx\x1b[0m"},
		{"nor is a black of three numbers", "\x1b[48;2;0;0;0mx", "\x1b[48;2;0;0;0mx\x1b[0m"},
		{"reset and more", "\x1b[0;1mx", "\x1b[0;1mx\x1b[0m"},
		{"more and reset", "\x1b[1;0mx", "\x1b[1;0mx"},
		{"cursor and clear", "a\x1b[2J\x1b[H\x1b[3A\x1b[?25lb", "ab"},
		{"keyboard mode is no sgr", "a\x1b[>4;2mb", "ab"},
		{"title by BEL and by ST", "a\x1b]0;t\x07b\x1b]2;t\x1b\\c", "abc"},
		{"hyperlink", "\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"},
		{"device control", "a\x1bPq#0\x1b\\b", "ab"},
		{"reset, save, charset", "a\x1bc\x1b7\x1b8\x1b(0b", "ab"},
		{"shift out and in", "a\x0eb\x0fc", "abc"},
		{"8-bit in UTF-8", "a\u009b2Jb\u009dtitle\u009cc\u0085d", "abcd"},
		{"8-bit sgr", "\u009b31mx", "\x1b[31mx\x1b[0m"},
		{"other two-byte runes", "¢ £ \u00a0", "¢ £ \u00a0"},
		{"a cut rune", "a\xc2", "a\xc2"},
		{"cut by another", "\x1b[3\x1b[31mx\x1b[m", "\x1b[31mx\x1b[m"},
		{"cancelled", "\x1b[3\x18x", "x"},
		{"unterminated", "a\x1b[12", "a"},
		{"unterminated string", "a\x1b]0;b", "a"},
		{"too long for an sgr", "\x1b[" + string(bytes.Repeat([]byte("1;"), 40)) + "mx", "x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var f escFilter
			got := f.end(f.append(nil, []byte(tt.in)))
			want(t, string(got), tt.want)
			got = nil
			for i := range tt.in { // any cut gives the same
				got = got[:0]
				got = f.append(got, []byte(tt.in[:i]))
				got = f.end(f.append(got, []byte(tt.in[i:])))
				want(t, string(got), tt.want)
			}
		})
	}
}

// FuzzEscFilter: only SGR is left of escape sequences, colours are off at the
// end, and it does not matter how the input was cut.
func FuzzEscFilter(f *testing.F) {
	for _, s := range []string{"a\x1b[31mb", "\x1b]0;t\x07", "\xc2\x9b2J", "\x1bP\xc2\x9c", "\x1b[38;5;0m\x0e", "\xc2\x1b[1m", "\xc2\xc2\x9bm"} {
		f.Add([]byte(s), 3)
	}
	sgr := regexp.MustCompile("\x1b\\[[0-9;:]*m")
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		b = bytes.ReplaceAll(b, []byte("\n"), nil)
		var x escFilter
		whole := x.end(x.append(nil, b))
		text := sgr.ReplaceAll(whole, nil)
		if bytes.ContainsAny(text, "\x1b\x0e\x0f") || bytes.Contains(bytes.ToValidUTF8(text, nil), []byte("\u009b")) {
			t.Errorf("%q has %q left", b, whole)
		}
		if all := sgr.FindAll(whole, -1); len(all) > 0 {
			var y escFilter
			if y.append(nil, whole); y.open {
				t.Errorf("%q leaves colours on: %q", b, whole)
			}
		}
		if !special(b) && !bytes.Equal(whole, b) {
			t.Errorf("%q was changed to %q", b, whole)
		}
		cut = max(0, min(cut, len(b)))
		if parts := x.end(x.append(x.append(nil, b[:cut]), b[cut:])); !bytes.Equal(parts, whole) {
			t.Errorf("%q cut at %d gives %q, whole %q", b, cut, parts, whole)
		}
	})
}

func TestFit(t *testing.T) {
	for _, tt := range []struct {
		in    string
		width int
		want  string
		cols  int
	}{
		{"hello", 10, "hello", 5},
		{"hello", 3, "hel", 3},
		{"日本語", 5, "日本", 5},
		{"日本語", 4, "日本", 4},
		{"a\x1b[31mb\x1b[0mc", 2, "a\x1b[31mb\x1b[0m", 2},
		{"a\tb\x07", 9, "a b ", 4},
		{"a\xffb", 9, "a\uFFFDb", 3},
		{"e\u0301x", 1, "e\u0301", 1},
		{"x", 0, "", 0},
	} {
		got, cols := fit(nil, []byte(tt.in), tt.width)
		if string(got) != tt.want || cols != tt.cols {
			t.Errorf("fit(%q, %d) = %q, %d, want %q, %d", tt.in, tt.width, got, cols, tt.want, tt.cols)
		}
	}
}

func TestColorEnabled(t *testing.T) {
	for _, tt := range []struct {
		env  map[string]string
		tty  bool
		want bool
	}{
		{nil, true, true},
		{nil, false, false},
		{map[string]string{"NO_COLOR": "1"}, true, false},
		{map[string]string{"NO_COLOR": ""}, true, true},
		{map[string]string{"NO_COLOR": "1", "FORCE_COLOR": "1"}, true, false},
		{map[string]string{"FORCE_COLOR": "1"}, false, true},
		{map[string]string{"FORCE_COLOR": "0"}, true, false},
		{map[string]string{"CLICOLOR_FORCE": "1"}, false, true},
		{map[string]string{"CLICOLOR_FORCE": "0"}, false, false},
		{map[string]string{"CLICOLOR": "0"}, true, false},
		{map[string]string{"CLICOLOR": "1"}, false, false},
		{map[string]string{"TERM": "dumb"}, true, false},
		{map[string]string{"TERM": "dumb", "FORCE_COLOR": "1"}, true, true},
		{map[string]string{"OMPI_COMM_WORLD_SIZE": "2", "PMIX_RANK": "0"}, true, false},
		{map[string]string{"OMPI_COMM_WORLD_SIZE": "2"}, true, true},
		{map[string]string{"OMPI_COMM_WORLD_SIZE": "2", "PMIX_RANK": "0", "FORCE_COLOR": "1"}, true, true},
	} {
		if got := ColorEnabled(func(k string) string { return tt.env[k] }, tt.tty); got != tt.want {
			t.Errorf("%v, tty %v: %v", tt.env, tt.tty, got)
		}
	}
}

package report

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func tailOf(t testing.TB, log string, lines int, maxBytes int64) string {
	t.Helper()
	out, err := Tail(strings.NewReader(log), int64(len(log)), lines, maxBytes)
	if err != nil {
		t.Fatalf("Tail(%q): %v", log, err)
	}
	return string(out)
}

func TestTail(t *testing.T) {
	long := strings.Repeat("0123456789\n", 10_000)
	for _, c := range []struct {
		name, log string
		lines     int
		max       int64
		want      string
	}{
		{"empty", "", 3, 100, ""},
		{"no lines wanted", "a\n", 0, 100, ""},
		{"fewer than wanted", "a\nb\n", 3, 100, "a\nb\n"},
		{"exactly as many", "a\nb\nc\n", 3, 100, "a\nb\nc\n"},
		{"more than wanted", "a\nb\nc\nd\n", 2, 100, "c\nd\n"},
		{"last line not ended", "a\nb\nc", 2, 100, "b\nc\n"},
		{"empty lines count", "a\n\n\n", 2, 100, "\n\n"},
		{"one newline", "\n", 5, 100, "\n"},
		{"cut in a line", "abcdef\ngh\n", 5, 6, "...ef\ngh\n"},
		{"cut behind a line end", "abcdef\ngh\n", 5, 3, "gh\n"},
		{"one endless line", strings.Repeat("x", 1000), 5, 10, "..." + strings.Repeat("x", 10) + "\n"},
		{"over many chunks", long, 5000, 1 << 20, long[len(long)-5000*11:]},
		{"progress bar", "1%\r50%\r99%\n", 1, 100, "99%\n"},
		{"progress bar going on", "1%\r50%\r", 1, 100, "50%\n"},
		{"cut progress bar", strings.Repeat("10%\r", 100) + "99%", 1, 50, "99%\n"},
		{"CR LF", "a\r\nb\r\n", 2, 100, "a\nb\n"},
		{"colours stay and end", "\x1b[1;31mred\nplain\n", 2, 100, "\x1b[1;31mred\x1b[0m\nplain\n"},
		{"colour already reset", "\x1b[31mred\x1b[0m\n", 1, 100, "\x1b[31mred\x1b[0m\n"},
		{"cursor and screen", "\x1b[2J\x1b[H\x1b[?25lx\x1b[3Ay\x1b[K\n", 1, 100, "xy\n"},
		{"private m is no colour", "\x1b[>4;1mx\x1b[?1m\n", 1, 100, "x\n"},
		{"titles", "\x1b]0;evil\x07a\x1b]2;evil\x1b\\b\x1bPq\x1b\\c\n", 1, 100, "abc\n"},
		{"title never ended", "\x1b]0;rest of the line\n", 1, 100, "\\x1b]0;rest of the line\n"},
		{"charset and keypad", "\x1b(Ba\x1b=b\x1bc\n", 1, 100, "ab\n"},
		{"lone escape", "a\x1b\n", 1, 100, "a\\x1b\n"},
		{"controls", "a\x00\x07\x08\tb\x7f\n", 1, 100, "a\\x00\\x07\\x08\tb\\x7f\n"},
		{"not UTF-8", "caf\xe9 \xff\n", 1, 100, "caf\\xe9 \\xff\n"},
		{"UTF-8", "naïve 日本 👩‍💻\n", 1, 100, "naïve 日本 👩‍💻\n"},
		{"C1 and bidi", "\u009b2J a\u202eb\n", 1, 100, "\\u009b2J a\\u202eb\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := tailOf(t, c.log, c.lines, c.max); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestTailOfShrunkenLog(t *testing.T) {
	out, err := Tail(strings.NewReader("short\n"), 1<<20, 5, 1<<16)
	if err != nil || len(out) != 0 {
		t.Errorf("a log that was cut below the window: %q, %v", out, err)
	}
	out, err = Tail(strings.NewReader("short\n"), 1000, 5, 1<<16)
	if err != nil || string(out) != "short\n" {
		t.Errorf("a log that was cut within the window: %q, %v", out, err)
	}
}

func TestTailOfFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stderr.log")
	var log bytes.Buffer
	for i := range 3000 {
		fmt.Fprintf(&log, "line %d\n", i)
	}
	if err := os.WriteFile(path, log.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	out, err := Tail(f, int64(log.Len()), 2, 1<<20)
	if err != nil || string(out) != "line 2998\nline 2999\n" {
		t.Errorf("got %q, %v", out, err)
	}
	f.Close()
	if _, err := Tail(f, int64(log.Len()), 2, 1<<20); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a closed file gives %v", err)
	}
}

// Any log of harmless lines comes back as its own end.
func TestTailProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(rapid.StringMatching(`[a-z ]{0,400}`), 0, 300).Draw(t, "lines")
		want := rapid.IntRange(1, 120).Draw(t, "want")
		log := strings.Join(lines, "\n")
		out, err := Tail(strings.NewReader(log), int64(len(log)), want, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		split := strings.Split(strings.TrimSuffix(log, "\n"), "\n")
		if log == "" {
			split = nil
		}
		expected := ""
		for _, l := range split[max(0, len(split)-want):] {
			expected += l + "\n"
		}
		if string(out) != expected {
			t.Fatalf("got %q, want %q", out, expected)
		}
	})
}

func FuzzTail(f *testing.F) {
	f.Add([]byte("a\nb\r\nc"), 2, int64(100))
	f.Add([]byte("\x1b[31mred\x1b]0;t\x07\xff\r99%"), 1, int64(7))
	f.Fuzz(func(t *testing.T, log []byte, lines int, maxBytes int64) {
		out, err := Tail(bytes.NewReader(log), int64(len(log)), lines, maxBytes)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(out, []byte("\n")); n > max(lines, 0) {
			t.Errorf("%d lines, wanted %d", n, lines)
		}
		checkHarmless(t, out)
		again, err := Tail(bytes.NewReader(out), int64(len(out)), max(lines, 1), 1<<30)
		if err != nil || !bytes.Equal(again, out) {
			t.Errorf("not stable: %q became %q (%v)", out, again, err)
		}
	})
}

// checkHarmless fails for anything a terminal would do more than colour with.
func checkHarmless(t *testing.T, text []byte) {
	t.Helper()
	if !utf8.Valid(text) {
		t.Errorf("not UTF-8: %q", text)
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == esc:
			n, sgr := csi(text[i:])
			if n == 0 || !sgr {
				t.Fatalf("a control sequence came through: %q", text[i:])
			}
			i += n - 1
		case c < 0x20 && c != '\n' && c != '\t', c == 0x7f:
			t.Fatalf("control character %#x came through in %q", c, text)
		}
	}
}

func TestLongLineIsCut(t *testing.T) {
	p := page{opt: Options{Color: true, TailLines: 5}}
	p.quote(0, []byte("\x1b[31m"+strings.Repeat("x", 1300)+"\x1b[0m\n"))
	if want := "x... (300 more characters)\n"; !strings.HasSuffix(string(p.buf), want) {
		t.Errorf("got %q", p.buf)
	}
}

func TestRankList(t *testing.T) {
	var odd []int
	for i := 1; i < 4000; i += 2 {
		odd = append(odd, i)
	}
	if got, want := rankList(odd, 24), "1,3,5,7,9,11,13,15,17,... (2000 ranks)"; !strings.HasSuffix(got, "(2000 ranks)") || len(got) > len(want)+4 {
		t.Errorf("got %q", got)
	}
	if got := rankList([]int{0, 1, 2, 7}, 24); got != "0-2,7" {
		t.Errorf("got %q", got)
	}
}

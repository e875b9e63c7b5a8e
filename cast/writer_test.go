package cast

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const ms = time.Millisecond

// write is a recording made by f.
func write(t testing.TB, h Header, f func(c *Writer)) string {
	t.Helper()
	var b bytes.Buffer
	c, err := NewWriter(&b, V2, h)
	if err != nil {
		t.Fatal(err)
	}
	f(c)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The bytes are those that asciinema 3 writes: its order, its blanks, its escapes.
func TestWriter(t *testing.T) {
	got := write(t, Header{
		Width: 80, Height: 24, Timestamp: time.Unix(1504467315, 999), Duration: 12500 * ms, IdleTimeLimit: 2 * time.Second,
		Command: "sh -c \"x\"", Title: "a\tb\u2028<&>", Env: map[string]string{"TERM": "xterm-256color", "SHELL": "/bin/zsh"},
	}, func(c *Writer) {
		c.Output(0, []byte("a\x1b[1m\b\f\n\r\t\"\\\x00\x1f\x7f\u0080é👍/"))
		c.Output(12_000_003*time.Microsecond, []byte("b"))
		c.Input(12_300*ms, []byte("\r"))
		c.Output(13*time.Second+999*time.Nanosecond, []byte("c"))
		c.Output(5*time.Second, []byte("d")) // time does not go back
		c.Resize(20*time.Second, 100, 40)
		c.Marker(20500*ms, "")
		c.Marker(20500*ms, "two\nlines \xff")
		c.Output(21*time.Second, nil)
		c.Exit(22*time.Second, -1)
	})
	want := `{"version":2,"width":80,"height":24,"timestamp":1504467315,"duration":12.5,"idle_time_limit":2.0,"command":"sh -c \"x\"","title":"a\tb` + "\u2028" + `<&>","env":{"SHELL":"/bin/zsh","TERM":"xterm-256color"}}
[0.0, "o", "a\u001b[1m\b\f\n\r\t\"\\\u0000\u001f` + "\x7f\u0080" + `é👍/"]
[12.000003, "o", "b"]
[12.3, "i", "\r"]
[13.0, "o", "c"]
[13.0, "o", "d"]
[20.0, "r", "100x40"]
[20.5, "m", ""]
[20.5, "m", "two\nlines ` + "\uFFFD" + `"]
[22.0, "x", "-1"]
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := write(t, Header{Width: 1, Height: 65535}, func(*Writer) {}); got != "{\"version\":2,\"width\":1,\"height\":65535}\n" {
		t.Errorf("the least header: %s", got)
	}
}

// A character that was cut comes whole, with its last byte; nothing is written
// for what comes before it.
func TestCutCharacters(t *testing.T) {
	for name, c := range map[string]struct {
		pieces []string
		want   []string
	}{
		"whole":                      {[]string{"aé", "日"}, []string{"aé", "日"}},
		"cut":                        {[]string{"a\xc3", "\xa9b"}, []string{"a", "éb"}},
		"byte by byte":               {[]string{"\xf0", "\x9f", "\x91", "\x8d"}, []string{"👍"}},
		"unfinished at the end":      {[]string{"a\xe6\x97"}, []string{"a", "\uFFFD"}},
		"another character follows":  {[]string{"\xe6\x97", "b"}, []string{"\uFFFDb"}},
		"another begin follows":      {[]string{"\xe6\x97", "\xe6\x97\xa5"}, []string{"\uFFFD日"}},
		"an escape follows":          {[]string{"\xe6\x97", "\x1b[m"}, []string{`�\u001b[m`}},
		"maximal subparts":           {[]string{"\x80\x80|\xf0\x9f\x91|\xe2\x82|\xed\xa0\x80|\xc0\xaf|\xf5|\xf0\x80\x80"}, []string{"��|�|�|���|��|�|���"}},
		"maximal subparts, cut":      {[]string{"\xf0\x9f", "\x91|\xed", "\xa0\x80|\xe0", "\x80|"}, []string{"�|", "���|", "��|"}},
		"nothing":                    {[]string{"", "\xe2", "", "\x82", "\xac"}, []string{"€"}},
		"input in between":           {[]string{"\xe2\x82", "<x\xc3", "\xac", "<\xa9"}, []string{"<x", "€", "<é"}},
		"a character after the tail": {[]string{"\xe2\x82"}, []string{"\uFFFD"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := write(t, Header{Width: 8, Height: 2}, func(w *Writer) {
				for i, p := range c.pieces {
					if in, is := strings.CutPrefix(p, "<"); is {
						w.Input(time.Duration(i)*ms, []byte(in))
						continue
					}
					w.Output(time.Duration(i)*ms, []byte(p))
				}
			})
			var texts []string
			for _, line := range strings.Split(strings.TrimSpace(got), "\n")[1:] {
				_, s, _ := strings.Cut(line, `, "`)
				code, s, _ := strings.Cut(s, `", "`)
				s = strings.TrimSuffix(s, `"]`)
				if code == exactCode { // see TestExact
					continue
				}
				if code == "i" {
					s = "<" + s
				}
				texts = append(texts, s)
			}
			if diff := cmp.Diff(c.want, texts); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// A cut character's begin is written before the exit, which is the last event, and
// Forget drops it.
func TestTails(t *testing.T) {
	got := write(t, Header{Width: 8, Height: 2}, func(c *Writer) {
		c.Output(ms, []byte("a\xe2\x82"))
		c.Forget()
		c.Output(2*ms, []byte("\x1b[Hb\xe2"))
		c.Exit(3*ms, 0)
	})
	want := "[0.001, \"o\", \"a\"]\n[0.002, \"o\", \"\\u001b[Hb\"]\n[0.003, \"b\", \"o3 0:4g\"]\n[0.003, \"o\", \"\uFFFD\"]\n[0.003, \"x\", \"0\"]\n"
	if _, got, _ = strings.Cut(got, "\n"); got != want {
		t.Errorf("%s", got)
	}
}

// failing fails with the write that goes beyond n bytes.
type failing struct{ n int }

var errFull = errors.New("no space left on device")

func (f *failing) Write(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, errFull
	}
	return len(p), nil
}

// short writes half of what is too much, and says so without an error.
type short struct{ n int }

func (s *short) Write(p []byte) (int, error) {
	if s.n -= len(p); s.n < 0 {
		return len(p) / 2, nil
	}
	return len(p), nil
}

func TestShortWrite(t *testing.T) {
	for _, f := range []Format{V1, V2, V3, TTYRec, Raw} {
		c, err := NewWriter(&short{150}, f, Header{Width: 80, Height: 24})
		if err != nil {
			t.Fatal(f, err)
		}
		err = c.Output(0, bytes.Repeat([]byte("x"), 500))
		if err = errors.Join(err, c.Close()); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("%v: %v", f, err)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, size := range [][2]int{{-1, 24}, {80, 65536}, {-1, -1}} {
		var b bytes.Buffer
		if _, err := NewWriter(&b, V2, Header{Width: size[0], Height: size[1]}); err == nil || b.Len() > 0 {
			t.Errorf("%v: %v", size, err)
		}
	}
	if _, err := NewWriter(&failing{10}, V2, Header{Width: 80, Height: 24}); !errors.Is(err, errFull) {
		t.Errorf("the header: %v", err)
	}
	c, err := NewWriter(&failing{60}, V2, Header{Width: 80, Height: 24})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Resize(0, 0, 3); err == nil {
		t.Error("a size of 0x3 was written")
	}
	if err := c.Output(0, []byte("a\xe2")); err != nil {
		t.Errorf("after a wrong size: %v", err)
	}
	for range 2 {
		if err := c.Marker(0, "label"); !errors.Is(err, errFull) {
			t.Errorf("%v", err)
		}
	}
	if err := c.Close(); !errors.Is(err, errFull) {
		t.Errorf("closing: %v", err)
	}
	c, _ = NewWriter(&failing{1000}, V2, Header{Width: 80, Height: 24})
	if err := errors.Join(c.Close(), c.Close()); err != nil {
		t.Error(err)
	}
	for _, err := range []error{c.Output(0, []byte("a")), c.Input(0, []byte("a")), c.Exit(0, 1), c.Resize(0, 2, 2)} {
		if err == nil || !strings.Contains(err.Error(), "closed") {
			t.Errorf("after Close: %v", err)
		}
	}
}

// played is the text of a recording's events of one code.
func played(t testing.TB, recording string, code string) string {
	t.Helper()
	lines := strings.Split(recording, "\n")
	if lines[len(lines)-1] != "" {
		t.Fatalf("the last line has no end: %q", lines[len(lines)-1])
	}
	var h struct{ Version, Width, Height int }
	if err := json.Unmarshal([]byte(lines[0]), &h); err != nil || h.Version != 2 || h.Width < 1 || h.Height < 1 {
		t.Fatalf("%v: the header is %s", err, lines[0])
	}
	var text strings.Builder
	last := 0.0
	for _, line := range lines[1 : len(lines)-1] {
		var e [3]any
		if err := json.Unmarshal([]byte(line), &e); err != nil || !utf8.ValidString(line) {
			t.Fatalf("%v: %q", err, line)
		}
		at, data := e[0].(float64), e[2].(string)
		if at < last {
			t.Fatalf("time goes back: %q", line)
		}
		last = at
		if e[1] == code {
			if data == "" {
				t.Fatalf("an empty event: %q", line)
			}
			text.WriteString(data)
		}
	}
	return text.String()
}

// Whatever the cuts, text comes out whole.
func TestTextStaysWhole(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.String().Draw(rt, "text")
		got := write(t, Header{Width: 80, Height: 24}, func(c *Writer) {
			for p := []byte(text); len(p) > 0; {
				n := rapid.IntRange(1, min(7, len(p))).Draw(rt, "piece")
				c.Output(time.Duration(rapid.Int64().Draw(rt, "time")), p[:n])
				p = p[n:]
			}
		})
		if s := played(t, got, "o"); s != text {
			rt.Fatalf("%q became %q", text, s)
		}
	})
}

// Any bytes become lines of valid JSON that say the same as one piece does, which
// is what bytes.ToValidUTF8 would say but for one U+FFFD for each subpart.
func FuzzWriter(f *testing.F) {
	f.Add([]byte("hello \xe2\x82\xac \x1b[31m"), "title", uint16(3), int64(1))
	f.Add([]byte("\xf0\x9f\x91"), "\xff\"", uint16(1), int64(-1))
	f.Add([]byte("\xed\xa0\x80\xc0\xaf\xf5"), "\x00", uint16(2), int64(1)<<62)
	f.Fuzz(func(t *testing.T, p []byte, title string, cut uint16, at int64) {
		one := write(t, Header{Width: 80, Height: 24, Title: title, Env: map[string]string{title: title}, Duration: time.Duration(at)}, func(c *Writer) {
			c.Output(time.Duration(at), p)
		})
		pieces := write(t, Header{Width: 80, Height: 24, Command: title}, func(c *Writer) {
			for i := 0; i < len(p); i += int(cut) + 1 {
				piece := p[i:min(i+int(cut)+1, len(p))]
				c.Output(time.Duration(at)*time.Duration(i), piece)
				c.Marker(0, title)
				c.Input(0, piece)
			}
		})
		got := played(t, one, "o")
		if again := played(t, pieces, "o"); again != got {
			t.Errorf("%q in pieces of %d is %q, in one %q", p, int(cut)+1, again, got)
		}
		squeeze := func(s string) string {
			for strings.Contains(s, replacement+replacement) {
				s = strings.ReplaceAll(s, replacement+replacement, replacement)
			}
			return s
		}
		if want := squeeze(string(bytes.ToValidUTF8(p, []byte(replacement)))); squeeze(got) != want {
			t.Errorf("%q is %q, want %q", p, got, want)
		}
	})
}

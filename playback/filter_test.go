package playback

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sluicerun/sluice/vt"
)

func harmless(s string) string {
	var f Filter
	return string(f.Harmless(nil, []byte(s)))
}

func TestFilterPasses(t *testing.T) {
	for _, s := range []string{
		"text, naïve 日本 👩‍🚀\r\n\t\b\a",
		"\x1b[31;1mred\x1b[m\x1b[38;2;1;2;3m\x1b[4:3m\x1b[H\x1b[2J\x1b[K\x1b[10;20H\x1b[5A\x1b[3L\x1b[2P\x1b[4X\x1b[2;20r\x1b[r",
		"\x1b[?1049h\x1b[?25l\x1b[?7;25h\x1b[?2026h\x1b[4h\x1b[4l\x1b[?2J\x1b[J\x1b[0J\x1b[1J",
		"\x1b7\x1b8\x1bM\x1bD\x1bE\x1bH\x1b(0lqk\x1b(B\x0e\x0f\x1b#8\x1b)A",
		"\x1b]0;title\x1b\\\x1b]2;title\x1b\\\x1b]8;id=1;https://example.org/?a=b\x1b\\link\x1b]8;;\x1b\\",
		"\x1b]4;1;#ff0000\x1b\\\x1b]10;#fff\x1b\\\x1b]104\x1b\\\x1b]133;A\x1b\\",
		"\x1b[2 q\x1b[!p\x1b[1;1;2;2$z\x1b[3'}\x1b[1\"q\x1b[5b\x1b[s\x1b[u\x1b[3g",
	} {
		if got := harmless(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
}

func TestFilterDrops(t *testing.T) {
	for _, s := range []string{
		"\x1b[c", "\x1b[>c", "\x1b[=c", "\x1b[0c", "\x1bZ", "\x05", // what are you
		"\x1b[6n", "\x1b[5n", "\x1b[?6n", "\x1b[?996n", // status
		"\x1b]10;?\a", "\x1b]11;?\x1b\\", "\x1b]4;1;?\x1b\\", "\x1b]4;1;#fff;2;?\x1b\\", "\x1b]12;?\u009c",
		"\x1b[>q", "\x1b[>0q", "\x1b[?u", "\x1b[?4m", "\x1b[?1$p", "\x1b[4$p", "\x1bP$qm\x1b\\", "\x1bP+q544e\x1b\\",
		"\x1b[18t", "\x1b[14t", "\x1b[21t", "\x1b[8;50;100t", "\x1b[2t", "\x1b[22;0t", "\x1b[x", "\x1b[1*y", "\x1b[?1;1;0S", "\x1b[1$w", "\x1b[#|", "\x1b[#R",
		"\x1b]52;c;aGVsbG8=\a", "\x1b]52;c;?\a", "\x1b]1337;File=:x\a", "\x1b]9;hi\a", "\x1b]777;notify;a;b\a", "\x1b]50;font\a", "\x1b]7;file:///\a", "\x1b]3;X=y\a",
		"\x1b[i", "\x1b[5i", "\x1b[4i", "\x1b[?5i",
		"\x1b_Gf=100,t=f;L2V0Yw==\x1b\\", "\x1b^pm\x1b\\", "\x1bXsos\x1b\\", "\x1bPq#0;2;0;0;0\x1b\\",
		"\x1b[?1000h", "\x1b[?1000;1006h", "\x1b[?1004h", "\x1b[?2004h", "\x1b[?2048h", "\x1b[?2031h", "\x1b[?1h", "\x1b[?66h", "\x1b=", "\x1b>", "\x1b[>1u", "\x1b[=1u", "\x1b[<u", "\x1b[>4;2m",
		"\x1b[?3h", "\x1b[?40h", "\x1b[2h", "\x1b[12l", "\x1b[20h", "\x1b[3J", "\x1b[2;3J", "\x1b F", "\x1b G", "\x1b%@", "\x1b[132$|", "\x1b[24*|", "\x1b[61\"p",
		"\u009b6n", "\u009d52;c;aGVsbG8=\u009c", "\u0090$qm\u009c", "\u009a",
		"\x00", "\x7f", "\x11\x13", "\x18", "\x1b[6\x18", "\x1b[6", "\x1b]0;title",
		"\x1b[" + strings.Repeat("1;", 1000) + "m", "\x1b]0;" + strings.Repeat("t", 10000) + "\a",
	} {
		if got := harmless(s); got != "" {
			t.Errorf("%.40q became %.40q", s, got)
		}
	}
}

func TestFilterChanges(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"a\x1b[?25;1000l\x1b[?1000;1049hb", "a\x1b[?25l\x1b[?1049hb"},
		{"\x1bc", "\x1b[!p\x1b[H\x1b[2J"},
		{"\x1b]0;title\a.", "\x1b]0;title\x1b\\."},
		{"\u009b31mred", "\x1b[31mred"},
		{"\u0084\u0085\u008d", "\x1bD\x1bE\x1bM"},
		{"a\xffb\xe2\x28c\x9b6n", "a\uFFFDb\uFFFD(c\uFFFD6n"},
		{"\x1b[3\n1mx", "\n\x1b[31mx"},
		{"\x1b[3\x1b[1mx", "\x1b[1mx"},
		{"\x1b]0;ti\x1b[1mx", "\x1b[1mx"},
		{"\x1b]0;ti\x1b]52;c;eA==\x1b]2;x\x1b\\", "\x1b]2;x\x1b\\"},
		{"\x1b[31é", "é"},
		{"\x1b[4;20h", "\x1b[4h"},
	} {
		if got := harmless(c.in); got != c.want {
			t.Errorf("%q became %q, want %q", c.in, got, c.want)
		}
	}
}

// It does not matter where the bytes are cut.
func TestFilterCuts(t *testing.T) {
	in := "日本\x1b[31;1mred\x1b]8;;http://x\x1b\\l\x1b]8;;\a\u009b1m\x1b[6n\xe2\x82\x1b[c\x1b(0x\x1b_G1\x1b\\\xf0\x9f\x91\xa9\xff."
	want := harmless(in)
	r := rand.New(rand.NewPCG(3, 3))
	for range 300 {
		var f Filter
		var got []byte
		for p := []byte(in); len(p) > 0; {
			n := 1 + r.IntN(min(len(p), 6))
			got = f.Harmless(got, p[:n])
			p = p[n:]
		}
		if string(got) != want {
			t.Fatalf("%q, want %q", got, want)
		}
	}
}

// What a terminal shows of typical output is the same.
func TestFilterShowsTheSame(t *testing.T) {
	a, b := vt.New(80, 24, vt.Options{}), vt.New(80, 24, vt.Options{})
	var f Filter
	for _, e := range append(longEvents(200<<10, 1), randomEvents(rand.New(rand.NewPCG(1, 1)), 500, false)...) {
		if e.Code == "o" {
			a.Write(e.Data)
			b.Write(f.Harmless(nil, e.Data))
		}
	}
	if shown(t, a) != shown(t, b) {
		t.Errorf("\n%s\nwant\n%s", b.Text(false), a.Text(false))
	}
}

func FuzzFilter(f *testing.F) {
	for _, s := range []string{"\x1b[6n\x1b[31mx", "\x1b]10;?\a\x1bP$qm\x1b\\", "\u009b6n\x9b6n\xe2\x82", "\x1b[?1000;25h\x1b[>q", "\x1b]0;a\x1b[6n", "\x1b\x1b[c", "\x1b[0\x05c\x1b#8"} {
		f.Add([]byte(s), uint8(3))
	}
	f.Fuzz(func(t *testing.T, p []byte, cut uint8) {
		var one, two Filter
		out := one.Harmless(nil, p)
		n := min(int(cut), len(p))
		if got := two.Harmless(two.Harmless(nil, p[:n]), p[n:]); string(got) != string(out) {
			t.Fatalf("cut at %d: %q, want %q", n, got, out)
		}
		if !utf8.Valid(out) {
			t.Fatalf("no UTF-8: %q", out)
		}
		var events []vt.Event
		term := vt.New(20, 5, vt.Options{Notify: func(e vt.Event) { events = append(events, e) }})
		term.Write(out)
		if term.QueryCount() > 0 {
			t.Fatalf("%q became %q, which asks", p, out)
		}
		for _, e := range events {
			switch e.Kind {
			case vt.ClipboardEvent, vt.ClipboardQuery, vt.SizeEvent, vt.MessageEvent, vt.PointerEvent, vt.DirEvent, vt.ResetEvent:
				t.Fatalf("%q became %q, which does %+v", p, out, e)
			}
		}
		m := term.Modes()
		if m.Mouse != vt.MouseOff || m.FocusEvents || m.BracketedPaste || m.Kitty != 0 || m.ModifyOtherKeys != 0 || m.AppCursor || m.AppKeypad || m.InBandResize || m.ColorScheme || m.Newline {
			t.Fatalf("%q became %q, which sets %+v", p, out, m)
		}
		// What was let pass is let pass again.
		var again Filter
		if got := again.Harmless(nil, out); string(got) != string(out) {
			t.Fatalf("%q became %q and then %q", p, out, got)
		}
	})
}

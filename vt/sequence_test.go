package vt

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each case is what a terminal of 10 columns and 5 rows shows after the bytes: its
// lines from the top, those that are empty at the end left out, and its cursor, as
// column and row from 0.
var screenCases = []struct {
	name, in string
	want     string
	x, y     int
}{
	{"text", "hello", "hello", 5, 0},
	{"CR LF", "a\r\nb", "a\nb", 1, 1},
	{"LF keeps the column", "ab\nc", "ab\n  c", 3, 1},
	{"VT and FF are LF", "a\x0bb\x0cc", "a\n b\n  c", 3, 2},
	{"BS", "abc\b\bX", "aXc", 2, 0},
	{"BS stops at the edge", "\b\bX", "X", 1, 0},
	{"HT", "a\tb", "a       b", 9, 0},
	{"HT stops in the last column", "a\t\t\tb", "a        b", 9, 0},
	{"HTS and TBC", "\x1b[3G\x1bH\r\tX\r\x1b[3g\tY", "  X      Y", 9, 0},
	{"CHT, CBT", "\x1b[3G\x1bH\x1b[1G\x1b[2IX\x1b[2ZY", "  Y     X", 3, 0},
	{"wrap", "0123456789ab", "0123456789\nab", 2, 1},
	{"wrap waits", "0123456789", "0123456789", 9, 0},
	{"waiting wrap is gone after CR", "0123456789\rX", "X123456789", 1, 0},
	{"waiting wrap and BS", "0123456789\bX", "01234567X9", 9, 0},
	{"waiting wrap and EL keeps the text", "0123456789\x1b[K", "0123456789", 9, 0},
	{"waiting wrap and LF", "0123456789\nX", "0123456789\n         X", 9, 1},
	{"no wrap", "\x1b[?7l0123456789ab", "012345678b", 9, 0},
	{"wrap off while waiting", "0123456789\x1b[?7lX", "012345678X", 9, 0},
	{"scroll", "1\r\n2\r\n3\r\n4\r\n5\r\n6", "2\n3\n4\n5\n6", 1, 4},
	{"CUP", "\x1b[2;3Hx", "\n  x", 3, 1},
	{"CUP beyond", "\x1b[99;99Hx", "\n\n\n\n         x", 9, 4},
	{"HVP without numbers", "abc\x1b[fx", "xbc", 1, 0},
	{"CUU CUD CUF CUB", "\x1b[3;3H\x1b[Aa\x1b[2Bb\x1b[Cc\x1b[5Dd", "\n  a\n\n d b c", 2, 3},
	{"CNL CPL", "ab\x1b[2Ec\x1b[Fd", "ab\nd\nc", 1, 1},
	{"CHA HPA VPA", "\x1b[5Ga\x1b[3`b\x1b[3dc", "  b a\n\n   c", 4, 2},
	{"HPR VPR", "a\x1b[2ab\x1b[2ec", "a  b\n\n    c", 5, 2},
	{"ED 0", "aa\r\nbbb\r\ncc\x1b[2;2H\x1b[J", "aa\nb", 1, 1},
	{"ED 1", "aa\r\nbbb\r\ncc\x1b[2;2H\x1b[1J", "\n  b\ncc", 1, 1},
	{"ED 2", "aa\r\nbbb\x1b[2J", "", 3, 1},
	{"EL 0", "abcdef\x1b[3G\x1b[K", "ab", 2, 0},
	{"EL 1", "abcdef\x1b[3G\x1b[1K", "   def", 2, 0},
	{"EL 2", "abcdef\x1b[3G\x1b[2K", "", 2, 0},
	{"ECH", "abcdef\x1b[2G\x1b[3X", "a   ef", 1, 0},
	{"ICH", "abcdefghij\x1b[3G\x1b[2@", "ab  cdefgh", 2, 0},
	{"DCH", "abcdefghij\x1b[3G\x1b[2P", "abefghij", 2, 0},
	{"IRM", "abc\x1b[1G\x1b[4hXY\x1b[4lZ", "XYZbc", 3, 0},
	{"IL", "1\r\n2\r\n3\x1b[2;1H\x1b[L", "1\n\n2\n3", 0, 1},
	{"DL", "1\r\n2\r\n3\x1b[1;1H\x1b[2M", "3", 0, 0},
	{"IL goes to the first column", "1\r\n2\x1b[2;5H\x1b[LX", "1\nX\n2", 1, 1},
	{"SU SD", "1\r\n2\r\n3\x1b[S\x1b[2T", "\n\n2\n3", 1, 2},
	{"DECSTBM scrolls inside", "1\r\n2\r\n3\r\n4\r\n5\x1b[2;4r\x1b[4;1H\nX", "1\n3\n4\nX\n5", 1, 3},
	{"RI at the margin", "1\r\n2\r\n3\r\n4\r\n5\x1b[2;4r\x1b[2;1H\x1bMX", "1\nX\n2\n3\n5", 1, 1},
	{"IND and NEL", "a\x1bDb\x1bEc", "a\n b\nc", 1, 2},
	{"DECSTBM goes home", "abc\x1b[2;4rX", "Xbc", 1, 0},
	{"margins of one line are refused", "abc\x1b[3;3rX", "abcX", 4, 0},
	{"CUU stops at the margin", "\x1b[2;4r\x1b[3;1H\x1b[9AX", "\nX", 1, 1},
	{"CUD stops at the margin", "\x1b[2;4r\x1b[3;1H\x1b[9BX", "\n\n\nX", 1, 3},
	{"LF below the margin", "\x1b[1;2r\x1b[5;1HX\nY", "\n\n\n\nXY", 2, 4},
	{"DECOM", "\x1b[2;4r\x1b[?6h\x1b[1;1HA\x1b[9;9HB", "\nA\n\n        B", 9, 3},
	{"DECSC DECRC", "ab\x1b7\x1b[4;4Hc\x1b8d", "abd\n\n\n   c", 3, 0},
	{"DECRC without DECSC", "ab\x1b8X", "Xb", 1, 0},
	{"DECRC brings the waiting wrap back", "0123456789\x1b7\x1b[3;3H\x1b8X", "0123456789\nX", 1, 1},
	{"SCOSC SCORC", "ab\x1b[s\x1b[4;4Hc\x1b[ud", "abd\n\n\n   c", 3, 0},
	{"LNM", "\x1b[20hab\nc", "ab\nc", 1, 1},
	{"reverse wrap", "\x1b[?45h0123456789a\b\b\bX", "01234567X9\na", 9, 0},
	{"REP", "a\x1b[3b", "aaaa", 4, 0},
	{"REP of a wide character", "日\x1b[2b", "日日日", 6, 0},
	{"REP after a move does nothing", "a\x1b[C\x1b[3b", "a", 2, 0},
	{"DECALN", "\x1b#8", strings.Repeat("EEEEEEEEEE\n", 4) + "EEEEEEEEEE", 0, 0},
	{"special graphics", "\x1b(0lqk\x1b(Bq", "┌─┐q", 4, 0},
	{"SO SI", "\x1b)0q\x0eq\x0fq", "q─q", 3, 0},
	{"SS2 is for one character", "\x1b*0\x1bNqq", "─q", 2, 0},
	{"LS3", "\x1b+A#\x1bo#", "#£", 2, 0},
	{"German", "\x1b(K[{~", "Ääß", 3, 0},
	{"DECFRA", "\x1b[65;2;2;3;4$x", "\n AAA\n AAA", 0, 0},
	{"DECERA", "\x1b#8\x1b[2;2;4;9$z", "EEEEEEEEEE\nE        E\nE        E\nE        E\nEEEEEEEEEE", 0, 0},
	{"DECCRA", "abc\r\ndef\x1b[1;1;2;3;1;3;5;1$v", "abc\ndef\n    abc\n    def", 3, 1},
	{"DECCRA onto itself", "abc\r\ndef\x1b[1;1;2;3;1;2;1;1$v", "abc\nabc\ndef", 3, 1},
	{"DECSERA keeps what is protected", "a\x1b[1\"qb\x1b[0\"qc\x1b[1;1;1;3${", " b", 3, 0},
	{"DECSEL", "a\x1b[1\"qb\x1b[0\"qc\x1b[?2K", " b", 3, 0},
	{"DECSED", "a\x1b[1\"qb\x1b[0\"qc\r\nd\x1b[?2J", " b", 1, 1},
	{"EL takes what is protected", "\x1b[1\"qab\x1b[2K", "", 2, 0},
	{"DECIC", "abcd\r\nefgh\x1b[2G\x1b[2'}", "a  bcd\ne  fgh", 1, 1},
	{"DECDC", "abcd\r\nefgh\x1b[2G\x1b[2'~", "ad\neh", 1, 1},
	{"DECBI", "abc\x1b[1G\x1b6", " abc", 0, 0},
	{"DECFI", "abc\x1b[10G\x1b9", "bc", 9, 0},
	{"SL", "abcd\x1b[2 @", "cd", 4, 0},
	{"SR", "abcd\x1b[2 A", "  abcd", 4, 0},
	{"side margins wrap", "\x1b[?69h\x1b[3;6s\x1b[1;3Habcdef", "  abcd\n  ef", 4, 1},
	{"side margins scroll", "a123456789\r\nb123456789\x1b[?69h\x1b[3;6s\x1b[1;2r\x1b[2;3H\n", "a12345678" + "9\nb1    6789", 2, 1},
	{"CR goes to the left margin", "\x1b[?69h\x1b[3;6s\x1b[1;5H\rX", "  X", 3, 0},
	{"ICH stops at the right margin", "0123456789\x1b[?69h\x1b[3;6s\x1b[1;4H\x1b[@", "012 346789", 3, 0},
	{"DCH stops at the right margin", "0123456789\x1b[?69h\x1b[3;6s\x1b[1;4H\x1b[P", "01245 6789", 3, 0},
	{"IL between the margins", "aaaaaaaaaa\r\nbbbbbbbbbb\x1b[?69h\x1b[3;6s\x1b[1;4H\x1b[L", "aa    aaaa\nbbaaaabbbb\n  bbbb", 2, 0},
	{"CSI s without 69 saves", "ab\x1b[s\x1b[3;3H\x1b[uX", "abX", 3, 0},
	{"wide", "日本", "日本", 4, 0},
	{"wide wraps as a whole", "012345678日", "012345678\n日", 2, 1},
	{"half a wide character is none", "日本\x1b[2GX", " X本", 2, 0},
	{"the other half", "日本\x1b[3GX", "日X", 3, 0},
	{"erasing half a wide character", "日本\x1b[2G\x1b[X", "  本", 1, 0},
	{"deleting half a wide character", "日本\x1b[2G\x1b[P", " 本", 1, 0},
	{"wide without wrap is left out", "\x1b[?7l012345678日", "012345678", 9, 0},
	{"combining", "e\u0301x", "e\u0301x", 2, 0},
	{"combining behind a full line", "012345678e\u0301x", "012345678e\u0301\nx", 1, 1},
	{"combining on nothing is lost", "\u0301x", "x", 1, 0},
	{"ZWJ", "👩‍🚀x", "👩‍🚀x", 3, 0},
	{"flag", "🇩🇪🇫🇷x", "🇩🇪🇫🇷x", 5, 0},
	{"skin tone", "👍🏽x", "👍🏽x", 3, 0},
	{"emoji presentation", "❤\ufe0fx", "❤\ufe0fx", 3, 0},
	{"keycap", "1\ufe0f\u20e3x", "1\ufe0f\u20e3x", 3, 0},
	{"emoji presentation at the edge", "012345678❤\ufe0f", "012345678\n❤\ufe0f", 2, 1},
	{"Hangul in parts", "\u1112\u1161\u11abx", "\u1112\u1161\u11abx", 3, 0},
	{"Devanagari conjunct", "क्षx", "क्षx", 2, 0},
	{"without clusters", "\x1b[?2027l❤\ufe0fx👍🏽x", "❤\ufe0fx👍🏽x", 7, 0},
	{"RIS", "\x1b[31mabc\x1b[2;3r\x1bcX", "X", 1, 0},
	{"DECSTR", "\x1b[2;3r\x1b[4h\x1b[?6habc\x1b[!p\x1b[1;1HX", "X\nabc", 1, 0},
	{"1049", "main\x1b[?1049halt\x1b[?1049lX", "mainX", 5, 0},
	{"1049 shows an empty screen", "main\x1b[?1049hX", "    X", 5, 0},
	{"47 keeps the cursor", "main\x1b[?47hX\x1b[?47lY", "main Y", 6, 0},
	{"control inside a sequence", "\x1b[2\nCx", "\n  x", 3, 1},
	{"CAN", "\x1b[2\x18Cx", "Cx", 2, 0},
	{"ESC ends a sequence", "\x1b[2\x1b[Cx", " x", 2, 0},
	{"unknown sequences leave nothing", "a\x1b[5yb\x1b[>1zc\x1b[1$$wd\x1b]999;x\ae\x1bPzz\x1b\\f", "abcdef", 6, 0},
	{"strings", "\x1b_apc\x1b\\a\x1b^pm\x1b\\b\x1bXsos\x1b\\c", "abc", 3, 0},
	{"BEL does not end an APC", "\x1b_a\ab\x1b\\c", "c", 1, 0},
	{"C1 as UTF-8", "\u009b2Cx\u0085y", "  x\ny", 1, 1},
	{"C1 as bytes is no control", "\x9b2C", "\uFFFD2C", 3, 0},
	{"U+009C ends a string, 9C inside of a character does not", "\x1b]2;✜\u009cx", "x", 1, 0},
	{"maximal subparts", "\xe4\xb8a\xf0\x9f\x9ab\xc0\xafc", "\uFFFDa\uFFFDb\uFFFD\uFFFDc", 7, 0},
	{"UTF-8 cut by a control", "\xe4\xb8\rx", "x", 1, 0},
	{"DEL and NUL are nothing", "a\x7f\x00b", "ab", 2, 0},
	{"DECCOLM is refused", "abc\x1b[?3h", "abc", 3, 0},
	{"ED 3 leaves the screen", "1\r\n2\x1b[3J", "1\n2", 1, 1},
	{"CSI in DECSC of the alternate screen", "ab\x1b7\x1b[?47h\x1b[3;3H\x1b7\x1b[?47l\x1b8X", "abX", 3, 0},
}

func TestScreens(t *testing.T) {
	for _, c := range screenCases {
		t.Run(c.name, func(t *testing.T) {
			v := New(10, 5, Options{})
			v.Write([]byte(c.in))
			if e := broken(v); e != "" {
				t.Error(e)
			}
			if got := trimLines(v.Text(false)); got != c.want {
				t.Errorf("%q shows\n%s\nwant\n%s", c.in, got, c.want)
			}
			if v.x != c.x || v.y != c.y {
				t.Errorf("%q leaves the cursor at %d,%d, want %d,%d", c.in, v.x, v.y, c.x, c.y)
			}
		})
	}
}

// Answers, on a terminal of 80 by 24.
var replyCases = []struct{ name, in, want string }{
	{"DA1", "\x1b[c", "\x1b[?64;6;18;21;22;28c"},
	{"DECID", "\x1bZ", "\x1b[?64;6;18;21;22;28c"},
	{"DA2", "\x1b[>c", "\x1b[>41;390;0c"},
	{"DA3", "\x1b[=c", "\x1bP!|00000000\x1b\\"},
	{"DSR", "\x1b[5n", "\x1b[0n"},
	{"CPR", "\x1b[3;7H\x1b[6n", "\x1b[3;7R"},
	{"CPR with origin mode", "\x1b[3;9r\x1b[?6h\x1b[2;2H\x1b[6n", "\x1b[2;2R"},
	{"CPR while a wrap waits", "\x1b[1;80Hx\x1b[6n", "\x1b[1;80R"},
	{"DECXCPR", "\x1b[3;7H\x1b[?6n", "\x1b[?3;7;1R"},
	{"printer, keys, keyboard", "\x1b[?15n\x1b[?25n\x1b[?26n", "\x1b[?13n\x1b[?21n\x1b[?27;1;0;0n"},
	{"colour scheme", "\x1b[?996n", "\x1b[?997;1n"},
	{"XTVERSION", "\x1b[>q", "\x1bP>|sluice(1.2)\x1b\\"},
	{"ENQ", "\x05", "hi"},
	{"DECREQTPARM", "\x1b[x\x1b[1x", "\x1b[2;1;1;128;128;1;0x\x1b[3;1;1;128;128;1;0x"},
	{"text area in pixels", "\x1b[14t", "\x1b[4;480;800t"},
	{"cell in pixels", "\x1b[16t", "\x1b[6;20;10t"},
	{"text area in cells", "\x1b[18t\x1b[19t", "\x1b[8;24;80t\x1b[9;24;80t"},
	{"titles are not told", "\x1b]0;x\a\x1b[20t\x1b[21t", "\x1b]L\x1b\\\x1b]l\x1b\\"},
	{"OSC 4", "\x1b]4;1;?\a", "\x1b]4;1;rgb:cdcd/0000/0000\a"},
	{"OSC 4 set and asked", "\x1b]4;1;#123456;1;?\x1b\\", "\x1b]4;1;rgb:1212/3434/5656\x1b\\"},
	{"OSC 10 and 11", "\x1b]10;?;?\x1b\\", "\x1b]10;rgb:d0d0/d0d0/d0d0\x1b\\\x1b]11;rgb:0000/0000/0000\x1b\\"},
	{"OSC 12", "\x1b]12;rgb:f/8/0\a\x1b]12;?\a\x1b]112\a\x1b]12;?\a", "\x1b]12;rgb:ffff/8888/0000\a\x1b]12;rgb:d0d0/d0d0/d0d0\a"},
	{"DECRQM set and reset", "\x1b[?2004h\x1b[?2004$p\x1b[?2004l\x1b[?2004$p", "\x1b[?2004;1$y\x1b[?2004;2$y"},
	{"DECRQM of defaults", "\x1b[?7$p\x1b[?25$p\x1b[?12$p\x1b[?2027$p\x1b[?2026$p\x1b[?1049$p", "\x1b[?7;1$y\x1b[?25;1$y\x1b[?12;2$y\x1b[?2027;1$y\x1b[?2026;2$y\x1b[?1049;2$y"},
	{"DECRQM of mice", "\x1b[?1002h\x1b[?1006h\x1b[?1000$p\x1b[?1002$p\x1b[?1006$p", "\x1b[?1000;2$y\x1b[?1002;1$y\x1b[?1006;1$y"},
	{"DECRQM unknown", "\x1b[?4711$p\x1b[4711$p", "\x1b[?4711;0$y\x1b[4711;0$y"},
	{"DECRQM ANSI", "\x1b[4h\x1b[4$p\x1b[20$p\x1b[12$p", "\x1b[4;1$y\x1b[20;2$y\x1b[12;3$y"},
	{"DECRQSS m", "\x1b[1;4:3;38;5;200;48;2;1;2;3m\x1bP$qm\x1b\\", "\x1bP1$r0;1;4:3;38;5;200;48;2;1;2;3m\x1b\\"},
	{"DECRQSS r s", "\x1b[3;9r\x1bP$qr\x1b\\\x1bP$qs\x1b\\", "\x1bP1$r3;9r\x1b\\\x1bP1$r1;80s\x1b\\"},
	{"DECRQSS of the cursor", "\x1bP$q q\x1b\\\x1b[5 q\x1bP$q q\x1b\\", "\x1bP1$r2 q\x1b\\\x1bP1$r5 q\x1b\\"},
	{"DECRQSS of levels", "\x1bP$q\"p\x1b\\\x1b[1\"q\x1bP$q\"q\x1b\\", "\x1bP1$r64;1\"p\x1b\\\x1bP1$r1\"q\x1b\\"},
	{"DECRQSS of sizes", "\x1bP$q$|\x1b\\\x1bP$qt\x1b\\\x1bP$q*x\x1b\\", "\x1bP1$r80$|\x1b\\\x1bP1$r24t\x1b\\\x1bP1$r1*x\x1b\\"},
	{"DECRQSS unknown", "\x1bP$qzz\x1b\\", "\x1bP0$r\x1b\\"},
	{"DECRQCRA", "A\x1b[1mB\x1b[7;1;1;1;1;2*y", "\x1bP7!~FEFD\x1b\\"}, // 0x41 + 0x42 + 0x80, negated
	{"XTGETTCAP", "\x1bP+q544e;436f\x1b\\", "\x1bP1+r544e=787465726D2D323536636F6C6F72\x1b\\\x1bP1+r436f=323536\x1b\\"},
	{"XTGETTCAP unknown", "\x1bP+q7a7a\x1b\\", "\x1bP0+r7a7a\x1b\\"},
	{"kitty", "\x1b[>5u\x1b[?u\x1b[=2;2u\x1b[?u\x1b[=4;3u\x1b[?u\x1b[<u\x1b[?u", "\x1b[?5u\x1b[?7u\x1b[?3u\x1b[?0u"},
	{"kitty by screen", "\x1b[>5u\x1b[?1049h\x1b[?u\x1b[?1049l\x1b[?u", "\x1b[?0u\x1b[?5u"},
	{"modifyOtherKeys", "\x1b[>4;2m\x1b[?4m\x1b[>4m\x1b[?4m", "\x1b[>4;2m\x1b[>4;0m"},
	{"in-band resize", "\x1b[?2048h", "\x1b[48;24;80;480;800t"},
	{"XTSAVE XTRESTORE", "\x1b[?2004h\x1b[?2004s\x1b[?2004l\x1b[?2004r\x1b[?2004$p", "\x1b[?2004;1$y"},
}

func TestReplies(t *testing.T) {
	for _, c := range replyCases {
		t.Run(c.name, func(t *testing.T) {
			var got []byte
			v := New(80, 24, Options{Version: "sluice(1.2)", Answer: "hi", Reply: func(b []byte) { got = append(got, b...) }})
			v.Write([]byte(c.in))
			if string(got) != c.want {
				t.Errorf("%q is answered %q, want %q", c.in, got, c.want)
			}
			if v.QueryCount() == 0 {
				t.Error("no question was counted")
			}
		})
	}
}

func TestStyles(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Style
	}{
		{"\x1b[1;2;3;4;5;7;8;9;53m", Style{Attr: Bold | Faint | Italic | Blink | Inverse | Invisible | Strike | Overline, Underline: SingleUnderline}},
		{"\x1b[1;2;3;4;5;7;8;9;53;22;23;24;25;27;28;29;55m", Style{}},
		{"\x1b[31;42m", Style{Fg: Indexed(1), Bg: Indexed(2)}},
		{"\x1b[91;102m", Style{Fg: Indexed(9), Bg: Indexed(10)}},
		{"\x1b[31;42;39;49m", Style{}},
		{"\x1b[38;5;200;1m", Style{Fg: Indexed(200), Attr: Bold}},
		{"\x1b[38:5:200;1m", Style{Fg: Indexed(200), Attr: Bold}},
		{"\x1b[38;2;1;2;3;1m", Style{Fg: RGB(1, 2, 3), Attr: Bold}},
		{"\x1b[48:2:1:2:3;1m", Style{Bg: RGB(1, 2, 3), Attr: Bold}},
		{"\x1b[48:2::1:2:3;1m", Style{Bg: RGB(1, 2, 3), Attr: Bold}},
		{"\x1b[58:2::1:2:3;4:3m", Style{Ul: RGB(1, 2, 3), Underline: CurlyUnderline}},
		{"\x1b[58;5;9;59m", Style{}},
		{"\x1b[4:5m", Style{Underline: DashedUnderline}},
		{"\x1b[21m", Style{Underline: DoubleUnderline}},
		{"\x1b[4:3;24m", Style{}},
		{"\x1b[4:0;4:9m", Style{}},
		{"\x1b[38;2;300;1;1m", Style{}},
		{"\x1b[38;5m", Style{}},
		{"\x1b[m\x1b[1;m", Style{}},
	} {
		v := New(10, 2, Options{})
		v.Write([]byte(c.in + "x"))
		if got := v.Snapshot(false).Lines[0].Cells[0].Style; got != c.want {
			t.Errorf("%q makes %+v, want %+v", c.in, got, c.want)
		}
		// What DECRQSS says is what makes the style.
		w := New(10, 2, Options{})
		w.Write([]byte("\x1b[7;33m\x1b[" + string(appendSGR(nil, c.want)) + "mx"))
		if got := w.Snapshot(false).Lines[0].Cells[0].Style; got != c.want {
			t.Errorf("%+v comes back as %+v", c.want, got)
		}
	}
}

// Erasing leaves the background of the pen and nothing else of it.
func TestErasedCellsHaveTheBackground(t *testing.T) {
	want := Cell{Width: 1, Style: Style{Bg: Indexed(4)}}
	for _, in := range []string{"\x1b[K", "\x1b[2K", "\x1b[J", "\x1b[2J", "\x1b[5X", "\x1b[@", "\x1b[L", "\x1b[M", "\x1b[S", "\x1b[T", "\n\x1b[2r\x1b[H\x1bM", "\x1b[?1049h", "\x1b[1;1;1;1$z"} {
		v := New(4, 1, Options{})
		v.Write([]byte("\x1b[1;4;31;44m\x1b]8;;http://x/\a" + in))
		if got := v.Snapshot(false).Lines[0].Cells[0]; got != want {
			t.Errorf("%q leaves %+v", in, got)
		}
	}
}

func TestEvents(t *testing.T) {
	var got []Event
	v := New(10, 2, Options{Notify: func(e Event) {
		if e.Kind != ModeEvent && e.Kind != CursorEvent {
			got = append(got, e)
		}
	}})
	v.Write([]byte("\a\x1b]2;a\x1bc\x1b]2;t\a\x1b]1;i\a\x1b]7;file:///d\a\x1b]52;c;aGk=\a\x1b]52;p;?\a\x1b]9;hello\a\x1b]9;4;1;40\a\x1b]777;notify;a;b\a" +
		"\x1b[8;30;100t\x1b[?2026h\x1b[?2026l\x1b[?47h\x1b]22;text\a\x1b]4;1;#fff\a"))
	want := []Event{
		{Kind: BellEvent}, {Kind: ResetEvent}, {Kind: TitleEvent, Text: "t"}, {Kind: IconTitleEvent, Text: "i"}, {Kind: DirEvent, Text: "file:///d"},
		{Kind: ClipboardEvent, Text: "c", Data: []byte("hi")}, {Kind: ClipboardQuery, Text: "p"},
		{Kind: MessageEvent, Text: "hello"}, {Kind: ProgressEvent, Exit: 1, N: 40}, {Kind: MessageEvent, Text: "a: b"},
		{Kind: SizeEvent, Rows: 30, Cols: 100}, {Kind: SyncEvent}, {Kind: SyncEvent}, {Kind: ScreenEvent},
		{Kind: PointerEvent, Text: "text"}, {Kind: PaletteEvent},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if v.Title() != "t" || v.Dir() != "file:///d" {
		t.Errorf("title %q, dir %q", v.Title(), v.Dir())
	}
}

func TestPrompt(t *testing.T) {
	v := New(20, 4, Options{})
	if p := v.Prompt(); p.Seen || p.InLine != -1 {
		t.Fatalf("%+v", p)
	}
	v.Write([]byte("\x1b]133;A\a$ \x1b]133;B\aecho hi\r\n\x1b]133;C\ahi\r\n"))
	if p, want := v.Prompt(), (Prompt{Seen: true, State: OutputStart, Count: 1, Ends: true}); p != want {
		t.Errorf("%+v, want %+v", p, want)
	}
	v.Write([]byte("\x1b]133;D;3\a\x1b]133;A\a$ "))
	if p, want := v.Prompt(), (Prompt{Seen: true, State: PromptStart, Exit: 3, Known: true, Count: 2, Ends: true, InLine: 2}); p != want {
		t.Errorf("%+v, want %+v", p, want)
	}
	s := v.Snapshot(false)
	if s.Lines[0].Mark != PromptStart || s.Lines[1].Mark != OutputStart || s.Lines[2].Mark != PromptStart || s.Lines[3].Mark != NoMark {
		t.Errorf("marks %v %v %v %v", s.Lines[0].Mark, s.Lines[1].Mark, s.Lines[2].Mark, s.Lines[3].Mark)
	}
	v.Write([]byte("\n\n\n\n\n"))
	if p := v.Prompt(); p.InLine != -1 {
		t.Errorf("the prompt has scrolled off, but is said to be in row %d", p.InLine)
	}
}

package vt

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// stream draws what a program might send: text of all widths, every family of
// sequences with likely numbers, and now and then rubbish.
func stream(t *rapid.T, max int) []byte {
	var b strings.Builder
	for range rapid.IntRange(0, max).Draw(t, "pieces") {
		b.WriteString(piece(t))
	}
	return []byte(b.String())
}

var texts = []string{
	"a", "hello ", "x\r\n", "\n", "\r", "\b", "\t", "日", "本語", "e\u0301", "\u0301", "☁\ufe0f", "❤️", "👩‍🚀", "🇩🇪", "🇩", "👍🏽",
	"한", "\u1112\u1161\u11ab", "नि", "क्षि", "\u200d", "\ufe0f", "1️⃣", "─┼", "é", "\u00ad", "\u200b", "long text that wraps around the edge ",
	"\x0e", "\x0f", "\x00", "\x7f", "\x05", "\x18", "\xff", "\xe4\xb8", "\xf0\x9f", "\xc2", "\u009b3mC", "\u0085",
}

var finals = []string{
	"@", "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "P", "S", "T", "X", "Z", "`", "a", "b", "d", "e", "f", "g",
	"m", "r", "s", "u", " @", " A", "'}", "'~", " q", "\"q", "!p", "$x", "$z", "${", "$v", "$r", "$t", "*x", "h", "l", "n", "c", "t", "$p", "*y",
}

var privates = []int{1, 3, 5, 6, 7, 9, 12, 25, 40, 45, 47, 66, 69, 69, 95, 1000, 1002, 1003, 1004, 1006, 1015, 1045, 1047, 1048, 1049, 2004, 2026, 2027, 2031, 2048}

var others = []string{
	"\x1b7", "\x1b8", "\x1bD", "\x1bE", "\x1bM", "\x1bH", "\x1bc", "\x1b#8", "\x1b=", "\x1b>", "\x1b6", "\x1b9", "\x1bN", "\x1bO", "\x1bn", "\x1bo",
	"\x1b(0", "\x1b(B", "\x1b)0", "\x1b*A", "\x1b+K", "\x1b%G", "\x1b]0;title\a", "\x1b]2;ti\x1b\\", "\x1b]1;ic\a", "\x1b[22t", "\x1b[23t", "\x1b[23;2t",
	"\x1b]8;id=1;http://a/\a", "\x1b]8;;http://b/\x1b\\", "\x1b]8;;\a", "\x1b]4;1;rgb:12/34/56\a", "\x1b]104\a", "\x1b]10;#abc\a", "\x1b]110\a",
	"\x1b]133;A\a", "\x1b]133;B\a", "\x1b]133;C\a", "\x1b]133;D;1\a", "\x1b]7;file:///x\a", "\x1b]52;c;aGk=\a", "\x1bP$qm\x1b\\", "\x1bP+q544e\x1b\\",
	"\x1b[>1u", "\x1b[>5u", "\x1b[<u", "\x1b[=3;2u", "\x1b[?u", "\x1b[>4;2m", "\x1b[4h", "\x1b[4l", "\x1b[20h", "\x1b[20l", "\x1b_apc\x1b\\", "\x1bX sos \x1b\\",
	"\x1b[?1000s", "\x1b[?1000;7r", "\x1b[48;5;200m", "\x1b[38;2;1;2;3m", "\x1b[4:3m", "\x1b[58:2::1:2:3m", "\x1b[1;7;53m", "\x1b[0m", "\x1b[41m",
	"\x1b", "\x1b[", "\x1b[1;", "\x1b]8;;x", "\x1bP$q", "\x1b\x1b[A", "\x1b[1\n2C", "\x1b[<5x", "\x1b[1:2:3;4m", "\x1b[?1$p",
}

func piece(t *rapid.T) string {
	switch n := rapid.IntRange(0, 99).Draw(t, "kind"); {
	case n < 45:
		return rapid.SampledFrom(texts).Draw(t, "text")
	case n < 70:
		var p []string
		for range rapid.IntRange(0, 5).Draw(t, "n") {
			p = append(p, fmt.Sprint(rapid.SampledFrom([]int{0, 1, 1, 2, 3, 4, 5, 7, 8, 9, 20, 31, 44, 65, 90, 500}).Draw(t, "v")))
		}
		return "\x1b[" + strings.Join(p, ";") + rapid.SampledFrom(finals).Draw(t, "final")
	case n < 80:
		return fmt.Sprintf("\x1b[?%d%s", rapid.SampledFrom(privates).Draw(t, "mode"), rapid.SampledFrom([]string{"h", "h", "l"}).Draw(t, "hl"))
	case n < 97:
		return rapid.SampledFrom(others).Draw(t, "other")
	}
	return string(rapid.SliceOfN(rapid.Byte(), 1, 8).Draw(t, "bytes"))
}

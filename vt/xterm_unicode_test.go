package vt_test

import (
	"fmt"
	"strings"
	"testing"
)

// Why the cells differ, where that is so for several texts.
const (
	conjuncts = "rule GB9c, which keeps conjuncts together, is newer than the table of xterm.js"
	invisible = "invisible characters take no cell, as with wcwidth; xterm.js gives them one"
	skin      = "a skin tone goes onto a picture only: on a letter it would change the width of what is written"
)

// TestXtermUnicode compares into how many cells, and into which, text goes. The
// oracle knows the grapheme clusters of Unicode 15.
func TestXtermUnicode(t *testing.T) {
	tests := []struct {
		text string
		why  string // why we differ from xterm.js
	}{
		{"漢字かなカナ", ""}, {"ＡＢＣ。", ""}, {"ｶﾅ", ""}, {"각한글", ""},
		{"e\u0301a\u0308o\u0332\u0308", ""}, {"x\u0323y", ""}, {"Vie\u0323\u0302t", ""}, {"a\u0361b", ""},
		{"é ß ñ Ω я", ""}, {"±×÷α§°…‘’“”→⇒①■●", ""}, {"─│┌┐█░▒▓⠋\ue0b0\uf001", ""},
		{"😀🚀⌚✅⭐🀄🃏🧪", ""}, {"🫠🫨", "the table of xterm.js ends before Unicode 14"}, {"☺❤☎✈", ""}, {"☺\ufe0f❤\ufe0f", ""}, {"1\ufe0f\u20e3#\ufe0f\u20e3", ""},
		{"👍🏻👋🏾", ""}, {"👨\u200d👩\u200d👧\u200d👦", ""}, {"👩\u200d💻", ""}, {"🏳\ufe0f\u200d🌈", ""}, {"🧑🏽\u200d🚀", ""},
		{"🇩🇪🇯🇵", ""}, {"🇩x", ""}, {"🇩🇪🇫", ""}, {"🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F", ""},
		{"שלום", ""}, {"مرحبا", ""}, {"ש\u05c1\u05b8", ""},
		{"हिंदी", ""}, {"தமிழ்", ""}, {"বাংলা", ""}, {"สวัสดี", ""}, {"ພາສາ", ""},
		{"नमस्ते", conjuncts}, {"ខ្មែរ", conjuncts},
		{"𝔘𝔫𠀀𠮷𐍈𝄞", ""}, {"\u1112\u1161\u11ab", ""},
		{"a\u200bb", invisible}, {"a\u00adb", ""}, {"a\u200db", ""}, {"a\u2060b", invisible}, {"\ufeffc", "xterm.js takes every U+FEFF for a mark of byte order and drops it; ours keeps what is not at the start"}, {"a\u200eb", invisible},
		{"y🏽", skin}, {"🏽", skin}, {"\u0301x", "nothing to go onto: xterm.js gives it a cell, ours leaves it out"}, {"❤\ufe0ex", ""}, {"⌚\ufe0ex", ""}, {"a\ufe0fx", "only characters that have a picture get wide by U+FE0F"},
		{"©\ufe0f", ""}, {"©®™", ""}, {"\u3000|", ""}, {"〈〉", ""}, {"㍿㋿", ""}, {"ꙮ", ""}, {"﷽", ""},
	}
	o := newOracle(t)
	for _, test := range tests {
		differ := false
		for _, column := range []int{0, 9, 10} { // far from the edge, and at it
			steps := []step{{New: &newStep{12, 4}}, {Write: []byte(strings.Repeat(".", column) + test.text + "|")}, {Check: &checkStep{}}}
			shots, err := o.ask(steps)
			if err != nil {
				t.Fatalf("asking the oracle: %v", err)
			}
			got := run(steps)[0]
			if len(diff(shots[0], got)) == 0 {
				continue
			}
			differ = true
			if test.why == "" {
				t.Errorf("%+q in column %d:\n  xterm.js: %s\n  ours:     %s", test.text, column, clusters(shots[0]), clusters(got))
			}
		}
		if test.why != "" && !differ {
			t.Errorf("%+q: there is no difference, so this is no longer true: %s", test.text, test.why)
		}
	}
}

// clusters tells what is in the cells.
func clusters(s shot) string {
	var b strings.Builder
	for _, l := range s.Lines {
		cells, _ := l.cells()
		for x, text := range cells {
			if text != "" && text != "." {
				fmt.Fprintf(&b, "%+q/%c ", text, l.Width[x])
			}
		}
		b.WriteString("; ")
	}
	return strings.TrimRight(b.String(), "; ")
}

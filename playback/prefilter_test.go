package playback

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

func TestPrefilterText(t *testing.T) {
	for _, c := range []struct{ re, text string }{
		{"needle", "needle"},
		{"a(bcd)+e*", "bcd"},
		{"(?i)Err", ""},
		{"ab|cd", ""},
		{"x?abc{2,3}", "ab"},
		{`\d+ ms`, " ms"},
		{"^$", ""},
	} {
		if p := newPrefilter(regexp.MustCompile(c.re)); p.text != c.text {
			t.Errorf("%s: %q, want %q", c.re, p.text, c.text)
		}
	}
}

func TestPrefilter(t *testing.T) {
	for _, c := range []struct {
		re       string
		yes, not []string
	}{
		{`\d{3}`, []string{"123", "a\n\x00 0123", "日123"}, []string{"", "12", "12\n3", "12日3", "12\xff3"}},
		{"x*", []string{"x", "ax"}, []string{"", "a", "\n"}},
		{"(?i)sk", []string{"sk", "SK", "\u017fK", "s\u212a"}, []string{"s", "ks", "s\nk"}},
		{"[^a-z]x", []string{"Ax", "\u00e9x"}, []string{"ax", "\nx"}},
		{"日本", []string{"a日本b"}, []string{"日 本", "x"}},
		{`[日月]\d`, []string{"日1", "月2"}, []string{"日", "1日", "日\n1"}},
		{"^ab$|cd", []string{"ab", "ecd"}, []string{"ac", "bd"}},
		{"[^\x00-\x7f]{2}", []string{"日本", "\xff\xfe"}, []string{"日", "日a本"}},
		{`\x{212a}`, []string{"\u212a"}, []string{"k"}},
		{`(?i)k`, []string{"\u212a", "K"}, []string{"s"}},
		{"$^", nil, []string{"", "x"}},
	} {
		p := newPrefilter(regexp.MustCompile(c.re))
		for _, s := range c.yes {
			if !p.may(s) {
				t.Errorf("%s: %q is not let through", c.re, s)
			}
		}
		for _, s := range c.not {
			if p.may(s) {
				t.Errorf("%s: %q is let through", c.re, s)
			}
		}
	}
}

// An expression with more states than are kept matches everything, in bounds.
func TestPrefilterFull(t *testing.T) {
	p := newPrefilter(regexp.MustCompile(`[ad][ab]{40}[ce]`))
	var b strings.Builder
	r := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		b.WriteByte("ab"[r.IntN(2)])
	}
	if !p.may(b.String()) || !p.auto.full || p.auto.next != nil || !p.may("") {
		t.Errorf("%d states are kept, full: %v", len(p.auto.next)/symbols, p.auto.full)
	}
	if p := newPrefilter(regexp.MustCompilePOSIX(`a**`)); !p.may("a") {
		t.Error("what POSIX knows alone is not let through")
	}
}

// nonEmpty tells whether re matches something in one of the lines of text.
func nonEmpty(re *regexp.Regexp, text string) bool {
	for line := range strings.SplitSeq(text, "\n") {
		for _, m := range re.FindAllStringIndex(line, -1) {
			if m[0] < m[1] {
				return true
			}
		}
	}
	return false
}

func FuzzPrefilter(f *testing.F) {
	for i, re := range []string{`\d{7}`, "(?i)straße|k", `\bx.*y$`, "(a|b)*c+?", `[^\n]\s\pL`, "", "a{0}", "(?s).", `[[:^ascii:]]x`, `\Qa.b\E`, "(?U)a+b", `\z|\Ba`} {
		f.Add(re, fmt.Sprintf("line %d 1234567\nSTRASSE straße \u212a xay\nabac日 x\xff", i))
	}
	f.Fuzz(func(t *testing.T, re, text string) {
		x, err := regexp.Compile(re)
		if err != nil || len(text) > 1000 {
			return
		}
		p := newPrefilter(x)
		for range 2 { // with the states of before, too
			if !p.may(text) && nonEmpty(x, text) {
				t.Errorf("%q: %q is not let through", re, text)
			}
		}
	})
}

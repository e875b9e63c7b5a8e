package automaton

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// genExpr makes expressions of all the forms that the programs have.
func genExpr() *rapid.Generator[string] {
	atom := rapid.SampledFrom([]string{"a", "b", "ab", "[ab]", "[^a]", ".", "é", `\w`, `\b`, `\B`, "^", "$", "(?i:B)", `\d`, "x", `\s`, "世"})
	var expr func(depth int) *rapid.Generator[string]
	expr = func(depth int) *rapid.Generator[string] {
		if depth == 0 {
			return atom
		}
		return rapid.Custom(func(t *rapid.T) string {
			sub := expr(depth - 1)
			switch rapid.IntRange(0, 6).Draw(t, "form") {
			case 0, 1:
				return sub.Draw(t, "l") + sub.Draw(t, "r")
			case 2:
				return "(?:" + sub.Draw(t, "l") + "|" + sub.Draw(t, "r") + ")"
			case 3:
				// Which way first through a loop around nothing but an assertion is a matter
				// of taste that a match's end can depend on: see doc.go.
				l := sub.Draw(t, "l")
				if strings.Contains(l, `\b`) || strings.Contains(l, `\B`) || strings.Contains(strings.ReplaceAll(l, "[^", ""), "^") || strings.Contains(l, "$") {
					return l
				}
				return "(?:" + l + ")" + rapid.SampledFrom([]string{"*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}"}).Draw(t, "n")
			case 4:
				return "(" + sub.Draw(t, "l") + ")"
			}
			return atom.Draw(t, "a")
		})
	}
	return expr(3)
}

func genText() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "B", "é", " ", "x", "1", "\n", "世", "ab", "\xff"}), 0, 30).Draw(t, "text"), "")
	})
}

// reference is what package regexp finds: [from, until) in characters.
func reference(t *rapid.T, expr, text string) [][2]int {
	re := regexp.MustCompile("(?m)" + expr)
	lines := []string{text}
	if !strings.Contains(expr, "(?s") {
		lines = strings.Split(text, "\n")
	}
	var out [][2]int
	at := 0
	for _, l := range lines {
		for _, m := range re.FindAllStringIndex(l, -1) {
			if m[0] < m[1] {
				out = append(out, [2]int{at + utf8.RuneCountInString(l[:m[0]]), at + utf8.RuneCountInString(l[:m[1]])})
			}
		}
		at += utf8.RuneCountInString(l) + 1
	}
	return out
}

func spans(m []Match) [][2]int {
	var out [][2]int
	for _, m := range m {
		out = append(out, [2]int{m.From, m.Until})
	}
	return out
}

func genRule(t *rapid.T) string {
	e := genExpr().Draw(t, "expr")
	if rapid.Bool().Draw(t, "lines") {
		e = "(?s:" + e + "|a.{0,3}b)"
	}
	return e
}

// A run finds what package regexp finds.
func TestRun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		expr, text := genRule(t), genText().Draw(t, "text")
		s, err := Compile([]string{expr})
		if err != nil {
			t.Fatal(err)
		}
		r := s.NewRunner()
		r.Begin(Begin, Threads{}, All)
		for _, c := range text {
			r.Next(c)
		}
		if got, want := fmt.Sprint(spans(r.End())), fmt.Sprint(reference(t, expr, text)); got != want {
			t.Fatalf("%q in %q: %s, want %s", expr, text, got, want)
		}
	})
}

// The scanner is idle exactly where no run has a live thread, and a text that is
// cut there, or anywhere with the threads carried over, has the same matches.
func TestScannerAndRunAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		exprs := []string{genRule(t), genRule(t), "ab|é+"}
		text := genText().Draw(t, "text")
		s, err := Compile(exprs)
		if err != nil {
			t.Fatal(err)
		}
		sc, r, parts := s.NewScanner(), s.NewRunner(), s.NewRunner()
		r.Begin(Begin, Threads{}, All)
		got := make([]map[[2]int]bool, len(exprs))
		for i := range got {
			got[i] = map[[2]int]bool{}
		}
		from, at, kind, carried, seen := 0, 0, Begin, Threads{}, uint64(0)
		var held []rune
		region := func(end bool) {
			parts.Begin(kind, carried, All)
			for _, c := range held {
				parts.Next(c)
			}
			m := parts.Matches()
			if end {
				m = parts.End()
			}
			for _, m := range m {
				if !end && seen>>m.Rule&1 == 0 {
					t.Fatalf("the scanner missed a match of %q in %q", exprs[m.Rule], text)
				}
				for k := range got[m.Rule] {
					if k[0] >= from+m.From {
						delete(got[m.Rule], k)
					}
				}
				got[m.Rule][[2]int{from + m.From, from + m.Until}] = true
			}
			carried, kind, from, held = parts.Threads(), parts.Kind(), at, nil
		}
		for _, c := range text {
			r.Next(c)
			seen |= sc.Next(c)
			held = append(held, c)
			at++
			if _, live := r.Live(); live != (sc.State >= Idle) {
				t.Fatalf("after %q of %q: live %v, scanner %d", text[:at], text, live, sc.State)
			}
			if sc.State < Idle && seen == 0 {
				carried, kind, from, held = Threads{}, Kind(sc.State), at, nil
			} else if sc.State < Idle || rapid.IntRange(0, 9).Draw(t, "cut") == 0 {
				region(false)
				seen = 0
				if sc.State < Idle {
					if _, live := carried.Live(); live {
						t.Fatal("threads are left where the scanner is idle")
					}
				}
			}
		}
		region(true)
		for i, e := range exprs {
			want := reference(t, e, text)
			ok := len(want) == len(got[i])
			for _, w := range want {
				ok = ok && got[i][w]
			}
			if !ok {
				t.Fatalf("%q in %q: %v, want %v", e, text, got[i], want)
			}
		}
	})
}

// Skip is Next over many.
func TestSkip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, err := Compile([]string{genRule(t), "ab"})
		if err != nil {
			t.Fatal(err)
		}
		text := []byte(strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", " ", "x", "1"}), 0, 40).Draw(t, "text"), ""))
		quick, slow := s.NewScanner(), s.NewScanner()
		var span Span
		from, before, rules := 0, State(0), uint64(0)
		for i := 0; i < len(text); {
			n := quick.Skip(text[i:], i, &span)
			for range n {
				rules |= slow.Next(rune(text[i]))
				i++
				if slow.State < Idle && rules == 0 {
					from, before = i, slow.State
				}
			}
			if span != (Span{from, before, rules}) || quick.Kind() != slow.Kind() || n == 0 {
				t.Fatalf("after %q: %+v, want %d %d %b", text[:i], span, from, before, rules)
			}
			if slow.State < Idle && rules != 0 {
				rules, from, before = 0, i, slow.State
				span = Span{From: i, Before: quick.State}
			}
		}
	})
}

func TestCompileErrors(t *testing.T) {
	if _, err := Compile([]string{"a", "("}); err == nil || !strings.Contains(err.Error(), `"("`) {
		t.Errorf("an error that names the expression, not %v", err)
	}
}

// The table is begun anew when it is full, and goes on where it was.
func TestScannerReset(t *testing.T) {
	s, err := Compile([]string{`(a|b)*a(a|b){18}x`, `[^é]é`, `c1d2e3f4g5h6i7j8k9l0m-n_o.p,q;r:s!t@u#v%w&z=`})
	if err != nil {
		t.Fatal(err)
	}
	sc := s.NewScanner()
	x, resets, last := uint32(1), 0, 0
	for range 30_000 {
		x = x*1664525 + 1013904223
		c := rune('a' + x>>31)
		sc.Next(c)
		if len(sc.states) < last {
			resets++
		}
		last = len(sc.states)
	}
	if resets == 0 {
		t.Error("the table was never full")
	}
	if sc.Next(' '); sc.State >= Idle && len(sc.states[sc.State].pcs) != 1 {
		t.Error("after a space only é can follow")
	}
}

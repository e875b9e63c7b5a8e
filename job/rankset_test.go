package job

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func mustRanks(t testing.TB, s string) RankSet {
	t.Helper()
	set, err := ParseRankSet(s)
	if err != nil {
		t.Fatalf("ParseRankSet(%q): %v", s, err)
	}
	return set
}

func TestRankSet(t *testing.T) {
	for _, c := range []struct {
		text, canonical string
		members         []int // among 0..19
	}{
		{"5", "5", []int{5}},
		{"8-10", "8-10", []int{8, 9, 10}},
		{"3-3", "3", []int{3}},
		{"0,8-10,9-12,13", "0,8-13", []int{0, 8, 9, 10, 11, 12, 13}},
		{" 2 , 1 ", "1-2", []int{1, 2}},
		{"007", "7", []int{7}},
		{"none", "none", nil},
		{"none,4", "4", []int{4}},
		{"all", "all", []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}},
		{"3,all", "all", []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}},
		{"%8", "%8", []int{0, 8, 16}},
		{"%8+1,%8,%8", "%8,%8+1", []int{0, 1, 8, 9, 16, 17}},
		{"%1", "all", []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}},
		{"1,%8", "1,%8", []int{0, 1, 8, 16}},
		{"0-1048576", "0-1048576", []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}},
	} {
		t.Run(c.text, func(t *testing.T) {
			set := mustRanks(t, c.text)
			if set.IsZero() || set.String() != c.canonical {
				t.Errorf("String is %q, want %q", set.String(), c.canonical)
			}
			if d := cmp.Diff(c.members, set.Members(20)); d != "" {
				t.Error(d)
			}
			if set.Contains(-1) {
				t.Error("it contains -1")
			}
		})
	}
}

func TestRankSetErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":           "a rank is missing",
		"1,,2":       "1,,2\n      ^",
		"1,":         "a rank is missing",
		"-1":         "cannot be negative",
		"1--2":       "cannot be negative",
		"0,15-8":     "range 15-8 runs backwards: write 8-15\n    0,15-8\n      ^\n  allowed: 5, 8-15",
		"1048577":    "above the highest rank there can be, 1048576",
		"0-99999999": "above the highest rank",
		"%0":         "a step of 0 goes nowhere",
		"%":          "a number is missing",
		"%4+4":       "the offset 4 is not below the step 4",
		"%4x":        `"x" does not belong to a step`,
		"5-":         "a number is missing",
		"5-7-9":      `"-9" does not belong to a rank`,
		"al":         `"al" is no rank: did you mean all?`,
		"3;4":        `";4" does not belong to a rank`,
	} {
		_, err := ParseRankSet(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q in it", text, err, want)
		}
	}
}

func TestRankSetConstructors(t *testing.T) {
	for _, c := range []struct {
		set  RankSet
		want string
	}{
		{RankSet{}, ""}, {NoRanks(), "none"}, {Ranks(), "none"}, {AllRanks(), "all"},
		{Ranks(3, 1, 2, 1, 9), "1-3,9"}, {Ranks(-4, MaxRank+1, 6), "6"},
	} {
		if c.set.String() != c.want {
			t.Errorf("got %q, want %q", c.set, c.want)
		}
		text, err := json.Marshal(c.set)
		if err != nil {
			t.Fatal(err)
		}
		var back RankSet
		if err := json.Unmarshal(text, &back); err != nil || !back.Equal(c.set) || back.IsZero() != c.set.IsZero() {
			t.Errorf("%q came back from JSON as %q (%v)", c.set, back, err)
		}
	}
	if n := testing.AllocsPerRun(10, func() { Ranks(1).Contains(1) }); n > 2 {
		t.Errorf("Contains allocates: %v", n)
	}
}

func TestBeyond(t *testing.T) {
	for text, want := range map[string]string{"0-3": "", "0-4": "4", "2,7-9,%8": "7-9", "all": "", "none": "", "3-6,9": "4-6,9"} {
		set, err := ParseRankSet(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := set.Beyond(4); got.String() != want || got.IsZero() != (want == "") {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// The set behaves as the plain list of its members does.
func TestRankSetModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const n = 64
		model := make([]bool, n)
		var items []string
		for range rapid.IntRange(1, 8).Draw(t, "items") {
			a, b := rapid.IntRange(0, n-1).Draw(t, "a"), rapid.IntRange(0, n-1).Draw(t, "b")
			if rapid.Bool().Draw(t, "stride") {
				step := max(1, a)
				items = append(items, fmt.Sprintf("%%%d+%d", step, b%step))
				for i := b % step; i < n; i += step {
					model[i] = true
				}
				continue
			}
			items = append(items, fmt.Sprintf("%d-%d", min(a, b), max(a, b)))
			for i := min(a, b); i <= max(a, b); i++ {
				model[i] = true
			}
		}
		set, err := ParseRankSet(strings.Join(items, ","))
		if err != nil {
			t.Fatal(err)
		}
		var want []int
		for i, in := range model {
			if in {
				want = append(want, i)
			}
		}
		if got := set.Members(n); !slices.Equal(got, want) {
			t.Fatalf("%v: got %v, want %v", items, got, want)
		}
		if back, err := ParseRankSet(FormatRanks(want)); err != nil || !slices.Equal(back.Members(n), want) {
			t.Fatalf("FormatRanks(%v) = %q reads as %v (%v)", want, FormatRanks(want), back, err)
		}
	})
}

func TestFormatRanks(t *testing.T) {
	for _, c := range []struct {
		ranks []int
		want  string
	}{
		{nil, ""}, {[]int{4}, "4"}, {[]int{8, 0, 3, 2, 1}, "0-3,8"}, {[]int{1, 1, 2, 2}, "1-2"}, {[]int{0, 2, 4}, "0,2,4"},
	} {
		in := slices.Clone(c.ranks)
		if got := FormatRanks(c.ranks); got != c.want {
			t.Errorf("FormatRanks(%v) = %q, want %q", c.ranks, got, c.want)
		}
		if !slices.Equal(in, c.ranks) {
			t.Errorf("FormatRanks changed its argument: %v -> %v", in, c.ranks)
		}
	}
}

func FuzzRankSet(f *testing.F) {
	for _, s := range []string{"0,8-15", "%8+1,3", "all,none", "1--", "99999999999999999999", "0-1048576,%1048576"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		set, err := ParseRankSet(s)
		if err != nil {
			checkSyntaxError(t, s, err)
			return
		}
		back, err := ParseRankSet(set.String())
		if err != nil || !back.Equal(set) || back.String() != set.String() {
			t.Fatalf("%q is %q, which reads as %q (%v)", s, set, back, err)
		}
		if !slices.Equal(back.Members(100), set.Members(100)) {
			t.Fatalf("%q and %q have other members", s, set)
		}
	})
}

// checkSyntaxError checks what every grammar promises of its errors.
func checkSyntaxError(t *testing.T, text string, err error) {
	t.Helper()
	e, ok := err.(*SyntaxError)
	if !ok {
		t.Fatalf("%q: %T is no *SyntaxError: %v", text, err, err)
	}
	if e.Text != text || e.Pos < 0 || e.Pos > len(text) || e.Why == "" || e.Allowed == "" {
		t.Fatalf("%q: incomplete error %+v", text, e)
	}
	lines := strings.Split(e.Error(), "\n")
	if text != "" && (len(lines) != 4 || len([]rune(lines[2])) > len([]rune(lines[1]))+1) {
		t.Fatalf("%q: the caret is not under the text:\n%s", text, e.Error())
	}
}

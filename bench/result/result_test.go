package result

import (
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"
)

func TestGoal(t *testing.T) {
	for _, c := range []struct {
		goal    string
		value   float64
		verdict string
	}{
		{"<=2", 2, "met"}, {"<=2", 2.01, "missed"}, {">=100", 100, "met"}, {">=100", 99.9, "missed"},
		{"<=0", 0, "met"}, {"", 7, "-"},
	} {
		g, err := ParseGoal(c.goal)
		if err != nil {
			t.Fatal(err)
		}
		if got := g.Verdict(c.value); got != c.verdict {
			t.Errorf("%g against %q: %s, want %s", c.value, c.goal, got, c.verdict)
		}
	}
}

func FuzzParseGoal(f *testing.F) {
	for _, s := range []string{"", "<=2", ">=1.5", "<=", "=3", "<=-1", "<=NaN", ">=1e300", "<=Inf"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		g, err := ParseGoal(s)
		if err != nil || s == "" {
			return
		}
		if again, err := ParseGoal(g.String()); err != nil || again != g {
			t.Errorf("%q is %v, which reads as %v, %v", s, g, again, err)
		}
	})
}

func TestQuantile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.IntRange(-9, 9), 1, 30).Draw(t, "values")
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		got := Quantile(values, q)
		below, upTo := 0, 0
		for _, v := range values {
			if v < got {
				below++
			}
			if v <= got {
				upTo++
			}
		}
		n := float64(len(values))
		if upTo == below || float64(upTo) < q*n || below > 0 && float64(below) >= q*n {
			t.Fatalf("quantile %g of %v is %d: %d below, %d up to it", q, values, got, below, upTo)
		}
	})
}

func TestAppend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows")
	for _, name := range []string{"one", "t\two\n"} {
		if err := (Row{Name: name, Verdict: "met"}).Append(path); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if want := "one\t\t\t\t\tmet\nt wo \t\t\t\t\tmet\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	if err := (Row{}).Append(""); err != nil {
		t.Error(err)
	}
}

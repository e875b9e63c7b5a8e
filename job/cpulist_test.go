package job

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseCPUList(t *testing.T) {
	for text, want := range map[string]string{
		"0-2,4,6-7": "0-2,4,6-7", "": "", " ": "", "\n": "", "0\n": "0", "3,1,2": "1-3", "0-3,2-5": "0-5",
		" 0 - 2 ,, 4, ": "0-2,4", ",": "", "7,7,7": "7", "0-1048575": "0-1048575", "5-5": "5", "0-1,2-3": "0-3",
		"0,2,4\t,6": "0,2,4,6",
	} {
		l, err := ParseCPUList(text)
		if err != nil || l.String() != want {
			t.Errorf("%q is %q (%v), want %q", text, l, err, want)
		}
	}
	for text, want := range map[string]string{
		"x": `"x" is no CPU number`, "-1": "cannot be negative", "1-": "a CPU number is missing", "1-2-3": `"-3" does not belong`,
		"3-1": "range 3-1 runs backwards: write 1-3", "0-1048576": "above the highest CPU there can be, 1048575",
		"99999999999999999999": "above the highest", "0:1": `":1" does not belong`, "1--2": "cannot be negative",
		"1 2": `"2" does not belong`, "0x3": `"x3" does not belong`, "0-7:2/4": "does not belong",
	} {
		l, err := ParseCPUList(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is %q, %v; want %q in the error", text, l, err, want)
			continue
		}
		checkSyntaxError(t, text, err)
	}
}

// The sets' arithmetic against that of maps.
func TestCPUListArithmetic(t *testing.T) {
	numbers := rapid.SliceOfN(rapid.IntRange(-2, 40), 0, 30)
	rapid.Check(t, func(t *rapid.T) {
		a, b := numbers.Draw(t, "a"), numbers.Draw(t, "b")
		la, lb := CPUs(a...), CPUs(b...)
		want := func(keep func(inA, inB bool) bool) []int {
			var out []int
			for c := range 41 {
				if keep(slices.Contains(a, c), slices.Contains(b, c)) {
					out = append(out, c)
				}
			}
			return out
		}
		for _, c := range []struct {
			name string
			got  CPUList
			want []int
		}{
			{"itself", la, want(func(x, _ bool) bool { return x })},
			{"or", la.Or(lb), want(func(x, y bool) bool { return x || y })},
			{"and", la.And(lb), want(func(x, y bool) bool { return x && y })},
			{"without", la.Without(lb), want(func(x, y bool) bool { return x && !y })},
		} {
			if got := slices.Collect(c.got.All()); !slices.Equal(got, c.want) || c.got.Len() != len(c.want) {
				t.Fatalf("%s: %v, want %v", c.name, got, c.want)
			}
			if back, err := ParseCPUList(c.got.String()); err != nil || !back.Equal(c.got) || !c.got.Equal(CPUs(c.want...)) {
				t.Fatalf("%s: %q reads back as %q (%v)", c.name, c.got, back, err)
			}
			low, high := -1, -1
			if n := len(c.want); n > 0 {
				low, high = c.want[0], c.want[n-1]
			}
			if c.got.Min() != low || c.got.Max() != high || c.got.IsZero() != (low < 0) {
				t.Fatalf("%s: %q is from %d to %d", c.name, c.got, c.got.Min(), c.got.Max())
			}
			for n := -2; n <= 41; n++ {
				if c.got.Contains(n) != slices.Contains(c.want, n) {
					t.Fatalf("%s: Contains(%d) is %v", c.name, n, c.got.Contains(n))
				}
			}
		}
	})
}

func TestCPUListJSON(t *testing.T) {
	type holder struct {
		L CPUList `json:"l"`
		Z CPUList `json:"z,omitzero"`
	}
	data, err := json.Marshal(holder{L: CPUs(3, 0, 1)})
	if err != nil || string(data) != `{"l":"0-1,3"}` {
		t.Fatalf("%s, %v", data, err)
	}
	var back holder
	if err := json.Unmarshal([]byte(`{"l":" 3,0-1","z":""}`), &back); err != nil || back.L.String() != "0-1,3" || !back.Z.IsZero() {
		t.Fatalf("%+v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`{"l":"a"}`), &back); err == nil {
		t.Fatal("a list of letters was read")
	}
}

func FuzzCPUList(f *testing.F) {
	for _, s := range []string{"0-2,4,6-7", "", " 0 - 2 ,, 4\n", "1-", "-1", "3-1", "0-1048575", "1048576", "0-3,2-5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l, err := ParseCPUList(s)
		if err != nil {
			checkSyntaxError(t, s, err)
			return
		}
		if back, err := ParseCPUList(l.String()); err != nil || !back.Equal(l) {
			t.Fatalf("%q is %q, which reads as %q (%v)", s, l, back, err)
		}
		if l.Max() > MaxCPU || l.Len() > MaxCPU+1 || l.Len() > 0 && l.Min() < 0 {
			t.Fatalf("%q is %q", s, l)
		}
	})
}

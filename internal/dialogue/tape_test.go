package dialogue

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

var config = files{
	"testdata/tapes/config.tape": "# shared\nOutput no.cast\nType \"from the config\"\nEnter\n",
	"loop.tape":                  "Source loop.tape\n",
	"broken.tape":                "Enter\nSleeep 5\n",
}

// A tape is the script beside it, which reads as the same script; what cannot
// be done stands below it.
func TestTapes(t *testing.T) {
	names, err := filepath.Glob("testdata/tapes/*.tape")
	if err != nil || len(names) == 0 {
		t.Fatal(err, len(names))
	}
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := ParseTape(name, src, ParseOptions{Open: config.open})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		text := Format(s)
		got := text
		for _, w := range s.Warnings {
			got += "# warning: " + w.Error() + "\n"
		}
		golden(t, "tapes/"+strings.TrimSuffix(filepath.Base(name), ".tape")+".txt", got)
		again, err := Parse("s", []byte(text), ParseOptions{})
		if err != nil {
			t.Errorf("%s as a script: %v", name, err)
			continue
		}
		if d := sameScript(s, again); d != "" {
			t.Errorf("%s as a script is another:\n%s", name, d)
		}
	}
}

func TestTapeErrors(t *testing.T) {
	var b strings.Builder
	for _, src := range []string{
		"Tpye \"x\"", "type \"x\"", "Type hello", "Type \"hello", "Type", "Type@fast \"x\"", "Sleep", "Sleep soon", "Sleep@1s 2",
		"Enter 0", "Enter@1s 20000", "Enter five", "Ctrl+", "Ctrl+Foo", "Ctrl+Altt+x", "Wait+Scren /x/", "Wait /x", "Wait /(/",
		"Set", "Set FontSiz 3", "Set FontSize big", "Set TypingSpeed quick", "Set Theme {", "Set WaitPattern x", "Set WaitTimeout 0", "Set Shell ''",
		"Screenshot a.gif", "Paste", "Source loop.tape", "Source no.tape", "Source a.sh", "Source broken.tape", "Env A=B c", "Env A", "Require", "Output",
		"Enter\n\nSleep 1 Tpye \"a\"\nEntr",
	} {
		_, err := ParseTape("a.tape", []byte(src), ParseOptions{Open: config.open})
		if src == "Enter five" {
			// The count is optional: five is the next command.
			if err == nil || !strings.Contains(err.Error(), `no command "five"`) {
				t.Errorf("%q: %v", src, err)
			}
			continue
		}
		if src == "Set Shell ''" {
			if err == nil || !strings.Contains(err.Error(), "empty") {
				t.Errorf("%q: %v", src, err)
			}
			continue
		}
		if err == nil {
			t.Errorf("no error for %q", src)
			continue
		}
		b.WriteString("--- " + strconv.Quote(src) + "\n" + err.Error() + "\n")
	}
	golden(t, "tape_errors.txt", b.String())
}

// The size that a tape gives in pixels.
func TestTapeSize(t *testing.T) {
	for _, c := range []struct {
		set  map[string]float64
		want Size
	}{
		{nil, Size{81, 16}}, // VHS's defaults
		{map[string]float64{"FontSize": 32, "Width": 1200, "Height": 600}, Size{56, 11}},
		{map[string]float64{"Padding": 0, "FontSize": 10, "Width": 600, "Height": 132}, Size{100, 10}},
		{map[string]float64{"Width": 10, "Height": 10}, Size{2, 2}},
		{map[string]float64{"Width": 1e6, "FontSize": 0}, Size{maxSize, 2}},
	} {
		l := newTapeLook()
		for k, v := range c.set {
			l[k] = v
		}
		if c.set["FontSize"] == 0 && c.set != nil && len(c.set) == 2 && c.set["Width"] == 1e6 {
			l["LetterSpacing"] = 2
		}
		if got := l.size(); got != c.want {
			t.Errorf("%v: %v, want %v", c.set, got, c.want)
		}
	}
}

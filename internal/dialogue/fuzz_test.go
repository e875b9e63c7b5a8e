package dialogue

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fuzzFiles always has a script and a tape to include, whatever their names.
func fuzzOpen(name string) ([]byte, error) {
	if strings.Contains(name, "none") {
		return nil, os.ErrNotExist
	}
	if isTape(name) {
		return []byte("Enter\n"), nil
	}
	return []byte("echo \"in\"\n"), nil
}

// roundTrip checks that the canonical form of a script is the same script.
func roundTrip(t *testing.T, s *Script) {
	text := Format(s)
	again, err := Parse(s.Name, []byte(text), ParseOptions{Open: fuzzOpen, Vars: []string{"v"}})
	if err != nil {
		t.Fatalf("the canonical form is wrong: %v\n%s", err, text)
	}
	if d := sameScript(s, again); d != "" {
		t.Fatalf("the canonical form is another script:\n%s\n%s", d, text)
	}
	if twice := Format(again); twice != text {
		t.Fatalf("the canonical form has another:\n%s\n%s", text, twice)
	}
	var b strings.Builder
	if err := WritePlan(&b, s, RunOptions{}); err != nil {
		t.Fatal(err)
	}
}

func FuzzParse(f *testing.F) {
	for _, src := range []string{
		"run vim\ntype \"a${v}b\\xff\"\n", "shell\nline 'x'\npress Down*3 Ctrl+C\n", "run x\nselect {\n\ton text \"a\" {\n\t\tagain\n\t}\n\twithin 5s fail \"x\"\n}\n",
		"run x\nwait new regex /a\\/b/i settled 5ms within forever # c\n", "# a\n\n# b\nrun --as y --env 'A=$' x\n@y mouse drag \"a\" to 1,2\n",
		"run x\nif not exit {\n\t# t\n} else { # h\n\tpress y\n} # a\n", "run x\nrepeat 3 until line /x/ press y\n", "include a\nlet x = env Y or \"z\"\necho ${x}\n",
		"run x\nexpect screen a.txt mask /\\d/ within 1s\n", "set typing 40ms jitter 30%\nset env A=b\n", "run x\nregex //\nwait regex 'a\tb'\npaste <\"a b\"\nsecret $A\n",
	} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		s, err := Parse("s", []byte(src), ParseOptions{Open: fuzzOpen, Vars: []string{"v"}})
		if err != nil {
			if e, ok := err.(*ScriptError); !ok || len(e.Problems) == 0 || e.Error() == "" {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		roundTrip(t, s)
	})
}

func FuzzParseTape(f *testing.F) {
	names, _ := filepath.Glob("testdata/tapes/*.tape")
	for _, n := range names {
		src, err := os.ReadFile(n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(src))
	}
	f.Add("Type@1s 'a' `b` Ctrl+@ Alt+\" Enter@2 3 # x\n\n#y\nWait+Screen@5s /a\\/b/ Source a.tape")
	f.Fuzz(func(t *testing.T, src string) {
		s, err := ParseTape("s.tape", []byte(src), ParseOptions{Open: fuzzOpen})
		if err != nil {
			if e, ok := err.(*ScriptError); !ok || len(e.Problems) == 0 || e.Error() == "" {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		for _, w := range s.Warnings {
			_ = w.Error()
		}
		roundTrip(t, s)
	})
}

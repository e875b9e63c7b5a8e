package job

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParseEnvFile(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"empty", "", nil},
		{"plain", "A=1\nB=2\n", []string{"A=1", "B=2"}},
		{"no line end", "A=1", []string{"A=1"}},
		{"comments and blank lines", "# c\n\n  # c\nA=1\n\t\n", []string{"A=1"}},
		{"export", "export A=1\nexport\tB=2\nexport=3\n", []string{"A=1", "B=2", "export=3"}},
		{"indented", "  A=1\n", []string{"A=1"}},
		{"empty value", "A=\nB= \nC= # c\nD=\"\"\nE=''\n", []string{"A=", "B=", "C=", "D=", "E="}},
		{"trailing comment", "A=x y # c\nB=x#y\nC=x\t#c\n", []string{"A=x y", "B=x#y", "C=x"}},
		{"hash first", "A=#c\n", []string{"A=#c"}},
		{"trailing blanks", "A=x \t\n", []string{"A=x"}},
		{"= in value", "A=b=c\n", []string{"A=b=c"}},
		{"nothing expanded", "A=$HOME\\n\nB=\"$HOME\"\n", []string{`A=$HOME\n`, "B=$HOME"}},
		{"single quotes", `A='a $b "c" \n # d' # c` + "\n", []string{`A=a $b "c" \n # d`}},
		{"double quotes", `A="a\nb \"c\" \\ \$x \t \` + "`" + `" # c` + "\n", []string{"A=a\nb \"c\" \\ $x \\t `"}},
		{"several lines", "A=\"one\ntwo\"\nB='three\nfour'\n", []string{"A=one\ntwo", "B=three\nfour"}},
		{"joined lines", "A=\"one \\\ntwo\"\n", []string{"A=one two"}},
		{"quotes within", `A=it's "so"` + "\n", []string{`A=it's "so"`}},
		{"CR LF", "A=1\r\n\r\nB=\"x\r\ny\"\r\nC='z' \r\n", []string{"A=1", "B=x\ny", "C=z"}},
		{"byte order mark", "\xef\xbb\xbfA=1\n", []string{"A=1"}},
		{"repetition", "A=1\nA=2\n", []string{"A=1", "A=2"}},
		{"bytes", "A=\xff\xfe\n", []string{"A=\xff\xfe"}},
		{"odd names", "_a.b-c=1\n", []string{"_a.b-c=1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseEnvFile(strings.NewReader(c.text), "f")
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestParseEnvFileErrors(t *testing.T) {
	for text, want := range map[string]string{
		"A=1\nB\n":           "f:2:2: B has no value: write B=VALUE, or B= for an empty one",
		"A =1\n":             "f:1:2: there cannot be a blank between A and its =",
		"A= 1\n":             "f:1:3: a value that begins with a blank must be quoted",
		"=1\n":               "f:1:1: the name before the = is missing",
		"1A=1\n":             "f:1:1: a name begins with a letter or _",
		"A+B=1\n":            "f:1:2: a name holds letters, digits, _, . and - only",
		"\n\nA='x\ny":        "f:3:3: a single quote that is never closed",
		"A=\"x\ny\nB=2\n":    "f:1:3: a double quote that is never closed",
		"A=\"x\\":            "f:1:3: a double quote that is never closed",
		"A='x'y\n":           "f:1:6: text after the closing quote",
		"A=\"x\"#c\n":        "f:1:6: text after the closing quote",
		"A='one\ntwo' x\n":   "f:2:5: text after the closing quote",
		"A=x\x00y\n":         "f:1:4: a NUL byte",
		"A='x\x00y'\n":       "f:1:3: the value holds a NUL byte",
		"export\n":           "f:1:7: export has no value",
		"set -e\nexport A=1": "f:1:4: there cannot be a blank between set and its =",
	} {
		got, err := ParseEnvFile(strings.NewReader(text), "f")
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %q, %v; want %q", text, got, err, want)
		}
	}
	if _, err := ParseEnvFile(iotest.ErrReader(os.ErrClosed), "f"); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a reader's error becomes %v", err)
	}
	huge := strings.NewReader(strings.Repeat("#", MaxEnvFile+1))
	if _, err := ParseEnvFile(huge, "f"); err == nil || !strings.Contains(err.Error(), "larger than 16M") {
		t.Errorf("a huge file gives %v", err)
	}
}

func TestReadEnvFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "env")
	if _, err := ReadEnvFile(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file gives %v", err)
	}
	if err := os.WriteFile(path, []byte("A=1\nB"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadEnvFile(path); err == nil || !strings.HasPrefix(err.Error(), path+":2:2: ") {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(path, []byte("A=1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if env, err := ReadEnvFile(path); err != nil || len(env) != 1 || env[0] != "A=1" {
		t.Errorf("got %q, %v", env, err)
	}
}

func TestParseEnv(t *testing.T) {
	if k, v, err := ParseEnv("spring.x=a=b"); k != "spring.x" || v != "a=b" || err != nil {
		t.Errorf("got %q, %q, %v", k, v, err)
	}
	for _, kv := range []string{"", "A", "=x", "A=\x00"} {
		if _, _, err := ParseEnv(kv); err == nil {
			t.Errorf("%q was taken", kv)
		}
	}
}

// quoteEnv writes a value the way the file format can hold any value.
func quoteEnv(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`", "\n", `\n`).Replace(value) + `"`
}

// Any value can be written so that it is read back, but for CR LF, which is one
// line end here, and NUL.
func TestEnvFileRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringOf(rapid.RuneFrom([]rune("ab \t\n#'\"\\$`=é\u202e"))).Draw(t, "value")
		got, err := ParseEnvFile(strings.NewReader("A=0\nK="+quoteEnv(value)+" # c\nZ=1"), "f")
		if err != nil || len(got) != 3 || got[1] != "K="+value {
			t.Fatalf("%q came back as %q (%v)", value, got, err)
		}
	})
}

func FuzzEnvFile(f *testing.F) {
	for _, s := range []string{"export A=1 # c\n", "A='x\ny'\r\n", "A=\"\\n\\\"\\\\\\$\n\"", "A= x", "\xef\xbb\xbf#", "A=\"x\"y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		env, err := ParseEnvFile(strings.NewReader(s), "f")
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f:") {
				t.Fatalf("%q: no place in %v", s, err)
			}
			return
		}
		for _, kv := range env {
			k, v, err := ParseEnv(kv)
			if err != nil {
				t.Fatalf("%q: %v", s, err)
			}
			// What was read can be written and read again.
			again, err := ParseEnvFile(strings.NewReader(k+"="+quoteEnv(v)+"\n"), "f")
			if !strings.Contains(v, "\r\n") && (err != nil || len(again) != 1 || again[0] != kv) {
				t.Fatalf("%q came back as %q (%v)", kv, again, err)
			}
		}
	})
}

package remote

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"
)

func TestSplitCommand(t *testing.T) {
	for text, want := range map[string][]string{
		"ssh":                    {"ssh"},
		"  ssh -F  x\t-v ":       {"ssh", "-F", "x", "-v"},
		`ssh -o 'A B' "c d"e \f`: {"ssh", "-o", "A B", "c de", "f"},
		`a ''`:                   {"a", ""},
		"":                       nil, "  ": nil, "'": nil, `a "b`: nil, `a \`: nil, "''": nil,
	} {
		got, err := SplitCommand(text)
		if (err != nil) != (want == nil) || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

func FuzzSplitCommand(f *testing.F) {
	f.Add("ssh -o 'a b' \"c\" \\d")
	f.Fuzz(func(t *testing.T, text string) {
		words, err := SplitCommand(text)
		if err == nil && (len(words) == 0 || words[0] == "") {
			t.Errorf("%q: %q", text, words)
		}
	})
}

// The script does what it says in a real shell, with names of any kind.
func TestBoot(t *testing.T) {
	dir := t.TempDir()
	make := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	answers := func(version string) string {
		return `if [ $# = 2 ]; then echo '` + version + `'; else echo "$0 $*"; cat; fi`
	}
	good := make("it's here/sluice $x", answers("v1 (mine)"))
	old := make("old", answers("v0"))
	inPath := make("bin/sluice", answers("v1 (mine)"))
	for _, tt := range []struct {
		name, own, given, path string
		want                   string
		status                 int
		do                     []string
	}{
		{"ours", good, "", "", good + " __node\nrest", 0, nil},
		{"ours is old there", old, "", dir + "/bin:", inPath + " __node\nrest", 0, nil},
		{"ours is not there", dir + "/none", "", dir + "/bin:", inPath + " __node\nrest", 0, nil},
		{"none", dir + "/none", "", "", "", 127, nil},
		{"given", old, good, "", good + " __node\nrest", 0, nil},
		{"given is not there", good, dir + "/none", "", "", 127, nil},
		{"something to do", good, "", "", good + " __node archive it's-7\nrest", 0, []string{"archive", "it's-7"}},
		{"something to do, ours is old there", old, "", dir + "/bin:", inPath + " __node archive x\nrest", 0, []string{"archive", "x"}},
		{"something to do, all are old", old, old, "", "", 2, []string{"archive", "x"}},
	} {
		for _, shell := range []string{"sh", "bash"} {
			cmd := exec.Command(shell)
			cmd.Env = []string{"PATH=" + tt.path + "/usr/bin:/bin"}
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			io.WriteString(in, boot(tt.own, "v1 (mine)", tt.given, tt.do...))
			// As the starter, which waits for an answer: shells read ahead.
			r := bufio.NewReader(out)
			got, _ := r.ReadString('\n')
			io.WriteString(in, "rest")
			in.Close()
			rest, _ := io.ReadAll(r)
			got += string(rest)
			cmd.Wait()
			if got != tt.want || cmd.ProcessState.ExitCode() != tt.status {
				t.Errorf("%s, %s: %q, exit status %d", tt.name, shell, got, cmd.ProcessState.ExitCode())
			}
		}
	}
}

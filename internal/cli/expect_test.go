//go:build linux

package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
)

func TestExpectStatuses(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		script string
		status int
		want   string // on stderr
	}{
		"all well":          {"run sh -c \"echo hello; read x; echo got \\$x; exit 3\"\nwait text hello\nline you\nwait text \"got you\"\nexpect exit 3", 0, ""},
		"not so":            {"run sh -c \"echo one; read x\"\nwait text one\nexpect text two", 1, "     1 | one\n"},
		"another status":    {"run true\nexpect exit 1", 1, "status 0, not 1"},
		"no mouse there":    {"run cat\nmouse click 1,1", 1, "did not ask for"},
		"no such key there": {"run cat\npress Ctrl+Enter", 1, "Ctrl+Enter"},
		"after its end":     {"run true\nwait exit\ntype x", 1, "has ended"},
		"fail":              {"run true\nfail \"no luck\"", 1, "no luck"},
		"not in time":       {"run sleep 60\nwait text hello within 50ms", 3, "wait text"},
		"ended first":       {"run echo bye\nwait text hello", 3, "     1 | bye\n"},
		"a mistake":         {"rnu true", 2, "did you mean run?"},
		"no variable":       {"run cat\nsecret $NO_SUCH_VARIABLE", 2, "NO_SUCH_VARIABLE is not in the environment"},
		"no golden file":    {"run cat\nexpect screen " + dir + "/nothing", 2, "--update"},
		"no such program":   {"run no-such-program-here", 127, "not found"},
		"no program":        {"run /etc/passwd", 126, "permission"},
		"nothing required":  {"require no-such-program-here\nrun true", 127, "no-such-program-here"},
		"nothing to start":  {"output " + dir + "/a.cast\nrun no-such-program-here", 127, "not found"},
		"no recording":      {"output " + dir + "/none/a.cast\nrun true\nwait exit", 125, "writing the recording to " + dir + "/none/a.cast"},
	} {
		t.Run(name, func(t *testing.T) {
			out, stderr, status := sluiceWith(t, c.script, "expect", "-")
			if status != c.status || out != "" || !strings.Contains(stderr, c.want) || (status == 0) != (stderr == "") {
				t.Errorf("status %d, want %d and %q\n%s%s", status, c.status, c.want, out, stderr)
			}
		})
	}
}

// A script's shells read nobody's files, mark their prompts and show the prompt
// that was asked for, character by character.
func TestExpectShells(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("ENV", home+"/.profile")
	for _, f := range []string{".bashrc", ".profile", ".zshrc"} {
		if err := os.WriteFile(filepath.Join(home, f), []byte("echo start-up file\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, shell := range []string{"sh", "bash", "zsh", "fish"} {
		t.Run(shell, func(t *testing.T) {
			testpeer.Need(t, shell, shell)
			script := "shell --prompt 'a%b\\t$x`!\"> ' " + shell + `
wait prompt within 20s
line "echo sum; sh -c 'exit 4'"
wait prompt within 20s
expect text "sum"
expect not text "start-up"
expect regex /^a%b\\t\$x` + "`" + `!"> echo sum/
line "exit"
expect exit 4 within 20s
`
			if shell == "fish" { // its exit has a status of its own
				script = strings.Replace(script, "exit 4 within", "exit within", 1)
			}
			if out, stderr, status := sluiceWith(t, script, "expect", "-"); status != 0 {
				t.Errorf("status %d\n%s%s", status, out, stderr)
			}
		})
	}
}

func TestExpectFiles(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	script := `run sh -c "echo hello; read x; echo \"it is $(date +%s%N)\"; read y"
wait text hello
mark "first\nline"
hide
press Enter
wait regex /it is [0-9]+/
show
expect screen golden mask /[0-9]+/
screenshot a.txt
screenshot a.ans
screenshot a.json
screenshot a.svg
screenshot a.png
screenshot a.html
run --as other cat
`
	script = strings.ReplaceAll(script, "$(", `\$(`)
	if err := os.WriteFile("s.sluice", []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, stderr, status := sluiceWith(t, "", "expect", "s.sluice", "--update", "--record", "kept"); status != 0 {
		t.Fatalf("status %d, %s", status, stderr)
	}
	for file, want := range map[string]string{
		"golden": "hello\n\nit is *", "a.txt": "hello\n\nit is ", "a.ans": "hello", "a.json": `"rows":24`, "a.svg": "<svg", "a.png": "\x89PNG", "a.html": "<html",
		"kept/stdout.log": "hello\r\n", "kept/stdin.log": "\r", "kept/timing": " MARK first line\n", "kept/other/timing": "COMMAND cat",
	} {
		if b, err := os.ReadFile(file); err != nil || !strings.Contains(string(b), want) {
			t.Errorf("%s: %v, %q, want %q", file, err, clip(string(b), 300), want)
		}
	}
	if _, stderr, status := sluiceWith(t, "", "expect", "s.sluice"); status != 0 {
		t.Errorf("the second time: status %d, %s", status, stderr)
	}
	if _, stderr, status := sluiceWith(t, "", "expect", "s.sluice", "--record", "kept"); status != 2 || !strings.Contains(stderr, "exists") {
		t.Errorf("the same recording: status %d, %s", status, stderr)
	}
	if err := os.WriteFile("golden", []byte("hello\n\nit was\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, stderr, status := sluiceWith(t, "", "expect", "s.sluice"); status != 1 || !strings.Contains(stderr, "3 - it was") {
		t.Errorf("another screen: status %d, %s", status, stderr)
	}
}

// A recording of the unnamed program is made at the end, whatever that is, with
// nothing of what was hidden or secret, and nothing else is left behind.
func TestExpectRecords(t *testing.T) {
	const script = `output demo.cast
output again.cast
hide
run --as other sh -c "echo other; read x"
run --size 40x5 sh -c "echo preparing; read x; clear; echo welcome; read x; stty -echo; printf 'password: '; read x; stty echo; echo; echo in; read x"
wait text preparing
press Enter
wait text welcome
show
line café
wait text "password:"
mark "the password"
secret $PASSWORD
press Enter
wait text "in"
resize 30x6
sleep 20ms
`
	t.Setenv("PASSWORD", "swordfish")
	for name, c := range map[string]struct {
		more   string
		status int
		end    string
	}{
		"all well": {"line \"bye\"\nwait exit\n", 0, "\"x\", \"0\"]\n"},
		"not so":   {"expect text nothing\n", 1, "\"r\", \"30x6\"]\n"},
		"its end":  {"line \"bye\"\nexpect exit 3\n", 1, "\"x\", \"0\"]\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, temp := t.TempDir(), t.TempDir()
			t.Chdir(dir)
			t.Setenv("TMPDIR", temp)
			_, stderr, status := sluiceWith(t, script+c.more, "expect", "-")
			if status != c.status {
				t.Fatalf("status %d\n%s", status, stderr)
			}
			b, err := os.ReadFile("demo.cast")
			if err != nil {
				t.Fatal(err)
			}
			text := string(b)
			for part, is := range map[string]bool{
				`{"version":2,"width":40,"height":5,"timestamp":`: true, "preparing": false, "swordfish": false, "other": false, "welcome": true, "café": true,
				`, "m", "the password"]`: true, `, "r", "30x6"]`: true, `, "i", `: false, c.end: true,
			} {
				// The line of the command has some of it.
				_, events, _ := strings.Cut(text, "\n")
				if strings.HasPrefix(part, "{") {
					events = text
				}
				if strings.Contains(events, part) != is {
					t.Errorf("%q is in it: %v\n%s", part, !is, text)
				}
			}
			if again, err := os.ReadFile("again.cast"); err != nil || string(again) != text {
				t.Errorf("%v: the other recording is %s", err, again)
			}
			if left, _ := os.ReadDir(temp); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// A directory for logs that no program came to use is gone again.
func TestExpectRecordsNothing(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for script, want := range map[string]int{
		"let a = env NO_SUCH_VARIABLE\nrun true": 2,
		"run cat\nsecret $NO_SUCH_VARIABLE":      2,
		"require no-such-program-here\nrun true": 127,
		"run no-such-program-here":               127,
		"run /etc/passwd":                        126,
		"run --as one /etc/passwd":               126,
		"fail \"at once\"\nrun true":             1,
		"echo \"nothing to run\"":                0,
		"run --cwd /no/such/directory true":      126,
	} {
		if _, stderr, status := sluiceWith(t, script, "expect", "-", "--record", "kept"); status != want {
			t.Errorf("%q: status %d\n%s", script, status, stderr)
		}
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("%q left %v", script, left)
		}
	}
	if _, stderr, status := sluiceWith(t, "run --as one cat\nrun /etc/passwd", "expect", "-", "--record", "kept"); status != 126 {
		t.Errorf("status %d\n%s", status, stderr)
	}
	if left, err := os.ReadDir("kept"); err != nil || len(left) != 1 || left[0].Name() != "one" {
		t.Errorf("%v: %v", err, left)
	}
}

// What the help shows can be run.
func TestExpectHelp(t *testing.T) {
	help, _, _ := sluiceWith(t, "", "expect", "--help")
	_, block, ok := strings.Cut(help, "  select {\n")
	block, _, end := strings.Cut(block, "\n  }\n")
	if !ok || !end {
		t.Fatalf("there is no select in the help:\n%s", help)
	}
	if out, stderr, status := sluiceWith(t, "run cat\nselect {\n"+block+"\n}\n", "expect", "-", "--dry-run"); status != 0 || !strings.Contains(out, `on text "yes/no"`) {
		t.Errorf("status %d, %s", status, stderr)
	}
}

func TestExpectTold(t *testing.T) {
	const script = "let who = \"me\"\necho \"for $who and $you\"\nrepeat 2 {\n\techo again\n}\n"
	out, stderr, status := sluiceWith(t, script, "expect", "-", "-v", "--var", "you=them")
	if status != 0 || out != "for me and them\nagain\nagain\n" || strings.Count(stderr, "echo \"again\"") != 2 || !strings.Contains(stderr, "standard input:2") {
		t.Errorf("status %d\n%s%s", status, out, stderr)
	}
	out, stderr, status = sluiceWith(t, script, "expect", "-", "--dry-run", "--var", "you=them")
	if status != 0 || stderr != "" || !strings.Contains(out, "repeat 2") || strings.Contains(out, "for me") {
		t.Errorf("--dry-run: status %d\n%s%s", status, out, stderr)
	}
	if _, stderr, status := sluiceWith(t, script, "expect", "-"); status != 2 || !strings.Contains(stderr, "you") {
		t.Errorf("without the variable: status %d, %s", status, stderr)
	}
	// What is missing of the environment, at its place, after the steps.
	out, stderr, status = sluiceWith(t, "run cat\nsecret $NO_SUCH_VARIABLE\nlet a = env NOT_THIS_EITHER", "expect", "-", "--dry-run")
	if status != 2 || !strings.Contains(out, "secret") || !strings.Contains(stderr, "standard input:2:1: the variable NO_SUCH_VARIABLE is not in the environment; also missing or empty: NOT_THIS_EITHER") {
		t.Errorf("without a secret: status %d\n%s%s", status, out, stderr)
	}
}

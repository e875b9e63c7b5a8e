//go:build linux

package cli

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
	"github.com/sluicerun/sluice/session"
)

// shellSession is a real shell with the snippet, read twice, in a person's own
// start-up file.
type shellSession struct {
	t   *testing.T
	s   *session.Session
	dir string
}

func startShell(t *testing.T, args, env []string, dir string) *shellSession {
	t.Helper()
	s, err := session.Start(context.Background(), session.Command{
		Args: args, Dir: dir, Cwd: t.TempDir(), Env: append(os.Environ(), append(env, "TERM=xterm-256color", "LC_ALL=C.UTF-8")...),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return &shellSession{t, s, dir}
}

// prompt waits for the prompt that comes next, or for the first one.
func (sh *shellSession) prompt(next bool) {
	sh.t.Helper()
	if err := sh.s.Wait(context.Background(), session.Condition{Prompt: true, SinceInput: next, Timeout: -1}); err != nil {
		sh.t.Fatalf("%v\n%s", err, asText(sh.s.Screen(true)).Draw("  "))
	}
}

// line types a line and waits for the prompt after it.
func (sh *shellSession) line(text string) {
	sh.t.Helper()
	steps := []session.Step{{Keys: []string{"Enter"}}}
	if text != "" {
		steps = append([]session.Step{{Text: text}}, steps...)
	}
	if err := sh.s.Send(context.Background(), session.Input{Source: "test", Steps: steps}); err != nil {
		sh.t.Fatal(err)
	}
	sh.prompt(true)
}

var markPattern = regexp.MustCompile(`\x1b\]133;([A-D])(;[0-9]+)?[^\a\x1b]*(?:\a|\x1b\\)`)

// marks are those that were written so far, in their order.
func (sh *shellSession) marks(but string) string {
	sh.t.Helper()
	log, err := os.ReadFile(filepath.Join(sh.dir, session.OutputLog))
	if err != nil {
		sh.t.Fatal(err)
	}
	var all []string
	for _, m := range markPattern.FindAllStringSubmatch(string(log), -1) {
		if m[1] != but {
			all = append(all, m[1]+m[2])
		}
	}
	return strings.Join(all, " ")
}

// work is what is done in every shell.
func (sh *shellSession) work() {
	sh.t.Helper()
	sh.prompt(false)
	sh.line("false")
	sh.line("")
	sh.line("mkdir 'a ü'; cd 'a ü'")
	sh.line("sh -c 'exit 7'")
	if dir := sh.s.Screen(false).Dir; !strings.HasPrefix(dir, "file://") || !strings.HasSuffix(dir, "/a%20%C3%BC") {
		sh.t.Errorf("the directory is %q", dir)
	}
}

func (sh *shellSession) shows(want ...string) {
	sh.t.Helper()
	text := asText(sh.s.Screen(true))
	for _, w := range want {
		if !strings.Contains(text.Text, w) {
			sh.t.Errorf("%q is not on the screen\n%s", w, text.Draw("  "))
		}
	}
}

const worked = "A B C D;1 A B A B C D;0 A B C D;7 A B"

func TestShellBash(t *testing.T) {
	testpeer.Need(t, "bash", "bash")
	for name, c := range map[string]struct {
		before, after string
		marks         string
		screen        []string
	}{
		"plain": {"PS1='my> '", "", worked, []string{"my> false\nmy>\nmy> mkdir"}},
		"a command of one's own": {"PS1='my> ' PROMPT_COMMAND='X=$?; echo pc=$X;'", "", worked,
			[]string{"my> false\npc=1\nmy>\npc=1\nmy> mkdir", "exit 7'\npc=7\nmy>"}},
		"several":          {"PS1='my> ' PROMPT_COMMAND=('echo one=$?' 'echo two=$?')", "", worked, []string{"my> false\none=1\ntwo=1\nmy>"}},
		"a changing PS1":   {"prompt() { PS1=\"[$?]> \"; }; PROMPT_COMMAND=prompt", "", worked, []string{"[0]> false\n[1]>\n[1]> mkdir"}},
		"PS1 set after it": {"", "PS1='late> '", worked, []string{"late> false\nlate>"}},
		"a PS0":            {"PS1='my> ' PS0='run\\n'", "", worked, []string{"my> false\nrun\nmy>"}},
		"no promptvars":    {"shopt -u promptvars; PS1='my> '", "", "D;0 A B C D;1 A B D;1 A B C D;0 A B C D;7 A B", []string{"my> false\nmy>"}},
		"unset variables":  {"set -u; PS1='my> '; unset PROMPT_COMMAND", "", worked, []string{"my> false\nmy>"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			rc := filepath.Join(dir, "rc")
			if err := os.WriteFile(rc, []byte(c.before+"\n"+initBash+initBash+c.after+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			sh := startShell(t, []string{"bash", "--noprofile", "--rcfile", rc, "-i"}, []string{"HISTFILE="}, dir)
			sh.work()
			if got := sh.marks(""); got != c.marks {
				t.Errorf("marks: %s\nwant:  %s\n%s", got, c.marks, asText(sh.s.Screen(true)).Draw("  "))
			}
			sh.shows(c.screen...)
		})
	}
}

func TestShellZsh(t *testing.T) {
	testpeer.Need(t, "zsh", "zsh")
	dir := t.TempDir()
	rc := "PS1='my> '; precmd() { echo pc=$? }; precmd_functions=(hook); hook() { echo hook=$? }\n" + initZsh + initZsh
	if err := os.WriteFile(filepath.Join(dir, ".zshrc"), []byte(rc), 0o600); err != nil {
		t.Fatal(err)
	}
	sh := startShell(t, []string{"zsh", "-d", "-i"}, []string{"ZDOTDIR=" + dir, "HISTFILE="}, dir)
	sh.work()
	if got := sh.marks(""); got != worked {
		t.Errorf("marks: %s\nwant:  %s", got, worked)
	}
	sh.shows("my> false\npc=1\nhook=1\nmy>")
}

func TestShellFish(t *testing.T) {
	testpeer.Need(t, "fish", "fish")
	dir := t.TempDir()
	rc := filepath.Join(dir, "rc")
	// A prompt that is made after the snippet was read, too.
	text := "set -g fish_greeting\n" + initFish + initFish + "function fish_prompt; echo -n \"[$status]> \"; end\n"
	if err := os.WriteFile(rc, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	sh := startShell(t, []string{"fish", "--no-config", "--private", "-i", "-C", "source " + quoteFish(rc)}, nil, dir)
	sh.work()
	// Version 4 has marks of its own, without B.
	if got, want := sh.marks("B"), strings.ReplaceAll(worked, " B", ""); got != want {
		t.Errorf("marks: %s\nwant:  %s", got, want)
	}
	sh.shows("[0]> false", "[1]> mkdir", "[7]>")
}

func TestShellInit(t *testing.T) {
	for shell, want := range map[string]string{"bash": initBash, "zsh": initZsh, "fish": initFish} {
		if out, stderr, status := sluiceWith(t, "", "shell-init", shell); status != 0 || out != want || stderr != "" {
			t.Errorf("%s: status %d, %d bytes, %s", shell, status, len(out), stderr)
		}
	}
}

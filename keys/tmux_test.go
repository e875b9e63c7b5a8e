//go:build linux || darwin

package keys

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/term"

	"github.com/sluicerun/sluice/internal/testpeer"
	"github.com/sluicerun/sluice/vt"
)

const (
	readerEnv = "SLUICE_KEYS_READER"
	modesEnv  = "SLUICE_KEYS_MODES"
	separator = "z|z"
	finished  = "z!z"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(readerEnv); path != "" {
		if err := readPane(path, os.Getenv(modesEnv)); err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// readPane runs in a pane of tmux: it sets modes and writes what it reads to a
// file. The answer to its question, which comes first, shows that tmux has seen
// the modes.
func readPane(path, modes string) error {
	if _, err := term.MakeRaw(0); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := os.Stdout.WriteString(modes + "\x1b[5n"); err != nil {
		return err
	}
	for b := make([]byte, 4096); ; {
		n, err := os.Stdin.Read(b)
		if err != nil {
			return err
		}
		if _, err := f.Write(b[:n]); err != nil {
			return err
		}
	}
}

// tmuxSends returns what tmux gives a program in the given modes for each key.
func tmuxSends(t *testing.T, tmux, modes string, names []string) []string {
	dir := t.TempDir()
	file, sock, conf := filepath.Join(dir, "read"), filepath.Join(dir, "sock"), filepath.Join(dir, "conf")
	if err := os.WriteFile(conf, []byte("set -g default-terminal xterm-256color\nset -s extended-keys on\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command(tmux, append([]string{"-f", conf, "-S", sock}, args...)...)
		cmd.Env = append(os.Environ(), "TMUX=", "TERM=xterm-256color", readerEnv+"="+file, modesEnv+"="+modes)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("tmux %.60s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	run("new-session", "-d", "-x", "80", "-y", "24", "exec '"+self+"'")
	t.Cleanup(func() { run("kill-server") })
	wait := func(what string) []byte {
		t.Helper()
		for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
			b, _ := os.ReadFile(file)
			if bytes.Contains(b, []byte(what)) {
				return b
			}
			if time.Now().After(end) {
				t.Fatalf("the pane never read %q; it read %q", what, b)
			}
		}
	}
	const answer = "\x1b[0n"
	wait(answer)
	var args []string
	for _, name := range names {
		args = append(args, "send-keys", name, ";", "send-keys", "-l", separator, ";")
	}
	run(append(args, "send-keys", "-l", finished)...)
	read, _, _ := strings.Cut(string(wait(finished)), finished)
	got := strings.Split(strings.TrimPrefix(read, answer), separator)
	if got = got[:len(got)-1]; len(got) != len(names) {
		t.Fatalf("%d answers for %d keys: %q", len(got), len(names), got)
	}
	return got
}

// tmuxNames are keys as tmux calls them.
func tmuxNames() []string {
	base := strings.Fields("a z A 1 / @ [ _ ? ^ ] Space Enter Escape Tab BSpace Up Down Left Right Home End IC DC PgUp PageDown PPage NPage F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 F11 F12")
	names := append([]string{}, base...)
	for _, p := range []string{"C-", "M-", "S-", "C-M-", "C-S-"} {
		for _, b := range base {
			names = append(names, p+b)
		}
	}
	return append(names, "BTab", "^x", "^[", "0x41", "é", "KP0", "KP9", "KP.", "KP*", "KP/", "KP+", "KP-", "KPEnter")
}

func TestTmux(t *testing.T) {
	tmux := testpeer.Need(t, "tmux", "tmux")
	for _, c := range []struct {
		name, set string
		m         vt.Modes
	}{
		{"plain", "", vt.Modes{}},
		{"application", "\x1b[?1h\x1b=", vt.Modes{AppCursor: true, AppKeypad: true}},
		{"extended", "\x1b[>4;1m", vt.Modes{ModifyOtherKeys: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			names := tmuxNames()
			same, refused := 0, 0
			differ := map[string][]string{}
			for i, want := range tmuxSends(t, tmux, c.set, names) {
				k, err := Parse(names[i])
				if err != nil {
					t.Errorf("%s is a key of tmux: %v", names[i], err)
					continue
				}
				got, err := k.Encode(c.m)
				switch why := tmuxDiffers(k, names[i], want, c.m); {
				case err == nil && string(got) == want:
					same++
				case why != "":
					differ[why] = append(differ[why], names[i])
				case err != nil:
					refused++
					if near, _ := k.EncodeWith(c.m, EncodeOptions{Approximate: true}); string(near) != want {
						t.Errorf("%s: refused, nearest %q; tmux sends %q", names[i], near, want)
					}
				default:
					t.Errorf("%s (%v): %q; tmux sends %q", names[i], k, got, want)
				}
			}
			t.Logf("%d as in tmux, %d refused where tmux loses a modifier, differences: %q", same, refused, differ)
			if same < 100 {
				t.Errorf("only %d keys agree", same)
			}
		})
	}
}

// tmuxDiffers says why tmux 3.3a sends something else, or "".
func tmuxDiffers(k Key, name, want string, m vt.Modes) string {
	if strings.HasSuffix(want, "u") && strings.HasPrefix(want, "\x1b[") {
		if d, ok := Decode([]byte(want), m); ok && d == k {
			return "tmux 3.3a writes extended keys as CSI u, which we decode to the same key"
		}
	}
	switch {
	case want == "":
		return "tmux has no bytes for the chord and sends nothing"
	case want == name:
		return "tmux takes no such chord and types its name"
	case k == Key{Code: Home} || k == Key{Code: End}:
		return "tmux is a screen, whose Home and End are CSI 1 ~ and CSI 4 ~"
	case k.Code == KPEnter && want == "\n":
		return "tmux sends LF for the keypad's Enter"
	case m.ModifyOtherKeys == 0:
		return ""
	case k.Code == '?' && want[len(want)-1] == 0x7f:
		return "tmux keeps DEL for Ctrl+?, xterm does not"
	case name == "C-S-[" || name == "C-S-?" || name == "C-S-Space":
		return "tmux makes another key of the control character before it adds Shift"
	}
	return ""
}

package adopt

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// Kitty and wezterm need a display. Script under their names stands in for them, and
// shell scripts for their clients, which note how they are called.
func TestEmulatorsClients(t *testing.T) {
	script, err := os.ReadFile(testpeer.Need(t, "script", "bsdutils"))
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	os.Chmod(bin, 0o755)
	for name, text := range map[string]string{
		"kitty": string(script), "wezterm-gui": string(script),
		"kitten":  "#!/bin/sh\necho \"$*\" >> " + bin + "/calls; case $* in *send-text*) cat > " + bin + "/text;; esac\n",
		"wezterm": "#!/bin/sh\necho \"$WEZTERM_UNIX_SOCKET $*\" >> " + bin + "/calls; cat > " + bin + "/text\n",
	} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	for name, test := range map[string]struct {
		env   []string
		calls string
	}{
		ViaKitty: {[]string{"KITTY_LISTEN_ON=unix:/tmp/k", "KITTY_WINDOW_ID=7"},
			"@ --to unix:/tmp/k ls --match id:7\n@ --to unix:/tmp/k send-text --match id:7 --stdin\n"},
		ViaWezterm: {[]string{"WEZTERM_PANE=3", "WEZTERM_UNIX_SOCKET=/tmp/w"}, "/tmp/w cli send-text --pane-id 3 --no-paste\n"},
	} {
		t.Run(name, func(t *testing.T) {
			os.Remove(filepath.Join(bin, "calls"))
			dir := t.TempDir()
			program := map[string]string{ViaKitty: "kitty", ViaWezterm: "wezterm-gui"}[name]
			// By a shell, which waits: a program that was just written may be busy, as
			// another test starts one at that moment.
			cmd := exec.Command("sh", "-c", "until "+filepath.Join(bin, program)+" -q -c 'echo $$ > "+dir+"/pid; exec cat' "+dir+"/ts; do sleep 0.1; done")
			cmd.Env = append(os.Environ(), test.env...)
			in, err := cmd.StdinPipe()
			if err == nil {
				err = cmd.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { in.Close(); cmd.Wait() })
			s := &stage{t: t, dir: dir}
			s.waitPID()
			if err := s.types(s.input(), "", []byte("$HOME \\e\x1b[A\n")); err != nil {
				t.Fatal(err)
			}
			for file, want := range map[string]string{"calls": test.calls, "text": "$HOME \\e\x1b[A\n"} {
				if b, _ := os.ReadFile(filepath.Join(bin, file)); string(b) != want {
					t.Errorf("%s: %q, not %q", file, b, want)
				}
			}
			if name == ViaWezterm {
				if err := s.types(s.input(), "", []byte("\xff")); err == nil || !strings.Contains(err.Error(), "UTF-8") {
					t.Error(err)
				}
			}
		})
	}
}

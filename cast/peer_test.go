//go:build linux

package cast

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// asciinema gives back what was written, and nothing of what was typed.
func TestAsciinema(t *testing.T) {
	testpeer.Need(t, "asciinema", "asciinema")
	testpeer.Need(t, "script", "bsdutils") // asciinema wants a terminal of its own
	all := make([]byte, 0, 0x300)
	for c := range 0x80 {
		all = append(all, byte(c))
	}
	want := "\x1b[1;31mé日本👩‍🚀\x1b[m\r\n\"quoted\\\"\r\n" + string(all) + strings.Repeat("a long line ", 10_000) + "\u2028\U0010FFFF\r\n"
	dir := t.TempDir()
	file, out := filepath.Join(dir, "demo.cast"), filepath.Join(dir, "out")
	recording := write(t, Header{Width: 80, Height: 24, Timestamp: time.Unix(1_700_000_000, 0), Duration: time.Hour, IdleTimeLimit: time.Second, Command: "vim", Title: "a \"title\"", Env: map[string]string{"TERM": "xterm"}},
		func(c *Writer) {
			at := time.Duration(0)
			for p := []byte(want); len(p) > 0; {
				n := min(len(p), 1+int(at/ms)%977)
				c.Output(at, p[:n])
				c.Input(at, p[:n])
				p = p[n:]
				at += 37 * ms
			}
			c.Resize(at, 100, 30)
			c.Marker(at, "the \"end\"")
			c.Exit(at, 3)
		})
	if err := os.WriteFile(file, []byte(recording), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("script", "-qec", `asciinema cat "$CAST" >"$OUT"`, "/dev/null")
	cmd.Env = append(os.Environ(), "CAST="+file, "OUT="+out, "HOME="+dir, "LC_ALL=C.UTF-8")
	if log, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("asciinema: %v\n%s", err, log)
	}
	got, err := os.ReadFile(out)
	if err != nil || !bytes.Equal(got, []byte(want)) {
		t.Errorf("%v: %d bytes of %d, %.200q", err, len(got), len(want), got)
	}
}

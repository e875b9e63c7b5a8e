//go:build linux || darwin

package attach

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// processState is ps's first letter: T is stopped.
func processState(pid int) string {
	out, _ := exec.Command("ps", "-o", "state=", "-p", strconv.Itoa(pid)).Output()
	text := strings.TrimSpace(string(out))
	if text == "" {
		return ""
	}
	return text[:1]
}

// stty changes the terminal as a shell does that has it again.
func (s *stage) stty(args ...string) {
	s.t.Helper()
	cmd := exec.Command("stty", args...)
	cmd.Stdin = s.slave
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("stty: %v: %s", err, out)
	}
}

func fileText(path string) string {
	b, _ := os.ReadFile(path)
	return string(b)
}

func itoa(n int) string { return strconv.Itoa(n) }

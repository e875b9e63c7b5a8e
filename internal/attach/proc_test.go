//go:build linux || darwin

package attach

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// processState is ps's first letter: T is stopped, Z ended.
func processState(t testing.TB, pid int) string {
	t.Helper()
	ps := testpeer.Need(t, "ps", "procps")
	out, _ := exec.Command(ps, "-o", "state=", "-p", strconv.Itoa(pid)).Output()
	text := strings.TrimSpace(string(out))
	if text == "" {
		return ""
	}
	return text[:1]
}

// childOf is the only child of a process, which is a guard.
func childOf(t testing.TB, parent int) int {
	t.Helper()
	ps := testpeer.Need(t, "ps", "procps")
	out, err := exec.Command(ps, "-e", "-o", "pid=,ppid=,args=").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) == 4 && f[1] == strconv.Itoa(parent) && f[3] == GuardCommand {
			if pid, err := strconv.Atoi(f[0]); err == nil {
				return pid
			}
		}
	}
	t.Fatalf("process %d has no guard", parent)
	return 0
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

//go:build linux

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// many is how many workers a machine must bear.
func many() int {
	if testpeer.Strict() {
		return 2000
	}
	return 200
}

// field reads a number from /proc/<pid>/status.
func field(t *testing.T, pid int, name string) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			n, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("/proc/%d/status has no %s", pid, name)
	return 0
}

// An idle gang costs no threads and little memory, and leaves nothing.
func TestManyIdleWorkers(t *testing.T) {
	thorough(t)
	w := newWorld(t)
	n, mark := many(), w.mark()
	s := w.start("run", "-n", strconv.Itoa(n), "--console", "none", "--env", "MARK="+mark, "--", "sh", "-c", "echo up $RANK; exec sleep 1000")
	// A rank at a time: starting thousands takes longer than one patience.
	for rank := range n {
		eventually(t, fmt.Sprintf("rank %d is up", rank), func() bool {
			logs, _ := filepath.Glob(filepath.Join(w.dir, "state/sluice/runs/*/attempt_0", strconv.Itoa(rank), "stdout.log"))
			if len(logs) != 1 {
				return false
			}
			fi, err := os.Stat(logs[0])
			return err == nil && fi.Size() > 0
		})
	}
	rec := w.ps()[0]
	for what, pid := range map[string]int{"launcher": rec.Launcher.Pid, "agent": rec.Agent.Pid} {
		if got := field(t, pid, "Threads"); got >= 20 {
			t.Errorf("the %s has %d threads", what, got)
		}
		if got := field(t, pid, "VmRSS"); got > 150<<10 {
			t.Errorf("the %s has %d KiB in memory", what, got)
		}
	}
	s.Process.Signal(syscall.SIGTERM)
	if got := s.end(); got != 143 {
		t.Errorf("exit status %d\n%s", got, clip(s.err.String()))
	}
	nothingRuns(t, mark)
}

// Many that write at once: every line of everybody is in its log and on the
// console, whole.
func TestManyChattyWorkers(t *testing.T) {
	thorough(t)
	w := newWorld(t)
	n, mark := many(), w.mark()
	const lines = 50
	script := `i=0; while [ $i -lt 50 ]; do i=$((i+1)); echo "rank $RANK line $i of fifty, which is as long as lines often are"; done; echo end $RANK >&2`
	s := w.start("run", "-n", strconv.Itoa(n), "--prefix", "", "--env", "MARK="+mark, "--", "sh", "-c", script)
	if got := s.end(); got != 0 {
		t.Fatalf("exit status %d\n%s", got, clip(s.err.String()))
	}
	shown := map[string]int{}
	for line := range strings.Lines(s.out.String()) {
		shown[line]++
	}
	dir := w.ps()[0].Dir
	for rank := range n {
		var want strings.Builder
		for i := 1; i <= lines; i++ {
			line := fmt.Sprintf("rank %d line %d of fifty, which is as long as lines often are\n", rank, i)
			want.WriteString(line)
			if shown[line] != 1 {
				t.Fatalf("the console shows %d times: %s", shown[line], line)
			}
		}
		log := filepath.Join(dir, "attempt_0", strconv.Itoa(rank))
		if b, err := os.ReadFile(log + "/stdout.log"); err != nil || string(b) != want.String() {
			t.Fatalf("the stdout of rank %d: %v\n%s", rank, err, clip(string(b)))
		}
		if b, err := os.ReadFile(log + "/stderr.log"); err != nil || string(b) != fmt.Sprintf("end %d\n", rank) {
			t.Fatalf("the stderr of rank %d: %v\n%s", rank, err, clip(string(b)))
		}
	}
	if len(shown) != n*lines {
		t.Errorf("the console has %d different lines, not %d", len(shown), n*lines)
	}
	nothingRuns(t, mark)
}

//go:build linux

package e2e

import (
	"strings"
	"testing"
)

func TestOneWorkerIsPassedThrough(t *testing.T) {
	w := newWorld(t)
	r := w.run("run", "--", "printf", `a\r\000\377\376b`)
	if r.status != 0 || r.stdout != "a\r\x00\xff\xfeb" || r.stderr != "" {
		t.Fatalf("got %+v", r)
	}
	if got := w.log(0, "stdout"); got != "a\r\x00\xff\xfeb" {
		t.Errorf("log: %q", got)
	}
}

func TestFirstFailureIsExplained(t *testing.T) {
	w := newWorld(t)
	r := w.run("run", "-n", "4", "--", "sh", "-c", `[ $RANK = 2 ] && { echo boom >&2; exit 3; }; sleep 60`)
	if r.status != 3 {
		t.Errorf("exit status %d", r.status)
	}
	for _, want := range []string{"rank 2 exited with code 3", "boom", "stopped because of rank 2: 0-1,3"} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("the report lacks %q:\n%s", want, r.stderr)
		}
	}
}

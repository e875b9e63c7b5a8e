//go:build linux

package e2e

import (
	"strings"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// Limits under which Go's runtime ends a program with a dump of its stacks are named
// before it does.
func TestLimitsTooNarrowToBegin(t *testing.T) {
	t.Parallel()
	testpeer.Need(t, "prlimit", "util-linux")
	w := newWorld(t)
	limits := map[string]string{
		"--nofile=4:4": "the limit on open files is 4 and leaves",
		"--nofile=6:6": "the limit on open files is 6 and leaves",
		"--nofile=8:8": "the limit on open files is 8 and leaves",
	}
	if forks { // linked so that something comes before Go's runtime
		limits["--as=100000000"] = "the limit on virtual memory is less than 768 MB"
		limits["--as=700000000"] = "the limit on virtual memory is less than 768 MB"
	}
	for limit, want := range limits {
		for _, args := range [][]string{{"run", "true"}, {"ps"}} {
			r := w.runWith(wrapped("prlimit", limit), args...)
			if r.status != 125 || !strings.HasPrefix(r.stderr, "sluice: "+want) || strings.Count(r.stderr, "\n") != 2 {
				t.Errorf("%s %v: %+v", limit, args, r)
			}
		}
	}
	for _, limit := range []string{"--nofile=40:40", "--as=900000000"} {
		if r := w.runWith(wrapped("prlimit", limit), "ps"); r.status != 0 || strings.Contains(r.stderr, "limit") {
			t.Errorf("%s: %+v", limit, r)
		}
	}
}

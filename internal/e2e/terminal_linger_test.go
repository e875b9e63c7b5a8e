//go:build linux

package e2e

import (
	"os"
	"strings"
	"testing"
)

// What a program left behind in the background may speak as long as --linger
// says, and no longer.
func TestStoryLinger(t *testing.T) {
	thorough(t)
	t.Parallel()
	for _, c := range []struct {
		linger, status string
		waits          bool // for the grandchild
	}{{"exit", "0", false}, {"idle:100ms", "0", false}, {"idle:10m", "0", true}, {"eof", "0", true}, {"exit", "4", false}, {"eof", "4", true}} {
		t.Run(c.linger+" "+c.status, func(t *testing.T) {
			t.Parallel()
			o := newOuter(newWorld(t))
			p := o.main
			o.script("leave", `trap '' HUP # of its own end, before what is to outlive it starts
(until [ -e go ]; do sleep 0.02; done; echo the last word) &
echo the first; exit `+c.status)
			p.line("$S run --pty --grace 1s --linger " + c.linger + " -- ./leave")
			p.shows("the first")
			if c.waits {
				until(t, "the worker has ended", func() bool { return !alive(o.ps()[0].Workers[0].PID) })
				if p.atPrompt() {
					t.Error("the run has ended before the last of its processes")
				}
				if err := os.WriteFile(o.path("go"), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			p.prompted()
			if st := p.status(); st != c.status {
				t.Errorf("status %s", st)
			}
			rec := o.ps()[0]
			if got := strings.Contains(o.read(rec.Dir+"/attempt_0/0/stdout.log"), "the last word"); got != c.waits {
				t.Errorf("the last word is in the log: %v", got)
			}
			until(t, "nothing is left", func() bool { return len(marked("SLUICE_RUN="+rec.ID)) == 0 })
		})
	}
}

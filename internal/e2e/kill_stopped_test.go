//go:build linux

package e2e

import (
	"strings"
	"syscall"
	"testing"
)

// A launcher that is killed while ^Z has stopped it is lost like any other: its gang
// is ended or goes on, and nothing waits for an fg.
func TestKillStoppedLauncher(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"stop", "keep"} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			sh := interactive(w)
			sh.keys("$S run -n 2 --on-launcher-death " + policy + " -- sh -c '" + beat + "'\n")
			sh.shows("beat 5;")
			pids := w.workersOf(2)
			sh.keys("\x1a")
			sh.shows("Stopped")
			eventually(t, "the workers are stopped", allStopped(pids, true))
			if err := syscall.Kill(w.ps()[0].Launcher.Pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			if policy == "keep" {
				eventually(t, "the workers go on", allStopped(pids, false))
				if r := w.run("stop"); r.status != 0 {
					t.Errorf("%+v", r)
				}
			}
			eventually(t, "the run has ended", func() bool { return w.ps()[0].State == "ended" })
			rec := w.ps()[0]
			eventually(t, "the agent has ended", func() bool { return !alive(rec.Agent.Pid) })
			if policy == "stop" && !strings.Contains(rec.Result.Detail, "launcher was killed") {
				t.Errorf("ps says %+v", rec.Result)
			}
		})
	}
}

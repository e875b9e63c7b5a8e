//go:build linux

package e2e

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// eachUser runs a test with cgroups, and as a user who can have none.
func eachUser(t *testing.T, f func(t *testing.T, as *syscall.Credential)) {
	t.Run("own", func(t *testing.T) { f(t, nil) })
	t.Run("unprivileged", func(t *testing.T) { f(t, nobody(t)) })
}

func TestKillLauncher(t *testing.T) {
	eachUser(t, func(t *testing.T, as *syscall.Credential) {
		w := newKillWorld(t, as)
		for range rounds(50) {
			before := len(w.ps())
			s := w.begin()
			time.Sleep(soon())
			s.kill()
			rec, any := w.ended(before, 0)
			if !any {
				continue
			}
			w.nothingLeft("after the end")
			if rec.Result.Verdict != "stopped" || !strings.Contains(rec.Result.Detail, "launcher was killed") {
				t.Fatalf("ps says %+v", rec.Result)
			}
			w.checkLogs(rec, true)
		}
	})
}

// ended waits until the latest run is over. before is how many there were: one
// that was killed before it began leaves no record.
func (w *killWorld) ended(before, agent int) (rec record, any bool) {
	w.t.Helper()
	eventually(w.t, "the run has ended", func() bool {
		recs := w.ps()
		if len(recs) > before {
			rec, any = recs[0], true
			return rec.State == "ended"
		}
		return len(marked(w.mark)) == 0 && !alive(agent)
	})
	if any {
		eventually(w.t, "the agent has ended", func() bool { return !alive(rec.Agent.Pid) })
	}
	return rec, any
}

func TestKillAgent(t *testing.T) {
	eachUser(t, func(t *testing.T, as *syscall.Credential) {
		w := newKillWorld(t, as)
		for range rounds(50) {
			before := len(w.ps())
			s := w.begin()
			var agent []int
			eventually(t, "the agent is there", func() bool { agent = childrenOf(s.Process.Pid); return len(agent) > 0 })
			time.Sleep(soon())
			syscall.Kill(agent[0], syscall.SIGKILL)
			if status := s.end(); status != 125 {
				t.Fatalf("exit status %d: %s", status, s.err)
			}
			w.nothingLeft("after sluice has ended")
			if !strings.Contains(s.err.String(), "killed by SIGKILL") {
				t.Fatalf("the launcher says: %s", s.err)
			}
			recs := w.ps()
			if len(recs) == before {
				continue
			}
			if r := recs[0]; r.State != "ended" || r.Result.Verdict != "lost" || r.Result.Status != 125 {
				t.Fatalf("ps says %s %+v", r.State, r.Result)
			}
			w.checkLogs(recs[0], true)
		}
	})
}

func TestKillLauncherAndAgent(t *testing.T) {
	eachUser(t, func(t *testing.T, as *syscall.Credential) {
		w := newKillWorld(t, as)
		for i := range rounds(40) {
			before := len(w.ps())
			s := w.begin()
			var agent []int
			eventually(t, "the agent is there", func() bool { agent = childrenOf(s.Process.Pid); return len(agent) > 0 })
			time.Sleep(soon())
			first, second := s.Process.Pid, agent[0]
			if i%2 == 1 {
				first, second = second, first
			}
			syscall.Kill(first, syscall.SIGKILL)
			syscall.Kill(second, syscall.SIGKILL)
			s.end()
			eventually(t, "the workers have ended", func() bool {
				for rank := range w.workers {
					if _, pid := written(w.side, rank); pid != 0 && alive(pid) {
						return false
					}
				}
				return !alive(agent[0])
			})
			rec, any := w.ended(before, agent[0])
			if !any {
				continue
			}
			w.nothingLeft("after sluice ps")
			// The agent that is killed second may have stopped the gang before.
			res := rec.Result
			lost := res.Verdict == "lost" && res.Status == 125 && res.Detail != ""
			stopped := first != agent[0] && res.Verdict == "stopped" && strings.Contains(res.Detail, "launcher was killed")
			if !lost && !stopped {
				t.Fatalf("ps says %+v", res)
			}
			w.checkLogs(rec, false)
		}
	})
}

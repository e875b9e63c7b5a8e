package launch

import (
	"testing"
	"time"

	"github.com/sluicerun/sluice/job"
)

func TestBackoff(t *testing.T) {
	h := &Handle{}
	h.restarts = 3
	if got := h.backoff(); got != 0 {
		t.Errorf("without --restart-backoff it waits %v", got)
	}
	h.spec.Restart.Backoff = job.Duration(time.Second)
	for restarts, want := range map[int]time.Duration{1: 1, 2: 2, 3: 4, 6: 32, 7: 60, 8: 60, 1000: 60} {
		h.restarts = restarts
		if got := h.backoff(); got != want*time.Second {
			t.Errorf("restart %d waits %v, not %v", restarts, got, want*time.Second)
		}
	}
}

func TestStartupFailure(t *testing.T) {
	began := time.Now()
	w := &worker{rank: 1, out: job.Outcome{Started: began, Ended: began.Add(500 * time.Millisecond)}}
	for least, want := range map[time.Duration]bool{0: false, 400 * time.Millisecond: false, 500 * time.Millisecond: false, time.Second: true} {
		h := &Handle{spec: job.Spec{Restart: job.Restart{MinUptime: job.Duration(least)}}}
		if _, got := h.startupFailure(w); got != want {
			t.Errorf("up for 500ms with --min-uptime %v: %v", least, got)
		}
	}
}

// Whatever stopped the gang decides verdict and status, not the ranks that
// were stopped.
func TestConclude(t *testing.T) {
	killed := func(c job.Cause) job.Outcome {
		return job.Outcome{Kind: job.KindSignaled, Signal: job.SIGTERM, Cause: c}
	}
	exited := func(code int) job.Outcome { return job.Outcome{Kind: job.KindExited, Code: code} }
	for _, c := range []struct {
		name    string
		order   *stopOrder
		out     job.Outcome
		first   bool
		verdict job.Verdict
		status  int
	}{
		{"all well", nil, exited(0), false, job.Succeeded, 0},
		{"a failure", &stopOrder{cause: job.CausePeer}, exited(3), true, job.Failed, 3},
		{"a failure, nobody to stop", nil, exited(3), true, job.Failed, 3},
		{"timeout", &stopOrder{cause: job.CauseTimeout}, killed(job.CauseTimeout), true, job.TimedOut, 124},
		{"stall", &stopOrder{cause: job.CauseStall}, killed(job.CauseStall), true, job.Stalled, 124},
		{"Ctrl-C", &stopOrder{cause: job.CauseUser, status: 130}, killed(job.CauseUser), true, job.Stopped, 130},
		{"cancelled", &stopOrder{cause: job.CauseUser}, exited(0), false, job.Stopped, 143},
		{"all ranks stopped", nil, killed(job.CauseUser), false, job.Stopped, 143},
		{"launcher killed", &stopOrder{cause: job.CauseLauncher}, killed(job.CauseLauncher), true, job.Stopped, 137},
		{"disk full", &stopOrder{cause: job.CauseFull}, killed(job.CauseFull), true, job.Failed, 125},
	} {
		w := &worker{out: c.out}
		h := &Handle{workers: []*worker{w}}
		if c.first {
			h.first = w
		}
		if c.order != nil {
			h.stop = stopState{asked: true, order: *c.order}
		}
		h.conclude()
		if h.result.Verdict != c.verdict || h.result.Status != c.status {
			t.Errorf("%s: %s, status %d", c.name, h.result.Verdict, h.result.Status)
		}
	}
}

// All nodes of a run have the exit status of what failed first, as far as the policy
// asks for that.
func TestConcludeElsewhere(t *testing.T) {
	for _, c := range []struct {
		policy     job.ExitCodePolicy
		own, root  int // exit statuses; 0: none
		torch      bool
		wantStatus int
	}{
		{"", 0, 7, false, 7},
		{"", 3, 7, false, 7},
		{"", 0, 0, false, 1}, // a machine that was lost has none
		{"", 3, 0, false, 3},
		{job.ExitMax, 3, 7, false, 7},
		{job.ExitMax, 9, 7, false, 9},
		{job.ExitAny, 0, 7, false, 1},
		{job.ExitCount, 3, 7, false, 1},
		{job.ExitAny, 0, 7, true, 1},
		{"", 0, job.StatusTimeout, false, job.StatusTimeout},
	} {
		w := &worker{out: job.Outcome{Kind: job.KindExited, Code: c.own}}
		h := &Handle{workers: []*worker{w}, stop: stopState{asked: true, order: stopOrder{cause: job.CauseNode, status: 1}}}
		if c.own != 0 {
			h.first, h.stop = w, stopState{}
		}
		h.spec.ExitCode = c.policy
		if c.torch {
			h.spec.Torch = &job.Torch{}
		}
		h.result.Root = &job.RootCause{Node: 1, Rank: 3, Status: c.root}
		h.conclude()
		if h.result.Verdict != job.Failed || h.result.Status != c.wantStatus {
			t.Errorf("%+v: %s, status %d", c, h.result.Verdict, h.result.Status)
		}
	}
}

func TestProcessesThatSurviveAreNoSuccess(t *testing.T) {
	h := &Handle{workers: []*worker{{out: job.Outcome{Kind: job.KindExited}}}}
	h.result.Survivors = []int{4711}
	h.conclude()
	if h.result.Status != job.StatusInternal {
		t.Errorf("status %d", h.result.Status)
	}
}

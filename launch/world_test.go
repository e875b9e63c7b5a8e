package launch_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/launch"
)

// world is a node among others, of which the test plays the others.
type world struct {
	mu      sync.Mutex
	said    []string
	joins   int
	closed  int
	changes chan launch.Change
	join    func(ctx context.Context, n int) (launch.Place, error)
	done    func(ctx context.Context) error
	fail    error
}

func newWorld() *world {
	w := &world{changes: make(chan launch.Change, 1)}
	w.join = func(context.Context, int) (launch.Place, error) { return second, nil }
	w.done = func(context.Context) error { return nil }
	return w
}

// second is the second of two nodes with two workers each.
var second = launch.Place{Base: 2, Size: 4, Group: 1, Groups: 2, RoleBase: 2, RoleSize: 4, MasterAddr: "10.0.0.1", MasterPort: "1234", AgentStore: true}

func (w *world) say(s string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, s)
}

func (w *world) Join(ctx context.Context) (launch.Place, error) {
	w.mu.Lock()
	n := w.joins
	w.joins++
	w.mu.Unlock()
	return w.join(ctx, n)
}
func (w *world) Changes() <-chan launch.Change             { return w.changes }
func (w *world) Again(_ context.Context, why string) error { w.say("again: " + why); return nil }
func (w *world) Done(ctx context.Context) error            { w.say("done"); return w.done(ctx) }
func (w *world) Close(string) error                        { w.mu.Lock(); w.closed++; w.mu.Unlock(); return nil }
func (w *world) Root(context.Context) *job.RootCause       { return nil }
func (w *world) Stop(_ context.Context, status int, why string) error {
	w.say(fmt.Sprintf("stop %d: %s", status, why))
	return nil
}
func (w *world) Fail(_ context.Context, o job.Outcome, why, tail string) error {
	w.say("fail: " + why)
	return w.fail
}

// among runs a spec as that node.
func among(t *testing.T, w *world, spec job.Spec) job.Result {
	t.Helper()
	spec.LogDir, spec.Workers = t.TempDir(), 2
	res, err := launch.Run(soon(t), spec, launch.Options{World: w})
	if err != nil {
		t.Fatal(err)
	}
	if w.closed != 1 {
		t.Errorf("the world was closed %d times", w.closed)
	}
	return res
}

func (w *world) heard(t *testing.T, want ...string) {
	t.Helper()
	if len(w.said) != len(want) {
		t.Fatalf("the others heard %q, not %q", w.said, want)
	}
	for i := range want {
		if !strings.HasPrefix(w.said[i], want[i]) {
			t.Errorf("the others heard %q, not %q", w.said[i], want[i])
		}
	}
}

func TestPlaceInTheWorld(t *testing.T) {
	clean(t)
	w := newWorld()
	res := among(t, w, sh(2, `echo $RANK $LOCAL_RANK $WORLD_SIZE $LOCAL_WORLD_SIZE $GROUP_RANK $GROUP_WORLD_SIZE $MASTER_ADDR $MASTER_PORT $TORCHELASTIC_USE_AGENT_STORE`))
	if res.Verdict != job.Succeeded || len(res.Outcomes) != 2 {
		t.Fatalf("%+v", res)
	}
	for local, want := range []string{"2 0 4 2 1 2 10.0.0.1 1234 True\n", "3 1 4 2 1 2 10.0.0.1 1234 True\n"} {
		if o := res.Outcomes[local]; o.Rank != 2+local || o.LocalRank != local {
			t.Errorf("outcome %d is of rank %d, local rank %d", local, o.Rank, o.LocalRank)
		}
		if got := readLog(t, res, local, "stdout.log"); got != want {
			t.Errorf("local rank %d has %q, not %q", local, got, want)
		}
	}
	w.heard(t, "done")
}

func TestFailureIsToldToTheWorld(t *testing.T) {
	clean(t)
	w := newWorld()
	w.fail = &launch.Elsewhere{Why: "rank 0 on a failed before"}
	res := among(t, w, sh(2, `[ $RANK = 3 ] && exit 7; sleep 1000`))
	if res.Verdict != job.Failed || res.Status != 7 || res.FirstFailure().Rank != 3 {
		t.Errorf("%+v", res)
	}
	if res.Detail != "rank 0 on a failed before" {
		t.Errorf("the failure elsewhere is told as %q", res.Detail)
	}
	w.heard(t, "fail: exit code 7")
}

// One that may live again says so at once, and counts what the world counts.
func TestGangMeetsAgain(t *testing.T) {
	clean(t)
	w := newWorld()
	w.join = func(_ context.Context, n int) (launch.Place, error) {
		p := second
		p.Restarts = 3 * n // other nodes have failed in between
		return p, nil
	}
	spec := sh(2, `echo $TORCHELASTIC_RESTART_COUNT; [ $TORCHELASTIC_RESTART_COUNT = 0 ] && [ $RANK = 2 ] && exit 1; [ $TORCHELASTIC_RESTART_COUNT = 3 ] || sleep 1000`)
	spec.Restart.Max = 3
	res := among(t, w, spec)
	if res.Verdict != job.Succeeded || res.Attempts != 2 {
		t.Fatalf("%+v", res)
	}
	if got := readLog(t, res, 1, "stdout.log"); got != "3\n" {
		t.Errorf("the count of restarts is %q", got)
	}
	w.heard(t, "again: rank 2 on ", "done")
}

// A gang that comes to others which have started again twice has their number of the
// attempt, in its variables, its directories and its report.
func TestGangJoinsLater(t *testing.T) {
	clean(t)
	w := newWorld()
	w.join = func(_ context.Context, n int) (launch.Place, error) {
		p := second
		p.Round, p.Restarts = 2+2*n, 1+n // and once without it
		return p, nil
	}
	spec := sh(2, `echo $SLUICE_ATTEMPT $TORCHELASTIC_RESTART_COUNT; [ $SLUICE_ATTEMPT = 4 ] || [ $RANK = 2 ] && exit $((4 - SLUICE_ATTEMPT)); exec sleep 1000`)
	spec.Restart.Max = 3
	res := among(t, w, spec)
	if res.Verdict != job.Succeeded || res.Attempts != 5 || res.Outcomes[0].Attempt != 4 {
		t.Fatalf("%+v", res)
	}
	for attempt, want := range map[int]string{2: "2 1\n", 4: "4 2\n"} {
		got, err := os.ReadFile(filepath.Join(res.Dir, fmt.Sprintf("attempt_%d", attempt), "0", "stdout.log")) // the other may be stopped before it writes
		if err != nil || string(got) != want {
			t.Errorf("attempt %d: %q, %v", attempt, got, err)
		}
	}
}

func TestChangeElsewhere(t *testing.T) {
	clean(t)
	t.Run("again", func(t *testing.T) {
		w := newWorld()
		w.join = func(_ context.Context, n int) (launch.Place, error) {
			if n == 0 {
				w.changes <- launch.Change{Again: true, Why: "node 0 starts again"}
			}
			p := second
			p.Restarts = n
			return p, nil
		}
		res := among(t, w, sh(2, `[ $TORCHELASTIC_RESTART_COUNT = 1 ] || sleep 1000`))
		if res.Verdict != job.Succeeded || res.Attempts != 2 {
			t.Errorf("%+v", res)
		}
		w.heard(t, "done")
	})
	t.Run("the end", func(t *testing.T) {
		w := newWorld()
		w.changes <- launch.Change{Why: "rank 0 on a failed"}
		spec := sh(2, `sleep 1000`)
		spec.Restart.Max = 3
		res := among(t, w, spec)
		if res.Verdict != job.Failed || res.Status != 1 || res.Detail != "rank 0 on a failed" || res.First != nil || res.Outcomes[0].Cause != job.CauseNode {
			t.Errorf("%+v", res)
		}
	})
	t.Run("after our success", func(t *testing.T) {
		for _, again := range []bool{true, false} {
			w := newWorld()
			dones := 0
			w.done = func(context.Context) error {
				if dones++; dones == 1 {
					return &launch.Elsewhere{Why: "rank 0 on a failed", Again: again}
				}
				return nil
			}
			res := among(t, w, sh(2, `true`))
			if again && (res.Verdict != job.Succeeded || res.Attempts != 2) {
				t.Errorf("%+v", res)
			}
			if !again && (res.Verdict != job.Failed || res.Status != 1 || res.Detail != "rank 0 on a failed") {
				t.Errorf("%+v", res)
			}
		}
	})
	t.Run("the others do not end", func(t *testing.T) {
		w := newWorld()
		w.done = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		spec := sh(2, `true`)
		spec.Nodes.ExitBarrier = job.Duration(10 * time.Millisecond)
		if res := among(t, w, spec); res.Verdict != job.Succeeded {
			t.Errorf("%+v", res)
		}
	})
}

func TestJoinFails(t *testing.T) {
	clean(t)
	w := newWorld()
	w.join = func(context.Context, int) (launch.Place, error) {
		return launch.Place{}, errors.New("node 1 never came")
	}
	res := among(t, w, sh(2, `true`))
	if res.Verdict != job.Failed || res.Status != job.StatusInternal || res.Detail != "node 1 never came" || len(res.Outcomes) != 0 {
		t.Errorf("%+v", res)
	}
}

// Who waits for others can be stopped, by a person or by the run's timeout.
func TestStoppedWhileJoining(t *testing.T) {
	clean(t)
	forever := func(ctx context.Context, _ int) (launch.Place, error) {
		<-ctx.Done()
		return launch.Place{}, ctx.Err()
	}
	w := newWorld()
	w.join = forever
	spec := sh(2, `true`)
	spec.Timeout = job.Duration(300 * time.Millisecond)
	if res := among(t, w, spec); res.Verdict != job.TimedOut {
		t.Errorf("%+v", res)
	}
	w = newWorld()
	w.join = forever
	spec = sh(2, `true`)
	spec.LogDir = t.TempDir()
	h, err := launch.Prepare(spec, launch.Options{World: w})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Start(soon(t), ""); err != nil {
		t.Fatal(err)
	}
	h.Stop("somebody asked", 0, 130)
	if res := h.Wait(); res.Verdict != job.Stopped || res.Status != 130 {
		t.Errorf("%+v", res)
	}
}

// A stop of the whole run comes from the others, directly, or both ways: that is one
// stop, which does not hurry.
func TestStopOfAll(t *testing.T) {
	clean(t)
	started := func(w *world) *launch.Handle {
		spec := sh(2, `trap "sleep 0.3; exit 0" TERM; echo up; while :; do sleep 0.05; done`)
		spec.LogDir = t.TempDir()
		h, err := launch.Prepare(spec, launch.Options{World: w})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Start(soon(t), ""); err != nil {
			t.Fatal(err)
		}
		return h
	}
	up := func(h *launch.Handle) {
		for _, local := range []string{"0", "1"} {
			for begin := time.Now(); ; time.Sleep(time.Millisecond) {
				if text, _ := os.ReadFile(filepath.Join(h.Dir(), "attempt_0", local, "stdout.log")); string(text) == "up\n" {
					break
				}
				if time.Since(begin) > time.Minute {
					t.Fatal("a worker did not start")
				}
			}
		}
	}
	both := func(first, second func(h *launch.Handle, w *world)) {
		t.Helper()
		w := newWorld()
		h := started(w)
		up(h)
		first(h, w)
		for h.Record().State != "stopping" {
			time.Sleep(time.Millisecond)
		}
		second(h, w)
		res := h.Wait()
		w.heard(t, "stop 143: stopped by somebody")
		if res.Verdict != job.Stopped || res.Status != 143 || res.Detail != "stopped by somebody" || res.Root != nil {
			t.Errorf("%+v", res)
		}
		log, err := os.ReadFile(filepath.Join(h.Dir(), "events.jsonl"))
		if err != nil || strings.Contains(string(log), string(job.EventGangKilling)) || !strings.Contains(string(log), string(job.EventGangStopping)) {
			t.Errorf("it was hurried, or not stopped: %v\n%s", err, log)
		}
	}
	told := func(_ *launch.Handle, w *world) {
		w.changes <- launch.Change{Why: "stopped by somebody", Stopped: 143}
	}
	asked := func(h *launch.Handle, _ *world) { h.StopAll("stopped by somebody", 143, false) }
	both(told, asked)
	both(asked, told)

	w := newWorld()
	h := started(w)
	up(h)
	h.StopAll("killed by somebody", 137, true)
	if res := h.Wait(); res.Verdict != job.Stopped || res.Status != 137 || res.Outcomes[0].Signal != job.SIGKILL {
		t.Errorf("%+v", res)
	}
	w.heard(t, "stop 137: killed by somebody")

	// Nobody is told before a Join that is under way has ended.
	w = newWorld()
	left := false
	w.join = func(ctx context.Context, _ int) (launch.Place, error) {
		<-ctx.Done()
		time.Sleep(50 * time.Millisecond)
		left = true
		return launch.Place{}, ctx.Err()
	}
	h = started(w)
	h.StopAll("stopped by somebody", 143, false)
	if res := h.Wait(); res.Verdict != job.Stopped || res.Status != 143 || !left {
		t.Errorf("%+v", res)
	}
	w.heard(t, "stop 143: stopped by somebody")

	// It may come between two attempts, and when the workers are done.
	w = newWorld()
	w.join = func(context.Context, int) (launch.Place, error) {
		return launch.Place{}, &launch.Elsewhere{Why: "stopped by somebody", Stopped: 143}
	}
	if res := among(t, w, sh(2, `true`)); res.Verdict != job.Stopped || res.Status != 143 || res.Detail != "stopped by somebody" {
		t.Errorf("%+v", res)
	}
	w = newWorld()
	w.done = func(context.Context) error { return &launch.Elsewhere{Why: "stopped by somebody", Stopped: 143} }
	if res := among(t, w, sh(2, `true`)); res.Verdict != job.Stopped || res.Status != 143 || res.Detail != "stopped by somebody" {
		t.Errorf("%+v", res)
	}
}

package launch_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/launch"
)

func sh(n int, script string) job.Spec {
	return job.Spec{Command: []string{"sh", "-c", script}, Workers: n}
}

func readLog(t *testing.T, res job.Result, rank int, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(res.Dir, fmt.Sprintf("attempt_%d", res.Outcomes[rank].Attempt), fmt.Sprint(rank), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRunSucceeds(t *testing.T) {
	clean(t)
	res, err := launch.Run(soon(t), sh(3, `echo out $RANK; echo err $RANK >&2`))
	if err != nil || res.Verdict != job.Succeeded || res.Status != 0 || len(res.Outcomes) != 3 || res.Attempts != 1 {
		t.Fatalf("%+v, %v", res, err)
	}
	for rank, o := range res.Outcomes {
		if o.Rank != rank || o.Kind != job.KindExited || o.PID == 0 || o.MaxRSS == 0 || o.Ended.Before(o.Started) {
			t.Errorf("rank %d: %+v", rank, o)
		}
		if got, want := readLog(t, res, rank, "stdout.log"), fmt.Sprintf("out %d\n", rank); got != want {
			t.Errorf("stdout of rank %d is %q", rank, got)
		}
	}
}

func TestRunFails(t *testing.T) {
	clean(t)
	res, err := launch.Run(soon(t), sh(3, `[ $RANK = 1 ] && exit 7; sleep 1000`))
	if err != nil || res.Verdict != job.Failed || res.Status != 7 {
		t.Fatalf("%+v, %v", res, err)
	}
	if f := res.FirstFailure(); f == nil || f.Rank != 1 || f.Code != 7 {
		t.Errorf("first: %+v", f)
	}
	if o := res.Outcomes[2]; o.Cause != job.CausePeer || o.Because == nil || *o.Because != 1 {
		t.Errorf("rank 2: %+v", o)
	}
}

// An error means that nothing was started, and nothing is left on disk.
func TestRunDoesNotStart(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	logs := filepath.Join(dir, "logs")
	var usage *job.UsageError
	var start *proc.StartError
	for _, c := range []struct {
		spec job.Spec
		as   any
	}{
		{job.Spec{LogDir: logs}, &usage},
		{job.Spec{LogDir: logs, Command: []string{"/no/such/program"}}, &start},
		{job.Spec{LogDir: logs, Func: "unregistered"}, &usage},
		{job.Spec{LogDir: file, Command: []string{"true"}}, &usage},
		{job.Spec{LogDir: logs, Command: []string{"true"}, Stdin: job.Stdin{Mode: job.StdinFIFO, Path: file}}, &usage},
	} {
		res, err := launch.Run(soon(t), c.spec)
		if err == nil || !errors.As(err, c.as) || res.Outcomes != nil {
			t.Errorf("%+v: %+v, %v", c.spec, res, err)
		}
	}
	if ents, err := os.ReadDir(logs); err == nil && len(ents) > 0 {
		t.Errorf("left behind: %v", ents)
	}
}

// A run that will never go on has ended for whoever asks: nobody waits for it.
func TestHandleOfNoRun(t *testing.T) {
	clean(t)
	ctx := soon(t)
	for name, end := range map[string]func(h *launch.Handle){
		"discarded": (*launch.Handle).Discard,
		"not started": func(h *launch.Handle) {
			if err := os.RemoveAll(h.Dir()); err != nil {
				t.Error(err)
			}
			if h.Start(ctx, "") == nil {
				t.Error("it started")
			}
			h.Discard()
		},
	} {
		h, err := launch.Prepare(job.Spec{Command: []string{"true"}, LogDir: t.TempDir()}, launch.Options{})
		if err != nil {
			t.Fatal(err)
		}
		end(h)
		select {
		case <-h.Done():
		case <-ctx.Done():
			t.Fatalf("%s: it has not ended", name)
		}
		h.Stop("", 0, 0)
		if err := h.Note("x"); !errors.Is(err, launch.ErrEnded) {
			t.Errorf("%s: %v", name, err)
		}
		if r := h.Record(); r.ID != h.ID() {
			t.Errorf("%s: %+v", name, r)
		}
		h.Discard()
		if h.Start(ctx, "") == nil {
			t.Errorf("%s: it started", name)
		}
	}
}

func TestRunIsCancelled(t *testing.T) {
	clean(t)
	ctx, cancel := context.WithCancel(soon(t))
	res, err := launch.Run(ctx, sh(2, `trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done`), launch.Options{
		OnEvent: counting(job.EventWorkerStarted, 2, cancel),
	})
	if err != nil || res.Verdict != job.Stopped || res.Status != 143 || !strings.Contains(res.Detail, "cancelled") {
		t.Fatalf("%+v, %v", res, err)
	}
	for _, o := range res.Outcomes {
		if o.Cause != job.CauseUser || o.Failed() {
			t.Errorf("rank %d: %+v", o.Rank, o)
		}
	}
}

// A context that ends when only the screen is waited for ends that wait.
func TestCancelledWhileTheConsoleIsStuck(t *testing.T) {
	clean(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	ctx, cancel := context.WithCancel(soon(t))
	defer cancel()
	spec := sh(1, `head -c 300000 /dev/zero`)
	spec.Console.Linger = job.Forever
	ended := counting(job.EventWorkerEnded, 1, func() { time.AfterFunc(200*time.Millisecond, cancel) })
	began := time.Now()
	res, err := launch.Run(ctx, spec, launch.Options{Stdout: w, OnEvent: ended})
	if err != nil || res.Verdict != job.Succeeded || res.Unshown == 0 || time.Since(began) > 5*time.Second {
		t.Fatalf("after %v: %v, %d bytes not shown, %v", time.Since(began), res.Verdict, res.Unshown, err)
	}
}

// counting calls f at the nth event of a type.
func counting(what job.EventType, n int, f func()) func(job.Event) {
	return func(e job.Event) {
		if e.Type == what {
			if n--; n == 0 {
				f()
			}
		}
	}
}

// Events come in order: the run, its workers, their ends, the run's end.
func TestEventsAreInOrder(t *testing.T) {
	clean(t)
	var got []string
	res, err := launch.Run(soon(t), sh(2, `exit 0`), launch.Options{OnEvent: func(e job.Event) {
		got = append(got, string(e.Type)) // one caller at a time, says Options
	}})
	if err != nil || res.Status != 0 {
		t.Fatalf("%+v, %v", res, err)
	}
	if len(got) != 6 || got[0] != string(job.EventRunStarted) || got[5] != string(job.EventRunEnded) {
		t.Errorf("events: %v", got)
	}
	started := 0
	for _, e := range got[1:5] {
		switch job.EventType(e) {
		case job.EventWorkerStarted:
			started++
		case job.EventWorkerEnded:
			if started == 0 {
				t.Errorf("an end before any start: %v", got)
			}
		default:
			t.Errorf("events: %v", got)
		}
	}
}

// Several runs in one process do not take each other's workers, statuses or
// output.
func TestSeveralRunsAtOnce(t *testing.T) {
	clean(t)
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			for round := range 3 {
				code := 1 + i*3 + round
				res, err := launch.Run(soon(t), sh(4, fmt.Sprintf(`echo run %d; (setsid true &); sleep 0.0%d; exit %d`, i, i, code)),
					launch.Options{})
				if err != nil || res.Status != code || res.FirstFailure() == nil {
					t.Errorf("run %d: %+v, %v", i, res, err)
					return
				}
				for rank, o := range res.Outcomes {
					if o.Kind == job.KindUnknown {
						t.Errorf("somebody took the status of rank %d of run %d", rank, i)
					}
				}
				if got := readLog(t, res, res.FirstFailure().Rank, "stdout.log"); got != fmt.Sprintf("run %d\n", i) {
					t.Errorf("run %d: %q", i, got)
				}
			}
		})
	}
	wg.Wait()
}

// Restarts do not pile up descriptors.
func TestRestartsCloseTheirLogs(t *testing.T) {
	clean(t)
	open := func() int {
		ents, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(ents)
	}
	before, most := open(), 0
	spec := sh(8, `exit 1`)
	spec.Restart = job.Restart{Max: 5}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	res, err := launch.Run(soon(t), spec, launch.Options{Stdout: null, Stderr: null, OnEvent: func(e job.Event) {
		if e.Type == job.EventWorkerStarted {
			most = max(most, open())
		}
	}})
	if err != nil || res.Attempts != 6 {
		t.Fatalf("%+v, %v", res, err)
	}
	// A gang's own: two pipes with both ends, two logs, a pidfd, and some in
	// all. Six gangs' logs would be 96.
	if most-before > 8*8+24 {
		t.Errorf("%d descriptors at the most, %d before", most, before)
	}
	if now := open(); now > before+2 {
		t.Errorf("%d descriptors are open, %d before", now, before)
	}
}

// The merged console is whatever the program gives.
func TestConsoleOfALibrary(t *testing.T) {
	clean(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	shown := make(chan string)
	go func() {
		b, _ := io.ReadAll(r)
		r.Close()
		shown <- string(b)
	}()
	res, err := launch.Run(soon(t), sh(2, `echo from $RANK`), launch.Options{Stdout: w, Stderr: w})
	w.Close()
	if err != nil || res.Status != 0 {
		t.Fatalf("%+v, %v", res, err)
	}
	if got := <-shown; got != "[0] from 0\n[1] from 1\n" && got != "[1] from 1\n[0] from 0\n" {
		t.Errorf("the console shows %q", got)
	}
}

// Checklist 32: a run is started once.
func TestStartTwice(t *testing.T) {
	clean(t)
	spec := sh(2, "sleep 0.1")
	h, err := launch.Prepare(spec, launch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Start(soon(t), ""); err != nil {
		t.Fatal(err)
	}
	if err := h.Start(soon(t), ""); err == nil || !strings.Contains(err.Error(), "started already") {
		t.Errorf("started again: %v", err)
	}
	if res := h.Wait(); res.Verdict != job.Succeeded || len(res.Outcomes) != 2 {
		t.Errorf("%+v", res)
	}
}

// What would go wrong later, where nobody can catch it, is refused.
func TestRefusedAtOnce(t *testing.T) {
	clean(t)
	spec := job.Spec{Command: []string{"true"}, LogDir: t.TempDir()}
	var none context.Context
	if _, err := launch.Run(none, spec); err == nil || !strings.Contains(err.Error(), "context") {
		t.Errorf("without a context: %v", err)
	}
	spec.Nodes = job.Nodes{Count: 2, Host: "127.0.0.1", Port: 29400}
	var usage *job.UsageError
	if _, err := launch.Run(t.Context(), spec); !errors.As(err, &usage) || usage.Field != "nodes" {
		t.Errorf("one of several, without the others: %v", err)
	}
	if left, err := os.ReadDir(spec.LogDir); err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}

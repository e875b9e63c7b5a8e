//go:build linux

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func itoa(n int) string { return strconv.Itoa(n) }

// attempts reads a stream of a rank, by attempt.
func (w *world) attempts(rank int, stream string) []string {
	w.t.Helper()
	var out []string
	for n := 0; ; n++ {
		b, err := os.ReadFile(filepath.Join(w.ps()[0].Dir, fmt.Sprintf("attempt_%d/%d/%s.log", n, rank, stream)))
		if os.IsNotExist(err) {
			return out
		}
		if err != nil {
			w.t.Fatal(err)
		}
		out = append(out, string(b))
	}
}

func equal(a, b []string) bool { return fmt.Sprintf("%q", a) == fmt.Sprintf("%q", b) }

func TestGangRestartsUntilItSucceeds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.run("run", "-n", "3", "--restarts", "3", "--restart-backoff", "10ms", "--", "sh", "-c",
		`echo life $TORCHELASTIC_RESTART_COUNT of $TORCHELASTIC_MAX_RESTARTS, $SLUICE_ATTEMPT
		[ $TORCHELASTIC_RESTART_COUNT -ge 2 ] && exit 0
		[ $RANK = 1 ] && exit 4
		exec sleep 1000`)
	if r.status != 0 {
		t.Fatalf("%+v", r)
	}
	want := []string{"life 0 of 3, 0\n", "life 1 of 3, 1\n", "life 2 of 3, 2\n"}
	for _, rank := range []int{1} {
		if got := w.attempts(rank, "stdout"); !equal(got, want) {
			t.Errorf("rank %d: %q", rank, got)
		}
	}
	rec := w.ps()[0]
	if rec.Result.Attempts != 3 || rec.Result.Verdict != "succeeded" || rec.Result.First != nil {
		t.Errorf("%+v", rec.Result)
	}
	for _, r := range rec.Workers {
		if r.Kind != "exited" || r.Code != 0 || r.Attempt != 2 || r.Dir != "attempt_2/"+itoa(r.Rank) {
			t.Errorf("%+v", r)
		}
	}
	for n := range 2 {
		if want := fmt.Sprintf("rank 1 failed (exit code 4): restarting the gang (%d of 3)", n+1); !strings.Contains(r.stderr, want) {
			t.Errorf("stderr lacks %q:\n%s", want, r.stderr)
		}
	}
	if l := w.run("logs", "--attempt", "1", "--rank", "1", "--raw"); l.stdout != want[1] {
		t.Errorf("logs --attempt 1: %+v", l)
	}
}

func TestGangRestartsAreUsedUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.run("run", "-n", "2", "--restarts", "2", "--", "sh", "-c",
		`[ $RANK = 0 ] && { echo no $SLUICE_ATTEMPT >&2; kill -SEGV $$; }; exec sleep 1000`)
	if r.status != 128+11 {
		t.Errorf("exit status %d", r.status)
	}
	for _, want := range []string{"failed in attempt 3: rank 0 was killed by SIGSEGV (segmentation fault", "| no 2\n", "stopped because of rank 0: 1"} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("the report lacks %q:\n%s", want, r.stderr)
		}
	}
	if got := w.attempts(0, "stderr"); !equal(got, []string{"no 0\n", "no 1\n", "no 2\n"}) {
		t.Errorf("logs: %q", got)
	}
}

// What one attempt leaves behind must not meet the next.
func TestRestartBeginsClean(t *testing.T) {
	eachUserWorld(t, func(t *testing.T, w *world) {
		t.Parallel()
		r := w.run("run", "--restarts", "1", "--", "sh", "-c", `
			if [ $SLUICE_ATTEMPT = 0 ]; then
				sh -c 'setsid sh -c "trap : TERM; echo \$\$ > $1.new; mv $1.new $1; while :; do sleep 0.05; done" x "$1" &' x "$1"
				until [ -e "$1" ]; do sleep 0.02; done
				exit 1
			fi
			kill -0 $(cat "$1") && exit 9
			exit 0`, "sh", w.path("stray"))
		if r.status != 0 {
			t.Errorf("the second attempt met the stray: %+v", r)
		}
	})
}

func TestMinUptime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.run("run", "-n", "2", "--restarts", "5", "--min-uptime", "1h", "--", "sh", "-c",
		`[ $RANK = 1 ] && exit 6; exec sleep 1000`)
	if r.status != 6 || w.ps()[0].Result.Attempts != 1 {
		t.Errorf("%+v", r)
	}
	if !strings.Contains(r.stderr, "not restarting: rank 1 failed after ") || !strings.Contains(r.stderr, "sooner than --min-uptime 1h") {
		t.Errorf("it is not explained:\n%s", r.stderr)
	}
}

func TestWorkerRestartsAlone(t *testing.T) {
	t.Parallel()
	for _, backoff := range []string{"0", "50ms"} {
		w := newWorld(t)
		r := w.run("run", "-n", "3", "--restarts", "2", "--restart-scope", "worker", "--restart-backoff", backoff, "--", "sh", "-c",
			`echo life $TORCHELASTIC_RESTART_COUNT pid $$
			[ $RANK != 1 ] && { until [ -e `+w.path("over")+` ]; do sleep 0.02; done; exit 0; }
			[ $SLUICE_ATTEMPT = 2 ] && { touch `+w.path("over")+`; exit 0; }
			exit 3`)
		if r.status != 0 {
			t.Errorf("backoff %s: %+v", backoff, r)
		}
		for rank, lives := range []int{1, 3, 1} {
			if got := w.attempts(rank, "stdout"); len(got) != lives {
				t.Errorf("rank %d lived %d times: %q", rank, len(got), got)
			}
		}
		rec := w.ps()[0]
		if rec.Workers[1].Attempt != 2 || rec.Workers[0].Attempt != 0 || rec.Result.Verdict != "succeeded" {
			t.Errorf("%+v", rec)
		}
	}
}

// A gang of one is nothing for a moment, between two lives of its worker.
func TestWorkerRestartsInGangOfOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.run("run", "--restarts", "2", "--restart-scope", "worker", "--restart-backoff", "100ms", "--", "sh", "-c", `exit $((3 - $SLUICE_ATTEMPT))`)
	if r.status != 1 || !strings.Contains(r.stderr, "exited with code 1") {
		t.Errorf("%+v", r)
	}
	if got := w.attempts(0, "stdout"); len(got) != 3 {
		t.Errorf("it lived %d times", len(got))
	}
	if rec := w.ps()[0]; rec.Result.First == nil || rec.Workers[0].Code != 1 {
		t.Errorf("%+v", rec)
	}
}

func TestOnFailure(t *testing.T) {
	// Ranks 1 and 2 fail one after the other, the others end on their own when
	// they are let to.
	for _, c := range []struct {
		policy, cause string
		gang, status  int
	}{
		{"stop", "peer", 4, 11},
		{"continue", "", 4, 11},
		{"stop-when=2", "peer", 4, 11},
		{"stop-when=3", "", 4, 11},
		{"stop-when=50%", "peer", 4, 11},
		{"stop-when=51%", "", 4, 11},
	} {
		t.Run(c.policy, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.startReady(c.gang, "--on-failure", c.policy, "--", "sh", "-c",
				`echo ready; until [ -e `+w.path("go")+`$RANK ]; do sleep 0.02; done; [ $RANK = 1 ] && exit 11; [ $RANK = 2 ] && exit 12; exit 0`)
			for _, rank := range []string{"1", "2", "0", "3"} {
				if err := os.WriteFile(w.path("go"+rank), nil, 0o600); err != nil {
					t.Fatal(err)
				}
				n, _ := strconv.Atoi(rank)
				eventually(t, "rank "+rank+" has ended", func() bool { return w.ps()[0].Workers[n].Kind != "running" })
			}
			if status := s.end(); status != c.status {
				t.Errorf("exit status %d", status)
			}
			rec := w.ps()[0]
			if rec.Result == nil || rec.Result.First == nil || *rec.Result.First != 1 || rec.Workers[1].Code != 11 {
				t.Fatalf("%+v %+v\n%s", rec, rec.Result, s.err)
			}
			for _, rank := range []int{0, 3} {
				if got := rec.Workers[rank]; got.Cause != c.cause {
					t.Errorf("rank %d: %+v", rank, got)
				}
			}
			also := strings.Contains(s.err.String(), "also failed:") && strings.Contains(s.err.String(), "rank 2 exited with code 12")
			if also != (c.policy != "stop") {
				t.Errorf("the report: %s", s.err)
			}
		})
	}
}

func TestFailureReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.run("run", "-n", "8", "--rlimit", "core=0", "--", "sh", "-c",
		`[ $RANK = 5 ] && { echo last words >&2; kill -ABRT $$; }; exec sleep 1000`)
	if r.status != 128+6 {
		t.Errorf("exit status %d", r.status)
	}
	rec := w.ps()[0]
	for _, want := range []string{
		"sluice: run " + rec.ID + " (8 workers) failed: rank 5 was killed by SIGABRT (aborted)\n",
		"rank 5 failed first, at 2",
		fmt.Sprintf("(pid %d)", rec.Workers[5].PID),
		"| last words\n",
		"sluice logs " + rec.ID + " --rank 5 --stream err\n",
		"stopped because of rank 5: 0-4,6-7\n",
		"exit status 134 (the first failure's)\n",
	} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("the report lacks %q:\n%s", want, r.stderr)
		}
	}
	if strings.Contains(r.stderr, "also failed") {
		t.Errorf("stopped ranks are shown as failures:\n%s", r.stderr)
	}
	if l := w.run("logs", rec.ID, "--rank", "5", "--stream", "err"); l.stdout != "last words\n" {
		t.Errorf("the command to see more says %+v", l)
	}
}

// A dumped core is told of. Where cores go is the machine's affair: a relative
// core_pattern puts it into the worker's directory.
func TestCoreIsReported(t *testing.T) {
	t.Parallel()
	pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern")
	if err != nil || strings.HasPrefix(string(pattern), "|") {
		t.Logf("core_pattern %q: the flag depends on a program of this machine's", pattern)
	}
	w := newWorld(t)
	r := w.run("run", "--rlimit", "core=unlimited", "--cwd", w.dir, "--", "sh", "-c", `kill -QUIT $$`)
	if r.status != 128+3 {
		t.Errorf("%+v", r)
	}
	cores, _ := filepath.Glob(w.path("core*"))
	if told := strings.Contains(r.stderr, "SIGQUIT (core dumped)"); len(cores) > 0 && !told {
		t.Errorf("a core was dumped (%v), and the report says:\n%s", cores, r.stderr)
	}
}

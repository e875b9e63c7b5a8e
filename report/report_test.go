package report

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicerun/sluice/job"
)

var update = flag.Bool("update", false, "write the golden reports anew")

var start = time.Date(2026, 3, 4, 10, 20, 30, 0, time.UTC)

func ms(n int) time.Time { return start.Add(time.Duration(n) * time.Millisecond) }

func ptr[T any](v T) *T { return &v }

// gang is n workers that ended well after 60 s; edits change some of them.
func gang(n int, edits ...func(o []job.Outcome)) []job.Outcome {
	out := make([]job.Outcome, n)
	for i := range out {
		out[i] = job.Outcome{
			Rank: i, LocalRank: i, PID: 4200 + i, Kind: job.KindExited,
			Started: ms(10 + i), Ended: ms(60_000 + i),
		}
	}
	for _, edit := range edits {
		edit(out)
	}
	return out
}

// fails makes a rank fail at a moment, in the way that o says.
func fails(rank, at int, o job.Outcome) func([]job.Outcome) {
	return func(out []job.Outcome) {
		o.Rank, o.LocalRank, o.PID, o.Started, o.Ended = rank, rank, 4200+rank, ms(10+rank), ms(at)
		out[rank] = o
	}
}

// stops makes every rank that ended well one that was stopped.
func stops(cause job.Cause, because *int, sig job.Signal) func([]job.Outcome) {
	return func(out []job.Outcome) {
		for i := range out {
			if o := &out[i]; o.Kind == job.KindExited && o.Code == 0 {
				o.Kind, o.Signal, o.Cause, o.Because = job.KindSignaled, sig, cause, because
			}
		}
	}
}

type situation struct {
	spec  job.Spec
	res   job.Result
	tail  string
	files map[string]string // error files, below the run's directory
	opt   Options
}

func command(rank int, stream string) string {
	return fmt.Sprintf("sluice logs train-k3x9ab --rank %d --%s", rank, stream)
}

func situations() map[string]situation {
	train := job.Spec{Command: []string{"python", "train.py"}, Workers: 8}
	one := job.Spec{Command: []string{"./solve"}, Workers: 1}
	result := func(v job.Verdict, status int, first *int, out []job.Outcome) job.Result {
		return job.Result{
			RunID: "train-k3x9ab", Verdict: v, Status: status, First: first, Outcomes: out,
			Attempts: 1, Started: start, Ended: ms(61_000),
		}
	}
	exit1 := job.Outcome{Kind: job.KindExited, Code: 1}
	m := map[string]situation{}

	m["exit-code"] = situation{
		spec: train,
		res:  result(job.Failed, 1, ptr(3), gang(8, fails(3, 12_441, exit1), stops(job.CausePeer, ptr(3), job.SIGTERM))),
		tail: "Traceback (most recent call last):\n  File \"train.py\", line 7, in <module>\n    main()\n\nValueError: bad shape\n",
		opt:  Options{Command: command},
	}
	m["single-worker"] = situation{
		spec: one,
		res:  result(job.Failed, 139, ptr(0), gang(1, fails(0, 250, job.Outcome{Kind: job.KindSignaled, Signal: job.SIGSEGV, Core: true}))),
		tail: "reading mesh\n",
	}
	m["signal-core"] = situation{
		spec: train,
		res: result(job.Failed, 134, ptr(0), gang(8,
			fails(0, 900_123, job.Outcome{Kind: job.KindSignaled, Signal: job.SIGABRT, Core: true, Detail: "the core went to /var/crash/core.4200"}),
			stops(job.CausePeer, ptr(0), job.SIGTERM))),
		opt: Options{Command: command},
		// An assertion that went to stdout: there is nothing in stderr.
	}
	m["oom"] = situation{
		spec: train,
		res: result(job.Failed, 137, ptr(5), gang(8,
			fails(5, 45_000, job.Outcome{Kind: job.KindSignaled, Signal: job.SIGKILL, Cause: job.CauseOOM, MaxRSS: 33_500_000_000,
				Detail: "its cgroup's memory.events counted oom_kill 0 -> 1"}),
			stops(job.CausePeer, ptr(5), job.SIGTERM))),
		tail: "step 811\n",
		opt:  Options{Command: command},
	}
	m["killed-by-somebody"] = situation{
		spec: train,
		res: result(job.Failed, 137, ptr(2), gang(8,
			fails(2, 3000, job.Outcome{Kind: job.KindSignaled, Signal: job.SIGKILL}),
			stops(job.CausePeer, ptr(2), job.SIGTERM),
			func(out []job.Outcome) { out[4].Signal, out[5].Signal = job.SIGKILL, job.SIGKILL })),
		tail: "",
		opt:  Options{Command: command},
	}
	m["timeout"] = situation{
		spec: job.Spec{Command: train.Command, Workers: 8, Timeout: job.Duration(time.Minute)},
		res: result(job.TimedOut, job.StatusTimeout, nil, gang(8,
			fails(0, 60_100, job.Outcome{Kind: job.KindSignaled, Signal: job.SIGKILL, Cause: job.CauseTimeout}),
			fails(1, 60_100, job.Outcome{Kind: job.KindExited, Cause: job.CauseTimeout}))),
	}
	m["stall"] = situation{
		spec: job.Spec{Command: train.Command, Workers: 8, Stall: job.Stall{Timeout: job.Duration(10 * time.Minute)}},
		res:  result(job.Stalled, job.StatusTimeout, nil, gang(8, stops(job.CauseStall, nil, job.SIGTERM))),
	}
	m["interpreter-missing"] = situation{
		spec: job.Spec{Command: []string{"./train.py"}, Workers: 4},
		res: result(job.Failed, 127, ptr(0), gang(4,
			fails(0, 30, job.Outcome{Kind: job.KindStartFailed, Code: 127,
				Detail: "the interpreter /opt/python9 that ./train.py names in its first line does not exist"}),
			stops(job.CausePeer, ptr(0), job.SIGTERM))),
		opt: Options{Command: command},
	}
	m["failure-before-timeout"] = situation{
		spec: job.Spec{Command: train.Command, Workers: 4, Timeout: job.Duration(time.Hour), OnFailure: job.FailurePolicy{Mode: job.FailureContinue}},
		res: result(job.TimedOut, job.StatusTimeout, ptr(1), gang(4, fails(1, 200, exit1),
			func(out []job.Outcome) { out[1].LocalRank = 0 }, stops(job.CauseTimeout, nil, job.SIGTERM))),
		tail: "no space\n",
	}
	m["error-file"] = situation{
		spec: train,
		res: result(job.Failed, 1, ptr(3), gang(8,
			fails(3, 12_441, job.Outcome{Kind: job.KindExited, Code: 1, ErrorFile: "attempt_0/3/error.json"}),
			fails(5, 12_460, job.Outcome{Kind: job.KindExited, Code: 1, ErrorFile: "attempt_0/5/error.json"}),
			fails(6, 12_480, job.Outcome{Kind: job.KindExited, Code: 1, ErrorFile: "attempt_0/6/error.json"}),
			stops(job.CausePeer, ptr(3), job.SIGTERM))),
		files: map[string]string{
			"attempt_0/3/error.json": `{"message": {"message": "ValueError: bad shape", "extraInfo": {"py_callstack":
				"Traceback (most recent call last):\n  File \"train.py\", line 7, in main\n    step(x)\nValueError: bad shape\n", "timestamp": "1772619642"}}}`,
			"attempt_0/5/error.json": `{"message": "RuntimeError: connection closed by peer", "timestamp": 1772619642}`,
			"attempt_0/6/error.json": `{"message": {"mess`,
		},
		tail: "the traceback again\n",
		opt:  Options{Command: command},
	}
	m["interrupted"] = situation{
		spec: train,
		res: func() job.Result {
			r := result(job.Stopped, 130, nil, gang(8, stops(job.CauseUser, nil, job.SIGTERM)))
			r.Detail = "by SIGINT"
			return r
		}(),
	}
	m["many-failures"] = situation{
		spec: job.Spec{Command: train.Command, Workers: 64, ExitCode: job.ExitMax, OnFailure: job.FailurePolicy{Mode: job.FailureContinue}},
		res: result(job.Failed, 139, ptr(7), gang(64, fails(7, 1000, job.Outcome{Kind: job.KindExited, Code: 3}),
			func(out []job.Outcome) {
				for i := 8; i < 64; i += 2 {
					fails(i, 1000+i, job.Outcome{Kind: job.KindSignaled, Signal: job.SIGSEGV})(out)
				}
				for i := 48; i < 52; i++ {
					fails(i, 2000, exit1)(out)
				}
				fails(60, 5000, job.Outcome{Kind: job.KindUnknown})(out)
				fails(61, 5001, job.Outcome{Kind: job.KindExited, Code: 139})(out)
			})),
		tail: "",
	}
	for name, workers := range map[string]int{"one-of-several-machines": 2, "one-rank-of-several": 1} {
		r := result(job.Failed, 1, nil, gang(workers, stops(job.CauseNode, nil, job.SIGTERM), func(out []job.Outcome) {
			for i := range out {
				out[i].Rank += 4
			}
		}))
		r.WorldSize, r.Root = 6, &job.RootCause{Node: 1, Host: "host1", Rank: 3, Text: "exit code 1", At: ms(12_441), Tail: "no labels\n", Status: 1}
		m[name] = situation{spec: job.Spec{Command: train.Command, Workers: workers}, res: r}
	}
	m["leftovers"] = situation{
		spec: train,
		res: func() job.Result {
			r := result(job.Failed, 1, ptr(3), gang(8, fails(3, 12_441, exit1), stops(job.CausePeer, ptr(3), job.SIGKILL)))
			r.Survivors, r.Unshown, r.Dropped = []int{4207, 4300}, 12_582_912, 3_250_586
			r.Attempts, r.Detail = 3, "gave up after 2 restarts"
			return r
		}(),
		tail: "NFS: server not responding\n",
	}
	m["launcher-killed"] = situation{
		spec: train,
		res: func() job.Result {
			r := result(job.Lost, job.StatusInternal, nil, gang(8, stops(job.CauseLauncher, nil, job.SIGTERM)))
			r.Detail = "the launcher was killed"
			return r
		}(),
	}
	m["disk-full"] = situation{
		spec: job.Spec{Command: train.Command, Workers: 8, OnFull: job.FullStop},
		res: func() job.Result {
			r := result(job.Failed, 125, nil, gang(8, stops(job.CauseFull, nil, job.SIGTERM)))
			r.Detail = "the disk of the logs is full"
			return r
		}(),
	}
	m["hostile-output"] = situation{
		spec: train,
		res: func() job.Result {
			r := result(job.Failed, 1, ptr(3), gang(8, fails(3, 12_441,
				job.Outcome{Kind: job.KindExited, Code: 1, Detail: "note\x1b[2J\nsecond line"}), stops(job.CausePeer, ptr(3), job.SIGTERM)))
			r.Dir = "/runs/train-k3x9ab"
			return r
		}(),
		tail: "\x1b[31mred\x1b[0m \x1b]0;title\x07 bell\x07 \xff\xfe \x1b[2J\x1b[Hhome\n",
	}
	colored := m["hostile-output"]
	colored.opt.Color = true
	m["color"] = colored
	m["succeeded-unshown"] = situation{
		spec: train,
		res: func() job.Result {
			r := result(job.Succeeded, 0, nil, gang(8))
			r.Unshown = 999
			return r
		}(),
	}
	return m
}

func TestGolden(t *testing.T) {
	for name, s := range situations() {
		t.Run(name, func(t *testing.T) {
			if s.files != nil {
				s.res.Dir = t.TempDir()
			}
			for file, text := range s.files {
				path := filepath.Join(s.res.Dir, file)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			tails := func(rank int) []byte {
				if s.res.First == nil || rank != *s.res.First {
					t.Errorf("the tail of rank %d was asked for", rank)
				}
				return []byte(s.tail)
			}
			var got bytes.Buffer
			if err := Write(&got, s.spec, s.res, tails, s.opt); err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", "golden", name+".txt")
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got.String()); d != "" {
				t.Errorf("the report differs from %s (go test -update writes it anew):\n%s", golden, d)
			}
		})
	}
}

func TestEndOfStdoutStandsInForStderr(t *testing.T) {
	s := situations()["exit-code"]
	s.opt.Stdout = func(rank int) []byte { return []byte("said on stdout\n") }
	for tail, want := range map[string]string{
		"":               "it wrote nothing to stderr; the end of its stdout:\n    | said on stdout\n",
		"said on both\n": "the end of its stderr:\n    | said on both\n",
	} {
		var b bytes.Buffer
		if err := Write(&b, s.spec, s.res, func(int) []byte { return []byte(tail) }, s.opt); err != nil || !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in:\n%s (%v)", want, b.String(), err)
		}
	}
}

func TestSuccessIsSilent(t *testing.T) {
	var b bytes.Buffer
	res := job.Result{Verdict: job.Succeeded, Outcomes: gang(3)}
	if err := Write(&b, job.Spec{Command: []string{"true"}, Workers: 3}, res, nil, Options{}); err != nil || b.Len() > 0 {
		t.Errorf("a success wrote %q (%v)", b.String(), err)
	}
}

func TestVictimsAreNeverFailures(t *testing.T) {
	s := situations()["exit-code"]
	var b bytes.Buffer
	if err := Write(&b, s.spec, s.res, nil, s.opt); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "also failed") || !strings.Contains(b.String(), "\n  stopped because of rank 3: 0-2,4-7\n") {
		t.Errorf("the stopped ranks are not folded into one line:\n%s", b.String())
	}
}

func TestFirstOutOfRange(t *testing.T) {
	for _, first := range []int{-1, 3, 1 << 30} {
		var b bytes.Buffer
		res := job.Result{Verdict: job.Failed, First: &first, Outcomes: gang(3)}
		if err := Write(&b, job.Spec{}, res, nil, Options{}); err != nil || !strings.Contains(b.String(), "failed") {
			t.Errorf("first %d: %q, %v", first, b.String(), err)
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestWriteError(t *testing.T) {
	s := situations()["timeout"]
	if err := Write(brokenWriter{}, s.spec, s.res, nil, s.opt); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a broken writer gives %v", err)
	}
}

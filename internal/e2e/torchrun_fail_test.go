//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
	"github.com/sluicerun/sluice/job"
)

// shell is the end of a torchrun command line that runs a shell script. It goes
// through a file: in arguments torchrun replaces $$ by $.
func (w *world) shell(text string, args ...string) []string {
	w.t.Helper()
	f, err := os.CreateTemp(w.dir, "worker-*.sh")
	if err == nil {
		_, err = f.WriteString(text)
	}
	if err == nil {
		err = f.Close()
	}
	if err == nil && w.as != nil {
		err = os.Chown(f.Name(), int(w.as.Uid), int(w.as.Gid))
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return append([]string{"--no-python", "sh", f.Name()}, args...)
}

// asTorchrun is a command line of sluice torchrun with so many shell workers.
func (w *world) asTorchrun(workers int, flags []string, script string, args ...string) []string {
	w.t.Helper()
	line := append([]string{"torchrun", "--nproc-per-node", itoa(workers)}, flags...)
	return append(line, w.shell(script, args...)...)
}

// Checklist 58.
func TestTorchrunSuccess(t *testing.T) {
	t.Parallel()
	w := newTorchWorld(t)
	r := w.run(w.asTorchrun(3, nil, "exit 0")...)
	if r.status != 0 || r.stdout != "" || strings.Contains(r.stderr, "failed") {
		t.Errorf("%+v", r)
	}
	rec := w.ps()[0]
	if rec.Result.Verdict != "succeeded" || rec.Result.First != nil || len(rec.Workers) != 3 {
		t.Errorf("%+v %+v", rec, rec.Result)
	}
	for rank, wk := range rec.Workers {
		if wk.Rank != rank || wk.Kind != "exited" || wk.Code != 0 || wk.Cause != "" {
			t.Errorf("rank %d: %+v", rank, wk)
		}
	}
}

// A failing rank is named first, with all that is known; what was stopped
// because of it is no failure, and the exit status is torchrun's 1.
//
// Checklist 59, 60, 70, 71.
func TestTorchrunFailures(t *testing.T) {
	for _, c := range []struct {
		name, end    string
		kind, signal string
		code, status int // status: with --exit-code first
		words        string
	}{
		{"138", "exit 138", "exited", "", 138, 138, "rank 1 exited with code 138"},
		{"85", "exit 85", "exited", "", 85, 85, "rank 1 exited with code 85"},
		{"segfault", "ulimit -c 0; kill -SEGV $$", "signaled", "SIGSEGV", 0, 139, "rank 1 was killed by SIGSEGV (segmentation fault)"},
		{"kill", "kill -KILL $$", "signaled", "SIGKILL", 0, 137, "rank 1 was killed by SIGKILL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newTorchWorld(t)
			line := w.asTorchrun(2, nil, `[ $RANK = 0 ] && exec sleep 1000
				echo last words of $RANK >&2; `+c.end)
			r := w.run(line...)
			rec := w.ps()[0]
			first := rec.Workers[1]
			r.says(t, 1, "(2 workers) failed: "+c.words, "rank 1 failed first, at 2", fmt.Sprintf("(pid %d)", first.PID),
				"| last words of 1\n", "stopped because of rank 1: 0\n", "exit status 1 (1 if any worker failed)\n")
			for _, wrong := range []string{"also failed", "error file", "it left this error"} {
				if strings.Contains(r.stderr, wrong) {
					t.Errorf("the report says %q:\n%s", wrong, r.stderr)
				}
			}
			if first.Kind != c.kind || first.Signal != c.signal || first.Code != c.code || first.Cause != "" {
				t.Errorf("rank 1: %+v", first)
			}
			if peer := rec.Workers[0]; peer.Kind != "signaled" || peer.Signal != "SIGTERM" || peer.Cause != "peer" {
				t.Errorf("rank 0: %+v", peer)
			}
			if rec.Result.First == nil || rec.Workers[*rec.Result.First].Rank != 1 {
				t.Errorf("%+v", rec.Result)
			}
			if c.name == "138" || c.name == "segfault" { // the code that schedulers like better
				r = w.run(append([]string{"torchrun", "--exit-code", "first"}, line[1:]...)...)
				r.says(t, c.status, "(the first failure's)")
			}
		})
	}
}

// What a worker leaves as its error file is quoted if it can be understood, and
// is no reason to fail otherwise. Our own parent, which gave us a
// TORCHELASTIC_ERROR_FILE as well, gets a copy of what can be.
//
// Checklist 67, 68, 69, 70 (file).
func TestTorchrunErrorFiles(t *testing.T) {
	const stack = `Traceback (most recent call last):\n  File \"train.py\", line 7, in main\nValueError: bad shape`
	for _, c := range []struct {
		name, file, end string
		says            []string
		code            int    // errorCode in the parent's; 0: none
		copied          string // the message in it; empty: nothing is copied
	}{
		{"nested", `{"message": {"message": "ValueError: bad shape", "extraInfo": {"py_callstack": "` + stack + `", "timestamp": "1767225600"}}}`,
			"exit 3", []string{"ValueError: bad shape", "| Traceback (most recent call last):", `|   File "train.py", line 7, in main`}, 3, "ValueError: bad shape"},
		{"nested, killed", `{"message": {"message": "ValueError: bad shape", "extraInfo": {"py_callstack": "` + stack + `", "timestamp": "1767225600"}}}`,
			"ulimit -c 0; kill -SEGV $$", []string{"ValueError: bad shape", "rank 1 was killed by SIGSEGV"}, -11, "ValueError: bad shape"},
		{"flat", `{"message": "the disk is gone", "timestamp": 1767225600}`, "exit 3", []string{"the disk is gone"}, 0, "the disk is gone"},
		{"flat, time as text", `{"message": "the disk is gone", "timestamp": "1767225600"}`, "exit 3", []string{"the disk is gone"}, 0, "the disk is gone"},
		{"flat, no time", `{"message": "the disk is gone"}`, "exit 3", []string{"the disk is gone"}, 0, "the disk is gone"},
		{"half-written", `{"message": {"message": "ValueError: bad sh`, "exit 3", nil, 0, ""},
		{"another shape", `["what is this"]`, "exit 3", nil, 0, ""},
		{"empty", ``, "exit 3", nil, 0, ""},
		{"none", "", "rm $TORCHELASTIC_ERROR_FILE; exit 3", nil, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newTorchWorld(t)
			parent := writeFile(t, w.path("parent.json"), "of an older failure", 0o600)
			w.env = append(w.env, "TORCHELASTIC_ERROR_FILE="+parent, "TEXT="+c.file)
			r := w.run(w.asTorchrun(2, nil, `[ $RANK = 0 ] && exec sleep 1000
				printf %s "$TEXT" >$TORCHELASTIC_ERROR_FILE; echo words on stderr >&2; `+c.end)...)
			r.says(t, 1, "rank 1 failed first", "stopped because of rank 1: 0")
			file := filepath.Join(w.ps()[0].Dir, "attempt_0", "1", "error.json")
			if len(c.says) > 0 {
				r.says(t, 1, append(c.says, "it left this error:", "its error file: "+file+"\n")...)
			} else {
				r.says(t, 1, "rank 1 exited with code 3", "| words on stderr\n")
				if strings.Contains(r.stderr, "it left this error") {
					t.Errorf("the report quotes an error:\n%s", r.stderr)
				}
			}
			got, err := os.ReadFile(parent)
			if err != nil {
				t.Fatal(err)
			}
			checkErrorCopy(t, got, c.copied, c.code)
		})
	}
}

// checkErrorCopy looks at the error file of sluice's parent, in either shape.
func checkErrorCopy(t *testing.T, got []byte, message string, code int) {
	t.Helper()
	if message == "" {
		if string(got) != "of an older failure" {
			t.Errorf("the parent's file was replaced by %q", got)
		}
		return
	}
	var flat struct{ Message string }
	var nested struct {
		Message struct {
			Message   string
			ErrorCode int
			ExtraInfo map[string]string
		}
	}
	if json.Unmarshal(got, &nested) == nil {
		m := nested.Message
		if m.Message != message || m.ErrorCode != code || !strings.Contains(m.ExtraInfo["py_callstack"], "Traceback") || m.ExtraInfo["timestamp"] == "" {
			t.Errorf("the parent's file is %s", got)
		}
		return
	}
	if err := json.Unmarshal(got, &flat); err != nil || flat.Message != message || code != 0 {
		t.Errorf("the parent's file is %s (%v)", got, err)
	}
}

// The rank that raised an exception is the culprit, also if it takes its time to
// end and the peer that it leaves in the lurch ends before.
//
// Checklist 66.
func TestTorchrunRootCauseByTime(t *testing.T) {
	const raise = `printf '{"message": {"message": "ValueError: the culprit", "extraInfo": {"py_callstack": "", "timestamp": "1767225600"}}}' >$TORCHELASTIC_ERROR_FILE.new
		mv $TORCHELASTIC_ERROR_FILE.new $TORCHELASTIC_ERROR_FILE; cp $TORCHELASTIC_ERROR_FILE "$1"; `
	for _, c := range []struct{ name, end, says string }{
		{"it dies of our signal", `exec sleep 1000`, "it had written its error file before; the signal is sluice's"},
		{"it ends by itself", `trap "" TERM; sleep 0.3; exit 1`, "rank 1 exited with code 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newTorchWorld(t)
			// Rank 1, not 0: the order of ranks must not decide.
			r := w.run(w.asTorchrun(3, nil, `case $RANK in
				0) until [ -s "$1" ]; do sleep 0.01; done; sleep 0.05
				   echo connection closed by peer >&2; exit 1;;
				1) `+raise+c.end+`;;
				2) exec sleep 1000;;
				esac`, w.path("raised"))...)
			r.says(t, 1, "rank 1 failed first", "ValueError: the culprit", "stopped because of rank 1: 2", "also failed:\n    rank 0 exited with code 1", c.says)
			rec := w.ps()[0]
			if rec.Result.First == nil || rec.Workers[*rec.Result.First].Rank != 1 || rec.Workers[1].Cause != "" {
				t.Errorf("%+v %+v", rec.Workers, rec.Result)
			}
		})
	}
}

// Torch's own @record writes what we read, and only where it ought to.
//
// Checklist 61, 62, 63, 65, 69. (64, that SystemExit(0) is swallowed, is torch's
// own affair and not yet so in 1.13.)
func TestTorchrunRecord(t *testing.T) {
	thorough(t)
	t.Parallel()
	python := testpeer.NeedPython(t, "torch", "python3-torch")
	w := newTorchWorld(t, "PYTHON_EXEC="+python)
	parent := w.path("parent.json")
	r := w.runWith(func(cmd *exec.Cmd) { cmd.Env = append(cmd.Env, "TORCHELASTIC_ERROR_FILE="+parent) },
		"torchrun", testdata(t, "train_record.py"))
	r.says(t, 1, "it exited with code 1", "it left this error:", "ValueError: bad shape", "| Traceback (most recent call last):", "in gives_up")
	if want := "success writes nothing\nexit 0 writes nothing\nexit 3 writes nothing\nwithout a file the exception goes on\n"; r.stdout != want {
		t.Errorf("stdout: %q", r.stdout)
	}
	b, err := os.ReadFile(filepath.Join(w.ps()[0].Dir, "attempt_0", "0", "error.json"))
	var own, copied map[string]map[string]any
	if err != nil || json.Unmarshal(b, &own) != nil {
		t.Fatalf("error.json: %q (%v)", b, err)
	}
	if b, err = os.ReadFile(parent); err != nil || json.Unmarshal(b, &copied) != nil {
		t.Fatalf("the parent's file: %q (%v)", b, err)
	}
	own["message"]["errorCode"] = float64(1)
	if a, b := fmt.Sprint(own), fmt.Sprint(copied); a != b {
		t.Errorf("the worker's file with a code: %s\nthe parent's: %s", a, b)
	}
}

// Not every failure is the worker's: what cannot be started fails before
// anything runs.
//
// Checklist 70 (file of a failure that has no log), 84.
func TestTorchrunCannotStart(t *testing.T) {
	t.Parallel()
	w := newTorchWorld(t)
	mark := w.mark()
	r := w.run("torchrun", "--nproc-per-node", "2", "--no-python", w.path("no-such-program"), mark)
	r.says(t, 1, "no-such-program")
	if r.status == job.StatusUsage {
		t.Error("it is no bad usage")
	}
	nothingRuns(t, mark)
}

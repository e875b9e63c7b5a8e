//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// A command that cannot be executed is explained as a shell would, with more
// words, before anything is made.
func TestCommandThatCannotBeExecuted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := func(name, text string, mode os.FileMode) string {
		return writeFile(t, filepath.Join(w.dir, name), text, mode)
	}
	for _, c := range []struct {
		args   []string
		status int
		words  []string
	}{
		{[]string{"no-such-command"}, 127, []string{"no-such-command", "not found in PATH"}},
		{[]string{"/no/such/file"}, 127, []string{"/no/such/file", "no such file"}},
		{[]string{file("interp", "#!/no/such/interpreter\n", 0o755)}, 127, []string{"interpreter", "/no/such/interpreter"}},
		{[]string{file("crlf", "#!/bin/sh\r\necho\r\n", 0o755)}, 127, []string{`/bin/sh\r`, "carriage return"}},
		{[]string{file("nox", "#!/bin/sh\n", 0o644)}, 126, []string{"nox", "chmod +x"}},
		{[]string{w.dir}, 126, []string{"is a directory"}},
		{[]string{"--cwd", "/no/such/dir", "--", "true"}, 126, []string{"/no/such/dir"}},
		{[]string{"--cwd", file("plain", "", 0o644), "--", "true"}, 126, []string{"plain", "not a directory"}},
	} {
		r := w.run(append([]string{"run", "-n", "3"}, c.args...)...)
		r.says(t, c.status, c.words...)
		if r.stdout != "" || strings.Count(r.stderr, "\n") > 3 {
			t.Errorf("%v: stdout %q, stderr %q", c.args, r.stdout, r.stderr)
		}
	}
	w.noRuns("")
}

func TestLogDirThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := writeFile(t, filepath.Join(w.dir, "file"), "", 0o644)
	w.run("run", "--log-dir", file, "true").says(t, 2, "--log-dir", file, "is a file")
	w.run("run", "--log-dir", file+"/below", "true").says(t, 2, "--log-dir", file, "is a file")
	w.run("run", "-d", "--log-dir", file, "true").says(t, 2, "--log-dir", file, "is a file")
	w.noRuns("")
}

func TestLogDirThatIsReadOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	disk := smallDisk(t, "size=64k")
	if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	w.run("run", "--log-dir", disk, "true").says(t, 125, disk, "read-only", "--log-dir")
	w.noRuns(disk)
}

func TestLogDirOfSomebodyElse(t *testing.T) {
	t.Parallel()
	w, as := unprivileged(t)
	closed := t.TempDir()
	os.Chmod(filepath.Dir(closed), 0o755)
	os.Chmod(closed, 0o555)
	r := w.runWith(as, "run", "--log-dir", closed, "true")
	r.says(t, 125, closed, "permission denied", "--log-dir")
}

// The first 32 workers are running when the inodes of the disk are used up.
func TestDiskFullWhileStarting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	disk := smallDisk(t, "nr_inodes=130")
	mark := w.mark()
	r := w.run("run", "-n", "64", "--log-dir", disk, "--env", "MARK="+mark, "--grace", "0", "--", "sleep", "1000")
	r.says(t, 125, "no space left", "--log-dir", "could not be started")
	nothingRuns(t, mark)
}

func TestDiskWithoutRoomForARun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	disk := smallDisk(t, "nr_inodes=1")
	w.run("run", "--log-dir", disk, "true").says(t, 125, disk, "no space left", "--log-dir")
	w.noRuns(disk)
	disk = smallDisk(t, "nr_inodes=2") // the run's directory, but no events.jsonl
	w.run("run", "--log-dir", disk, "true").says(t, 125, "no space left", "--log-dir")
	w.noRuns(disk)
}

// Somewhere between worker 1 and 64 the user may have no more processes.
func TestCloneRefused(t *testing.T) {
	t.Parallel()
	testpeer.Need(t, "prlimit", "util-linux")
	w, as := unprivileged(t)
	mark := w.mark()
	r := w.runWith(func(cmd *exec.Cmd) {
		wrap(cmd, "prlimit", "--nproc=60:60")
		as(cmd)
	}, "run", "-n", "64", "--env", "MARK="+mark, "--", "sleep", "1000")
	r.says(t, 125, "could not be started", "refuses another process", "processes of this user: 60")
	nothingRuns(t, mark)
}

// A worker deletes the program while others are being started.
func TestProgramDeletedWhileStarting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mark := w.mark()
	prog := writeFile(t, filepath.Join(w.dir, "prog"), "#!/bin/sh\nrm -f \"$0\"\nexec sleep 1000\n", 0o755)
	r := w.run("run", "-n", "500", "--redirect", "all", "--env", "MARK="+mark, "--grace", "0", "--", prog)
	// A shell that has not opened the script when it is deleted ends by itself.
	if r.status != 127 && r.status != 2 {
		t.Errorf("exit status %d", r.status)
	}
	r.says(t, r.status, prog)
	nothingRuns(t, mark)
	if recs := w.ps(); len(recs) != 1 || recs[0].State != "ended" || recs[0].Result.First == nil {
		t.Errorf("sluice ps: %+v", recs)
	}
}

// The same for a worker that is to live again: the others are stopped.
func TestProgramDeletedBeforeRestart(t *testing.T) {
	t.Parallel()
	for _, scope := range []string{"worker", "gang"} {
		w := newWorld(t)
		mark := w.mark()
		prog := writeFile(t, filepath.Join(w.dir, "prog"), "#!/bin/sh\n[ $RANK = 1 ] || exec sleep 1000\nrm -f \"$0\"\nexit 3\n", 0o755)
		r := w.run("run", "-n", "3", "--restarts", "2", "--restart-scope", scope, "--restart-backoff", "50ms", "--env", "MARK="+mark, "--", prog)
		r.says(t, 127, "could not be started", prog)
		nothingRuns(t, mark)
	}
}

// A program that is still being written is waited for.
func TestTextFileBusy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	image, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	prog := writeFile(t, filepath.Join(w.dir, "prog"), string(image), 0o755)
	f, err := os.OpenFile(prog, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w.run("run", "-n", "2", prog).says(t, 126, prog, "text file busy")

	s := w.start("run", "-n", "2", "--env", workerEnv+"=nothing", "--name", "busy", prog)
	eventually(t, "the run has its directories", func() bool {
		dirs, _ := filepath.Glob(filepath.Join(w.dir, "state/sluice/runs/busy-*/attempt_0/1"))
		return len(dirs) == 1
	})
	time.AfterFunc(300*time.Millisecond, func() { f.Close() })
	if got := s.end(); got != 0 {
		t.Errorf("exit status %d\n%s", got, s.err)
	}
}

func TestTooFewDescriptors(t *testing.T) {
	t.Parallel()
	testpeer.Need(t, "prlimit", "util-linux")
	w := newWorld(t)
	limit := wrapped("prlimit", "--nofile=64:64")
	w.runWith(limit, "run", "-n", "64", "true").says(t, 125, "64 workers need", "the limit is 64", "ulimit -n")
	w.noRuns("")
	w.runWith(limit, "run", "-n", "1", "true").says(t, 0)
	// What it says is enough is enough.
	var need string
	for word := range strings.FieldsSeq(w.runWith(limit, "run", "-n", "40", "true").stderr) {
		if need == "" && strings.Trim(word, "0123456789") == "" && len(word) == 3 {
			need = word
		}
	}
	r := w.runWith(wrapped("prlimit", "--nofile="+need+":"+need), "run", "-n", "40", "--", "sh", "-c", "echo out; echo err >&2; sleep 0.3")
	r.says(t, 0)
	if strings.Count(r.stdout, "] out\n") != 40 || strings.Count(r.stderr, "] err\n") != 40 {
		t.Errorf("with %s descriptors: %s\n%s", need, clip(r.stdout), clip(r.stderr))
	}
}

// Whoever deletes the log dir while a run starts gets a run or an error.
func TestLogDirDeletedWhileStarting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for round := range 6 {
		logs := filepath.Join(w.dir, "logs")
		mark := w.mark()
		s := w.start("run", "-n", "48", "--log-dir", logs, "--env", "MARK="+mark, "--grace", "0", "--name", "gone", "true")
		eventually(t, "some directories are there", func() bool {
			select {
			case <-s.done:
				return true
			default:
			}
			dirs, _ := filepath.Glob(filepath.Join(logs, "gone-*", "attempt_0", "*"))
			return len(dirs) > round*6
		})
		os.RemoveAll(logs)
		status := s.end()
		if status != 0 && status != 125 {
			t.Errorf("exit status %d\n%s", status, s.err)
		}
		if status == 125 && !strings.Contains(s.err.String(), "log") {
			t.Errorf("nothing is said about the log dir:\n%s", s.err)
		}
		nothingRuns(t, mark)
		os.RemoveAll(logs)
	}
}

// Deleting the log dir of a run costs its logs, not the run.
func TestLogDirDeletedWhileRunning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	logs := filepath.Join(w.dir, "logs")
	s := w.start("run", "-n", "2", "--log-dir", logs, "--name", "gone", "--", "sh", "-c",
		`echo before $RANK; while [ ! -e `+w.dir+`/go ]; do sleep 0.05; done; echo after $RANK`)
	eventually(t, "both have spoken", func() bool { return strings.Count(s.out.String(), "before") == 2 })
	if err := os.RemoveAll(logs); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(w.dir, "go"), "", 0o600)
	if got := s.end(); got != 0 {
		t.Errorf("exit status %d", got)
	}
	if strings.Count(s.out.String(), "after") != 2 {
		t.Errorf("the console: %s", s.out)
	}
}

//go:build linux

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	// Not used here: it makes a cached result of these tests depend on the
	// program, which go does not see them build.
	_ "github.com/sluicerun/sluice/internal/cli"
	"github.com/sluicerun/sluice/internal/testpeer"
)

// sluice is the program under test, built once.
var sluice string

// workerEnv makes the test binary a worker: its value names the function in
// workers that it runs. See worker.
const workerEnv = "SLUICE_E2E_WORKER"

// workers are programs that tests start under sluice. Their arguments are
// os.Args[1:].
var workers = map[string]func(){}

func TestMain(m *testing.M) {
	if name := os.Getenv(workerEnv); name != "" {
		workers[name]()
		return
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "sluice-e2e")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		os.Chmod(dir, 0o755) // also for an unprivileged user
		sluice = filepath.Join(dir, "sluice")
		args := []string{"build", "-o", sluice}
		if forks {
			args = append(args, "-ldflags=-E github.com/sluicerun/sluice/internal/early.entry")
		}
		build := exec.Command("go", append(args, "github.com/sluicerun/sluice/cmd/sluice")...)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building sluice: %v\n%s", err, out)
			return 1
		}
		if !testpeer.Strict() {
			// Most tests wait most of the time. With -race, which takes all
			// processors, as many as there are is enough.
			flag.Parse()
			if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
				flag.Set("test.parallel", strconv.Itoa(3*runtime.GOMAXPROCS(0)))
			}
		}
		return m.Run()
	}())
}

// world is a place of its own for one test: state and runtime directories, so
// that "the latest run" is the test's.
type world struct {
	t   *testing.T
	dir string
	env []string
	as  *syscall.Credential // nil: this user
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir()}
	os.Chmod(w.dir, 0o700)
	// A control socket's path may have 108 bytes; a test's directory is long.
	run, err := os.MkdirTemp("", "sl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(run) })
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "XDG_") && !strings.HasPrefix(kv, "SLUICE_") {
			w.env = append(w.env, kv)
		}
	}
	w.env = append(w.env, "XDG_STATE_HOME="+filepath.Join(w.dir, "state"), "XDG_RUNTIME_DIR="+run)
	return w
}

// become makes everything in this world happen as another user.
func (w *world) become(as *syscall.Credential) {
	w.t.Helper()
	dir, err := os.MkdirTemp("", "slw") // a test's own lies in a directory that others cannot enter
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { os.RemoveAll(dir) })
	run := filepath.Join(dir, "run")
	if err := os.Mkdir(run, 0o700); err != nil {
		w.t.Fatal(err)
	}
	for _, d := range []string{dir, run} {
		if err := os.Chown(d, int(as.Uid), int(as.Gid)); err != nil {
			w.t.Fatal(err)
		}
	}
	w.dir, w.as = dir, as
	// The last entry for a key wins.
	w.env = append(w.env, "HOME="+dir, "XDG_STATE_HOME="+filepath.Join(dir, "state"), "XDG_RUNTIME_DIR="+run)
}

// path is a file of this world's.
func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

// mkdir makes a directory that belongs to the world's user.
func (w *world) mkdir(dir string) {
	w.t.Helper()
	err := os.Mkdir(dir, 0o700)
	if err == nil && w.as != nil {
		err = os.Chown(dir, int(w.as.Uid), int(w.as.Gid))
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// self is this test binary at a place where every user may execute it.
var self = sync.OnceValues(func() (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	path := filepath.Join(filepath.Dir(sluice), "worker")
	if os.Link(exe, path) == nil && os.Chmod(path, 0o755) == nil {
		return path, nil
	}
	b, err := os.ReadFile(exe)
	if err == nil {
		err = os.WriteFile(path, b, 0o755)
	}
	return path, err
})

// worker is a command line prefix that runs a function of this test binary:
// sluice run w.worker("name")... ARGS
func (w *world) worker(name string) []string {
	exe, err := self()
	if err != nil {
		w.t.Fatal(err)
	}
	return []string{"env", workerEnv + "=" + name, exe}
}

// result is what a finished sluice left.
type result struct {
	stdout, stderr string
	status         int
}

// run runs sluice to its end; a hang fails the test after a minute.
func (w *world) run(args ...string) result {
	w.t.Helper()
	return w.runWith(nil, args...)
}

// runWith also lets the caller change the command before it starts.
func (w *world) runWith(change func(*exec.Cmd), args ...string) result {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, sluice, args...)
	cmd.Env = w.env
	cmd.Dir = w.dir
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: w.as}
	if change != nil {
		change(cmd)
	}
	e := cmd.Run()
	if ctx.Err() != nil {
		w.t.Fatalf("sluice %v hung\nstdout: %s\nstderr: %s", args, clip(out.String()), clip(err.String()))
	}
	var ee *exec.ExitError
	if e != nil && !errors.As(e, &ee) {
		w.t.Fatalf("sluice %v: %v", args, e)
	}
	return result{out.String(), err.String(), statusOf(cmd.ProcessState)}
}

// statusOf is a shell's $?.
func statusOf(ps *os.ProcessState) int {
	if ws := ps.Sys().(syscall.WaitStatus); ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return ps.ExitCode()
}

func clip(s string) string {
	if len(s) > 4000 {
		return s[:2000] + "\n...\n" + s[len(s)-2000:]
	}
	return s
}

// started is a sluice that goes on.
type started struct {
	*exec.Cmd
	w        *world
	out, err *lockedBuffer
	done     chan struct{}
}

// start starts sluice without waiting; it is killed when the test ends.
func (w *world) start(args ...string) *started {
	w.t.Helper()
	return w.startWith(nil, args...)
}

func (w *world) startWith(change func(*exec.Cmd), args ...string) *started {
	w.t.Helper()
	s := &started{Cmd: exec.Command(sluice, args...), w: w, out: new(lockedBuffer), err: new(lockedBuffer), done: make(chan struct{})}
	s.Env, s.Dir = w.env, w.dir
	s.Stdout, s.Stderr = s.out, s.err
	s.SysProcAttr = &syscall.SysProcAttr{Credential: w.as}
	if change != nil {
		change(s.Cmd)
	}
	if err := s.Start(); err != nil {
		w.t.Fatal(err)
	}
	go func() { s.Wait(); close(s.done) }()
	w.t.Cleanup(func() {
		s.Process.Signal(syscall.SIGTERM)
		select {
		case <-s.done:
		case <-time.After(5 * time.Second):
			s.Process.Kill()
			select {
			case <-s.done:
			case <-time.After(5 * time.Second):
				w.t.Errorf("somebody still holds the output of sluice %v", args)
			}
		}
	})
	return s
}

// end waits for the end and returns the exit status.
func (s *started) end() int {
	s.w.t.Helper()
	select {
	case <-s.done:
	case <-time.After(time.Minute):
		s.w.t.Fatalf("sluice %v did not end\nstdout: %s\nstderr: %s", s.Args[1:], clip(s.out.String()), clip(s.err.String()))
	}
	return statusOf(s.ProcessState)
}

// eventually waits for a condition that no event tells of.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("it never came to this: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// record is what the tests read of a run in `sluice ps --json`.
type record struct {
	ID       string
	Name     string
	Dir      string
	State    string
	Launcher *struct{ Pid int }
	Agent    *struct{ Pid int }
	Guardian *struct{ Pid int }
	Cgroup   string
	Workers  []struct {
		Rank, PID, Code, Attempt    int
		Kind, Signal, Cause, Detail string
		Dir                         string
	}
	Result *struct {
		Verdict, Detail string
		Status          int
		First           *int
		Attempts        int
		Unshown         int64
		Dropped         int64
	}
}

// ps lists the world's runs, the latest first.
func (w *world) ps() []record {
	w.t.Helper()
	r := w.run("ps", "--json", "--all")
	if r.status != 0 {
		w.t.Fatalf("sluice ps: %s", r.stderr)
	}
	var recs []record
	if err := json.Unmarshal([]byte(r.stdout), &recs); err != nil {
		w.t.Fatalf("sluice ps --json: %v\n%s", err, r.stdout)
	}
	return recs
}

// log reads a rank's log of the latest run, whole.
func (w *world) log(rank int, stream string) string {
	w.t.Helper()
	b, err := os.ReadFile(filepath.Join(w.ps()[0].Dir, "attempt_0", strconv.Itoa(rank), stream+".log"))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}

// alive tells whether a process exists and is no zombie.
func alive(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	rest := string(b[bytes.LastIndexByte(b, ')')+1:])
	return !strings.HasPrefix(rest, " Z") && !strings.HasPrefix(rest, " X")
}

// mark is an argument or variable that no other test's processes have.
func (w *world) mark() string { return fmt.Sprintf("mark-%d-%d", os.Getpid(), time.Now().UnixNano()) }

// marked lists the processes that carry a mark in their environment or command
// line, zombies and sluice's own left out.
func marked(mark string) []int {
	var pids []int
	ents, _ := os.ReadDir("/proc")
	for _, e := range ents {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() || !alive(pid) {
			continue
		}
		exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
		if exe == sluice {
			continue
		}
		env, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		args, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if bytes.Contains(env, []byte(mark)) || bytes.Contains(args, []byte(mark)) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// lockedBuffer is a bytes.Buffer that may be read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

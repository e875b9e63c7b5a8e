//go:build linux && (amd64 || arm64)

package e2e

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// numberedLines prints numbers until its stdin ends: by how many threads, and whether
// through Python's own buffer is told by its arguments.
const numberedLines = `
import os, sys, threading, time
threads, buffered = int(sys.argv[1]), sys.argv[2] == "print"
over, lock, bad = threading.Event(), threading.Lock(), []
def work(n):
    i = 0
    while not over.is_set():
        began = time.monotonic()
        try:
            if buffered:
                with lock: print(n, i, flush=True)
            else:
                line = b"%d %d\n" % (n, i)
                if os.write(1, line) != len(line): bad.append("short write")
            time.sleep(0.01)
        except BaseException as e: bad.append(repr(e))
        if time.monotonic() - began < 0.01: bad.append("short sleep")
        i += 1
    with lock: print(n, "end", i, flush=True)
ts = [threading.Thread(target=work, args=(n,)) for n in range(threads)]
for t in ts: t.start()
sys.stdin.read()
over.set()
for t in ts: t.join()
for b in bad: print(b, file=sys.stderr)
sys.exit(len(bad) > 0)
`

// stranger is a process that the program under test has not started.
type stranger struct {
	t           *testing.T
	cmd         *exec.Cmd
	in          io.WriteCloser
	out, stderr string // files
}

func startStranger(t *testing.T, as *syscall.Credential, args ...string) *stranger {
	t.Helper()
	dir := t.TempDir()
	s := &stranger{t: t, cmd: exec.Command(args[0], args[1:]...), out: filepath.Join(dir, "out"), stderr: filepath.Join(dir, "err")}
	// Else Python takes several calls for a line, and a redirect between them tears it.
	s.cmd.Env = append(os.Environ(), "PYTHONUNBUFFERED=")
	in, err := s.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.in = in
	for path, to := range map[string]*io.Writer{s.out: &s.cmd.Stdout, s.stderr: &s.cmd.Stderr} {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		*to = f
	}
	if as != nil {
		s.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
		s.cmd.Dir = "/"
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			s.cmd.Process.Kill()
			s.cmd.Wait()
		}
	})
	return s
}

// startCat starts a cat that has come to its reading: before, the dynamic loader has
// files open.
func startCat(t *testing.T, as *syscall.Credential) *stranger {
	t.Helper()
	s := startStranger(t, as, "cat")
	io.WriteString(s.in, "up\n")
	waitUntil(t, "cat is up", func() bool { return s.wrote(s.out) })
	return s
}

func (s *stranger) pid() string { return strconv.Itoa(s.cmd.Process.Pid) }

// fds are its descriptors and what they are.
func (s *stranger) fds() string {
	var b strings.Builder
	dir := filepath.Join("/proc", s.pid(), "fd")
	entries, err := os.ReadDir(dir)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range entries {
		link, _ := os.Readlink(filepath.Join(dir, e.Name()))
		fmt.Fprintln(&b, e.Name(), link)
	}
	return b.String()
}

// end closes its stdin and expects it to end well.
func (s *stranger) end() {
	s.t.Helper()
	s.in.Close()
	if err := s.cmd.Wait(); err != nil {
		text, _ := os.ReadFile(s.stderr)
		s.t.Errorf("%v\n%s", err, text)
	}
}

func (s *stranger) wrote(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Size() > 0
}

// redirect runs the command and returns its stderr and status.
func redirect(w *world, args ...string) (string, int) {
	w.t.Helper()
	cmd := exec.Command(sluice, append([]string{"redirect"}, args...)...)
	cmd.Env = w.env
	if w.as != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: w.as}
	}
	cmd.Dir = w.dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	timer := time.AfterFunc(60*time.Second, func() { cmd.Process.Kill() })
	defer timer.Stop()
	err := cmd.Run()
	if err != nil && cmd.ProcessState == nil {
		w.t.Fatal(err)
	}
	return stderr.String(), cmd.ProcessState.ExitCode()
}

func mustRedirect(w *world, args ...string) string {
	w.t.Helper()
	text, status := redirect(w, args...)
	if status != 0 {
		w.t.Fatalf("status %d: %s", status, text)
	}
	return text
}

func waitUntil(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("in vain: ", what)
		}
	}
}

func TestRedirectAndBack(t *testing.T) {
	python := testpeer.Need(t, "python3", "python3")
	for _, c := range []struct {
		name    string
		threads int
		how     string
	}{{"write", 1, "write"}, {"print", 1, "print"}, {"threads", 8, "write"}, {"printing threads", 8, "print"}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := startStranger(t, nil, python, "-c", numberedLines, strconv.Itoa(c.threads), c.how)
			waitUntil(t, "it prints", func() bool { return s.wrote(s.out) })
			before := s.fds()
			file := w.path("moved.log")
			for i := range times(100) {
				args := []string{s.pid(), "--stdout", file}
				if i%3 == 0 {
					args = append(args, "--stderr", file)
				}
				text := mustRedirect(w, args...)
				if want := "stdout of process " + s.pid(); !strings.Contains(text, want) || !strings.Contains(text, "it was stopped for") {
					t.Fatal(text)
				}
				mustRedirect(w, s.pid(), "--undo")
			}
			if after := s.fds(); after != before {
				t.Errorf("descriptors before:\n%sand after:\n%s", before, after)
			}
			s.end()
			here, _ := os.ReadFile(s.out)
			there, _ := os.ReadFile(file)
			if len(there) == 0 {
				t.Error("nothing has gone to the file")
			}
			numbersOnce(t, c.threads, string(here)+string(there))
		})
	}
}

// numbersOnce checks that each thread's numbers are there, each once.
func numbersOnce(t *testing.T, threads int, text string) {
	t.Helper()
	seen := map[string]int{}
	ends := map[int]int{}
	for line := range strings.Lines(text) {
		var n, end int
		if _, err := fmt.Sscanf(line, "%d end %d\n", &n, &end); err == nil {
			ends[n] = end
			continue
		}
		seen[line]++
	}
	if len(ends) != threads {
		t.Errorf("%d threads have ended", len(ends))
	}
	for n, end := range ends {
		for i := range end {
			line := fmt.Sprintf("%d %d\n", n, i)
			if seen[line] != 1 {
				t.Errorf("%q is there %d times", line, seen[line])
			}
			delete(seen, line)
		}
	}
	if len(seen) > 0 {
		t.Errorf("nobody wrote %v", seen)
	}
}

// Threads in all kinds of waits notice nothing.
func TestRedirectWaits(t *testing.T) {
	gcc := testpeer.Need(t, "gcc", "gcc")
	bin := filepath.Join(t.TempDir(), "waits")
	if out, err := exec.Command(gcc, "-O1", "-pthread", "-o", bin, "../../adopt/internal/ptrace/testdata/waits.c").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	w := newWorld(t)
	s := startStranger(t, nil, bin)
	waitUntil(t, "it is ready", func() bool { return s.wrote(s.out) })
	for range times(30) {
		mustRedirect(w, s.pid(), "--stdout", w.path("log"))
		mustRedirect(w, s.pid(), "--undo")
	}
	s.end()
}

// A second redirect moves on, and the way back stays that to the start. Records of
// what is no more are refused.
func TestRedirectTwice(t *testing.T) {
	w := newWorld(t)
	s := startCat(t, nil)
	before := s.fds()
	if text, status := redirect(w, s.pid(), "--undo"); status != 2 || !strings.Contains(text, "no redirect of it is on record") {
		t.Errorf("%d %s", status, text)
	}
	mustRedirect(w, s.pid(), "--stdout", "one")
	mustRedirect(w, s.pid(), "--stderr", "err")
	mustRedirect(w, s.pid(), "--stdout", "two")
	for fd, name := range map[string]string{"1": "two", "2": "err"} {
		if link, _ := os.Readlink("/proc/" + s.pid() + "/fd/" + fd); link != w.path(name) {
			t.Errorf("%s is %s", fd, link)
		}
	}
	mustRedirect(w, s.pid(), "--undo")
	if after := s.fds(); after != before {
		t.Errorf("%sis now\n%s", before, after)
	}
	if text, status := redirect(w, s.pid(), "--stdout", "no/such"); status != 2 || !strings.Contains(text, "no/such") {
		t.Errorf("%d %s", status, text)
	}
	if after := s.fds(); after != before {
		t.Errorf("%sis now\n%s", before, after)
	}
	s.end()
}

func TestRedirectStopped(t *testing.T) {
	w := newWorld(t)
	s := startStranger(t, nil, "cat")
	unix.Kill(s.cmd.Process.Pid, unix.SIGSTOP)
	stopped := func() bool {
		data, _ := os.ReadFile("/proc/" + s.pid() + "/stat")
		return bytes.Contains(data, []byte(") T "))
	}
	waitUntil(t, "it is stopped", stopped)
	mustRedirect(w, s.pid(), "--stdout", "log")
	waitUntil(t, "it is stopped still", stopped)
	mustRedirect(w, s.pid(), "--undo")
	waitUntil(t, "it is stopped still", stopped)
	unix.Kill(s.cmd.Process.Pid, unix.SIGCONT)
	s.end()
}

func TestRedirectRefused(t *testing.T) {
	w := newWorld(t)
	refused := func(want string, args ...string) {
		t.Helper()
		text, status := redirect(w, args...)
		if status != 1 || !strings.Contains(text, want) {
			t.Errorf("%v: %d %s", args, status, text)
		}
	}
	refused("this command descends from it", strconv.Itoa(os.Getpid()), "--stdout", "log")
	python := testpeer.Need(t, "python3", "python3")
	// A filter that permits everything: prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER).
	s := startStranger(t, nil, python, "-c", `
import ctypes, struct, sys
c = ctypes.CDLL(None, use_errno=True)
code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7fff0000))
prog = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", 1, ctypes.addressof(code)))
if c.prctl(38, 1, 0, 0, 0) or c.prctl(22, 2, prog, 0, 0): sys.exit(3)
print("ready", flush=True)
sys.stdin.read()`)
	waitUntil(t, "it is ready", func() bool { return s.wrote(s.out) })
	refused("seccomp filter", s.pid(), "--stdout", "log")
	if _, err := os.Stat(w.path("log")); err == nil {
		t.Error("a file was made for nothing")
	}
	before := s.fds()
	mustRedirect(w, s.pid(), "--stdout", "log", "--force")
	mustRedirect(w, s.pid(), "--undo")
	if after := s.fds(); after != before {
		t.Errorf("%sis now\n%s", before, after)
	}
	s.end()
}

// What the process itself makes impossible is told with status 1, and what is lost of
// one stream's way back does not keep the other from going back.
func TestRedirectLost(t *testing.T) {
	w := newWorld(t)
	cannot := func(want string, args ...string) {
		t.Helper()
		if text, status := redirect(w, args...); status != 1 || !strings.Contains(text, want) {
			t.Errorf("%v: %d %s", args, status, text)
		}
	}
	s := startStranger(t, nil, "bash", "-c", "echo up; read; exec bash -c 'echo again; read; exec 1>&-; echo closed >&2; read; true'")
	waitUntil(t, "it is up", func() bool { return s.wrote(s.out) })
	mustRedirect(w, s.pid(), "--stdout", "one")
	io.WriteString(s.in, "\n")
	waitUntil(t, "it is another program", func() bool { return s.wrote(w.path("one")) })
	cannot("the way back is lost", s.pid(), "--undo")
	mustRedirect(w, s.pid(), "--stderr", "two")
	mustRedirect(w, s.pid(), "--undo")
	if link, _ := os.Readlink("/proc/" + s.pid() + "/fd/2"); link != s.stderr {
		t.Errorf("stderr is %s", link)
	}
	io.WriteString(s.in, "\n")
	waitUntil(t, "it has closed its stdout", func() bool { return s.wrote(s.stderr) })
	cannot("its stdout is closed", s.pid(), "--stdout", "log")
	limit := unix.Rlimit{Cur: 3, Max: 3}
	if err := unix.Prlimit(s.cmd.Process.Pid, unix.RLIMIT_NOFILE, &limit, nil); err != nil {
		t.Fatal(err)
	}
	cannot("no descriptor free", s.pid(), "--stderr", "log")
	if _, err := os.Stat(w.path("log")); err == nil {
		t.Error("a file was made for nothing")
	}
	s.end()
}

func TestRedirectOthers(t *testing.T) {
	testpeer.NeedRoot(t, "be two users")
	nobody := &syscall.Credential{Uid: 65534, Gid: 65534}
	root := newWorld(t)
	s := startCat(t, nobody)
	if text, status := redirect(root, s.pid(), "--stdout", "log"); status != 1 || !strings.Contains(text, "not ours") || !strings.Contains(text, "--force") {
		t.Errorf("%d %s", status, text)
	}
	before := s.fds()
	mustRedirect(root, s.pid(), "--stdout", "log", "--force")
	if link, _ := os.Readlink("/proc/" + s.pid() + "/fd/1"); link != root.path("log") {
		t.Error(link)
	}
	mustRedirect(root, s.pid(), "--undo")
	if after := s.fds(); after != before {
		t.Errorf("%sis now\n%s", before, after)
	}
	w := newWorld(t)
	w.become(nobody)
	mustRedirect(w, s.pid(), "--stdout", "log")
	mustRedirect(w, s.pid(), "--undo")
	s.end()
	other := startStranger(t, nil, "cat")
	if text, status := redirect(w, other.pid(), "--stdout", "log", "--force"); status != 1 || !strings.Contains(text, "user") {
		t.Errorf("%d %s", status, text)
	}
	other.end()
}

// Killed in the middle of it all, and the command ends with an error that says so.
func TestRedirectKilled(t *testing.T) {
	w := newWorld(t)
	for i := range 20 {
		s := startStranger(t, nil, "cat")
		go func() {
			time.Sleep(time.Duration(i) * time.Millisecond)
			s.cmd.Process.Kill()
		}()
		for {
			text, status := redirect(w, s.pid(), "--stdout", w.path("log"))
			if status == 1 && strings.Contains(text, "has ended") || status == 2 {
				break
			}
			if status != 0 {
				t.Fatalf("%d %s", status, text)
			}
		}
		s.cmd.Wait()
	}
}

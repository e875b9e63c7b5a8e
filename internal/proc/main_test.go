//go:build linux

package proc

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sluicerun/sluice/job"
)

// innerEnv names the test that is to run inside of a process of its own.
const innerEnv = "PROC_TEST_INNER"

func TestMain(m *testing.M) {
	MaybeStage()
	if os.Getenv("PROC_TEST_HOG") != "" {
		hog()
	}
	if os.Getenv("PROC_TEST_HEADLESS") != "" {
		headless()
	}
	goleak.VerifyTestMain(m)
}

// inner tells whether this is the test's own process. Elsewhere it runs one,
// after the words of wrap, and passes its verdict on.
func inner(t *testing.T, wrap ...string) bool {
	t.Helper()
	if os.Getenv(innerEnv) == t.Name() {
		return true
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := append(wrap, exe, "-test.run=^"+strings.ReplaceAll(t.Name(), "/", "$/^")+"$", "-test.v")
	cmd := exec.Command(args[0], args[1:]...)
	// The race detector sleeps for a second at the end unless told not to.
	cmd.Env = append(os.Environ(), innerEnv+"="+t.Name(), "GORACE=atexit_sleep_ms=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("in a process of its own: %v\n%s", err, out)
	}
	switch text := string(out); {
	case strings.Contains(text, "--- SKIP"):
		t.Skip(text)
	case !strings.Contains(text, "--- PASS: "+t.Name()):
		t.Fatalf("the test did not run in a process of its own:\n%s", out)
	}
	return false
}

func newSpawner(t testing.TB, opt SpawnerOptions) *Spawner {
	t.Helper()
	s, err := NewSpawner(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// start starts a command that the test's end kills and reaps.
func start(t testing.TB, s *Spawner, c *Cmd) *Process {
	t.Helper()
	p, err := s.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.SignalGroup(syscall.SIGKILL)
		<-p.Exited()
		_, _ = p.Reap()
	})
	return p
}

func sh(script string, args ...string) *Cmd {
	return &Cmd{Path: "/bin/sh", Args: append([]string{"sh", "-c", script, "sh"}, args...), Env: os.Environ()}
}

// output runs c with a pipe as stdout to its end and returns what it wrote.
func output(t testing.TB, s *Spawner, c *Cmd) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c.Files = append([]*os.File{nil, w, os.Stderr}, c.Files...)
	p := start(t, s, c)
	w.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	<-p.Exited()
	if st := p.Status(); st != (Status{Kind: job.KindExited}) {
		t.Fatalf("%v: status %+v, output %q", c.Args, st, data)
	}
	return string(data)
}

// pipeTo makes a pipe whose write end goes to processes; the read end says EOF
// when the last of them has ended.
func pipeTo(t testing.TB) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// line reads one line, which tells that a process has come that far.
func line(t testing.TB, r io.Reader) string {
	t.Helper()
	var b strings.Builder
	for one := make([]byte, 1); ; {
		if _, err := io.ReadFull(r, one); err != nil {
			t.Fatalf("reading a line: %v (so far %q)", err, b.String())
		}
		if one[0] == '\n' {
			return b.String()
		}
		b.Write(one)
	}
}

// hog takes memory until it is killed, as the first whom the kernel may choose.
func hog() {
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	var all [][]byte
	for len(all) < 4096 {
		b := make([]byte, 1<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		all = append(all, b)
	}
	fmt.Println("nobody stopped me", len(all))
	os.Exit(9)
}

// The main goroutine stays on the first thread: see headless.
func init() { runtime.LockOSThread() }

// headless ends the first thread and lives on in another: to who looks at the
// process alone it is a zombie.
func headless() {
	go func() {
		for s := byte(0); s != 'Z'; {
			if p, err := procIn("/").Stat(os.Getpid()); err == nil {
				s = p.State
			}
		}
		fmt.Println("ready")
		time.Sleep(time.Hour)
	}()
	syscall.Syscall(syscall.SYS_EXIT, 0, 0, 0)
}

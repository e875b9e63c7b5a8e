//go:build linux

package stream

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/job"
)

// The test binary is also the processes that the tests kill: see roles.
func TestMain(m *testing.M) {
	if role := os.Getenv("STREAM_TEST_ROLE"); role != "" {
		os.Exit(roles(role))
	}
	goleak.VerifyTestMain(m)
}

func roles(role string) int {
	env := func(k string) string { return os.Getenv("STREAM_TEST_" + k) }
	num := func(k string) int64 { n, _ := strconv.ParseInt(env(k), 10, 64); return n }
	fail := func(err error) int { fmt.Fprintln(os.Stderr, role+":", err); return 1 }
	opt := LogOptions{
		Rotate: job.Rotate{MaxSize: num("MAX"), Compress: env("COMPRESS") != ""},
		Direct: role == "keep",
		OnEvent: func(e job.Event) {
			if e.Type == job.EventLogError {
				fmt.Fprintln(os.Stderr, role+":", e.Detail)
			}
		},
	}
	switch role {
	case "flood": // writes the known text to fd 1
		w := newText(uint64(num("SEED")), int(num("LINE")))
		for left := num("BYTES"); left > 0; {
			b := w.next(int(min(left, 1+int64(w.r.IntN(30000)))))
			if _, err := os.Stdout.Write(b); err != nil {
				return fail(err)
			}
			left -= int64(len(b))
		}
	case "pump": // fd 3 to the log, until its end
		r := os.NewFile(3, "pipe")
		l, err := Open(env("DIR"), "stdout.log", opt)
		if err != nil {
			return fail(err)
		}
		p := StartPump(r, l, PumpOptions{})
		<-p.Done()
		l.Close()
	case "keep": // looks after a direct log until fd 0 ends
		l, err := Open(env("DIR"), "stdout.log", opt)
		if err != nil {
			return fail(err)
		}
		os.Stdin.Read(make([]byte, 1))
		l.Close()
	}
	return 0
}

// child prepares this binary in a role.
func child(role string, env ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "STREAM_TEST_ROLE="+role)
	for _, e := range env {
		cmd.Env = append(cmd.Env, "STREAM_TEST_"+e)
	}
	cmd.Stderr = os.Stderr
	return cmd
}

// text is an endless text that can be made again: lines of random lengths, some
// of them very long, no two alike.
type text struct {
	r    *rand.Rand
	line int // greatest usual length
	n    int
	buf  []byte
}

func newText(seed uint64, line int) *text {
	return &text{r: rand.New(rand.NewPCG(seed, 1)), line: max(line, 20)}
}

func (t *text) next(n int) []byte {
	for len(t.buf) < n {
		t.n++
		// The random source is shared with the caller's choice of sizes, so
		// that lengths must not come from it.
		h := uint64(t.n) * 0x9E3779B97F4A7C15
		k := int(h>>33) % t.line
		if t.n%97 == 0 {
			k *= 20
		}
		t.buf = fmt.Appendf(t.buf, "%d %x ", t.n, h)
		for i := range k {
			t.buf = append(t.buf, 'a'+byte((int(h)+i)&15))
		}
		t.buf = append(t.buf, '\n')
	}
	b := bytes.Clone(t.buf[:n])
	t.buf = t.buf[n:]
	return b
}

func wantText(seed uint64, line int, n int64) []byte { return newText(seed, line).next(int(n)) }

// readAll reads a log from its first byte on, as another process would.
func readAll(t *testing.T, dir string) []byte {
	t.Helper()
	f, err := OpenFollower(dir, "stdout.log", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return drainFollower(t, f)
}

func drainFollower(t *testing.T, f *Follower) []byte {
	t.Helper()
	var out []byte
	buf := make([]byte, 70001)
	for {
		n, err := f.Read(buf)
		out = append(out, buf[:n]...)
		if err != nil {
			if err.Error() != "EOF" {
				t.Fatalf("reading on at %d: %v", f.Offset(), err)
			}
			return out
		}
	}
}

// same compares long texts without printing them.
func same(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	t.Fatalf("%s: %d bytes, want %d; they part at %d: %.60q, want %.60q", what, len(got), len(want), i, got[i:], want[i:])
}

func listDir(t *testing.T, dir string) []string {
	t.Helper()
	names, err := listNames(dir)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// events collects what a log told.
type events struct {
	mu  sync.Mutex
	all []job.Event
	ch  chan job.Event
}

func newEvents() *events { return &events{ch: make(chan job.Event, 10000)} }

func (e *events) on(ev job.Event) {
	e.mu.Lock()
	e.all = append(e.all, ev)
	e.mu.Unlock()
	e.ch <- ev
}

func (e *events) count(typ job.EventType) (n int, bytes int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, ev := range e.all {
		if ev.Type == typ {
			n++
			bytes += ev.Bytes
		}
	}
	return n, bytes
}

// await waits for an event of a type.
func (e *events) await(t *testing.T, typ job.EventType) job.Event {
	t.Helper()
	for ev := range e.ch {
		if ev.Type == typ {
			return ev
		}
		t.Logf("event %s: %s", ev.Type, ev.Detail)
	}
	panic("unreachable")
}

// pipe makes a pipe whose write end blocks, as a worker's does.
func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	unix.SetNonblock(p[0], true)
	r, w = os.NewFile(uintptr(p[0]), "|0"), os.NewFile(uintptr(p[1]), "|1")
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// tmpfs mounts a file system of size bytes, which needs root.
func tmpfs(t *testing.T, size int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "mnt")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("sluice-test", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		if os.Geteuid() != 0 {
			t.Skipf("mounting a small tmpfs needs root: %v", err)
		}
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmounting: %v (a file left open?)", err)
		}
	})
	return dir
}

// onFS runs a test on the temp directory's file system and on a tmpfs.
func onFS(t *testing.T, f func(t *testing.T, dir string)) {
	t.Run("tempdir", func(t *testing.T) { f(t, t.TempDir()) })
	t.Run("tmpfs", func(t *testing.T) {
		dir := "/dev/shm"
		var st unix.Statfs_t
		if unix.Statfs(dir, &st) != nil || st.Type != unix.TMPFS_MAGIC {
			t.Skip("/dev/shm is not a tmpfs here")
		}
		sub, err := os.MkdirTemp(dir, "sluice-test-")
		if err != nil {
			t.Skipf("/dev/shm cannot be written: %v", err)
		}
		t.Cleanup(func() { os.RemoveAll(sub) })
		f(t, sub)
	})
}

func hasSuffix(names []string, suffix string) int {
	n := 0
	for _, s := range names {
		if strings.HasSuffix(s, suffix) {
			n++
		}
	}
	return n
}

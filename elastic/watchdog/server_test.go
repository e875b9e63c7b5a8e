//go:build linux

package watchdog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// listen returns a server and what expires.
func listen(t *testing.T, o Options) (*Server, <-chan Expired) {
	t.Helper()
	expired := make(chan Expired, 1000)
	o.OnExpire = func(e Expired) { expired <- e }
	s, err := Listen(filepath.Join(t.TempDir(), "timers"), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, expired
}

// say opens, writes and closes, as the client does.
func say(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func lineOf(pid int, scope string, expires float64) string {
	return fmt.Sprintf(`{"version": 1, "pid": %d, "scope_id": %q, "expiration_time": %f, "signal": 15}`+"\n", pid, scope, expires)
}

// Lines that are none are counted and stop nothing, whoever comes and goes.
func TestBadLines(t *testing.T) {
	s, expired := listen(t, Options{})
	say(t, s.Path(), "rubbish\n")
	say(t, s.Path(), lineOf(1, "half", 0)[:20]) // its writer is gone
	say(t, s.Path(), lineOf(2, "meets the half", 0))
	say(t, s.Path(), strings.Repeat("x", 3000))
	say(t, s.Path(), strings.Repeat("x", 3000)+"\n")
	say(t, s.Path(), "\x00\xff\n")
	say(t, s.Path(), lineOf(3, strings.Repeat("s", maxLine-len(lineOf(3, "", 0))+1), 0)) // as long as can be
	say(t, s.Path(), lineOf(4, strings.Repeat("s", maxLine-len(lineOf(3, "", 0))+2), 0)) // one more
	say(t, s.Path(), lineOf(5, "last", 0))
	if e := <-expired; e.PID != 3 {
		t.Errorf("process %d, want 3, of the longest line", e.PID)
	}
	if e := <-expired; e.PID != 5 || e.Scope != "last" || e.Signal != syscall.SIGTERM || e.At.Unix() != 0 {
		t.Errorf("process %d, want 5, of the last line", e.PID)
	}
	want := Stats{Requests: 2, Skipped: 5, Expired: 2, LastSkipped: "a line is longer than 4096 bytes"}
	if got := s.Stats(); got != want {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

// Many writers at once: lines come whole. Strangers are passed over.
func TestManyClients(t *testing.T) {
	s, expired := listen(t, Options{Known: func(pid int) bool { return pid%2 == 0 }})
	const clients, each = 20, 20
	var all sync.WaitGroup
	for c := range clients {
		all.Go(func() {
			f, err := os.OpenFile(s.Path(), os.O_WRONLY, 0)
			if err != nil {
				t.Error(err)
				return
			}
			defer f.Close()
			for i := range each {
				if _, err := f.WriteString(lineOf(c+1, fmt.Sprint(i, strings.Repeat(".", 500)), 0)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	say(t, s.Path(), lineOf(1000, "read after all others", 0))
	for range clients*each/2 + 1 {
		if e := <-expired; e.PID%2 != 0 {
			t.Errorf("a stranger's timer: %+v", e)
		}
	}
	s.Close()
	want := Stats{Requests: clients*each + 1, Unknown: clients * each / 2, Expired: clients*each/2 + 1}
	if got := s.Stats(); got != want || len(expired) > 0 {
		t.Errorf("%+v and %d more, want %+v", got, len(expired), want)
	}
}

func TestListenAndClose(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "timers")
	s, err := Listen(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if st, err := os.Lstat(path); err != nil || st.Mode() != fs.ModeNamedPipe|0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	if _, err := Listen(path, Options{}); err == nil || err.Error() != "making the watchdog's FIFO "+path+": another process listens there: choose another path" {
		t.Errorf("a second server: %v", err)
	}
	s.Close()
	s.Close()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Close: %v", err)
	}
	if err := unix.Mkfifo(path, 0o666); err != nil { // left by a run that was killed
		t.Fatal(err)
	}
	if s, err = Listen(path, Options{}); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Lstat(path); err != nil || st.Mode() != fs.ModeNamedPipe|0o600 {
		t.Errorf("after a stale one: %v, %v", st.Mode(), err)
	}
	// What somebody put into its place is not ours to remove.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("after Close: %v", err)
	}
}

func TestListenErrors(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := os.WriteFile(file, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("fifo", link); err != nil {
		t.Fatal(err)
	}
	const none = "it is there and is no FIFO: remove it or choose another path"
	for path, want := range map[string]string{
		file: none, link: none, dir: none,
		filepath.Join(dir, "not", "there"): "no such file or directory",
		filepath.Join(file, "below"):       "not a directory",
		dir + "/\x00":                      "invalid argument",
		"":                                 "no such file or directory",
	} {
		if _, err := Listen(path, Options{}); err == nil || err.Error() != "making the watchdog's FIFO "+path+": "+want {
			t.Errorf("%q: %v, want %s", path, err, want)
		}
	}
	if data, err := os.ReadFile(file); err != nil || string(data) != "kept" {
		t.Errorf("%q, %v", data, err)
	}
}

// torchClient runs the real client. The modules of torch's timers need nothing
// else of it, and importing all takes seconds: names that are packages elsewhere
// stand for their folders.
const torchClient = `
import importlib.util, sys, types, os, time
root = os.path.dirname(importlib.util.find_spec("torch").origin)
for name in ("torch", "torch.distributed", "torch.distributed.elastic"):
    module = types.ModuleType(name)
    module.__path__ = [os.path.join(root, *name.split(".")[1:])]
    sys.modules[name] = module
from torch.distributed.elastic.timer.file_based_local_timer import FileTimerClient
import signal
client = FileTimerClient(sys.argv[1])
client.acquire("released", time.time() + 3600)
client.acquire("kept", time.time() + 3600)
client.release("released")
FileTimerClient(sys.argv[1], signal=signal.SIGUSR1).acquire("bl\u00e4h \"{", time.time() - 1)
print(os.getpid())
`

func TestTorchClient(t *testing.T) {
	python := testpeer.NeedPython(t, "torch", "python3-torch")
	s, expired := listen(t, Options{})
	out, err := exec.Command(python, "-c", torchClient, s.Path()).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	e := <-expired
	if fmt.Sprintln(e.PID) != string(out) || e.Scope != "bläh \"{" || e.Signal != syscall.SIGUSR1 {
		t.Errorf("%+v of process %s", e, out)
	}
	if got, want := s.Stats(), (Stats{Requests: 4, Expired: 1, Pending: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	s.Forget(e.PID)
	if got := s.Stats().Pending; got != 0 {
		t.Errorf("%d timers of a process that has ended", got)
	}
	// Without a server the client says so and does not hang.
	s.Close()
	if out, err := exec.Command(python, "-c", torchClient, s.Path()).CombinedOutput(); err == nil || !strings.Contains(string(out), "BrokenPipeError") {
		t.Errorf("after Close: %v, %s", err, out)
	}
}

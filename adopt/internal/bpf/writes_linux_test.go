package bpf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"go.uber.org/goleak"

	"github.com/sluicerun/sluice/internal/testpeer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Both programs pass the kernel's verifier, whichever machine this is.
func TestVerifier(t *testing.T) {
	testpeer.NeedRoot(t, "load a program into the kernel")
	for name, a := range map[string]arch{"amd64": amd64, "arm64": arm64} {
		for _, who := range []whom{{pid: 1}, {pid: 1, dev: 4, ino: 1 << 33}} {
			var m maps
			if err := m.create(); err != nil {
				t.Fatal(err)
			}
			p, err := ebpf.NewProgram(program(a, who, []int{1, 2, 70}, m))
			if err != nil {
				t.Errorf("%s: %+v", name, err)
			} else {
				p.Close()
			}
			m.close()
		}
	}
}

// collected is what was seen of a descriptor.
type collected struct {
	data bytes.Buffer
	lost int64
}

// watch sees all of what a Python program writes after its first line, until it ends.
func watch(t *testing.T, out *os.File, program string, fds ...int) map[int]*collected {
	t.Helper()
	testpeer.NeedRoot(t, "load a program into the kernel")
	python := testpeer.Need(t, "python3", "python3")
	cmd := exec.Command(python, "-c", "import os, sys; os.close(3); sys.stdin.readline()\n"+program)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	// It tells that it has come to its program by closing descriptor 3.
	begun, toClose, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer begun.Close()
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = out, out, []*os.File{toClose}
	err = cmd.Start()
	toClose.Close()
	if err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	begun.Read(make([]byte, 1))
	w, err := Open(cmd.Process.Pid, fds)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	go func() {
		fmt.Fprintln(in)
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
		cancel()
	}()
	all := map[int]*collected{}
	err = w.Run(ctx, func(fd int, data []byte, lost int64) error {
		if all[fd] == nil {
			all[fd] = &collected{}
		}
		all[fd].data.Write(data)
		all[fd].lost += lost
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !errors.Is(ctx.Err(), context.Canceled) {
		t.Fatal("the program did not end")
	}
	if n, err := w.Missed(); n != 0 || err != nil {
		t.Errorf("%d calls missed, %v", n, err)
	}
	return all
}

func file(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestCalls(t *testing.T) {
	got := watch(t, file(t), `
import socket
os.write(1, b"write ")
os.pwrite(1, b"pwrite ", 100)
os.writev(1, [b"wri", b"", b"tev "])
os.pwritev(1, [b"pwri", b"tev "], 200)
os.write(2, b"other")
a, b = socket.socketpair()
os.dup2(a.fileno(), 1)
s = socket.socket(fileno=1)
s.send(b"send ")
s.sendmsg([b"send", b"msg "])
try: os.write(99, b"bad")
except OSError: pass
s.detach()
`, 1, 2)
	if s := got[1].data.String(); s != "write pwrite writev pwritev send sendmsg " || got[1].lost != 0 {
		t.Errorf("%q, lost %d", s, got[1].lost)
	}
	if s := got[2].data.String(); s != "other" {
		t.Errorf("%q", s)
	}
}

// What does not pass through its memory is counted.
func TestUnseen(t *testing.T) {
	got := watch(t, file(t), `
r, w = os.pipe()
os.write(w, b"12345")
os.splice(r, 1, 5)
os.sendfile(1, os.open(sys.executable, os.O_RDONLY), 0, 1000)
os.write(1, b"end")
`, 1)
	if c := got[1]; c.data.String() != "end" || c.lost != 1005 {
		t.Errorf("%q, lost %d", c.data.String(), c.lost)
	}
}

func TestLong(t *testing.T) {
	got := watch(t, file(t), `
os.write(1, b"".join(b"%07d\n" % i for i in range(1 << 19)))
os.writev(1, [b"%07d\n" % i for i in range(1000)])
`, 1)
	var want strings.Builder
	for i := range 1 << 19 {
		fmt.Fprintf(&want, "%07d\n", i)
	}
	for i := range 1000 {
		fmt.Fprintf(&want, "%07d\n", i)
	}
	if c := got[1]; c.data.String() != want.String() || c.lost != 0 {
		t.Errorf("%d bytes of %d, lost %d", c.data.Len(), want.Len(), c.lost)
	}
}

// More than the ring holds at once: what does not fit is counted, whole or not.
func TestRingFull(t *testing.T) {
	got := watch(t, file(t), `
os.write(1, bytes(40 << 20))
`, 1)
	n, lost := 0, int64(0)
	for _, c := range got {
		n += c.data.Len()
		lost += c.lost
	}
	if int64(n)+lost != 40<<20 || lost == 0 {
		t.Errorf("%d bytes and %d lost are not %d", n, lost, 40<<20)
	}
}

// All of it fits into the ring.
func TestThreads(t *testing.T) {
	got := watch(t, file(t), `
import threading
def lines(n):
    for i in range(100): os.write(1, b"%d %d %s\n" % (n, i, b"x" * (i % 10 * 4000)))
all = [threading.Thread(target=lines, args=(n,)) for n in range(4)]
for t in all: t.start()
for t in all: t.join()
`, 1)
	next := [4]int{}
	for line := range strings.Lines(got[1].data.String()) {
		var n, i int
		if _, err := fmt.Sscanf(line, "%d %d", &n, &i); err != nil || next[n] != i {
			t.Fatalf("%.50q after %v: %v", line, next, err)
		}
		next[n]++
	}
	if next != [4]int{100, 100, 100, 100} {
		t.Errorf("%v", next)
	}
}

// In a pid namespace the kernel's number of the process is another than ours.
func TestNamespace(t *testing.T) {
	testpeer.NeedRoot(t, "make a pid namespace")
	if os.Getenv("SLUICE_BPF_INSIDE") != "" {
		got := watch(t, file(t), `os.write(1, b"inside")`, 1)
		if s := got[1].data.String(); s != "inside" {
			t.Errorf("%q", s)
		}
		return
	}
	unshare := testpeer.Need(t, "unshare", "util-linux")
	cmd := exec.Command(unshare, "--pid", "--fork", "--mount-proc", os.Args[0], "-test.run=^TestNamespace$", "-test.v")
	cmd.Env = append(os.Environ(), "SLUICE_BPF_INSIDE=1")
	if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("--- PASS")) {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestNotPermitted(t *testing.T) {
	if testpeer.AsNobody(t) {
		return
	}
	if w, err := Open(os.Getpid(), []int{1}); !errors.Is(err, fs.ErrPermission) {
		w.Close()
		t.Error(err)
	}
}

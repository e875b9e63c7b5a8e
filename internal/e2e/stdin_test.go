//go:build linux

package e2e

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// noise is n bytes that are no text, and their sha256 as sha256sum prints it.
func noise(n int) (b []byte, sum string) {
	b = make([]byte, n)
	src := rand.NewChaCha8([32]byte{1})
	src.Read(b)
	return b, fmt.Sprintf("%x", sha256.Sum256(b))
}

// piped gives a command its input through a pipe, as a shell would.
func piped(b []byte) func(*exec.Cmd) {
	return func(c *exec.Cmd) { c.Stdin = bytes.NewReader(b) }
}

func TestStdinOfOneWorkerIsTheLaunchers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if r := w.runWith(piped([]byte("hello\x00")), "run", "--", "cat"); r.stdout != "hello\x00" || r.status != 0 {
		t.Errorf("got %+v", r)
	}
	// What the worker does not read is there for the next command.
	c := exec.Command("sh", "-c", sluice+` run -- sh -c 'read x; echo "worker: $x"'; read y; echo "next: $y"`)
	c.Env, c.Dir = w.env, w.dir
	c.Stdin = strings.NewReader("one\ntwo\n")
	if out, err := c.CombinedOutput(); string(out) != "worker: one\nnext: two\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
}

func TestStdinOfSeveralWorkersIsDevNull(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.runWith(piped([]byte("not for them")), "run", "-n", "2", "--", "sh", "-c", "readlink /proc/self/fd/0; cat")
	if r.stdout != "[0] /dev/null\n[1] /dev/null\n" && r.stdout != "[1] /dev/null\n[0] /dev/null\n" {
		t.Errorf("got %+v", r)
	}
	r = w.runWith(piped([]byte("not for it")), "run", "--stdin", "none", "--", "sh", "-c", "readlink /proc/self/fd/0; cat")
	if r.stdout != "/dev/null\n" {
		t.Errorf("--stdin none: %+v", r)
	}
}

func TestStdinToARank(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, sum := noise(50 << 20)
	r := w.runWith(piped(b), "run", "-n", "12", "--stdin", "11", "--", "sha256sum")
	_, empty := noise(0)
	got := perRank(t, r.stdout)
	for rank := range 12 {
		want := empty
		if rank == 11 {
			want = sum
		}
		if got[fmt.Sprint(rank)] != want+"  -\n" {
			t.Errorf("rank %d read %q instead of %s", rank, got[fmt.Sprint(rank)], want)
		}
	}
}

// TestStdinToAll: one rank reads a little and closes its input, one never reads
// and ends after a while; the others get every byte.
func TestStdinToAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	size := 50 << 20
	if !testpeer.Strict() {
		size = 5 << 20
	}
	b, sum := noise(size)
	r := w.runWith(piped(b), "run", "-n", "6", "--stdin", "all", "--", "sh", "-c", `case $RANK in
	4) head -c 1000 >/dev/null; exec <&-; until [ -e done0 ]; do sleep 0.02; done;;
	5) sleep 0.3;;
	*) sha256sum; : > done$RANK;;
	esac`)
	if r.status != 0 {
		t.Errorf("status %d: %s", r.status, r.stderr)
	}
	got := perRank(t, r.stdout)
	for _, rank := range []string{"0", "1", "2", "3"} {
		if got[rank] != sum+"  -\n" {
			t.Errorf("rank %s: %q", rank, got[rank])
		}
	}
}

func TestClosedStdin(t *testing.T) {
	t.Parallel()
	for _, flags := range []string{"", "-n 2 --stdin all", "-n 2 --stdin 1"} {
		w := newWorld(t)
		c := exec.Command("sh", "-c", sluice+" run "+flags+` -- sh -c 'cat; echo end' <&-`)
		c.Env, c.Dir = w.env, w.dir
		out, err := c.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "end\n") {
			t.Errorf("%q: %v: %s", flags, err, out)
		}
	}
}

func TestInputThatNobodyReads(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ flags, command string }{
		{"", "head -1"},
		{"", "true"},
		{"-n 2 --stdin 1", "true"},
		{"-n 4 --stdin all", "true"},
		{"-n 4 --stdin all", "head -1"},
	} {
		w := newWorld(t)
		// `yes` never ends: whoever waits for its end hangs.
		c := exec.Command("sh", "-c", "yes | "+sluice+" run "+tt.flags+" -- "+tt.command)
		c.Env, c.Dir = w.env, w.dir
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%s -- %s: %v: %s", tt.flags, tt.command, err, out)
		}
	}
}

// TestStdinFIFO: items are fed to a running program by writers that come and go.
func TestStdinFIFO(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := filepath.Join(w.dir, "items")
	s := w.start("run", "-n", "2", "--stdin", "fifo:"+path+"@1", "--name", "feed", "--", "sh", "-c",
		`while read item; do echo "got $item"; done; echo end`)
	eventually(t, "rank 0, which reads nothing, has ended", func() bool { return strings.Contains(s.out.String(), "[0] end\n") })
	for i := range 3 {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(f, "item %d\n", i)
		f.Close()
		want := fmt.Sprintf("[1] got item %d\n", i)
		eventually(t, want, func() bool { return strings.Contains(s.out.String(), want) })
	}
	if strings.Contains(s.out.String(), "[1] end") {
		t.Fatalf("a writer's end was taken for the input's:\n%s", s.out)
	}
	// eof while a writer is still there: what it writes is still read.
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if r := w.run("eof", "feed"); r.status != 0 {
		t.Fatalf("sluice eof: %+v", r)
	}
	io.WriteString(f, "last\n")
	f.Close()
	if st := s.end(); st != 0 {
		t.Errorf("status %d: %s", st, s.err)
	}
	if got := w.log(1, "stdout"); got != "got item 0\ngot item 1\ngot item 2\ngot last\nend\n" {
		t.Errorf("it read %q", got)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the FIFO that sluice made is still there")
	}
	if r := w.run("eof", "feed"); r.status == 0 || !strings.Contains(r.stderr, "has ended") {
		t.Errorf("eof of a run that has ended: %+v", r)
	}
}

func TestStdinFIFOErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	plain := filepath.Join(w.dir, "plain")
	os.WriteFile(plain, []byte("x"), 0o600)
	for _, tt := range []struct{ stdin, says string }{
		{"fifo:" + plain, "is not a FIFO"},
		{"fifo:" + w.dir + "/no/such/dir", "no such file"},
		{"fifo:", "path is missing"},
		{"fifo:" + plain + "@7", "there is no rank 7"},
		{"sometimes", "not a choice"},
	} {
		r := w.run("run", "--stdin", tt.stdin, "--", "sh", "-c", ": > started")
		if r.status == 0 || !strings.Contains(r.stderr, tt.says) {
			t.Errorf("--stdin %s: status %d, %q", tt.stdin, r.status, r.stderr)
		}
	}
	if b, _ := os.ReadFile(plain); string(b) != "x" {
		t.Error("the file was touched")
	}
	if _, err := os.Stat(filepath.Join(w.dir, "started")); err == nil {
		t.Error("a worker was started")
	}
	if r := w.run("run", "--name", "none", "--", "sh", "-c", sluice+" eof none; true"); !strings.Contains(r.stderr, "no worker reads") {
		t.Errorf("eof without a FIFO: %+v", r)
	}
}

func TestKeyboard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := newScreen(t)
	p := w.startWith(s.use, "run", "--", "sh", "-c", `read x; echo "read $x"; cat; echo end`)
	io.WriteString(s.master, "first\n")
	eventually(t, "the worker has read a line", func() bool { return strings.Contains(s.String(), "read first\r\n") })
	io.WriteString(s.master, "second\n")
	eventually(t, "cat gives it back", func() bool { return strings.Count(s.String(), "second\r\n") == 2 }) // the echo, and cat
	io.WriteString(s.master, "\x04")
	if st := p.end(); st != 0 {
		t.Errorf("status %d: %s", st, s)
	}
	if got := w.log(0, "stdout"); got != "read first\nsecond\nend\n" {
		t.Errorf("log: %q", got)
	}
}

// TestTypingAheadOfAWorkerThatDoesNotRead must not hold up the end.
func TestTypingAheadOfAWorkerThatDoesNotRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := newScreen(t)
	p := w.startWith(s.use, "run", "--", "sh", "-c", `until [ -e go ]; do sleep 0.02; done; exit 5`)
	line := strings.Repeat("x", 1000) + "\n"
	var typed atomic.Int64
	go func() { // more than the terminal and the pipe behind it hold: it blocks
		for range 300 {
			n, err := io.WriteString(s.master, line)
			if typed.Add(int64(n)); err != nil {
				return
			}
		}
	}()
	eventually(t, "the pipe to the worker is full", func() bool { return typed.Load() > 64<<10 })
	os.WriteFile(filepath.Join(w.dir, "go"), nil, 0o600)
	if st := p.end(); st != 5 {
		t.Errorf("status %d: %s", st, clip(s.String()))
	}
}

//go:build linux

package console

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/job"
	"golang.org/x/sys/unix"
)

// pipe gives raw descriptors, which the runtime's poller does not know.
func pipe(t *testing.T) (r, w int) {
	t.Helper()
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(p[1]) })
	return p[0], p[1]
}

func fdSink(t *testing.T, fd int) *FDSink {
	s := NewFDSink(fd)
	t.Cleanup(func() { s.Close() })
	return s
}

func blocking(t *testing.T, fd int) {
	t.Helper()
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil || flags&unix.O_NONBLOCK != 0 {
		t.Errorf("descriptor %d has flags %#x, %v: it was made non-blocking", fd, flags, err)
	}
}

// TestPipe: everything arrives, through a descriptor of our own and without one.
func TestPipe(t *testing.T) {
	for _, own := range []bool{true, false} {
		r, w := pipe(t)
		s := fdSink(t, w)
		if s.own < 0 {
			t.Fatal("a pipe could not be opened a second time")
		}
		if !own {
			unix.Close(s.own)
			s.own = -1
		}
		c := New(Config{Out: s, Workers: 2})
		in := add(c, 0, job.Stdout)
		text := strings.Repeat("0123456789abcdef\n", 200_000)
		got := make(chan []byte)
		go func() {
			f := os.NewFile(uintptr(r), "pipe")
			b, _ := io.ReadAll(f)
			f.Close()
			got <- b
		}()
		in.say(text)
		stats := finish(t, c, in)
		blocking(t, w)
		s.Close()
		unix.Close(w)
		if b := <-got; string(b) != strings.ReplaceAll(text, "0123", "[0] 0123") {
			t.Errorf("own %v: %d bytes arrived", own, len(b))
		}
		if stats.Shown != int64(len(text)) {
			t.Errorf("stats %+v", stats)
		}
	}
}

// TestStuckPipe: nobody reads. Finish returns after the linger, the count is
// exact to the byte, and what a reader finds afterwards is what was counted.
func TestStuckPipe(t *testing.T) {
	for _, own := range []bool{true, false} {
		r, w := pipe(t)
		s := fdSink(t, w)
		if !own {
			unix.Close(s.own)
			s.own = -1
		}
		c := New(Config{Out: s, Spec: job.Console{Linger: job.Duration(50 * time.Millisecond)}})
		in := add(c, 0, job.Stdout)
		text := strings.Repeat("x", 1<<20)
		in.say(text)
		stats := finish(t, c, in)
		if stats.Unshown == 0 || stats.Shown+stats.Unshown != 1<<20 || stats.UnshownByRank[0] != stats.Unshown {
			t.Errorf("stats %+v", stats)
		}
		s.Close()
		unix.Close(w)
		f := os.NewFile(uintptr(r), "pipe")
		b, err := io.ReadAll(f)
		f.Close()
		if err != nil || int64(len(b)) != stats.Shown {
			t.Errorf("own %v: %d bytes in the pipe, %v; %d shown", own, len(b), err, stats.Shown)
		}
	}
}

// TestStuckPipeDoesNotHoldUpTheOther: stdout is stuck, stderr is not.
func TestStuckPipeDoesNotHoldUpTheOther(t *testing.T) {
	r, w := pipe(t)
	defer unix.Close(r)
	er, ew := pipe(t)
	c := New(Config{Out: fdSink(t, w), Err: fdSink(t, ew), Workers: 2, Spec: job.Console{Linger: job.Duration(50 * time.Millisecond)}})
	o, e := add(c, 0, job.Stdout), add(c, 1, job.Stderr)
	o.say(strings.Repeat("x\n", 1<<20))
	e.say("hello\n")
	ef := os.NewFile(uintptr(er), "pipe")
	defer ef.Close()
	b := make([]byte, 100)
	if n, err := ef.Read(b); string(b[:n]) != "[1] hello\n" {
		t.Fatalf("stderr has %q, %v", b[:n], err)
	}
	stats := finish(t, c, o, e)
	n, _ := ef.Read(b)
	if !strings.HasPrefix(string(b[:n]), "sluice: ") || stats.UnshownByRank[0] != stats.Unshown || stats.Unshown == 0 {
		t.Errorf("stderr has %q, stats %+v", b[:n], stats)
	}
}

func TestClosedPipe(t *testing.T) {
	for _, own := range []bool{true, false} {
		r, w := pipe(t)
		s := fdSink(t, w)
		if !own {
			unix.Close(s.own)
			s.own = -1
		}
		unix.Close(r)
		var ev events
		c := New(Config{Out: s, OnEvent: ev.add})
		in := add(c, 0, job.Stdout)
		in.say("hello\n")
		stats := finish(t, c, in)
		if stats.Closed != 6 || stats.Shown+stats.Unshown != 0 {
			t.Errorf("stats %+v", stats)
		}
		if l := ev.all(); len(l) != 1 || !strings.Contains(l[0], "stdout is closed: the reader has gone away") {
			t.Errorf("events %q", l)
		}
	}
}

func TestSocket(t *testing.T) {
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(p[0])
	c := New(Config{Out: fdSink(t, p[0]), Spec: job.Console{Linger: job.Duration(50 * time.Millisecond)}})
	in := add(c, 0, job.Stdout)
	in.say(strings.Repeat("x", 8<<20))
	stats := finish(t, c, in) // nobody reads
	blocking(t, p[0])
	unix.Shutdown(p[0], unix.SHUT_WR)
	f := os.NewFile(uintptr(p[1]), "socket")
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil || int64(len(b)) != stats.Shown || stats.Unshown == 0 {
		t.Errorf("%d bytes, %v; stats %+v", len(b), err, stats)
	}
}

// TestSetSinksInterrupts: after SetSinks a stuck descriptor is not used any more.
func TestSetSinksInterrupts(t *testing.T) {
	r, w := pipe(t)
	s := fdSink(t, w)
	c := New(Config{Out: s, Workers: 2})
	in := add(c, 0, job.Stdout)
	in.say(strings.Repeat("x\n", 1<<20))
	c.SetSinks(nil, nil)
	s.Close()
	unix.Close(w)
	f := os.NewFile(uintptr(r), "pipe")
	defer f.Close()
	if _, err := io.ReadAll(f); err != nil { // ends only if nobody has it open
		t.Error(err)
	}
	if stats := finish(t, c, in); stats.Unshown != 0 {
		t.Errorf("stats %+v", stats)
	}
}

func TestSameSink(t *testing.T) {
	dir := t.TempDir()
	open := func(name string) *FDSink {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return fdSink(t, int(f.Fd()))
	}
	r, w := pipe(t)
	defer unix.Close(r)
	dup, err := unix.Dup(w)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(dup)
	a, b := open("a"), open("b")
	mem := &memSink{}
	for _, tt := range []struct {
		name string
		x, y Sink
		want bool
	}{
		{"two descriptors of a pipe", fdSink(t, w), fdSink(t, dup), true},
		{"one file opened twice", a, open("a"), true},
		{"two files", a, b, false},
		{"pipe and file", fdSink(t, w), a, false},
		{"one value", mem, mem, true},
		{"two values", mem, &memSink{}, false},
		{"two kinds", mem, a, false},
		{"nil", nil, mem, false},
		{"not comparable", uncomparable{nil}, uncomparable{nil}, false},
	} {
		if got := sameSink(tt.x, tt.y); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

type uncomparable struct{ s []int }

func (uncomparable) Write(p []byte) (int, error) { return len(p), nil }

// TestFile: stdout and stderr in one file, opened once.
func TestFile(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	dup, err := unix.Dup(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(dup)
	c := New(Config{Out: fdSink(t, int(f.Fd())), Err: fdSink(t, dup), Workers: 2})
	o, e := add(c, 0, job.Stdout), add(c, 1, job.Stderr)
	for range 1000 {
		o.say("stdout\n")
		e.say("stderr\n")
	}
	finish(t, c, o, e)
	b, err := os.ReadFile(f.Name())
	if err != nil || bytes.Count(b, []byte("[0] stdout\n")) != 1000 || bytes.Count(b, []byte("[1] stderr\n")) != 1000 || len(b) != 22000 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

// openPTY opens a terminal: the master, and the terminal itself.
func openPTY(t *testing.T) (master, tty int) {
	t.Helper()
	master, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatalf("opening a pty: %v", err)
	}
	if err := unix.IoctlSetPointerInt(master, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	fd, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(master), unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)
	if errno != 0 {
		t.Fatal(errno)
	}
	if err := unix.IoctlSetWinsize(master, unix.TIOCSWINSZ, &unix.Winsize{Row: 10, Col: 40}); err != nil {
		t.Fatal(err)
	}
	return master, int(fd)
}

// TestTerminal: the live area on a real terminal, whose size the sink finds itself.
func TestTerminal(t *testing.T) {
	master, tty := openPTY(t)
	dup, err := unix.Dup(tty)
	if err != nil {
		t.Fatal(err)
	}
	out, errs := NewFDSink(tty), NewFDSink(dup)
	if !out.Terminal() || !sameSink(out, errs) {
		t.Error("not known as one terminal")
	}
	c := New(Config{Out: out, Err: errs, TTY: true, Workers: 8})
	ws := gang(c, 8)
	scr := &screen{width: 40}
	buf := make([]byte, 4096)
	until := func(text string) {
		t.Helper()
		for scr.String() != text {
			fds := []unix.PollFd{{Fd: int32(master), Events: unix.POLLIN}}
			if n, err := unix.Poll(fds, 10_000); n == 0 || err != nil && err != unix.EINTR {
				t.Fatalf("the screen has\n%s\nwant\n%s", scr, text)
			}
			n, err := unix.Read(master, buf)
			if err != nil {
				t.Fatal(err)
			}
			scr.write(t, buf[:n])
		}
	}
	ws[1].say("\r10% " + strings.Repeat("#", 100))
	until("[1] 10% " + strings.Repeat("#", 31) + "\n")
	ws[0].say("a line\n")
	until("[0] a line\n[1] 10% " + strings.Repeat("#", 31) + "\n")
	ws[1].say("\rdone\n")
	until("[0] a line\n[1] done\n")
	finish(t, c, ws...)
	blocking(t, tty)
	out.Close()
	errs.Close()
	unix.Close(dup)
	unix.Close(tty)
	unix.Close(master)
}

// TestStoppedTerminal: ^S. The end of the run does not wait for ^Q.
func TestStoppedTerminal(t *testing.T) {
	master, tty := openPTY(t)
	defer unix.Close(master)
	defer unix.Close(tty)
	if err := unix.IoctlSetInt(tty, unix.TCXONC, unix.TCOOFF); err != nil {
		t.Fatal(err)
	}
	s := fdSink(t, tty)
	c := New(Config{Out: s, TTY: true, Spec: job.Console{Linger: job.Duration(50 * time.Millisecond)}})
	in := add(c, 0, job.Stdout)
	in.say(strings.Repeat("x", 1<<20))
	if stats := finish(t, c, in); stats.Unshown == 0 {
		t.Errorf("stats %+v", stats)
	}
}

// TestHungUpTerminal: the window was closed.
func TestHungUpTerminal(t *testing.T) {
	master, tty := openPTY(t)
	defer unix.Close(tty)
	s := fdSink(t, tty)
	unix.Close(master)
	c := New(Config{Out: s, TTY: true})
	in := add(c, 0, job.Stdout)
	in.say("hello\n")
	in.Done()
	if stats := c.Finish(context.Background()); stats.Closed != 6 {
		t.Errorf("stats %+v", stats)
	}
}

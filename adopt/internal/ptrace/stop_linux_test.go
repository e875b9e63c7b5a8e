//go:build amd64 || arm64

package ptrace

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// Every kind of wait, many times when strict.
func TestWaits(t *testing.T) {
	p := start(t, compiled(t, "waits"))
	p.says("ready")
	rounds := 20
	if testpeer.Strict() {
		rounds = 200
	}
	var longest Report
	for range rounds {
		r, err := probe(p.pid)
		if err != nil {
			t.Fatal(err, p.err.String())
		}
		longest.Stopped = max(longest.Stopped, r.Stopped)
		longest.Short += r.Short
	}
	t.Log("longest stop: ", longest)
	if err := p.end(); err != nil {
		t.Errorf("%v\n%s", err, p.err.String())
	}
}

func TestPush(t *testing.T) {
	p := start(t, "cat")
	p.in.Write([]byte("ready\n"))
	p.says("ready")
	before, _ := proc.FDs(p.pid)
	null := devNull(t)
	_, err := Stop(context.Background(), p.pid, false, func(s *Stopped) error {
		fds, err := s.Push(int(null.Fd()), int(null.Fd()))
		if err != nil {
			return err
		}
		for _, fd := range fds {
			if link, _ := os.Readlink(proc.Path(p.pid, "fd", strconv.Itoa(fd))); link != os.DevNull {
				t.Errorf("descriptor %d is %q", fd, link)
			}
			if _, err := s.Syscall(unix.SYS_CLOSE, uintptr(fd)); err != nil {
				t.Error(err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if fds, _ := proc.FDs(p.pid); !slices.Equal(fds, before) {
		t.Error(fds)
	}
	p.in.Write([]byte("alive\n"))
	p.says("alive")
	if err := p.end(); err != nil {
		t.Error(err)
	}
}

// No signal is lost, none doubled.
func TestSignals(t *testing.T) {
	p := start(t, compiled(t, "signals"))
	p.says("ready")
	const rounds, each = 300, 5
	sent := make(chan error)
	go func() {
		for i := range rounds * each {
			if err := unix.Kill(p.pid, unix.Signal(35+i%2)); err != nil {
				sent <- err
				return
			}
			if i%each == 0 {
				time.Sleep(100 * time.Microsecond)
			}
		}
		sent <- nil
	}()
	for range rounds {
		if _, err := probe(p.pid); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	p.in.Close()
	p.says(strconv.Itoa(rounds * each))
	if err := p.end(); err != nil {
		t.Error(err)
	}
}

// What job control has stopped stays stopped, what it has not goes on.
func TestGroupStop(t *testing.T) {
	p := start(t, "cat")
	for _, sig := range []unix.Signal{unix.SIGSTOP, unix.SIGTSTP} {
		unix.Kill(p.pid, sig)
		await(t, "it is stopped", func() bool { return state(p.pid) == 'T' })
		for range 50 {
			if _, err := probe(p.pid); err != nil {
				t.Fatal(err)
			}
		}
		await(t, "it is stopped again", func() bool { return state(p.pid) == 'T' })
		unix.Kill(p.pid, unix.SIGCONT)
		p.in.Write([]byte("alive\n"))
		p.says("alive")
	}
	// Stopped and continued while it is probed.
	for range 50 {
		unix.Kill(p.pid, unix.SIGSTOP)
		if _, err := probe(p.pid); err != nil {
			t.Fatal(err)
		}
		await(t, "it is stopped", func() bool { return state(p.pid) == 'T' })
		unix.Kill(p.pid, unix.SIGCONT)
		if _, err := probe(p.pid); err != nil {
			t.Fatal(err)
		}
	}
	p.in.Write([]byte("end\n"))
	p.says("end")
	if err := p.end(); err != nil {
		t.Error(err)
	}
}

func TestKilled(t *testing.T) {
	waits := compiled(t, "waits")
	for range 20 {
		p := start(t, waits)
		p.says("ready")
		_, err := Stop(context.Background(), p.pid, true, func(s *Stopped) error {
			unix.Kill(p.pid, unix.SIGKILL)
			for range 1000 {
				if _, err := s.Syscall(unix.SYS_GETPID); err != nil {
					return err
				}
			}
			return nil
		})
		if !errors.Is(err, ErrGone) {
			t.Error(err)
		}
		p.end()
	}
	if _, err := probe(1 << 22); !errors.Is(err, ErrGone) {
		t.Error(err)
	}
}

// A thread that cannot be stopped: the parent of a vfork waits for its child.
func TestUnstoppable(t *testing.T) {
	p := start(t, compiled(t, "vfork"))
	p.says("ready")
	_, err := probe(p.pid)
	var cannot *UnstoppableError
	if !errors.As(err, &cannot) || cannot.TID != p.pid {
		t.Error(err)
	}
	t.Log(err)
	if err := p.end(); err != nil {
		t.Error(err)
	}
}

// A program that becomes another one all the time.
func TestExec(t *testing.T) {
	p := start(t, "sh", "-c", `i=0; echo ready; while [ $i -lt 200 ]; do i=$((i+1)); read -t 0 x 2>/dev/null; done; exec sh -c "exec sh -c 'exec cat'"`)
	p.says("ready")
	for range 100 {
		if _, err := probe(p.pid); err != nil {
			t.Fatal(err)
		}
	}
	p.in.Write([]byte("alive\n"))
	p.says("alive")
	if err := p.end(); err != nil {
		t.Error(err)
	}
}

func TestStuck(t *testing.T) {
	p := start(t, "sh", "-c", "echo ready; dd if=/dev/zero bs=1000000 count=1 2>/dev/null & wait")
	p.says("ready")
	var pid int
	await(t, "it waits in the write", func() bool {
		pid = childOf(p.pid)
		which, _ := writing(pid, pid)
		return which != ""
	})
	_, err := probe(pid)
	var stuck *StuckError
	if !errors.As(err, &stuck) || stuck.FD != 1 {
		t.Fatal(err)
	}
	done := make(chan int64)
	go func() {
		n, _ := io.Copy(io.Discard, p.out)
		done <- n
	}()
	if _, err := probe(pid); err != nil && !errors.Is(err, ErrGone) {
		t.Error(err)
	}
	if n := <-done; n != 1000000 {
		t.Error(n, "bytes")
	}
	p.cmd.Wait()
}

// Of a cut write everything is written, however slowly it is read.
func TestSlowRest(t *testing.T) {
	if !testpeer.Strict() {
		t.Skip("takes seconds")
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	to, err := reopen(os.Getpid(), int(w.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	data := bytes.Repeat([]byte("0123456789"), 60000)
	cut := &rest{pid: os.Getpid(), to: to, done: 10, parts: []part{{uintptr(unsafe.Pointer(&data[0])), uint64(len(data))}}}
	got := make(chan []byte)
	go func() {
		all := make([]byte, 0, len(data))
		for len(all) < len(data)-10 {
			time.Sleep(patience / 5)
			n, err := r.Read(all[len(all):min(len(all)+65536, cap(all))])
			if err != nil {
				break
			}
			all = all[:len(all)+n]
		}
		got <- all
	}()
	if done, whole := cut.write(newReading()); done != int64(len(data)) || !whole {
		t.Errorf("%d of %d bytes", done, len(data))
		w.Close()
	}
	if !bytes.Equal(<-got, data[10:]) {
		t.Error("others were read")
	}
}

func BenchmarkStop(b *testing.B) {
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		cmd.Process.Kill()
		cmd.Wait()
	}()
	var stopped time.Duration
	for b.Loop() {
		r, err := probe(cmd.Process.Pid)
		if err != nil {
			b.Fatal(err)
		}
		stopped += r.Stopped
	}
	b.ReportMetric(float64(stopped.Nanoseconds())/float64(b.N), "stopped-ns/op")
}

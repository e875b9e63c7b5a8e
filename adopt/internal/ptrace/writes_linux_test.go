//go:build amd64 || arm64

package ptrace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/testpeer"
)

const writers = `
import os, sys, threading, time
go = sys.stdin.readline
print("ready", flush=True)
def work(n):
    for i in range(300):
        os.writev(1, [b"%d " % n, b"%d\n" % i])
        if i % 50 == 0: time.sleep(0.001)
go()
ts = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for t in ts: t.start()
for t in ts: t.join()
os.write(1, b"x" * 200000 + b"\n")
os.write(2, b"not this\n")
go()
`

func TestWrites(t *testing.T) {
	p := start(t, testpeer.Need(t, "python3", "python3"), "-c", writers)
	p.says("ready")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ready := make(chan bool)
	var seen bytes.Buffer
	ended := make(chan error)
	var cost Cost
	go func() {
		var err error
		cost, err = Writes(ctx, p.pid, func(fd int) bool { return fd == 1 }, func() { close(ready) }, func(_ int, data []byte) error {
			seen.Write(data)
			if bytes.HasSuffix(data, []byte("x\n")) {
				cancel()
			}
			return nil
		})
		ended <- err
	}()
	<-ready
	fmt.Fprintln(p.in, "go")
	var real strings.Builder
	for line := ""; !strings.HasPrefix(line, "x"); {
		var err error
		if line, err = p.out.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		real.WriteString(line)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := p.end(); err != nil {
		t.Error(err, p.err.String())
	}
	a, b := strings.Split(seen.String(), "\n"), strings.Split(real.String(), "\n")
	slices.Sort(a) // two threads' calls may end in another order than they wrote
	slices.Sort(b)
	if !slices.Equal(a, b) {
		t.Errorf("%d lines seen, %d written", len(a), len(b))
	}
	t.Logf("%+v", cost)
	if cost.Stops < 2400 || cost.Unseen != 0 {
		t.Errorf("%+v", cost)
	}
}

// Following leaves waits, threads and signals alone, and ends when it is told to, when
// emit fails, and with the process.
func TestWritesLeavesAlone(t *testing.T) {
	p := start(t, compiled(t, "waits"))
	p.says("ready")
	all := func(int) bool { return true }
	enough := errors.New("enough")
	for i := range 10 {
		n := 0
		_, err := Writes(context.Background(), p.pid, all, nil, func(int, []byte) error {
			if n++; n > i {
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) {
			t.Fatal(err)
		}
	}
	if err := p.end(); err != nil {
		t.Errorf("%v\n%s", err, p.err.String())
	}
}

// A write that the attaching cuts is completed however late its reader comes.
func TestWritesLateReader(t *testing.T) {
	testpeer.Need(t, "python3", "python3")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.Command("python3", "-c", "import os, sys; sys.exit(os.write(1, b'x' * 1000000) != 1000000)")
	cmd.Stdout = w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	await(t, "it waits in its write", func() bool { which, _ := writing(cmd.Process.Pid, cmd.Process.Pid); return which != "" })
	ready, ended := make(chan bool), make(chan error)
	var cost Cost
	go func() {
		var err error
		cost, err = Writes(context.Background(), cmd.Process.Pid, func(int) bool { return true }, func() { close(ready) }, func(int, []byte) error { return nil })
		ended <- err
	}()
	<-ready
	time.Sleep(patience + patience/2)
	if n, err := io.Copy(io.Discard, r); n != 1000000 {
		t.Errorf("%d bytes, %v", n, err)
	}
	if err := <-ended; !errors.Is(err, ErrGone) || cost.Short != 0 {
		t.Errorf("%v %+v", err, cost)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// A process that is stopped stays so, and goes on when it is told to; following ends
// with it.
func TestWritesGroupStop(t *testing.T) {
	p := start(t, "cat")
	unix.Kill(p.pid, unix.SIGSTOP)
	await(t, "it is stopped", func() bool { return state(p.pid) == 'T' })
	var seen bytes.Buffer
	ended := make(chan error)
	ready := make(chan bool)
	go func() {
		all := func(int) bool { return true }
		_, err := Writes(context.Background(), p.pid, all, func() { close(ready) }, func(_ int, data []byte) error {
			seen.Write(data)
			return nil
		})
		ended <- err
	}()
	<-ready
	for i := range 20 {
		fmt.Fprintln(p.in, i)
		unix.Kill(p.pid, unix.SIGCONT)
		p.says(strconv.Itoa(i))
		unix.Kill(p.pid, unix.SIGSTOP)
		await(t, "it is stopped", func() bool { return stopped(p.pid) })
	}
	p.in.Close()
	unix.Kill(p.pid, unix.SIGCONT)
	if err := <-ended; !errors.Is(err, ErrGone) {
		t.Error(err)
	}
	if err := p.end(); err != nil || strings.Count(seen.String(), "\n") != 20 {
		t.Errorf("%v %q", err, seen.String())
	}
}

// stopped tells whether a traced process is in its group's stop.
func stopped(pid int) bool { s := state(pid); return s == 't' || s == 'T' }

func childOf(pid int) int {
	data, err := proc.ReadFile(pid, "task", strconv.Itoa(pid), "children")
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(strings.TrimSpace(string(data)))
	return n
}

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// gang is a started launcher whose workers are all up.
type gang struct {
	cmd   *exec.Cmd // nil if it has left its workers to themselves
	dir   string
	ready *os.File
	// end ends the gang and waits for it.
	end func()
	// over is closed when the launcher has ended, with err.
	over chan struct{}
	err  error
	said strings.Builder
}

// newGang makes the FIFOs, on which workers report.
func newGang() (_ *gang, err error) {
	g := &gang{over: make(chan struct{}), end: func() {}}
	if g.dir, err = os.MkdirTemp("", "account-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			g.stop()
		}
	}()
	ready := g.path("ready")
	for _, path := range []string{ready, g.path("go")} {
		if err := unix.Mkfifo(path, 0o600); err != nil {
			return nil, fmt.Errorf("making the FIFO %s: %w", path, err)
		}
	}
	// For reading and writing: it opens before any worker does and never ends.
	// O_NONBLOCK puts it into the poller, so that a deadline works.
	g.ready, err = os.OpenFile(ready, os.O_RDWR|unix.O_NONBLOCK, 0)
	return g, err
}

func (g *gang) path(name string) string { return filepath.Join(g.dir, name) }

// environ tells the workers where to report.
func (g *gang) environ() []string {
	return append(os.Environ(), "BENCH_READY="+g.path("ready"), "BENCH_GO="+g.path("go"))
}

// start starts the launcher and waits until every worker has reported.
func start(argv []string, workers int) (_ *gang, err error) {
	g, err := newGang()
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			g.stop()
		}
	}()
	g.cmd = exec.Command(argv[0], argv[1:]...)
	g.cmd.Env = g.environ()
	g.cmd.Stderr = &g.said
	// Should a worker hold stderr longer than the launcher lives.
	g.cmd.WaitDelay = 10 * time.Second
	if err := g.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", argv[0], err)
	}
	// As a user would end it.
	g.end = func() {
		g.cmd.Process.Signal(unix.SIGTERM)
		<-g.over
	}
	go func() {
		g.err = g.cmd.Wait()
		// Whoever waits for reports need not any more.
		g.ready.SetReadDeadline(time.Now())
		close(g.over)
	}()
	return g, g.await(workers)
}

// await waits for one byte from each worker.
func (g *gang) await(workers int) error {
	n, err := io.ReadFull(g.ready, make([]byte, workers))
	if err == nil {
		return nil
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && g.cmd == nil {
		return fmt.Errorf("%d of %d workers have reported", n, workers)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		<-g.over
		return fmt.Errorf("the launcher ended (%v) when %d of %d workers had reported:\n%s", g.err, n, workers, g.said.String())
	}
	return fmt.Errorf("waiting for the workers: %w", err)
}

// release lets the workers write.
func (g *gang) release() (*os.File, error) {
	f, err := os.OpenFile(g.path("go"), os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("releasing the workers: %w", err)
	}
	return f, nil
}

// stop ends the gang and leaves nothing of it.
func (g *gang) stop() {
	g.end()
	g.ready.Close()
	os.RemoveAll(g.dir)
}

// cost is the CPU time so far of the launcher's own processes.
func (g *gang) cost(pids []int) (time.Duration, error) {
	var sum time.Duration
	for _, pid := range pids {
		t, err := cpuTime(pid)
		if err != nil {
			return 0, err
		}
		sum += t
	}
	return sum, nil
}

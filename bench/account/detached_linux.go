package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"
)

// Patience with what was left behind: until all workers are up, and until all
// has ended after a SIGTERM.
const (
	upTime   = time.Minute
	downTime = time.Minute
)

// startDetached runs the launcher to its end and waits until every worker has
// reported. What it leaves behind becomes ours, as it would init's.
func startDetached(argv []string, workers int, program string) (*gang, error) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("becoming the parent of what is left behind: %w", err)
	}
	g, err := newGang()
	if err != nil {
		return nil, err
	}
	g.end = func() { endBelow(program) }
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = g.environ()
	// Not a pipe, which what is left behind could hold open.
	said, err := os.CreateTemp(g.dir, "said")
	if err == nil {
		cmd.Stdout, cmd.Stderr = said, said
		err = cmd.Run()
		if text, rerr := os.ReadFile(said.Name()); err != nil && rerr == nil {
			err = fmt.Errorf("running %s: %w: %s", argv[0], err, text)
		}
		said.Close()
	}
	if err == nil {
		g.ready.SetReadDeadline(time.Now().Add(upTime))
		err = g.await(workers)
	}
	if err != nil {
		g.stop()
		return nil, err
	}
	return g, nil
}

// endBelow ends what runs program below us, and takes leave of everything that
// is left to us. Nothing is told of what would not go: the next measurement would
// count it and fail.
func endBelow(program string) {
	pids, err := below("/proc", os.Getpid(), program)
	if err != nil {
		return
	}
	for _, pid := range pids {
		unix.Kill(pid, unix.SIGTERM)
	}
	for end := time.Now().Add(downTime); time.Now().Before(end); {
		pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
		switch {
		case errors.Is(err, unix.ECHILD):
			return
		case pid == 0:
			time.Sleep(10 * time.Millisecond)
		}
	}
}

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/pty"
)

// leaveTime is how long what a command leaves behind may take to end.
const leaveTime = time.Minute

// cost is what a command took: on the clock until it ended, and on CPUs, user and
// system, all processes below it together.
type cost struct{ wall, cpu time.Duration }

// costOf runs a command, on a terminal or with nothing but /dev/null, and waits for
// all that it starts, also for what does not wait for its own children: those become
// ours, as they would become init's.
func costOf(argv []string, onTerminal bool) (c cost, err error) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return c, fmt.Errorf("becoming the parent of what is left behind: %w", err)
	}
	said, err := os.CreateTemp("", "recording-stderr-")
	if err != nil {
		return c, err
	}
	defer os.Remove(said.Name())
	defer said.Close()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color")
	cmd.Stderr = said
	shown := func() {}
	if onTerminal {
		if shown, err = attach(cmd); err != nil {
			return c, err
		}
	}
	start := time.Now()
	err = cmd.Run()
	c.wall = time.Since(start)
	if cmd.ProcessState != nil {
		c.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	rest, lerr := leftovers()
	c.cpu += rest
	shown()
	if err != nil {
		text, _ := io.ReadAll(io.NewSectionReader(said, 0, 2000))
		return c, fmt.Errorf("running %q: %w\n%s", argv, err, text)
	}
	return c, lerr
}

// attach gives a command a terminal, where somebody looks at what it shows until
// the function that is returned is called, after it has ended.
func attach(cmd *exec.Cmd) (done func(), err error) {
	master, slave, err := pty.Open(pty.OpenOptions{})
	if err != nil {
		return nil, err
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buf := make([]byte, 64<<10)
		for {
			if _, err := master.File().Read(buf); err != nil {
				return // the terminal is over
			}
		}
	}()
	return func() {
		slave.Close()
		<-ended
		master.Close()
	}, nil
}

// leftovers waits for everything that has become ours, and tells its CPU time.
func leftovers() (cpu time.Duration, err error) {
	for end := time.Now().Add(leaveTime); time.Now().Before(end); {
		var u unix.Rusage
		pid, err := unix.Wait4(-1, nil, unix.WNOHANG, &u)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.ECHILD):
			return cpu, nil
		case err != nil:
			return cpu, fmt.Errorf("waiting for what was left behind: %w", err)
		case pid == 0:
			time.Sleep(5 * time.Millisecond)
		default:
			cpu += time.Duration(u.Utime.Nano() + u.Stime.Nano())
		}
	}
	return cpu, fmt.Errorf("something that was left behind has not ended in %v", leaveTime)
}

// ownTime is the CPU time of this process.
func ownTime() (time.Duration, error) {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}

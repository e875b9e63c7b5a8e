//go:build linux || darwin

package pty

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// Suspend does what ^Z does to a program that is not raw: it restores the
// terminal, stops, and when a shell continues it in the foreground (fg), it makes
// the terminal raw again. It returns the size then, and a new Saved, for the user
// may have changed both meanwhile. saved.Modes are not switched on again: that is
// for whoever draws. Continued in the background (bg), it stops again, as every
// program does that needs the terminal.
//
// The signal goes to the whole process group, as it does from the kernel: a shell
// takes a job for stopped only when all of its processes are, and would wait for
// ever for the rest of a pipeline. SIGTSTP must have its default action here: a
// program that catches it lets go of it first.
//
// When nobody would continue this process, the error is ErrNoJobControl, and
// nothing has happened. When ctx ends while the process runs in the background or
// the stop did not come about, the error is that of ctx and the terminal stays
// restored.
func Suspend(ctx context.Context, tty *os.File, saved Saved) (Saved, Size, error) {
	if orphaned() {
		return saved, Size{}, fmt.Errorf("suspending: %w", ErrNoJobControl)
	}
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, unix.SIGCONT)
	defer signal.Stop(continued)

	if err := saved.Restore(tty); err != nil {
		return saved, Size{}, fmt.Errorf("suspending: %w", err)
	}
	for {
		if err := unix.Kill(0, unix.SIGTSTP); err != nil {
			return saved, Size{}, fmt.Errorf("suspending: %w", err)
		}
		// Not "we run, so we were continued": the other threads of this process
		// stop a moment later than the signal was sent.
		select {
		case <-continued:
		case <-ctx.Done():
			return saved, Size{}, fmt.Errorf("suspending: %w", ctx.Err())
		}
		ours, err := foreground(tty)
		if err != nil {
			return saved, Size{}, fmt.Errorf("coming back to the terminal: %w", err)
		}
		if ours {
			break
		}
		if orphaned() { // the shell has ended, and would not continue us again
			return saved, Size{}, fmt.Errorf("coming back to the terminal: %w", ErrNoJobControl)
		}
	}
	again, err := Save(tty)
	if err != nil {
		return saved, Size{}, err
	}
	again.Modes = saved.Modes
	if err := MakeRaw(tty); err != nil {
		return again, Size{}, err
	}
	size, err := SizeOf(tty)
	return again, size, err
}

// orphaned tells whether the kernel would discard a SIGTSTP for us: no process
// of our group has a parent in another group of the same session, where a shell
// would be. It asks for ourselves and for our ancestors in the group.
func orphaned() bool {
	group := unix.Getpgrp()
	session, err := unix.Getsid(0)
	if err != nil {
		return true
	}
	for pid := unix.Getppid(); pid > 0; {
		theirs, err := unix.Getpgid(pid)
		if err != nil {
			return true
		}
		if theirs != group {
			s, err := unix.Getsid(pid)
			return err != nil || s != session
		}
		if pid, err = parentOf(pid); err != nil {
			return true
		}
	}
	return true
}

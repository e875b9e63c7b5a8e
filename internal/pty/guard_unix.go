//go:build linux || darwin

package pty

import (
	"errors"
	"io"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// Watch is the whole work of a guardian process: it waits until every writer of
// the pipe is gone, and then restores tty as Arm said last, or with saved when
// nothing was said. saved may be nil: then nothing is restored before the first
// Arm.
//
// It ignores, for good, the signals that end or stop what hangs on a terminal,
// because they tend to hit the guarded process at the same time. The guardian
// ends when the pipe does, so nothing is left behind. The guarded process must
// not let other children inherit the writing end.
//
// tty is called when there is something to restore, and not before: a file in the
// netpoller would wake the guardian at every byte that goes through the terminal.
// It returns a file description that nobody else waits on, one from OpenTTY that
// was opened for this: a child inherits it blocking.
func Watch(pipe io.Reader, tty func() *os.File, saved *Saved) error {
	signal.Ignore(unix.SIGTTOU, unix.SIGTTIN, unix.SIGTSTP, unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM)
	var first Saved
	if saved != nil {
		first = *saved
	}
	last, armed, err := orders(pipe, first, saved != nil)
	if !armed {
		return err
	}
	return errors.Join(err, last.Restore(tty()))
}

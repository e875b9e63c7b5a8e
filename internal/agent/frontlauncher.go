//go:build linux

package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/attach"
	"github.com/sluicerun/sluice/internal/pty"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/session"
)

// ownTerminal is the launcher's terminal while it shows a worker.
type ownTerminal struct {
	opt    Terminal
	in     *os.File
	conn   net.Conn
	theirs *os.File
	done   chan struct{} // nil until it has begun
	err    error
}

// shows fills in what the launcher's terminal decides about the workers'
// terminals, and tells whether it shows rank 0.
func shows(spec *job.Spec, detach bool) *session.AttachOptions {
	p := *spec.Pty
	spec.Pty = &p
	if detach || p.Headless || spec.Size() > 1 {
		return nil
	}
	p.Shown = true
	o := &session.AttachOptions{Terminal: isTerminal(os.Stdout), JobControl: attach.JobControl(), FromStart: true}
	if size, err := pty.SizeOf(os.Stdout); err == nil && size.Cols > 0 && size.Rows > 0 {
		o.Size = size
		if p.Cols == 0 {
			p.Cols, p.Rows, p.XPixel, p.YPixel = int(size.Cols), int(size.Rows), int(size.XPixel), int(size.YPixel)
		} else if p.Policy == "" {
			p.Policy = job.SizeFixed // whoever asks for a size wants that one
		}
		if p.Term == "" {
			p.Term = os.Getenv("TERM")
		}
	}
	spec.Pty = &p
	return o
}

// newOwnTerminal makes the line between the launcher's terminal and the agent.
//
// The person's keys come from standard input, or from the terminal itself if
// that is the worker's.
func newOwnTerminal(opt Terminal, spec job.Spec) (*ownTerminal, error) {
	in := os.Stdin
	if spec.Stdin.Mode != job.StdinDefault {
		if tty, err := pty.OpenTTY(); err == nil {
			in = tty
		} else if in, err = os.Open(os.DevNull); err != nil {
			return nil, fmt.Errorf("opening the keyboard: %w", err)
		}
	}
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("making a socket pair: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(p[0]), "line"), os.NewFile(uintptr(p[1]), "line")
	conn, err := net.FileConn(ours)
	ours.Close()
	if err != nil {
		theirs.Close()
		return nil, fmt.Errorf("making a socket pair: %w", err)
	}
	return &ownTerminal{opt: opt, in: in, conn: conn, theirs: theirs}, nil
}

// begin gives the terminal to the program. signal is told of those that were
// sent to us, left that the person detached.
func (t *ownTerminal) begin(signal func(os.Signal) bool, left func()) {
	if t == nil || t.done != nil {
		return
	}
	t.done = make(chan struct{})
	go func() {
		defer close(t.done)
		r, err := attach.Run(context.Background(), t.conn, attach.Options{
			In: t.in, Out: os.Stdout, Err: os.Stderr, DetachKey: t.opt.DetachKey, Keymap: t.opt.Keymap, PauseKey: t.opt.PauseKey, MarkerKey: t.opt.MarkerKey,
			Foreground: true, CanDetach: true, Signal: signal,
		})
		if r.Detached {
			left()
		}
		if !errors.Is(err, attach.ErrLost) { // the agent's end is told of elsewhere
			t.err = err
		}
	}()
}

// end waits until the terminal is the shell's again. Without a begin it gives
// up the line.
func (t *ownTerminal) end() error {
	switch {
	case t == nil:
		return nil
	case t.done == nil:
		t.conn.Close()
		return nil
	}
	<-t.done
	return t.err
}

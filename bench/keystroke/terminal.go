package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/pty"
)

// terminal is the person's: a command runs on it.
type terminal struct {
	master *pty.Master
	cmd    *exec.Cmd
	cancel context.CancelFunc
	said   bytes.Buffer // since the last key, for errors and for the echo
}

// open starts argv on a new terminal. limit bounds its whole life.
func open(argv []string, limit time.Duration) (*terminal, error) {
	master, slave, err := pty.Open(pty.OpenOptions{})
	if err != nil {
		return nil, err
	}
	defer slave.Close()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t := &terminal{master: master, cancel: cancel, cmd: exec.CommandContext(ctx, argv[0], argv[1:]...)}
	t.cmd.Stdin, t.cmd.Stdout, t.cmd.Stderr = slave, slave, slave
	t.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	t.cmd.Env = append(os.Environ(), "TERM=xterm-256color")
	if err := t.cmd.Start(); err != nil {
		cancel()
		master.Close()
		return nil, fmt.Errorf("starting %s: %w", argv[0], err)
	}
	return t, nil
}

// close ends the command if it has not ended, and the terminal.
func (t *terminal) close() {
	t.cancel()
	t.cmd.Wait() // an error is told by finish; here it may be a kill of ours
	t.master.Close()
}

// use calls f with the terminal's descriptor on one thread. Reading and writing
// are plain system calls, so that neither the runtime's poller nor a hand-over
// between threads is measured.
func (t *terminal) use(f func(fd int) error) error {
	raw, err := t.master.File().SyscallConn()
	if err != nil {
		return err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if cerr := raw.Control(func(fd uintptr) { err = f(int(fd)) }); cerr != nil {
		return cerr
	}
	return err
}

// hear waits until what was said holds text.
func (t *terminal) hear(fd int, text []byte, patience time.Duration) error {
	end := time.Now().Add(patience)
	for !bytes.Contains(t.said.Bytes(), text) {
		more, err := t.more(fd, time.Until(end))
		if err == nil && !more {
			err = fmt.Errorf("it did not come within %v", patience)
		}
		if err != nil {
			return fmt.Errorf("waiting for %q: %w; there was %q", text, err, tail(t.said.Bytes()))
		}
	}
	return nil
}

// settle reads until nothing more comes for a while.
func (t *terminal) settle(fd int, quiet time.Duration) error {
	for {
		t.said.Reset()
		if more, err := t.more(fd, quiet); err != nil || !more {
			return err
		}
	}
}

// more reads what is said within limit; false: nothing was. The error is
// pty.ErrNoSlave when nobody is there any more to say anything.
func (t *terminal) more(fd int, limit time.Duration) (bool, error) {
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	ms := int(max(limit, 0) / time.Millisecond)
	n, err := unix.Poll(p, ms)
	if errors.Is(err, unix.EINTR) {
		return true, nil
	}
	if err != nil || n == 0 {
		return false, err
	}
	var buf [4096]byte
	k, err := unix.Read(fd, buf[:])
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		return true, nil
	case errors.Is(err, unix.EIO), err == nil && k == 0:
		return false, pty.ErrNoSlave
	case err != nil:
		return false, fmt.Errorf("reading the terminal: %w", err)
	}
	t.said.Write(buf[:k])
	return true, nil
}

// finish types the end and waits for the command's.
func (t *terminal) finish(fd int, patience time.Duration) error {
	if _, err := unix.Write(fd, []byte{over}); err != nil {
		return fmt.Errorf("typing Ctrl+D: %w", err)
	}
	end := time.Now().Add(patience)
	for {
		more, err := t.more(fd, time.Until(end))
		if errors.Is(err, pty.ErrNoSlave) {
			break
		}
		if err == nil && !more {
			err = fmt.Errorf("the terminal is still open after %v", patience)
		}
		if err != nil {
			return fmt.Errorf("waiting for the end: %w; there was %q", err, tail(t.said.Bytes()))
		}
	}
	if err := t.cmd.Wait(); err != nil {
		return fmt.Errorf("running %s: %w: %q", t.cmd, err, tail(t.said.Bytes()))
	}
	return nil
}

// tail is the last of what was said.
func tail(b []byte) []byte { return b[max(0, len(b)-400):] }

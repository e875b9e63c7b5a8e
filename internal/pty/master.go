package pty

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/sluicerun/sluice/internal/nowait"
)

// ErrNoSlave means that no process has the slave open now. It need not be the
// end: whoever opens the slave again brings the terminal back to life, and Read
// works again. Whether it is the end is to be decided with the state of the
// child. All output that was written before is read first.
//
// Linux says it as EIO, macOS as an end of file. Before the slave was opened for
// the first time a Read waits instead.
var ErrNoSlave = errors.New("no process has the terminal open")

// OpenOptions says what a new terminal is like. The zero value is a cooked
// terminal of [DefaultSize].
type OpenOptions struct {
	// Size is set before a child can look. The zero Size stands for DefaultSize,
	// for programs that are told 0x0 guess, each differently.
	Size Size

	// Termios is the line discipline, nil for Sane. A program that puts itself
	// between the user's terminal and a child passes a copy of the user's
	// (TermiosOf), so that the user's own control characters work inside.
	Termios *Termios
}

// Open makes a pseudo-terminal. Size and line discipline are set when it returns.
//
// The slave is a blocking file that is not in the netpoller, as a child wants
// it. Give it to the child and close it here: while it is open in this process,
// Read never says ErrNoSlave. Neither is inherited by children unasked, and
// neither becomes the controlling terminal of this process.
func Open(o OpenOptions) (*Master, *os.File, error) {
	if o.Size.Cols == 0 && o.Size.Rows == 0 {
		o.Size.Cols, o.Size.Rows = DefaultSize.Cols, DefaultSize.Rows
	}
	if o.Termios == nil {
		sane := Sane()
		o.Termios = &sane
	}
	f, err := openMaster()
	if err != nil {
		return nil, nil, err
	}
	slave, err := openSlave(f)
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	m := &Master{f: f}
	if err = m.Resize(o.Size); err == nil {
		// Through the slave: macOS has no line discipline on the master's side.
		err = o.Termios.apply(slave)
	}
	if err != nil {
		slave.Close()
		f.Close()
		return nil, nil, err
	}
	return m, slave, nil
}

// Master is the master side of a pseudo-terminal. All methods may be called at
// the same time from several goroutines.
//
// Each direction holds little, 13 to 20 KB on Linux: a program whose output
// nobody reads stops, and then reads no more input either. So one goroutine must
// always read, and no Write may hold it up.
type Master struct {
	f *os.File

	// size guards the window size against two that change it at once; resized
	// counts the changes by Resize, so that Nudge does not undo one.
	size    sync.Mutex
	resized uint64
}

// FromFile makes a Master of a file that came from another process (SCM_RIGHTS),
// and takes it over: close the Master, not f. A file that is not the master side
// of a pseudo-terminal is an error and stays the caller's.
//
// The file is made non-blocking where it is not yet. That is seen by everybody
// who shares the open file description, so a master must not be taken from a
// program that goes on using it and does not expect that.
func FromFile(f *os.File) (*Master, error) {
	if _, err := slavePath(f); err != nil {
		return nil, fmt.Errorf("%s is not the master side of a terminal: %w", f.Name(), err)
	}
	pollable, err := pollable(f)
	if err != nil {
		return nil, err
	}
	return &Master{f: pollable}, nil
}

// File is the file below, for handing to another process. Do not call its Fd,
// which would make it blocking in every process that shares it: Close and
// deadlines would no longer end a Read.
func (m *Master) File() *os.File { return m.f }

// Read reads what programs wrote to the terminal and what the kernel echoed. It
// returns ErrNoSlave when nobody has the slave open and everything was read,
// os.ErrDeadlineExceeded after the deadline, and os.ErrClosed once Close was
// called. A read is mostly at most 4095 bytes, but not always.
func (m *Master) Read(p []byte) (int, error) {
	n, err := m.f.Read(p)
	return n, noSlave(err)
}

// Write types p. It waits while the terminal is full, until the write deadline;
// the number of bytes that were taken is right in any case.
//
// A line of more than [Master.CanonLimit] bytes is cut by the kernel in
// canonical mode, and no error tells.
func (m *Master) Write(p []byte) (int, error) {
	n, err := m.f.Write(p)
	return n, noSlave(err)
}

// WriteSome types what of p the terminal takes at once and returns how much that
// is, whatever the deadline. An error counts as nothing: a Write meets it again.
func (m *Master) WriteSome(p []byte) (n int) {
	_ = control(m.f, func(fd int) (err error) {
		n, err = nowait.Write(uintptr(fd), p)
		return err
	})
	return n
}

// SetReadDeadline ends every Read at t; the zero time never does.
func (m *Master) SetReadDeadline(t time.Time) error { return m.f.SetReadDeadline(t) }

// SetWriteDeadline ends every Write at t; the zero time never does.
func (m *Master) SetWriteDeadline(t time.Time) error { return m.f.SetWriteDeadline(t) }

// Close ends Read and Write at once with os.ErrClosed. When no other process has
// the master, programs on the terminal get SIGHUP and their reads and writes
// fail.
func (m *Master) Close() error { return m.f.Close() }

func noSlave(err error) error {
	if err == io.EOF || errors.Is(err, syscall.EIO) {
		return ErrNoSlave
	}
	return err
}

// Path is the name of the slave in this process's view of /dev. In another mount
// namespace (a container) it may name another terminal or none.
func (m *Master) Path() (string, error) {
	path, err := slavePath(m.f)
	if err != nil {
		return "", fmt.Errorf("finding the terminal's name: %w", err)
	}
	return path, nil
}

// Slave opens the slave once more. While it is open, Read waits instead of
// saying ErrNoSlave.
func (m *Master) Slave() (*os.File, error) { return openSlave(m.f) }

// Resize sets the size. The kernel sends SIGWINCH to the foreground process
// group if it differs from the one before, in cells or in pixels.
func (m *Master) Resize(s Size) error {
	m.size.Lock()
	defer m.size.Unlock()
	m.resized++
	return setSize(m.f, s)
}

// Size reads the size, which programs on the terminal can set too.
func (m *Master) Size() (Size, error) { return SizeOf(m.f) }

// Nudge makes the program draw everything anew: the kernel sends SIGWINCH only
// for a size that changed, and programs tend to ignore one after which it did
// not, so it takes one row away, waits for pause, and gives it back. Without a
// pause (20 ms when 0) the two signals would be one, after which nothing has
// changed.
//
// A Resize that comes in between is left as it is. When ctx ends, the row is
// given back at once.
func (m *Master) Nudge(ctx context.Context, pause time.Duration) error {
	if pause <= 0 {
		pause = 20 * time.Millisecond
	}
	m.size.Lock()
	old, err := SizeOf(m.f)
	if err == nil {
		err = setSize(m.f, old.shrunk())
	}
	before := m.resized
	m.size.Unlock()
	if err != nil {
		return err
	}

	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}

	m.size.Lock()
	defer m.size.Unlock()
	if m.resized != before {
		return nil
	}
	if now, err := SizeOf(m.f); err != nil || now != old.shrunk() {
		return err // a program has set a size of its own
	}
	return setSize(m.f, old)
}

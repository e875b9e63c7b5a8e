//go:build linux || darwin

package attach

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/sluicerun/sluice/internal/pty"
)

// Run serves the user's terminal until the session ends, the user detaches, a
// signal comes, ctx ends or the connection breaks (ErrLost). conn speaks the
// frames of package session; its Close must end a Read and a Write. Run closes
// it. Whatever the end, the terminal is as it was found.
func Run(ctx context.Context, conn io.ReadWriteCloser, o Options) (Result, error) {
	c, err := newClient(conn, o)
	if err != nil {
		conn.Close()
		return Result{}, fmt.Errorf("attaching: %w", err)
	}
	// Deferred, so that a panic of ours does not leave the terminal raw. One in
	// another goroutine ends the process: that is for the guard.
	var closed error
	r, err := func() (Result, error) {
		defer func() { closed = c.close() }()
		return c.serve(ctx)
	}()
	if err == nil {
		err = closed
	}
	return r, err
}

// terminalOf opens the terminal that f is for ourselves; nil if f is none.
//
// A description of our own can be non-blocking. The inherited one is shared with
// the shell, which would find itself with one that is.
func terminalOf(f *os.File) (*os.File, error) {
	if f == nil {
		return nil, nil
	}
	if _, err := pty.TermiosOf(f); err != nil {
		return nil, nil
	}
	if controls(f) {
		return pty.OpenTTY() // works after su, too, when the device belongs to somebody else
	}
	return reopen(f)
}

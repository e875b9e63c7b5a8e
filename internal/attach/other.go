//go:build !linux && !darwin

package attach

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
)

// Run always fails here.
func Run(_ context.Context, conn io.ReadWriteCloser, _ Options) (Result, error) {
	conn.Close()
	return Result{}, fmt.Errorf("attaching a terminal on %s: %w", runtime.GOOS, errors.ErrUnsupported)
}

// Guard always fails here.
func Guard() int { return 1 }

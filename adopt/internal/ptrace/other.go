//go:build !linux || !(amd64 || arm64)

package ptrace

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"
)

func unsupported() error {
	return fmt.Errorf("tracing processes needs Linux on amd64 or arm64, not %s on %s: %w", runtime.GOOS, runtime.GOARCH, errors.ErrUnsupported)
}

// Stopped is a process all of whose threads are stopped.
type Stopped struct{}

// Syscall is for Linux.
func (*Stopped) Syscall(uintptr, ...uintptr) (uintptr, error) { return 0, unsupported() }

// Push is for Linux.
func (*Stopped) Push(...int) ([]int, error) { return nil, unsupported() }

// Stop is for Linux.
func Stop(context.Context, int, bool, func(*Stopped) error) (Report, error) {
	return Report{}, unsupported()
}

// Writes is for Linux.
func Writes(context.Context, int, func(int) bool, func(), func(int, []byte) error) (Cost, error) {
	return Cost{}, unsupported()
}

// Report is what Stop has done to a process.
type Report struct {
	Stopped time.Duration
	Short   int
}

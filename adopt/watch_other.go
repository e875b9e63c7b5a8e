//go:build !linux

package adopt

import (
	"context"
	"errors"
	"fmt"
)

// Watch sees what a process writes, until it is closed.
type Watch struct{ Streams []Watched }

// Watch needs Linux.
func (p *Process) Watch(WatchOptions) (*Watch, error) {
	return nil, fmt.Errorf("watching %v needs Linux: %w", p, errors.ErrUnsupported)
}

// Run needs Linux.
func (w *Watch) Run(context.Context, func(Written) error, func(string)) error {
	return errors.ErrUnsupported
}

// Close ends the watching.
func (w *Watch) Close() {}

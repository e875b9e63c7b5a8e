//go:build !linux

package adopt

import (
	"context"
	"errors"
	"fmt"
)

// Redirect needs Linux.
func (p *Process) Redirect(context.Context, RedirectOptions) (*Moved, error) {
	return nil, fmt.Errorf("moving the output of a process needs Linux: %w", errors.ErrUnsupported)
}

// Undo needs Linux.
func (p *Process) Undo(context.Context, UndoOptions) (*Moved, error) {
	return nil, fmt.Errorf("moving the output of a process needs Linux: %w", errors.ErrUnsupported)
}

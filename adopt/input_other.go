//go:build !linux

package adopt

import (
	"context"
	"errors"
	"fmt"
)

// Input finds out how input gets into the process.
func (p *Process) Input(context.Context, *Table) (*Input, error) {
	return nil, fmt.Errorf("typing into processes needs Linux: %w", errors.ErrUnsupported)
}

// LineNow asks how the terminal treats now what is typed.
func (in *Input) LineNow() (*Line, error) { return nil, errors.ErrUnsupported }

// EOF ends the input as Ctrl+D does.
func (in *Input) EOF(context.Context, *Way) error { return errors.ErrUnsupported }

// Resize gives the terminal another size.
func (in *Input) Resize(int, int) error { return errors.ErrUnsupported }

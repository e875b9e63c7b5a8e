package adopt

import (
	"context"
	"fmt"
)

// Undo moves the output of a process back to where it was before Redirect. The error
// is ErrNoUndo if nothing is on record.
func (p *Process) Undo(ctx context.Context, o UndoOptions) (*Moved, error) {
	// Not to stop it for nothing; what counts is read while it is stopped.
	before, err := p.recorded(o.Records)
	if err != nil {
		return nil, err
	}
	if before == nil {
		return nil, p.noUndo()
	}
	// Moving back what was moved needs no second leave.
	if r := p.mayMove(true); r != nil {
		return nil, r
	}
	moved := &Moved{}
	err = p.stopped(ctx, o.Force, moved, func(m *mover) error { return m.restore(o, moved) })
	if err != nil {
		return nil, err
	}
	return moved, nil
}

func (p *Process) noUndo() error { return fmt.Errorf("%v: %w", p, ErrNoUndo) }

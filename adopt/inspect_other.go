//go:build !linux

package adopt

import "errors"

// A packed system's flags have Linux's numbers, which are not this system's.
func flagNames(int) []string { return nil }

func (p *Process) pipeState(Descriptor, *Table) (waiting, capacity int, ok bool) { return 0, 0, false }

func (p *Process) socketFamily(int) string { return "" }

func (t *Table) modes(TerminalState, []Holder) (*Modes, error) { return nil, errors.ErrUnsupported }

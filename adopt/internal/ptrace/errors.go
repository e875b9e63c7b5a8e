package ptrace

import (
	"errors"
	"fmt"
)

// ErrGone is that the process has ended.
var ErrGone = errors.New("it has ended")

// ErrForeign is that no thread runs the instructions of this machine: a 32-bit program.
var ErrForeign = errors.New("it is a 32-bit program, and 64-bit ones alone can be made to call the kernel")

// StuckError is a thread that waits in a write which nobody takes. Interrupting it
// would return part of what was to be written, as no signal that it expects does.
type StuckError struct{ TID, FD int }

func (e *StuckError) Error() string {
	return fmt.Sprintf("thread %d waits in a write to descriptor %d that nobody reads, and stopping it would cut that short", e.TID, e.FD)
}

// UnstoppableError is a thread that did not stop in time.
type UnstoppableError struct {
	TID  int
	Call string // where it waits, if that is known
}

func (e *UnstoppableError) Error() string {
	text := fmt.Sprintf("thread %d cannot be stopped: it waits in the kernel", e.TID)
	if e.Call != "" {
		text += " (" + e.Call + ")"
	}
	return text
}

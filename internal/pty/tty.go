package pty

import (
	"errors"
	"time"
)

// ErrBackground means that this process is in the background of its terminal.
// Who would take the terminal then disturbs the program that has it, mostly the
// shell; wait for SIGCONT and try again.
var ErrBackground = errors.New("in the background of its terminal")

// ErrNoJobControl means that nobody would continue this process after it
// stopped: its process group is orphaned (setpgid(2)), as that of a session
// leader is. The kernel discards SIGTSTP then.
var ErrNoJobControl = errors.New("no shell with job control would continue this process")

// leaveTimeout bounds the writing of the leave sequences to a terminal that
// takes nothing (^S, a dead connection).
const leaveTimeout = 2 * time.Second

// Saved is a terminal as it was before MakeRaw, and what has to be left besides.
// It is a value: another process can restore with it too, see MarshalText.
type Saved struct {
	// Modes are those to be left by Restore. Save sets none.
	Modes Modes

	termios Termios
}

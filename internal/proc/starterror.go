package proc

import (
	"errors"
	"strings"
)

// StartError explains why something could not be started.
type StartError struct {
	// Path is the file or command, Interpreter the #! interpreter or ELF
	// loader at fault, if that is the reason, Dir the working directory.
	Path, Interpreter, Dir string
	// Err is the kernel's answer, a syscall.Errno.
	Err error
	// Status is what a shell would return: 127 for what is not there, 126 for
	// what cannot be executed, 125 when a limit of ours or the system's is
	// the reason and another command would have failed as well.
	Status int
	// Why says what is wrong, in words; Hint what to do, and may be empty.
	Why, Hint string
}

func (e *StartError) Error() string {
	var b strings.Builder
	b.WriteString("starting ")
	b.WriteString(e.Path)
	b.WriteString(": ")
	b.WriteString(e.Why)
	if e.Hint != "" {
		b.WriteString("; ")
		b.WriteString(e.Hint)
	}
	return b.String()
}

func (e *StartError) Unwrap() error { return e.Err }

// ErrUnsupported is what everything answers on systems other than Linux.
var ErrUnsupported = errors.New("launching workers needs Linux")

// ErrClosed is returned by Start after Close.
var ErrClosed = errors.New("the spawner is closed")

// ErrNotEnded is returned by Reap while the process runs.
var ErrNotEnded = errors.New("the process has not ended")

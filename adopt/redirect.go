package adopt

import "time"

// RedirectOptions are what is to be moved, and where to.
type RedirectOptions struct {
	// Stdout and Stderr are the files that descriptors 1 and 2 are to go to; empty:
	// it stays where it is. A file that is not there is made, with mode 0600, and one
	// that is there is appended to. Whatever can be opened for writing will do. If
	// both are the same file, they share one open file, so that their order is kept.
	Stdout, Stderr string
	// Records is the folder where the way back is written down. It is made, with
	// mode 0700.
	Records string
	// Force does it also to a process that is not ours (another user's, process 1,
	// one that we descend from), to one whose system calls are filtered by seccomp,
	// and to one that is in a write which stands still.
	Force bool
}

// Moved is what Redirect and Undo have done.
type Moved struct {
	Moves []Move
	// Stopped is how long the process was stopped.
	Stopped time.Duration
	// Short is how many of its writes returned a part of what was to be written, as
	// they do when a signal comes, because nobody read the rest in time.
	Short int
}

// Move is a descriptor that goes somewhere else than it did.
type Move struct {
	FD   int    `json:"fd"`
	From Stream `json:"from"` // what it was at first
	To   Stream `json:"to"`
	// Kept is the descriptor of the process by which From is still open.
	Kept int `json:"kept"`
}

// Stream is what a descriptor is of.
type Stream struct {
	Dev  uint64 `json:"dev"`
	Ino  uint64 `json:"ino"`
	Name string `json:"name"`
}

// same tells whether both are of one object: a name may have changed.
func (s Stream) same(o Stream) bool { return s.Dev == o.Dev && s.Ino == o.Ino }

// TargetError is a file that output cannot be moved to.
type TargetError struct {
	Path string
	Err  error
}

func (e *TargetError) Error() string { return "moving output to " + e.Path + ": " + e.Err.Error() }

func (e *TargetError) Unwrap() error { return e.Err }

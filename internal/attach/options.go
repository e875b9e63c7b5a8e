package attach

import (
	"errors"
	"fmt"
	"os"

	"github.com/sluicerun/sluice/keys"
	"github.com/sluicerun/sluice/session"
)

// GuardCommand is the hidden subcommand of the guard's process, whose main is
// Guard.
const GuardCommand = "__tty"

// DefaultDetachKey is the key that leaves a session. Others of its kind use
// Ctrl+\, which programs need.
const DefaultDetachKey = "Ctrl+]"

// Options say who is served, and how.
type Options struct {
	// In and Out are the user's standard input and output: terminals or not, each
	// by itself. What is no terminal gets and gives plain bytes: no keys, no raw
	// mode, no redraws. Neither is closed.
	In, Out *os.File
	// Err receives notices, one line each, when Out is no terminal; nil: they are
	// dropped.
	Err *os.File
	// DetachKey is the name of the key (package keys) that leaves; empty means
	// DefaultDetachKey, "none" that there is none.
	DetachKey string
	// PauseKey and MarkerKey are names of keys that pause the recording and put a
	// marker into it, as p and m after the detach key do; empty: none.
	PauseKey, MarkerKey string
	// ReadOnly only watches: neither keys nor a size are sent.
	ReadOnly bool
	// Keymap translates what the keyboard types before it is sent; nil: nothing is
	// translated.
	Keymap *keys.Keymap
	// Foreground: this client started the program and ends with it. The user can
	// leave it only with CanDetach.
	Foreground bool
	CanDetach  bool
	// RunShell runs a shell command of the keymap and does not wait for it; nil
	// means sh -c in the background with its output discarded.
	RunShell func(command string)
	// Signal is told of a SIGINT, SIGTERM or SIGHUP that was sent to this process.
	// If it returns true the client goes on: somebody has been told who will end
	// the session. nil or false: Run ends with a SignalError. It is called on
	// Run's goroutine.
	Signal func(os.Signal) bool
}

// Result is how the client's time ended without an error.
type Result struct {
	// End is what the session said, unless Detached.
	End session.End
	// Detached: the user has left, and the session goes on.
	Detached bool
}

// ErrLost means that the connection ended and the session has not said why.
var ErrLost = errors.New("the connection to the session was lost")

// SignalError means that the client ended for a signal.
type SignalError struct{ Signal os.Signal }

func (e *SignalError) Error() string {
	return fmt.Sprintf("ended by a signal: %s", e.Signal)
}

//go:build linux || darwin

package attach

import (
	"os"

	"github.com/sluicerun/sluice/internal/pty"
)

// What follows is for others in this program who take the user's terminal: the
// player of recordings.

// OpenTerminal opens the terminal that f is for the caller alone, so that what it
// sets does not reach the shell's; nil if f is none.
func OpenTerminal(f *os.File) (*os.File, error) { return terminalOf(f) }

// Guarding is a process that gives a terminal back if this one is killed. Its
// methods do nothing on nil: without it only kill -9 leaves a mess.
type Guarding struct{ g *guard }

// StartGuarding starts the process, see [Guard]. tty must be opened for it alone
// and may be closed afterwards.
func StartGuarding(tty *os.File) (*Guarding, error) {
	g, err := startGuard(tty)
	if err != nil {
		return nil, err
	}
	return &Guarding{g}, nil
}

// Arm has the terminal restored to saved from now on. Call it before MakeRaw.
func (g *Guarding) Arm(saved pty.Saved) {
	if g != nil {
		g.g.arm(saved)
	}
}

// Disarm tells that the terminal was given back.
func (g *Guarding) Disarm() {
	if g != nil {
		g.g.disarm()
	}
}

// End ends the process and waits for it.
func (g *Guarding) End() {
	if g != nil {
		g.g.end()
	}
}

// Keyboard reads a terminal that OpenTerminal has opened, until it is stopped.
type Keyboard struct{ k *keyboard }

// StartKeyboard begins to read.
func StartKeyboard(tty *os.File) *Keyboard { return &Keyboard{startKeyboard(tty, nil)} }

// C has what is typed. It is closed when the terminal is gone.
func (k *Keyboard) C() <-chan []byte { return k.k.C }

// Stop ends the reading and waits for that. What was read and not taken is lost.
// It may be called on nil.
func (k *Keyboard) Stop() {
	if k != nil {
		k.k.stop()
	}
}

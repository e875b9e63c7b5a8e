package session

import "github.com/sluicerun/sluice/job"

// Input is one message to the program: its steps are written in order and
// nobody else's bytes come between the bytes of one step.
type Input struct {
	// Source says who sends it, for the log: "keyboard", "type@4711", "script".
	Source string `json:"source,omitempty"`
	Steps  []Step `json:"steps"`
	// Exclusive holds back every other writer, keyboards too, until the last
	// step is written.
	Exclusive bool `json:"exclusive,omitempty"`
	// Secret waits until the program reads a line that the terminal does not
	// echo, and is neither logged nor shown. If that does not happen before
	// Timeout nothing is written.
	Secret bool `json:"secret,omitempty"`
	// SecretKeys lets a secret go to a program that reads keys as well, which
	// itself decides what of them to show: pinentry does not, a shell at its
	// prompt does.
	SecretKeys bool `json:"secret_keys,omitempty"`
	// Timeout bounds the wait for a turn, for room, and for the echo to go
	// off; 0 means 10 s.
	Timeout job.Duration `json:"timeout,omitempty"`
	// Approximate sends the nearest bytes for a key that the program's keyboard
	// mode cannot express, instead of an error.
	Approximate bool `json:"approximate,omitempty"`
}

// Step is one thing to write. One of its fields Text, Data, Keys, Paste, Mouse
// and EOF is set.
type Step struct {
	// Delay is the pause before the step. A step of keys that begins with Enter
	// and follows text has one of 100 ms unless Delay is set: programs take what
	// comes faster for a paste. Negative means none.
	Delay job.Duration `json:"delay,omitempty"`
	// Text is typed as it is.
	Text string `json:"text,omitempty"`
	// Data is bytes to be written as they are.
	Data []byte `json:"data,omitempty"`
	// Keys are names of keys (package keys), encoded as the program's current
	// modes ask for.
	Keys []string `json:"keys,omitempty"`
	// Pace is the pause between the characters of Text, or between Keys.
	Pace job.Duration `json:"pace,omitempty"`
	// Paste is pasted: bracketed if the program asked for that.
	Paste []byte `json:"paste,omitempty"`
	// Mouse is a movement of the mouse.
	Mouse *Mouse `json:"mouse,omitempty"`
	// EOF ends a line-wise reader's input, as Ctrl+D does.
	EOF bool `json:"eof,omitempty"`
}

// Mouse is something done with the mouse.
type Mouse struct {
	// Action is click, press, release, move, drag, scroll-up or scroll-down.
	Action string `json:"action"`
	Button string `json:"button,omitempty"` // left (the default), middle, right
	// X and Y are the column and row, from 1. On, if set, is a text on the
	// screen whose middle is meant instead.
	X, Y int    `json:",omitempty"`
	On   string `json:"on,omitempty"`
	// ToX and ToY are where a drag ends.
	ToX, ToY int      `json:",omitempty"`
	Mods     []string `json:"mods,omitempty"` // Ctrl, Alt, Shift
	Count    int      `json:"count,omitempty"`
}

package session

import "time"

// State is what can be said of a session besides its screen.
type State struct {
	Cols  int    `json:"cols"`
	Rows  int    `json:"rows"`
	Title string `json:"title,omitempty"`
	// TTY is the terminal's line discipline.
	TTY TTY `json:"tty"`
	// Foreground is who reads the keyboard.
	Foreground Foreground `json:"foreground"`
	// Clients are those attached, in the order they came.
	Clients []Client `json:"clients"`
	// Keyboard is the client that has taken the keyboard over, or the writer of
	// an exclusive batch; empty: everybody may write.
	Keyboard string `json:"keyboard,omitempty"`
	// Offset is how much of the log the screen shows.
	Offset int64 `json:"offset"`
	// Generation grows when the screen changes.
	Generation uint64 `json:"generation"`
	// Stopped tells that the program was stopped by a signal.
	Stopped bool `json:"stopped,omitempty"`
	// Ended tells that the program has ended; Status is its exit status then.
	Ended  bool `json:"ended,omitempty"`
	Status int  `json:"status,omitempty"`
}

// TTY is what the program made of its terminal's settings.
type TTY struct {
	Path      string `json:"path"`      // /dev/pts/N
	Canonical bool   `json:"canonical"` // line by line
	Echo      bool   `json:"echo"`
	Signals   bool   `json:"signals"` // ^C and the like are signals
	XON       bool   `json:"xon"`     // ^S stops the output
	// Stopped tells that ^S was sent and ^Q was not: the output waits.
	Stopped bool `json:"stopped,omitempty"`
}

// Foreground is the process group that the terminal belongs to now.
type Foreground struct {
	Group   int    `json:"group"`
	Command string `json:"command,omitempty"` // of its leader
}

// Client is somebody who is attached.
type Client struct {
	ID       int       `json:"id"`
	PID      int       `json:"pid,omitempty"`
	ReadOnly bool      `json:"read_only,omitempty"`
	Primary  bool      `json:"primary,omitempty"` // its terminal answers the program's questions
	Cols     int       `json:"cols,omitempty"`
	Rows     int       `json:"rows,omitempty"`
	Since    time.Time `json:"since"`
	// Resyncs counts how often it could not keep up and was given the screen
	// instead of the bytes.
	Resyncs int `json:"resyncs,omitempty"`
}

package cast

import (
	"iter"
	"time"
)

// Code says what an event is. Codes that this package does not know are kept as
// they are, however long.
type Code string

const (
	// Output: the program wrote Data.
	Output Code = "o"
	// Input: Data was typed.
	Input Code = "i"
	// Resize: the terminal has the size Cols and Rows.
	Resize Code = "r"
	// Marker: somebody put a marker here, which is called Data.
	Marker Code = "m"
	// Exit: the program ended with Status, 128+n for signal n.
	Exit Code = "x"
	// Signal: the program was sent a signal, which is called Data (SIGTERM). Only
	// script's format has it; asciicasts have it as an unknown code.
	Signal Code = "S"
	// Source: the input that follows is from Data. As with Signal.
	Source Code = "s"
	// Comment: a line of a version 3 file that is for people, Data without its #.
	Comment Code = "#"
)

// Event is something that happened in a recording.
type Event struct {
	// Time is since the recording began. It never goes back.
	Time time.Duration
	Code Code
	// Data is bytes: exactly those that were written or typed, as far as the format
	// knows them. A character may be cut. It is valid until the next event is read.
	Data []byte
	// Raw: Data is JSON, of a code that is not known and whose data is no string.
	Raw bool

	Cols, Rows int // of Resize, 0 to 65535
	Status     int // of Exit
}

// Events is a recording's events in their order. After an error there are none.
type Events = iter.Seq2[Event, error]

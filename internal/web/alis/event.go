package alis

import "time"

const (
	// Protocol is the sub-protocol's name in the handshake.
	Protocol = "v1.alis"
	// Magic is the first message of a stream.
	Magic = "ALiS\x01"
)

// Kind says what an event is: the first byte of its message.
type Kind byte

const (
	// Init: the screen of Cols and Rows is what Text draws on an empty one. ID is
	// that of the latest event which went into it, Theme may be there.
	Init Kind = 0x01
	// EOT: the stream is over. It has neither ID nor Time.
	EOT Kind = 0x04
	// Output: the program wrote Text.
	Output Kind = 'o'
	// Input: Text was typed.
	Input Kind = 'i'
	// Resize: the terminal has Cols and Rows.
	Resize Kind = 'r'
	// Marker: a place that is called Text.
	Marker Kind = 'm'
	// Exit: the program ended with Status.
	Exit Kind = 'x'
)

// Event is one message of a stream, other than the first.
type Event struct {
	Kind Kind
	ID   uint64        // counts up; gaps say that something was left out
	Time time.Duration // since the stream began, in microseconds
	Text string        // UTF-8
	// Cols and Rows are cells, 0 to 65535.
	Cols, Rows int
	// Status is an exit status. The format knows none below 0; they become 0.
	Status int
	Theme  *Theme
}

// Color is red, green and blue.
type Color [3]byte

// Theme is the colours of a terminal. Palette has 8 or 16 of them; a theme with
// another number is not sent.
type Theme struct {
	FG, BG  Color
	Palette []Color
}

func (t *Theme) sendable() bool { return t != nil && (len(t.Palette) == 8 || len(t.Palette) == 16) }

package session

import "github.com/sluicerun/sluice/job"

// Condition is what a wait waits for. All that is set must hold at once, on the
// screen as it is shown.
type Condition struct {
	// Text is on the screen. A line that was wrapped counts as one.
	Text string `json:"text,omitempty"`
	// Regexp (RE2) matches the screen's text; ^ and $ are the ends of lines.
	Regexp string `json:"regexp,omitempty"`
	// Gone is not on the screen.
	Gone string `json:"gone,omitempty"`
	// Settled: the screen has not changed, and nobody has written, for so long.
	Settled job.Duration `json:"settled,omitempty"`
	// Row and Col, from 1, are where the cursor is; 0 is anywhere.
	Row int `json:"row,omitempty"`
	Col int `json:"col,omitempty"`
	// Title matches the title (RE2).
	Title string `json:"title,omitempty"`
	// Prompt: the shell waits for a command (OSC 133).
	Prompt bool `json:"prompt,omitempty"`
	// Exit: the program has ended and its last output is on the screen.
	Exit bool `json:"exit,omitempty"`
	// File exists.
	File string `json:"file,omitempty"`
	// Port: somebody listens on it on this machine.
	Port int `json:"port,omitempty"`

	// SinceInput lets only what came after the caller's last input (by Source,
	// or anybody's if that is empty) count: text that was on the screen before
	// and did not change since is not seen, and Prompt means a new one.
	SinceInput bool   `json:"since_input,omitempty"`
	Source     string `json:"source,omitempty"`
	// Timeout is how long to wait at most; 0 means 10 s, negative forever.
	Timeout job.Duration `json:"timeout,omitempty"`
}

package dialogue

import (
	"fmt"
	"strings"
	"time"
)

// Class is what kind of failure ended a dialogue.
type Class int

const (
	// Unusable: the script refers to what is not there, and nothing more of it
	// could be run: a variable of the environment, a golden file.
	Unusable Class = iota
	// Asserted: an expect did not hold, or fail was reached.
	Asserted
	// TimedOut: a wait did not come true, in time or because the program ended.
	TimedOut
	// NotStarted: a program could not be started, or one that the script requires
	// is not there.
	NotStarted
	// Broken: the terminal or the host failed.
	Broken
	// Stopped: whoever runs the script ended it.
	Stopped
	// Refused: the program does not take an input that the script has for it: it has
	// not asked for such, reads too long without an end, or has ended.
	Refused
)

// String is for people.
func (c Class) String() string {
	return [...]string{"script error", "assertion failed", "timed out", "not started", "failed", "stopped", "refused"}[c]
}

// Failure is why a dialogue ended early.
type Failure struct {
	Class   Class
	Command *Command
	Why     string
	Hint    string // it may be empty
	// Wanted is the condition, as the script says it; empty when there was none.
	Wanted string
	// Waited is how long it was waited for; 0 for what was to hold at once.
	Waited time.Duration
	// Screen is what the program showed then; nil when no program ran.
	Screen *Screen
	// Differences are the rows in which the screen is not as a golden file says.
	Differences []string
	Err         error
}

// Error is the place, the reason, and the line of the script with a mark.
func (f *Failure) Error() string {
	s := f.Command.At.String() + ": " + f.Why + "\n" + f.Command.At.Caret()
	if f.Hint != "" {
		s += "\n  hint: " + f.Hint
	}
	return s
}

func (f *Failure) Unwrap() error { return f.Err }

// Explain is Error with what was waited for, what is different, and the screen.
func (f *Failure) Explain() string {
	var b strings.Builder
	b.WriteString(f.Error() + "\n")
	switch {
	case f.Wanted != "" && f.Waited > 0:
		fmt.Fprintf(&b, "  waited %s for: %s\n", showDuration(f.Waited.Round(time.Millisecond)), f.Wanted)
	case f.Wanted != "":
		fmt.Fprintf(&b, "  expected: %s\n", f.Wanted)
	}
	if len(f.Differences) > 0 {
		b.WriteString("  what differs (- the file, + the screen):\n")
		for _, d := range f.Differences {
			b.WriteString("    " + d + "\n")
		}
	}
	if f.Screen != nil {
		b.WriteString(f.Screen.Draw("  "))
	}
	return b.String()
}

// Draw is the screen as text with row numbers, and a mark below the cursor.
// Empty rows at the bottom are left out.
func (s Screen) Draw(indent string) string {
	var b strings.Builder
	b.WriteString(indent + "the screen, " + s.Size.String())
	if s.Title != "" {
		fmt.Fprintf(&b, ", titled %q", clip(s.Title))
	}
	if s.Ended {
		fmt.Fprintf(&b, "; the program has ended with status %d:\n", s.Status)
	} else if s.Hidden {
		b.WriteString(", the cursor is hidden:\n")
	} else {
		fmt.Fprintf(&b, ", cursor at row %d, column %d:\n", s.Row, s.Col)
	}
	last := len(s.Lines)
	for last > 0 && strings.TrimRight(s.Lines[last-1], " ") == "" && last > s.Row {
		last--
	}
	for i, line := range s.Lines[:last] {
		fmt.Fprintf(&b, "%s%4d | %s\n", indent, i+1, strings.TrimRight(clean(line), " "))
		if i+1 == s.Row && !s.Ended && !s.Hidden && s.Col >= 1 {
			b.WriteString(indent + "     | " + strings.Repeat(" ", min(s.Col, maxSize)-1) + "^\n")
		}
	}
	return strings.ReplaceAll(b.String(), "| \n", "|\n")
}

package dialogue

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Report is how a run went.
type Report struct {
	Script string
	Steps  []Step // in the order in which they began
	Ends   []End  // of the programs, in the order in which they were started
	Notes  []string
	Took   time.Duration
	// Failure is why the script ended early; nil: it did not.
	Failure *Failure
}

// Step is one command that was run.
type Step struct {
	Command *Command
	Depth   int           // of blocks around it
	At      time.Duration // since the script began
	Took    time.Duration
	Failed  bool
}

// End is how a program was left.
type End struct {
	Name   string
	Ended  bool // by itself, before the script's end
	Status int
	Err    error // of ending it
}

// EventKind says what an Event tells.
type EventKind int

const (
	Began  EventKind = iota
	Done             // the command was run
	Failed           // it failed
	Noted            // Text is worth knowing
)

// Event is told as a script runs.
type Event struct {
	Kind    EventKind
	Command *Command
	Depth   int
	At      time.Duration // of the command's begin, since the script began
	Took    time.Duration // with Done and Failed
	Text    string
	Failure *Failure
}

// WriteTo writes every step with its times, one a line.
func (r *Report) WriteTo(w io.Writer) (int64, error) {
	var b strings.Builder
	for _, s := range r.Steps {
		mark := " "
		if s.Failed {
			mark = "!"
		}
		fmt.Fprintf(&b, "%s%9.3fs %8.3fs  %s:%d  %s%s\n", mark, s.At.Seconds(), s.Took.Seconds(), s.Command.At.File, s.Command.At.Line, strings.Repeat("  ", s.Depth), s.Command)
	}
	for _, n := range r.Notes {
		b.WriteString("  note: " + n + "\n")
	}
	for _, e := range r.Ends {
		if e.Err != nil {
			fmt.Fprintf(&b, "  note: %s%v\n", named(e.Name), e.Err)
		}
	}
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

func named(name string) string {
	if name == "" {
		return ""
	}
	return name + ": "
}

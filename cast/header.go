package cast

import (
	"encoding/json"
	"maps"
	"time"
)

// Header is what a recording says of itself. The zero value of a field is what is
// not said.
type Header struct {
	// Width and Height are the terminal's size at the begin, in cells, to 65535; see
	// Size for those that are 0.
	Width, Height int
	// TermType is the terminal's type (TERM), and TermVersion what it calls itself
	// (XTVERSION).
	TermType, TermVersion string
	// Theme is the colours of the terminal that was recorded.
	Theme *Theme
	// Timestamp is when the recording began; the format has whole seconds.
	Timestamp time.Time
	// Duration is how long all of it takes, where that is known before.
	Duration time.Duration
	// IdleTimeLimit is the longest pause that players are to make.
	IdleTimeLimit time.Duration
	// Command is what was run, and Title what the recording is called.
	Command, Title string
	// Env are variables of the environment, by convention TERM and SHELL.
	Env map[string]string
	// Tags are words for those who look for recordings.
	Tags []string
	// Extra are the keys that this package does not know, in the order of the file.
	Extra []Field
}

// Theme is a set of colours, each #rrggbb. Palette has the 16 of the terminal.
type Theme struct {
	FG, BG  string
	Palette []string
}

// Field is a key of a header and its value.
type Field struct {
	Name  string
	Value json.RawMessage
}

// Size is the terminal's size at the begin, in cells: 80 columns and 24 rows where
// the recording does not say.
func (h *Header) Size() (cols, rows int) {
	cols, rows = h.Width, h.Height
	if cols == 0 {
		cols = 80
	}
	if rows == 0 {
		rows = 24
	}
	return cols, rows
}

// In is the header as programs expect it in a format: versions 1 and 2 have the
// terminal's type as the variable TERM.
func (h Header) In(f Format) Header {
	if (f == V1 || f == V2) && h.TermType != "" && h.Env["TERM"] == "" {
		h.Env = maps.Clone(h.Env)
		if h.Env == nil {
			h.Env = map[string]string{}
		}
		h.Env["TERM"] = h.TermType
	}
	return h
}

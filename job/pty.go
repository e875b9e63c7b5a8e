package job

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Pty gives every worker a terminal of its own.
type Pty struct {
	// Cols and Rows are the terminal's size; 0 means that of the launcher's
	// terminal, or 80x24 without one. XPixel and YPixel are the same in pixels,
	// where known.
	Cols   int `json:"cols,omitempty"`
	Rows   int `json:"rows,omitempty"`
	XPixel int `json:"xpixel,omitempty"`
	YPixel int `json:"ypixel,omitempty"`
	// Policy says whose size the terminal has when several are attached.
	Policy SizePolicy `json:"size_policy,omitempty"`
	// Linger says how long what outlives the worker may write.
	Linger Linger `json:"linger,omitzero"`
	// SplitStderr gives the worker a pipe as standard error, with a log of its
	// own, instead of the terminal.
	SplitStderr bool `json:"split_stderr,omitempty"`
	// Scrollback bounds the memory for lines that scrolled off the screen, in
	// bytes; 0 means 4 MiB.
	Scrollback int64 `json:"scrollback,omitempty"`
	// Term is TERM for the worker; empty means the launcher's if its terminal is
	// attached from the start, else xterm-256color.
	Term string `json:"term,omitempty"`
	// Shown tells that the launcher's own terminal shows the worker, byte by
	// byte, instead of the console.
	Shown bool `json:"shown,omitempty"`
	// Headless: the launcher's terminal shows nothing of it, and reads no key.
	Headless bool `json:"headless,omitempty"`
	// NoInput keeps what is typed out of the logs.
	NoInput bool `json:"no_input,omitempty"`
	// Record makes a recording of rank 0; nil: the logs are enough.
	Record *Record `json:"record,omitempty"`
}

// SizePolicy says whose size a shared terminal has. Clients that only watch are
// never asked.
type SizePolicy string

// The size policies.
const (
	SizeLatest   SizePolicy = "latest" // of the client that typed last (the default)
	SizeSmallest SizePolicy = "smallest"
	SizeLargest  SizePolicy = "largest"
	SizeFixed    SizePolicy = "fixed" // changed by sluice resize only
)

// ParseSizePolicy reads the name of a policy.
func ParseSizePolicy(s string) (SizePolicy, error) {
	all := []SizePolicy{SizeLatest, SizeSmallest, SizeLargest, SizeFixed}
	if p := SizePolicy(strings.ToLower(s)); slices.Contains(all, p) {
		return p, nil
	}
	return "", fmt.Errorf("size policy %q is not one of latest, smallest, largest and fixed", s)
}

// Linger says how long processes that outlive a worker may still write to its
// terminal.
type Linger struct {
	// Mode is "idle" (the default): until they were silent for Idle; "exit":
	// not at all; "eof": until the last of them has closed the terminal.
	Mode string `json:"mode,omitempty"`
	// Idle is 200 ms unless set.
	Idle Duration `json:"idle,omitempty"`
}

// The modes of a Linger.
const (
	LingerIdle = "idle"
	LingerExit = "exit"
	LingerEOF  = "eof"
)

// DefaultIdle is the silence that ends a linger.
const DefaultIdle = 200 * time.Millisecond

// ParseLinger reads "exit", "eof", "idle" or "idle:500ms".
func ParseLinger(s string) (Linger, error) {
	mode, arg, has := strings.Cut(s, ":")
	switch {
	case (mode == LingerExit || mode == LingerEOF || mode == LingerIdle) && !has:
		return Linger{Mode: mode}, nil
	case mode == LingerIdle:
		d, err := ParseDuration(arg)
		if err != nil || d <= 0 {
			return Linger{}, fmt.Errorf("linger %q: %q is no time to wait; write idle:200ms", s, arg)
		}
		return Linger{Mode: mode, Idle: Duration(d)}, nil
	}
	return Linger{}, fmt.Errorf("linger %q is not one of exit, eof and idle:TIME", s)
}

// String is the text that ParseLinger reads.
func (l Linger) String() string {
	if l.Mode == LingerExit || l.Mode == LingerEOF {
		return l.Mode
	}
	return LingerIdle + ":" + l.Silence().String()
}

// Silence is the effective Idle.
func (l Linger) Silence() time.Duration {
	if l.Idle <= 0 {
		return DefaultIdle
	}
	return time.Duration(l.Idle)
}

// Terminal is the effective TERM.
func (p *Pty) Terminal() string {
	if p.Term == "" {
		return DefaultTerm
	}
	return p.Term
}

// DefaultTerm is what the emulator understands and every system knows.
const DefaultTerm = "xterm-256color"

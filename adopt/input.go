package adopt

import "fmt"

// Input is how input gets into a process.
type Input struct {
	// From is what it reads its input from: FromTerminal, FromStdin, or empty if it
	// reads neither as far as can be seen.
	From string `json:"from,omitempty"`
	// Because is how that is known.
	Because string `json:"because"`
	// Terminal is the terminal whose keyboard it has; nil: none.
	Terminal *Terminal `json:"terminal,omitempty"`
	// Stdin is its descriptor 0; nil: it is closed.
	Stdin *Descriptor `json:"stdin,omitempty"`
	// Background says who gets the keys instead, if the process is in the background
	// of its terminal.
	Background string `json:"background,omitempty"`
	Ways       []Way  `json:"ways"`
	// Unseen is why what it has open may not be seen; nil: it may.
	Unseen *Refusal `json:"unseen,omitempty"`

	process *Process
}

// What a process reads its input from.
const (
	FromTerminal = "terminal"
	FromStdin    = "stdin"
)

// Terminal is the terminal of a process.
type Terminal struct {
	Name string `json:"name"`
	// FD is the descriptor by which the process reads it; -1: none that is known.
	FD int `json:"fd"`
	// Controlling: it is the process's controlling terminal.
	Controlling bool `json:"controlling"`
	// Foreground is the process group that has the keyboard; 0: not known.
	Foreground int `json:"foreground,omitempty"`
	// Line is how it treats what is typed; nil: it could not be asked.
	Line *Line `json:"line,omitempty"`
	// Masters are who hold its other side.
	Masters []Holder `json:"masters,omitempty"`

	desc Descriptor
	same []Holder
}

// Line is the part of a terminal's modes that matters for input.
type Line struct {
	// Canonical: the program gets whole lines. Else it gets keys one by one.
	Canonical bool `json:"canonical"`
	Echo      bool `json:"echo"`
	// Columns and Rows are its size in characters.
	Columns int `json:"columns"`
	Rows    int `json:"rows"`

	eof  byte // 0: switched off
	ends []byte
	cr   bool // Enter is turned into the newline that ends a line
}

func (l *Line) String() string {
	how := "keys one by one"
	if l.Canonical {
		how = "whole lines"
	}
	echo := "shown"
	if !l.Echo {
		echo = "not shown"
	}
	return fmt.Sprintf("%dx%d, %s, %s", l.Columns, l.Rows, how, echo)
}

// isStream tells kinds of descriptors that somebody else can write into.
func (d Descriptor) isStream() bool { return d.Kind == Pipe || d.Kind == FIFO || d.Kind == Socket }

// isTerminal tells kinds of descriptors that have a keyboard.
func (d Descriptor) isTerminal() bool { return d.Kind == PTY || d.Kind == TTY }

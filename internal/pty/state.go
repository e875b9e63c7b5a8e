package pty

// State is what the terminal does with input and output at one moment, and who
// has it. Programs change it at any time, without notice: a State is worth
// something just before and just after a write.
type State struct {
	Canonical   bool // ICANON: the kernel edits lines and hands over whole ones; off in raw mode
	Echo        bool // ECHO: the kernel shows what is typed; off while a password is asked for, and in raw mode
	Signals     bool // ISIG: control characters send signals
	Extended    bool // IEXTEN: LiteralNext, WordErase and Reprint work
	FlowControl bool // IXON: Stop freezes the output until Start
	CRToNL      bool // ICRNL: Enter (CR) reaches the program as NL
	UTF8        bool // IUTF8: erasing takes a whole character
	Post        bool // OPOST: output is processed (NL becomes CR NL)

	Chars Chars

	// Foreground is the process group that gets the terminal's signals and may
	// read from it, and Session the session whose controlling terminal it is:
	// numbers of this process's pid namespace, 0 for none (or for one that is not
	// in this namespace; Session on macOS always).
	Foreground int
	Session    int

	// Unread is how many bytes of output wait in the kernel for our Read, at
	// least: the line discipline counts up to 4095, and what lies before it is
	// not counted.
	Unread int
}

// Raw tells whether bytes reach the program as they are typed, each at once.
func (s State) Raw() bool { return !s.Canonical && !s.Signals }

// Chars are the control characters (termios(3)). 0 stands for one that is
// switched off.
type Chars struct {
	EOF         byte // VEOF, ^D: hands over what was typed; at the start of a line: end of file
	EOL         byte // VEOL
	Interrupt   byte // VINTR, ^C
	Quit        byte // VQUIT, ^\
	Suspend     byte // VSUSP, ^Z
	Erase       byte // VERASE, ^?
	WordErase   byte // VWERASE, ^W
	Kill        byte // VKILL, ^U: erases the line
	Reprint     byte // VREPRINT, ^R
	LiteralNext byte // VLNEXT, ^V
	Start       byte // VSTART, ^Q
	Stop        byte // VSTOP, ^S
}

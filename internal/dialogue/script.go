package dialogue

import (
	"slices"
	"time"

	"github.com/sluicerun/sluice/session"
)

// Script is a dialogue that can be run: everything in it was checked.
type Script struct {
	Name string
	Body Block
	// Tape tells that it was read from a VHS tape.
	Tape bool
	// Warnings are what a tape asks for and does not get.
	Warnings []*Problem
}

// Block is commands in their order.
type Block struct {
	// Head is a comment after the {, After one after the }.
	Head, After string
	Commands    []*Command
	// Tail is comments after the last command, and "" for empty lines.
	Tail []string
	// Inline is a body that is one command on the line of its condition.
	Inline bool
}

// Command is one line of a script, with what is nested in it.
type Command struct {
	At Place
	// Before is the comments above, and "" for empty lines.
	Before []string
	// On is the program that is meant: the name that run --as gave it, or ""
	// for the one without.
	On string
	Op Op
	// After is a comment at the end of the line.
	After string
}

// Op is what a command does: one of the types of this package that have its
// name. The zero value of none of them is useful.
type Op interface {
	// write gives the words of the command in the language's canonical form.
	write(p *printer)
	// do runs it.
	do(r *runner, c *Command) error
}

// Opt is a duration that may be absent.
type Opt struct {
	Set bool
	D   time.Duration // negative: forever
}

// Jitter is how much the pauses of typing vary, in percent of the pace.
type Jitter int

// Size is a terminal's size in cells.
type Size struct{ Cols, Rows int }

// Launch is what Run and Shell have in common.
type Launch struct {
	As   string
	Size Size // zero: the size that was set
	Env  []Text
	Cwd  Text
}

type (
	// Run starts a program.
	Run struct {
		Launch
		Args []Text
	}
	// Shell starts a shell that reads nobody's start-up files.
	Shell struct {
		Launch
		Kind   string // bash, zsh, fish, sh
		Prompt Text   // nil: the host's
	}
	// Type types a text, and Enter after it if Enter is set (the command line).
	Type struct {
		Text  Text
		Enter bool
		Pace  Opt
	}
	// Press presses keys.
	Press struct {
		Keys []string
		Pace Opt
	}
	// Paste pastes a text or a file of the script's.
	Paste struct{ Text, File Text }
	// Raw sends bytes.
	Raw struct{ Text Text }
	// Secret types what is in a variable of the environment.
	Secret struct{ Env string }
	// Mouse does something with the mouse; On stands for Do.On.
	Mouse struct {
		Do session.Mouse
		On Text
	}
	// Resize gives the terminal another size.
	Resize struct{ Size Size }
	// EOF ends the program's input.
	EOF struct{}
	// Signal sends a signal.
	Signal struct{ Name string }
	// Wait waits for a condition.
	Wait struct {
		Cond   Cond
		Within Opt
	}
	// Expect asserts a condition.
	Expect struct {
		Not    bool
		Cond   Cond
		Within Opt
	}
	// ExpectScreen compares the screen with a file.
	ExpectScreen struct {
		File   Text
		Masks  []string
		Within Opt
	}
	// Sleep does nothing for a while.
	Sleep struct{ D time.Duration }
	// Set changes a setting: timeout, typing, size or env.
	Set struct {
		Name   string
		D      time.Duration
		Jitter Jitter
		Size   Size
		Env    Text
	}
	// Screenshot makes a picture of the screen.
	Screenshot struct{ File Text }
	// Mark puts a marker into the recording.
	Mark struct{ Label Text }
	// Hide keeps what follows out of the recording, until Show.
	Hide struct{}
	// Show ends Hide.
	Show struct{}
	// Echo tells the person who runs the script something.
	Echo struct{ Text Text }
	// Fail ends the script.
	Fail struct{ Text Text }
	// Require asks for programs to be there, before anything runs.
	Require struct{ Programs []string }
	// Output names a file for the recording or the last screen.
	Output struct{ File string }
	// Include runs another script's commands.
	Include struct {
		File string
		Body Block
	}
	// Repeat runs a block N times, or until a condition holds.
	Repeat struct {
		N     int
		Until *Cond
		Body  Block
	}
	// If runs a block if a condition holds.
	If struct {
		Not    bool
		Cond   Cond
		Within Opt
		Then   Block
		Else   *Block
	}
	// Select waits for several conditions at once. Its body is On and Within.
	Select struct{ Body Block }
	// On is a branch of a select.
	On struct {
		Cond Cond
		Body Block
	}
	// Within bounds a select; without a body it fails then.
	Within struct {
		D    time.Duration
		Body *Block
	}
	// Again begins the innermost select anew.
	Again struct{}
	// Let gives a variable a value: that of Env or else Text, a group of the
	// last regular expression, or Text.
	Let struct {
		Name  string
		Group string // a number or a name
		Env   string
		Text  Text
	}
)

// Cond is what can be waited for; all that is set must hold at once.
type Cond struct {
	// New lets only what came after the last input count.
	New     bool
	Text    Text
	Regexp  string
	Line    string // a regular expression for the line that the cursor is in
	Gone    Text
	Settled time.Duration
	// Row and Col are from 1, 0 is anywhere; Cursor tells that they are given.
	Cursor   bool
	Row, Col int
	Title    string // a regular expression
	Prompt   bool
	Exit     bool
	Status   int // with Exit; -1 is any
	File     Text
	Port     int
}

// blocks are the bodies of a command.
func (c *Command) blocks() []*Block {
	switch op := c.Op.(type) {
	case *Include:
		return []*Block{&op.Body}
	case *Repeat:
		return []*Block{&op.Body}
	case *If:
		if op.Else != nil {
			return []*Block{&op.Then, op.Else}
		}
		return []*Block{&op.Then}
	case *Select:
		return []*Block{&op.Body}
	case *On:
		return []*Block{&op.Body}
	case *Within:
		if op.Body != nil {
			return []*Block{op.Body}
		}
	}
	return nil
}

// Walk calls f for every command in the order of the text, with how deep it is
// nested.
func (s *Script) Walk(f func(c *Command, depth int)) { s.Body.walk(f, 0) }

func (b *Block) walk(f func(c *Command, depth int), depth int) {
	for _, c := range b.Commands {
		f(c, depth)
		for _, inner := range c.blocks() {
			inner.walk(f, depth+1)
		}
	}
}

// Records tells whether an output of the script is a recording, which is made of
// what was kept from the programs' begin on.
func (s *Script) Records() bool { return slices.ContainsFunc(s.Outputs(), isRecording) }

// Outputs are the files that the script's output commands name.
func (s *Script) Outputs() []string {
	var files []string
	s.Walk(func(c *Command, _ int) {
		if o, ok := c.Op.(*Output); ok {
			files = append(files, o.File)
		}
	})
	return files
}

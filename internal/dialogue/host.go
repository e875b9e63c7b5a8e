package dialogue

import (
	"context"
	"errors"
	"os"
	"os/exec"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/session"
)

// Host is the world that a script acts on.
type Host interface {
	// Start starts a program on a terminal. It returns once the program runs; an
	// error means that it never did.
	Start(ctx context.Context, spec StartSpec) (Terminal, error)
	// Echo tells the person who runs the script a line.
	Echo(text string)
	// ReadFile and WriteFile are for golden files and for what is pasted.
	ReadFile(name string) ([]byte, error)
	WriteFile(name string, data []byte) error
	// Getenv is the environment of who runs the script.
	Getenv(name string) (value string, set bool)
	// LookPath says why a program that the script requires is not there.
	LookPath(program string) error
}

// StartSpec is what Host.Start starts: Args, or a shell if Shell is set.
type StartSpec struct {
	Name  string // from --as; "" for the one without
	Args  []string
	Shell string // bash, zsh, fish or sh, without anybody's start-up files
	// Prompt is the shell's, empty for one of the host's choice.
	Prompt string
	Env    []string // K=V, over the environment of who runs the script
	Cwd    string   // empty: that of who runs the script
	Size   Size
	// Hidden tells that recording begins with the first Record(ctx, true).
	Hidden bool
}

// Terminal is a program on a terminal. Wait is called from several goroutines
// at once, everything else from one.
type Terminal interface {
	Send(ctx context.Context, in session.Input) error
	// Wait returns the screen on which the condition held or, where that cannot
	// be had, one taken right after. A condition with a Timeout of 1 ns is looked
	// at once. The error is ErrNotMet when the time is over and ErrEnded when the
	// program ended and the condition can no longer come true; the screen is the
	// last one then.
	Wait(ctx context.Context, c session.Condition) (Screen, error)
	Screen(ctx context.Context) (Screen, error)
	Resize(ctx context.Context, size Size) error
	Signal(ctx context.Context, sig job.Signal) error
	// Mark puts a marker into the recording.
	Mark(ctx context.Context, label string) error
	// Record goes on with the recording or pauses it.
	Record(ctx context.Context, on bool) error
	// Screenshot writes a picture of the screen, of the kind that the name ends
	// in: .txt (or .ascii), .ans, .svg, .png, .html or .json.
	Screenshot(ctx context.Context, file string) error
	// Close ends the program if it still runs, and waits for that.
	Close(ctx context.Context) error
	// Recording writes a recording of all that the program showed, of the kind that
	// the name ends in: .cast. It is called after Close, for each of the files that
	// Script.Outputs told of before anything was started.
	Recording(ctx context.Context, file string) error
}

// Screen is what is on a terminal.
type Screen struct {
	Size Size
	// Text is the screen as conditions see it: lines that were wrapped are one.
	Text string
	// Lines are the rows as they are shown.
	Lines []string
	// Row and Col are the cursor's, from 1. Hidden tells that it is not shown.
	Row, Col int
	Hidden   bool
	Title    string
	// Ended tells that the program has ended and its last output is shown.
	Ended  bool
	Status int // as shells give it: 128+n for signal n
}

// What Terminal.Wait returns; errors.Is is used to find them.
var (
	ErrNotMet = errors.New("the condition was not met in time")
	ErrEnded  = errors.New("the program has ended")
)

// System is the part of a Host that is the same everywhere: this machine's files
// and environment.
type System struct{}

func (System) ReadFile(name string) ([]byte, error) { return os.ReadFile(name) }

func (System) WriteFile(name string, data []byte) error { return os.WriteFile(name, data, 0o644) }

func (System) Getenv(name string) (string, bool) { return os.LookupEnv(name) }

func (System) LookPath(program string) error {
	_, err := exec.LookPath(program)
	return err
}

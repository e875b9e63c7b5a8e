package play

import (
	"context"
	"io"
	"math"
	"os"
	"time"

	"github.com/sluicerun/sluice/internal/attach"
	"github.com/sluicerun/sluice/playback"
)

// MaxSpeed plays as fast as the output goes.
var MaxSpeed = math.Inf(1)

// Options say what is played, and how. Open and Out must be given.
type Options struct {
	// Open opens the recording at its begin. It is called several times: to play,
	// to make the index, for every search. What it returns is closed if it has a
	// Close. It must be usable from several goroutines.
	Open func() (playback.Source, error)
	// Name is what the recording is called in the status bar and in the names of
	// screenshots.
	Name string
	// Index is what is known of the recording, nil for nothing. It grows.
	Index *playback.Index
	// In and Out are the user's standard input and output; neither is closed. Keys
	// are read from In if it is a terminal, otherwise from that of Out.
	In, Out *os.File

	Speed float64 // 0 means 1
	// IdleLimit is the longest pause, in recording time; 0 is what the recording
	// says, less than 0 none.
	IdleLimit      time.Duration
	Loop           bool // begin anew at the end
	PauseOnMarkers bool
	Resize         bool // ask the terminal to take the recording's size
	ShowKeys       bool // show what was typed, where the recording has it
	// From and Until are the part that is played, in recording time; 0 stands for
	// the begin and the end.
	From, Until time.Duration
	// Folder is where screenshots go; "": the working directory.
	Folder string
}

// Result is how the playing ended without an error.
type Result struct {
	Quit bool          // the user left before the end
	At   time.Duration // where
}

// SignalError is that of package attach: the playing was ended by a signal, and
// the terminal was given back.
type SignalError = attach.SignalError

func (o *Options) fill(src playback.Source) {
	if !(o.Speed > 0) {
		o.Speed = 1
	}
	if o.IdleLimit == 0 {
		o.IdleLimit = src.Header().IdleTimeLimit
	}
	if o.IdleLimit <= 0 {
		o.IdleLimit = math.MaxInt64
	}
	if o.Until <= 0 {
		o.Until = math.MaxInt64
	}
	if o.Index == nil {
		o.Index = &playback.Index{}
	}
}

// Run plays a recording until its end, until the user leaves, a signal comes or ctx
// ends. Whatever the end, the terminal is as it was found.
func Run(ctx context.Context, o Options) (Result, error) {
	src, err := o.Open()
	if err != nil {
		return Result{}, err
	}
	defer closeSource(src)
	o.fill(src)
	return o.run(ctx, src)
}

func closeSource(src playback.Source) {
	if c, ok := src.(io.Closer); ok {
		c.Close()
	}
}

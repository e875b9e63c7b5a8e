package launch

import (
	"context"
	"os"

	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/job"
)

// Options are what a run needs of its surroundings. The zero value runs
// without a console and with no standard input.
type Options struct {
	// Stdin is the launcher's standard input, for Spec.Stdin; nil is /dev/null.
	Stdin *os.File
	// Stdout and Stderr show the merged console; nil shows nothing.
	Stdout, Stderr *os.File
	// Color, TTY, Width and Height describe the terminal behind Stdout,
	// ErrColor and ErrTTY that behind Stderr.
	Color, ErrColor bool
	TTY, ErrTTY     bool

	Width  func() int
	Height func() int
	// Progress says how "\r" bars are shown: auto, live, collapse or raw.
	Progress string

	// Environ is what workers inherit; nil means os.Environ().
	Environ []string

	// OnEvent hears every event, in order, from one goroutine. It must not
	// call the Handle.
	OnEvent func(job.Event)

	// Machine is the root of the /sys and /proc that bindings are planned for;
	// empty means /. Workers can be bound to this machine's alone.
	Machine string
	// Jobs makes the one worker on a terminal a job of this process's session,
	// as a shell does: ^Z stops it, which its clients are told. This process
	// must be the leader of its session, with no terminal of its own.
	Jobs bool
	// World places the gang among those of other nodes; nil: it is alone. It is
	// closed at the end of the run.
	World World
	// Guard holds the workers' pipes for the case that this process is killed.
	Guard Guard
	// Launcher is the process that the user started, where it is another one.
	Launcher *proc.Identity
	// Detached tells that there is none.
	Detached bool
	// OwnProcess tells that this process exists for the run alone: every
	// descendant of it is the run's, and is ended with it.
	OwnProcess bool
	// Except names descendants that are not the run's: they are neither ended
	// (OwnProcess) nor reaped.
	Except func() []int
}

// Guard is told of everything that must outlive a kill -9 of this process.
type Guard interface {
	// Hold is called before the workers concerned start. The files stay the
	// caller's: Hold keeps duplicates.
	Hold(Held) error
	// Release tells that the streams of an attempt are complete.
	Release(attempt int)
}

// Held is what a guard keeps: the read ends of pipes and where their bytes go.
type Held struct {
	RunDir  string       `json:"run_dir"`
	Attempt int          `json:"attempt"`
	Streams []HeldStream `json:"streams"`
	// Files are the pipes' read ends, as Streams.
	Files []*os.File `json:"-"`
}

// add puts the pipes of a worker on the list.
func (h *Held) add(w *worker) {
	for _, t := range w.taps {
		if t.pipe != nil {
			h.Streams = append(h.Streams, HeldStream{Dir: w.dir, Name: t.std.String() + ".log"})
			h.Files = append(h.Files, t.pipe)
			if t.session != nil {
				h.Streams = append(h.Streams, HeldStream{Dir: w.dir, Name: t.std.String() + ".log", Terminal: true})
				h.Files = append(h.Files, w.master.File())
			}
		}
	}
}

// HeldStream is the log of one pipe or terminal.
type HeldStream struct {
	Dir  string `json:"dir"`
	Name string `json:"name"`
	// Terminal: the file is a terminal's master, which the stream comes from,
	// and not a pipe.
	Terminal bool `json:"terminal,omitempty"`
}

// Run runs spec and returns when nothing of it is left. See the package
// comment for what an error means.
func Run(ctx context.Context, spec job.Spec, opts ...Options) (job.Result, error) {
	var opt Options
	if len(opts) > 0 {
		opt = opts[0]
	}
	h, err := Prepare(spec, opt)
	if err != nil {
		return job.Result{}, err
	}
	if err := h.Start(ctx, ""); err != nil {
		h.Discard()
		return job.Result{}, err
	}
	return h.Wait(), nil
}

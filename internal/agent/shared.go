package agent

import (
	"errors"
	"fmt"

	"github.com/sluicerun/sluice/internal/early"
	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/keys"
	"github.com/sluicerun/sluice/session"
)

// Command is the hidden subcommand of the agent's process.
const Command = early.Agent

// GuardianCommand is the hidden subcommand of the guardian's process.
const GuardianCommand = "__guardian"

// Start is what a launcher tells its agent besides the spec.
type Start struct {
	Detach   bool          `json:"detach,omitempty"`
	Launcher proc.Identity `json:"launcher"`
	Events   string        `json:"events,omitempty"` // file, or "-"
	Progress string        `json:"progress,omitempty"`
	Stdin    bool          `json:"stdin,omitempty"` // the second file is stdin
	// Front is set if the launcher's terminal shows rank 0; the last file is
	// the line to it.
	Front *session.AttachOptions `json:"front,omitempty"`
}

// Terminal says how the launcher's own terminal shows a worker.
type Terminal struct {
	DetachKey string
	Keymap    *keys.Keymap
	// PauseKey and MarkerKey are keys for the recording; empty: none of their own.
	PauseKey, MarkerKey string
}

// Failure is a run that did not start, with sluice's exit status for it.
type Failure struct {
	Status int
	Text   string
}

func (f *Failure) Error() string { return f.Text }

// Detached tells that the person at the launcher's terminal left a run that goes
// on.
type Detached struct{ Run string }

func (d *Detached) Error() string {
	return fmt.Sprintf("detached from %s, which goes on; back with: sluice attach %s", d.Run, d.Run)
}

// StatusOf is sluice's exit status for an error before anything was started.
func StatusOf(err error) int {
	var usage *job.UsageError
	var start *proc.StartError
	switch {
	case errors.As(err, &usage):
		return job.StatusUsage
	case errors.As(err, &start):
		return start.Status
	}
	return job.StatusInternal
}

package job

import (
	"encoding/json"
	"time"
)

// Kind is the way a worker's life ended, as the kernel tells it.
type Kind string

const (
	KindRunning     Kind = "running"      // it has not ended
	KindExited      Kind = "exited"       // it returned Code
	KindSignaled    Kind = "signaled"     // Signal ended it
	KindStartFailed Kind = "start-failed" // it could not be started: Detail
	KindUnknown     Kind = "unknown"      // it is gone, nobody saw how
)

// Cause is why it ended, where that is not the worker's own doing.
type Cause string

const (
	CauseOwn      Cause = ""         // its own doing
	CauseOOM      Cause = "oom"      // the kernel's out-of-memory killer
	CauseTimer    Cause = "timer"    // its own timer expired: Detail
	CausePeer     Cause = "peer"     // stopped because another rank failed
	CauseTimeout  Cause = "timeout"  // the run's time was up
	CauseStall    Cause = "stall"    // no output for too long
	CauseUser     Cause = "user"     // Ctrl-C, a signal to sluice, `sluice stop`
	CauseLauncher Cause = "launcher" // the launcher was killed
	CauseFull     Cause = "disk-full"
	CauseRestart  Cause = "restart" // stopped so that the gang can start again
	CauseNode     Cause = "node"    // stopped because of another node
	CauseDone     Cause = "done"    // left over after the run had ended
)

// Outcome is how one worker ended. It is a value: text, JSON and the exit
// status are projections of it.
type Outcome struct {
	Rank      int  `json:"rank"`
	LocalRank int  `json:"local_rank"`
	Attempt   int  `json:"attempt"`
	PID       int  `json:"pid,omitempty"`
	Kind      Kind `json:"kind"`
	// Code is the exit code for KindExited; 126 or 127 for KindStartFailed.
	Code int `json:"code"`
	// Signal is the signal for KindSignaled.
	Signal Signal `json:"signal,omitempty"`
	// Core tells that a core was dumped.
	Core  bool  `json:"core,omitempty"`
	Cause Cause `json:"cause,omitempty"`
	// Because is the rank whose failure stopped this one (CausePeer).
	Because *int `json:"because,omitempty"`
	// Detail is one sentence more: why it could not start, what told of the
	// OOM kill, which processes outlived it.
	Detail  string    `json:"detail,omitempty"`
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
	// MaxRSS is the peak resident set in bytes; User and System are CPU times.
	MaxRSS int64    `json:"max_rss,omitempty"`
	User   Duration `json:"user,omitempty"`
	System Duration `json:"system,omitempty"`
	// ErrorFile is the error.json that the worker wrote, if it did.
	ErrorFile string `json:"error_file,omitempty"`
	// FailedAt is when it was first seen to fail: the moment it wrote its
	// error file, where it did, else its end. Zero where it did not fail.
	FailedAt time.Time `json:"failed_at,omitzero"`
}

// Failed tells whether the worker counts as a failure of its own: ranks stopped
// by somebody else do not.
func (o Outcome) Failed() bool {
	switch o.Cause {
	case CausePeer, CauseUser, CauseRestart, CauseNode, CauseDone, CauseLauncher, CauseTimeout, CauseStall, CauseFull:
		return false
	}
	switch o.Kind {
	case KindRunning:
		return false
	case KindExited:
		return o.Code != 0
	}
	return true
}

// Status is the outcome as a shell would give it: the code, 128+n for signal n,
// 126/127 for what could not be executed or found.
func (o Outcome) Status() int {
	switch o.Kind {
	case KindSignaled:
		return 128 + int(o.Signal)
	case KindUnknown:
		return StatusInternal
	}
	return o.Code
}

// Exit statuses of sluice itself.
const (
	StatusUsage      = 2   // bad flags or input
	StatusNotMet     = 3   // what was waited for on a terminal did not come true
	StatusTimeout    = 124 // --timeout or --stall-timeout ended the run
	StatusInternal   = 125 // sluice itself failed
	StatusCannotExec = 126 // the command was found and could not be executed
	StatusNotFound   = 127 // the command was not found
)

// Verdict is the run's end in one word.
type Verdict string

const (
	Succeeded Verdict = "succeeded"
	Failed    Verdict = "failed"
	TimedOut  Verdict = "timed-out"
	Stalled   Verdict = "stalled"
	Stopped   Verdict = "stopped" // by the user
	Lost      Verdict = "lost"    // launcher and guardian were killed
)

// Result is the end of a run.
type Result struct {
	RunID   string  `json:"run_id"`
	Dir     string  `json:"dir"`
	Host    string  `json:"host,omitempty"`
	Verdict Verdict `json:"verdict"`
	// Status is the exit status by the run's policy.
	Status int `json:"status"`
	// Detail says more where Verdict is not about one rank ("launcher killed",
	// "worker 37 could not be started").
	Detail string `json:"detail,omitempty"`
	// First is the index in Outcomes of the failure that came first, or nil.
	First *int `json:"first,omitempty"`
	// Outcomes is the last attempt's, by rank; with RestartWorker each rank's
	// latest life.
	Outcomes []Outcome `json:"outcomes"`
	// Root is what failed first of all nodes of the run, the same in the results
	// of all; nil where the run has one node, or has not failed.
	Root *RootCause `json:"root,omitempty"`
	// WorldSize is the number of workers on all nodes of the run, of which
	// Outcomes has those of one; 0: it is not known.
	WorldSize int       `json:"world_size,omitempty"`
	Attempts  int       `json:"attempts"`
	Started   time.Time `json:"started"`
	Ended     time.Time `json:"ended"`
	// Unshown is the number of bytes the console never took.
	Unshown int64 `json:"unshown,omitempty"`
	// Dropped is the number of bytes a full disk cost (FullDrop).
	Dropped int64 `json:"dropped,omitempty"`
	// Survivors are pids that SIGKILL did not end (uninterruptible sleep).
	Survivors []int `json:"survivors,omitempty"`
	// Values are what Go function workers returned, by rank.
	Values []json.RawMessage `json:"values,omitempty"`
}

// FirstFailure is the failure that came first, or nil.
func (r Result) FirstFailure() *Outcome {
	if r.First == nil || *r.First >= len(r.Outcomes) {
		return nil
	}
	return &r.Outcomes[*r.First]
}

// RootCause is the first failure of a run over several nodes.
type RootCause struct {
	Node int    `json:"node"` // its group rank
	Host string `json:"host,omitempty"`
	Rank int    `json:"rank"` // of the worker; -1: none, the node itself is meant
	Text string `json:"text"`
	// At is when, by the clock of the agent that led the run.
	At time.Time `json:"at,omitzero"`
	// Tail are the last lines that the worker wrote.
	Tail string `json:"tail,omitempty"`
	// Status is the exit status of what failed; 0: it is not known.
	Status int `json:"status,omitempty"`
}

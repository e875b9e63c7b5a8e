package job

import (
	"encoding/json"
	"slices"
	"time"
)

// Spec says what one run is: which command, how many workers, where their
// streams go, and what to do when something ends. It is stored in run.json.
type Spec struct {
	// Name is the run's name; the run id is Name, "-" and six random
	// characters. Empty means the base name of the command.
	Name string `json:"name,omitempty"`
	// Role is a free word shown in prefixes and given to workers as ROLE_NAME.
	Role string `json:"role,omitempty"`

	// Command is the argument vector of every worker. Command[0] without a
	// slash is looked up in PATH.
	Command []string `json:"command,omitempty"`
	// Func is the name of a Go function registered with launch.Register; the
	// worker is then this same binary, re-executed. Excludes Command.
	Func string `json:"func,omitempty"`
	// FuncArg is handed to Func as it is. It goes through the environment, where
	// the kernel takes less than 128 KiB: more than that belongs in a file.
	FuncArg json.RawMessage `json:"func_arg,omitempty"`

	// Workers is the size of the gang. 0 means 1.
	Workers int `json:"workers"`

	// Cwd is the workers' directory; empty means the launcher's.
	Cwd string `json:"cwd,omitempty"`
	// Env is K=V entries laid over the launcher's own environment and over
	// the dialects' variables. The last entry for a key wins.
	Env []string `json:"env,omitempty"`
	// Dialects says which launchers' variables the workers are given.
	// Nil means DialectTorch alone.
	Dialects []Dialect `json:"env_dialects,omitempty"`
	// Rlimits are set in each worker before its program starts.
	Rlimits []Rlimit `json:"rlimits,omitempty"`
	// Nice is added to the workers' scheduling priority, -20 to 19.
	Nice int `json:"nice,omitempty"`

	// LogDir is the directory that receives the run's own directory; empty
	// means $XDG_STATE_HOME/sluice/runs, else ~/.local/state/sluice/runs.
	LogDir string `json:"log_dir,omitempty"`
	// Redirect names the streams that go to their file only.
	Redirect StreamSpec `json:"redirect"`
	// Tee names the streams that go to their file and to the console. The
	// zero value (not set) means all streams that are not redirected.
	// A stream that is neither is inherited from the launcher.
	Tee StreamSpec `json:"tee"`

	// Pty gives every worker a terminal of its own; nil: pipes and files.
	Pty *Pty `json:"pty,omitempty"`

	Console Console `json:"console"`
	Stdin   Stdin   `json:"stdin"`
	Stop    Stop    `json:"stop"`

	// Timeout ends the run that long after its start; 0 means never.
	Timeout Duration `json:"timeout,omitempty"`
	Stall   Stall    `json:"stall"`

	OnFailure FailurePolicy  `json:"on_failure"`
	ExitCode  ExitCodePolicy `json:"exit_code,omitempty"`
	Restart   Restart        `json:"restart"`
	Rotate    Rotate         `json:"rotate"`

	// Bind ties workers to CPUs and memory.
	Bind Bind `json:"bind,omitzero"`
	// Torch is set for a run that keeps torchrun's rules.
	Torch *Torch `json:"torch,omitempty"`
	// Nodes is set for a gang that is one of several.
	Nodes Nodes `json:"nodes,omitzero"`

	OnFull          FullPolicy  `json:"on_full,omitempty"`
	OnLauncherDeath DeathPolicy `json:"on_launcher_death,omitempty"`
}

// Console says what of the workers' output reaches the screen, and how.
type Console struct {
	// Show is the set of global ranks whose tee'd streams are shown. The zero
	// value (not set) shows all.
	Show RankSet `json:"show"`
	// ShowLocal is the same by local rank; a stream is shown if both allow it.
	ShowLocal RankSet `json:"show_local,omitzero"`
	// Prefix is a template put before every line; nil means the default: none
	// for a single worker, "[{rank}] " for more.
	Prefix *Template `json:"prefix,omitempty"`
	// Timestamps puts the arrival time before every line.
	Timestamps bool `json:"timestamps,omitempty"`
	// Dedup shows a line that many ranks write within a short window once.
	Dedup bool `json:"dedup,omitempty"`
	// Linger is how long the end of the run waits for a console that makes no
	// progress. 0 means 10 s; negative means forever.
	Linger Duration `json:"linger,omitempty"`
	// Quiet keeps sluice's own reports off the screen. Workers' output and
	// errors of sluice itself are still shown.
	Quiet bool `json:"quiet,omitempty"`
}

// Shows tells whether a rank's output reaches the screen.
func (c Console) Shows(rank, local int) bool {
	return (c.Show.IsZero() || c.Show.Contains(rank)) && (c.ShowLocal.IsZero() || c.ShowLocal.Contains(local))
}

// DefaultLinger is how long the end waits for a stuck console unless told otherwise.
const DefaultLinger = 10 * time.Second

// LingerTime is the effective linger: negative means forever.
func (c Console) LingerTime() time.Duration {
	if c.Linger == 0 {
		return DefaultLinger
	}
	return time.Duration(c.Linger)
}

// Stdin says which worker reads what.
type Stdin struct {
	Mode StdinMode `json:"mode,omitempty"`
	// Rank is the reading rank for StdinRank and StdinFIFO.
	Rank int `json:"rank,omitempty"`
	// Path is the FIFO for StdinFIFO. It is made if it does not exist.
	Path string `json:"path,omitempty"`
}

// StdinMode is where the workers' standard input comes from.
type StdinMode string

const (
	// StdinDefault is StdinRank 0 for a single worker, else StdinNone.
	StdinDefault StdinMode = ""
	// StdinNone gives every worker /dev/null.
	StdinNone StdinMode = "none"
	// StdinRank gives the launcher's standard input to one rank.
	StdinRank StdinMode = "rank"
	// StdinAll copies the launcher's standard input to every rank.
	StdinAll StdinMode = "all"
	// StdinFIFO gives one rank a FIFO that writers may open and close.
	StdinFIFO StdinMode = "fifo"
	// StdinShared gives the launcher's standard input itself to every rank, as
	// torchrun does: who reads first gets it.
	StdinShared StdinMode = "shared"
)

// Stop says how a gang is asked to end.
type Stop struct {
	// Grace is the time between the stop signal and SIGKILL. 0 means at once
	// when GraceSet, else the default of 30 s; negative means forever.
	Grace    Duration `json:"grace,omitempty"`
	GraceSet bool     `json:"grace_set,omitempty"`
	// Signal is the stop signal; empty means TERM.
	Signal Signal `json:"signal,omitempty"`
	// LeaderFirst signals the worker alone, and the rest of its group only
	// once the worker has ended (data loaders then survive a checkpoint).
	LeaderFirst bool `json:"leader_first,omitempty"`
	// On are the signals to sluice that stop the run; nil means INT, TERM, HUP
	// and QUIT. Each ends the gang with Signal, or by AsSent with itself.
	On     []Signal `json:"on,omitempty"`
	AsSent bool     `json:"as_sent,omitempty"`
	// Forward are the signals to sluice that go to the workers' groups and end
	// nothing; nil means USR1 and USR2.
	Forward []Signal `json:"forward,omitempty"`
}

// DefaultGrace is the time from stop signal to SIGKILL unless told otherwise.
const DefaultGrace = 30 * time.Second

// GracePeriod is the effective grace: negative means forever.
func (s Stop) GracePeriod() time.Duration {
	if s.Grace == 0 && !s.GraceSet {
		return DefaultGrace
	}
	return time.Duration(s.Grace)
}

// StopsOn are the effective signals that stop a run.
func (s Stop) StopsOn() []Signal {
	if s.On == nil {
		return []Signal{SIGINT, SIGTERM, SIGHUP, SIGQUIT}
	}
	return s.On
}

// Forwards are the effective signals that are passed on. One that stops the run
// is not among them.
func (s Stop) Forwards() []Signal {
	out := s.Forward
	if out == nil {
		out = []Signal{SIGUSR1, SIGUSR2}
	}
	return slices.DeleteFunc(slices.Clone(out), func(sig Signal) bool { return slices.Contains(s.StopsOn(), sig) })
}

// StopSignal is the effective stop signal.
func (s Stop) StopSignal() Signal {
	if s.Signal == 0 {
		return SIGTERM
	}
	return s.Signal
}

// Stall says what happens when no rank has written anything for a while.
type Stall struct {
	// Timeout is the silence that counts as a stall; 0 means never.
	Timeout Duration `json:"timeout,omitempty"`
	// Command is run through /bin/sh -c with SLUICE_RUN and SLUICE_PIDS set.
	Command string `json:"command,omitempty"`
	// Signal is sent to every worker, so that stacks land in the logs.
	Signal Signal `json:"signal,omitempty"`
}

// Restart says when a failed gang, or worker, lives again.
type Restart struct {
	// Max is the number of restarts allowed.
	Max int `json:"max,omitempty"`
	// Backoff is the pause before the first restart; it doubles each time up
	// to 60 times itself.
	Backoff Duration `json:"backoff,omitempty"`
	// MinUptime: a failure sooner than this after the start is a start-up
	// failure and is not retried.
	MinUptime Duration `json:"min_uptime,omitempty"`
	// Scope is what is restarted.
	Scope RestartScope `json:"scope,omitempty"`
}

// RestartScope is what a restart restarts.
type RestartScope string

const (
	RestartGang   RestartScope = "gang"   // every worker (the default)
	RestartWorker RestartScope = "worker" // the failed worker alone
)

// Rotate bounds the logs.
type Rotate struct {
	// MaxSize is the size in bytes at which a log is cut; 0 means never.
	MaxSize int64 `json:"max_size,omitempty"`
	// Keep is the number of archives kept per stream; 0 means all.
	Keep int `json:"keep,omitempty"`
	// Compress compresses archives with zstd.
	Compress bool `json:"compress,omitempty"`
}

// Duration is a time.Duration that reads and writes as text ("1m30s") in JSON;
// negative is "forever".
type Duration time.Duration

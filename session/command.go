package session

import "github.com/sluicerun/sluice/job"

// Command is a program to run on a terminal of its own.
type Command struct {
	// Args are the program and its arguments. A name without a slash is looked
	// up in PATH.
	Args []string
	// Env is the environment; nil means this process's. TERM is set to
	// xterm-256color unless Env sets it, and LINES and COLUMNS are left out,
	// which would be wrong after a resize.
	Env []string
	// Cwd is its directory; empty means ours.
	Cwd string
	// Size is the terminal's; the zero Size is 80x24.
	Size Size
	// Dir receives the logs: stdout.log, stdin.log and timing, which
	// scriptreplay(1) plays. It is made if it does not exist, and must hold no
	// session yet. Empty: nothing is kept, and nothing is left on any disk.
	Dir string
	// Linger, Scrollback and Policy are as in Options.
	Linger     job.Linger
	Scrollback int
	Policy     job.SizePolicy
	// Note is as in Options.
	Note func(text string)
}

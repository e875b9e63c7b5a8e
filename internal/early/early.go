// Package early starts the agent's process while the rest of the program is still
// being initialised: half of the time that a run takes to start its workers is that of
// two processes that become ready, and on two processors they do so at once. It
// imports next to nothing, because Go initialises what a package imports before it.
package early

// The names that mean a run.
const (
	Run      = "run"
	Torchrun = "torchrun" // also as the name of a link to the program
	Agent    = "__agent"
)

// IsRun tells whether a command line, with the program's name, is that of a run.
func IsRun(args []string) bool {
	return len(args) > 0 && base(args[0]) == Torchrun || len(args) > 1 && (args[1] == Run || args[1] == Torchrun)
}

// base is the last element of a path.
func base(path string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '/' {
			return path[i+1:]
		}
	}
	return path
}

// Argv is the agent's command line.
func Argv() []string { return []string{"sluice", Agent} }

// Process is an agent's process that nobody has spoken to.
type Process struct {
	PID  int
	Link int // the launcher's end of a SOCK_SEQPACKET pair; the agent has the other as 3
}

// Take returns the process that was started, once; nil if there is none.
func Take() *Process {
	p := started
	started = nil
	return p
}

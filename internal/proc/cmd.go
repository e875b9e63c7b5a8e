package proc

import (
	"os"
	"syscall"
	"time"

	"github.com/sluicerun/sluice/job"
)

// Cmd says what to execute.
type Cmd struct {
	// Path is the file, as LookPath returned it. A relative path is relative
	// to Dir.
	Path string
	// Args is the whole argument vector, Args[0] included. Empty means Path
	// alone.
	Args []string
	// Env is the whole environment. Nil is an empty one.
	Env []string
	// Dir is the working directory. Empty means ours.
	Dir string
	// Files are descriptors 0, 1, 2, ... of the child. A nil entry, and every
	// missing one of the first three, is /dev/null. The caller keeps them and
	// must not close them before Start returns. A file that Go made
	// non-blocking (os.Pipe) becomes blocking: the flag belongs to the shared
	// description and programs do not expect it.
	Files []*os.File
	// Terminal says what the terminal at descriptor 1 is to the process.
	Terminal Terminal
	// Rlimits are set after the fork and before the program. They cost one
	// more exec, of this same binary: see MaybeStage.
	Rlimits []job.Rlimit
	// Cgroup is where the process is born. Nil: where we are.
	Cgroup *Cgroup
	// CPUs are the only ones it and what it starts may run on, by the kernel's
	// numbers. Empty: those we run on. All of them or none: when one may not
	// be used, nothing is started.
	CPUs []int
	// Mem says on which NUMA nodes its memory lies.
	Mem MemPolicy
}

// Terminal says how a process stands to the terminal on its descriptors.
type Terminal uint8

const (
	// NoTerminal: it is a file like others.
	NoTerminal Terminal = iota
	// OwnTerminal: it is the controlling terminal of the process's session. The
	// process cannot be stopped by ^Z, for nobody in its session would continue
	// it: the kernel throws the signal away.
	OwnTerminal
	// JobTerminal: it is the controlling terminal of our own session
	// (TakeTerminal), in which the process is the job in the foreground, as
	// under a shell: ^Z stops it, and Process.StopChange tells.
	JobTerminal
)

// MemPolicy is the memory policy a process starts with (set_mempolicy(2)). The
// zero value is our own.
type MemPolicy struct {
	// Mode is "", "bind" (there and nowhere else: without memory left there,
	// the kernel kills) or "preferred" (there first).
	Mode string
	// Nodes are the kernel's numbers of NUMA nodes. Mode "" has none, the
	// others at least one. More than one preferred needs Linux 5.15.
	Nodes []int
}

// SpawnerOptions are what all children of a Spawner share.
type SpawnerOptions struct {
	// Pdeathsig is sent to each child when the spawner's thread ends: when
	// this process dies in any way, or at Close. 0 means none. The kernel
	// forgets it in a child that executes a set-uid program.
	Pdeathsig syscall.Signal
	// Nice is added to our own scheduling priority, for the children only.
	Nice int
}

// Status is how a process ended, as the kernel tells it.
type Status struct {
	// Kind is job.KindRunning, KindExited, KindSignaled, or KindUnknown when
	// somebody else took the status.
	Kind job.Kind
	// Code is the exit code for KindExited.
	Code int
	// Signal is the signal for KindSignaled, Core whether a core was dumped.
	Signal syscall.Signal
	Core   bool
}

// Rusage is what a process used, with the children it waited for.
type Rusage struct {
	// MaxRSS is the peak resident set in bytes. The kernel's figure starts at
	// our own size: until exec the child shared our memory.
	MaxRSS       int64
	User, System time.Duration
}

//go:build !linux

package proc

import (
	"os"
	"syscall"
	"time"
)

// Check always fails here.
func Check(path, dir string) error { return ErrUnsupported }

// LookPath always fails here.
func LookPath(name, dir string, env []string) (string, error) { return "", ErrUnsupported }

// Spawner cannot be made here.
type Spawner struct{}

// NewSpawner always fails here.
func NewSpawner(opt SpawnerOptions) (*Spawner, error) { return nil, ErrUnsupported }

// Start always fails here.
func (s *Spawner) Start(c *Cmd) (*Process, error) { return nil, ErrUnsupported }

// OnExit calls f at once: nothing was started.
func (p *Process) OnExit(f func()) { f() }

// Ended is true: nothing was started.
func (p *Process) Ended() bool { return true }

// Started is what became of one command of StartAll.
type Started struct {
	Process *Process
	Err     error
}

// StartAll starts nothing here.
func (s *Spawner) StartAll([]*Cmd) <-chan Started {
	out := make(chan Started, 1)
	out <- Started{Err: ErrUnsupported}
	close(out)
	return out
}

// Owns owns nothing here.
func (s *Spawner) Owns(pid int) bool { return false }

// Close does nothing here.
func (s *Spawner) Close() {}

// Process is never started here.
type Process struct{ exited chan struct{} }

func (p *Process) Pid() int                             { return 0 }
func (p *Process) Exited() <-chan struct{}              { return p.exited }
func (p *Process) Status() Status                       { return Status{} }
func (p *Process) Cgroup() (*Cgroup, error)             { return nil, ErrUnsupported }
func (p *Process) Signal(sig syscall.Signal) error      { return ErrUnsupported }
func (p *Process) SignalGroup(sig syscall.Signal) error { return ErrUnsupported }
func (p *Process) Stop(sig syscall.Signal) error        { return ErrUnsupported }
func TakeTerminal(*os.File) error                       { return ErrUnsupported }
func (r *Reaper) OwnSession()                           {}
func (p *Process) StopChange() (stopped, changed bool)  { return false, false }
func (p *Process) Reap() (Rusage, error)                { return Rusage{}, ErrUnsupported }
func (p *Process) Release()                             {}

// Cgroups cannot be made here.
type Cgroups struct{ Cgroup }

// NewCgroups always fails here.
func NewCgroups(root, runID string) (*Cgroups, error) { return nil, ErrNoCgroup }

// FindCgroups finds nothing here.
func FindCgroups(root, runID string) string { return "" }

// OpenCgroups names what cannot exist here.
func OpenCgroups(path string) *Cgroups { return &Cgroups{Cgroup{path}} }

// Worker always fails here.
func (g *Cgroups) Worker(name string) (*Cgroup, error) { return nil, ErrNoCgroup }

// Cgroup does not exist here.
type Cgroup struct{ path string }

// OpenCgroup names what cannot exist here.
func OpenCgroup(path string) *Cgroup { return &Cgroup{path} }

func (c *Cgroup) Path() string                    { return c.path }
func (c *Cgroup) Kill() error                     { return ErrUnsupported }
func (c *Cgroup) Pids() ([]int, error)            { return nil, ErrUnsupported }
func (c *Cgroup) Signal(sig syscall.Signal) error { return ErrUnsupported }
func (c *Cgroup) Populated() bool                 { return false }
func (c *Cgroup) WaitEmpty(d time.Duration) bool  { return true }
func (c *Cgroup) Remove() error                   { return ErrUnsupported }
func (c *Cgroup) OOMKills() (int, bool)           { return 0, false }

// BecomeSubreaper always fails here.
func BecomeSubreaper() error { return ErrUnsupported }

// HasDescendants cannot tell here.
func HasDescendants() bool { return false }

// Reaped is a stranger that was reaped.
type Reaped struct {
	PID    int
	Status Status
}

// Reaper reaps nobody here.
type Reaper struct{}

// StartReaper reaps nobody here.
func StartReaper(ours func(pid int) bool, onReap ...func(Reaped)) *Reaper { return &Reaper{} }

// Close does nothing here.
func (r *Reaper) Close() {}

// Sweep reaps nobody here.
func (r *Reaper) Sweep() {}

// KillTree finds nobody here.
func KillTree(o KillOptions) []Survivor { return nil }

// AwaitEnd does not wait: nothing was started.
func AwaitEnd(id Identity, d time.Duration) bool { return true }

func (s Survivor) String() string { return s.Comm }

// SweepDescriptors always fails here.
func SweepDescriptors(except ...int) error { return ErrUnsupported }

// MaybeStage returns: there is no stage here.
func MaybeStage() {}

// Ticks is nothing here.
func Ticks() uint64 { return 0 }

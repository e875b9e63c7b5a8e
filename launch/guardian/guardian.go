// Package guardian is what stands by in case the agent of a run is killed. It
// holds the read ends of the workers' pipes; when the agent is gone it moves
// what is left in them to the logs, ends what is still alive and writes the
// outcome. The launcher plays the guardian of a run in the foreground; a
// detached run has a process of its own for it.
package guardian

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/launch"
	"github.com/sluicerun/sluice/stream"
)

// Keeper holds the pipes. Its zero value holds none. It is not safe for use by
// several goroutines.
type Keeper struct {
	// Heir tells that this process is the subreaper above the agent: what a
	// dead agent leaves becomes its child, apart from Spare, which it had
	// before.
	Heir  bool
	Spare []int

	held map[int][]pipe // by attempt
}

// pipe is a held read end, a bare descriptor: see fdpass.UnpackNumbers.
type pipe struct {
	fd  int
	log launch.HeldStream
}

// Hold takes over the descriptors, which are of h's streams in their order.
func (k *Keeper) Hold(h launch.Held, fds []int) {
	if k.held == nil {
		k.held = map[int][]pipe{}
	}
	for i, fd := range fds {
		if i < len(h.Streams) {
			k.held[h.Attempt] = append(k.held[h.Attempt], pipe{fd, h.Streams[i]})
		}
	}
}

// Release lets go of a complete attempt.
func (k *Keeper) Release(attempt int) {
	for _, p := range k.held[attempt] {
		syscall.Close(p.fd)
	}
	delete(k.held, attempt)
}

// patience is how long the dying get before their pipes are drained for the
// last time.
const patience = 2 * time.Second

// seeking is how long those are looked for who cannot be judged, because they are in
// the middle of an execve whenever they are looked at.
const seeking = 10 * time.Second

// TakeOver ends the run in dir, whose agent died in the way that how tells. It
// returns the run's result, whose Detail is what happened, for people.
func (k *Keeper) TakeOver(dir, how string) (*job.Result, error) {
	rec, err := runs.Load(dir)
	if err != nil {
		// The agent was killed before it wrote run.json.
		rec = runs.Unrecorded(dir)
	}
	if rec.Agent != nil {
		// We heard of its end by its files. A worker that it was starting just
		// then has its parent-death signal only now.
		proc.AwaitEnd(*rec.Agent, patience)
	}
	if k.Heir {
		// Also who has thrown the cookie away.
		proc.KillTree(proc.KillOptions{Except: k.Spare, Timeout: patience})
	}
	EndProcesses(rec)
	var moved int64
	var firstErr error
	for attempt, pipes := range k.held {
		for _, p := range pipes {
			n, err := p.drain()
			moved += n
			if err != nil && firstErr == nil {
				firstErr = fmt.Errorf("saving the last output in %s/%s: %w", p.log.Dir, p.log.Name, err)
			}
		}
		k.Release(attempt)
	}
	if rec.State == runs.Ended && rec.Result != nil {
		// It was killed after its work was done.
		os.Remove(rec.Socket)
		return rec.Result, firstErr
	}
	text := fmt.Sprintf("the agent of run %s %s; its workers were ended with it and %d bytes that were still under way are in the logs",
		rec.ID, how, moved)
	if err := MarkLost(rec, text); err != nil && firstErr == nil {
		firstErr = err
	}
	return rec.Result, firstErr
}

// drain moves what is left to the end of its log.
func (p pipe) drain() (int64, error) {
	if p.log.Terminal {
		return p.drainTerminal()
	}
	fd, err := syscall.Dup(p.fd) // the file closes its own
	if err != nil {
		return 0, err
	}
	syscall.CloseOnExec(fd)
	f := os.NewFile(uintptr(fd), "pipe")
	defer f.Close()
	return stream.DrainTo(f, p.log.Dir, p.log.Name)
}

// EndProcesses kills whatever is left of a run that nobody supervises.
func EndProcesses(rec *runs.Record) (survivors []int) {
	if rec.Cgroup != "" {
		cg := proc.OpenCgroup(rec.Cgroup)
		cg.Kill()
		cg.WaitEmpty(patience)
		cg.Remove()
	}
	// Orphans are anywhere now, unless we or somebody above us is a subreaper.
	for _, s := range proc.KillTree(proc.KillOptions{Everywhere: true, Key: "SLUICE_RUN", Value: rec.ID, Timeout: seeking}) {
		survivors = append(survivors, s.PID)
	}
	return survivors
}

// MarkLost writes the end of a run that nobody saw the end of.
func MarkLost(rec *runs.Record, why string) error {
	now := time.Now()
	res := &job.Result{RunID: rec.ID, Dir: rec.Dir, Verdict: job.Lost, Status: job.StatusInternal, Detail: why,
		Attempts: rec.Attempt + 1, Started: rec.Started, Ended: now}
	rec.AddUnlisted()
	for i := range rec.Workers {
		w := &rec.Workers[i]
		if w.Kind == job.KindRunning {
			w.Kind, w.Cause, w.Ended = job.KindUnknown, job.CauseLauncher, now
			w.Detail = "nobody was left to see how it ended"
		}
		res.Outcomes = append(res.Outcomes, w.Outcome)
	}
	rec.State, rec.Result = runs.Ended, res
	if rec.Socket != "" {
		os.Remove(rec.Socket)
	}
	return rec.Save()
}

// Package guardian is what stands by in case the agent of a run is killed. It
// holds the read ends of the workers' pipes; when the agent is gone it moves
// what is left in them to the logs, ends what is still alive and writes the
// outcome. The launcher plays the guardian of a run in the foreground; a
// detached run has a process of its own for it.
package guardian

import (
	"fmt"
	"os"
	"path/filepath"
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
	held map[int][]launch.Held
}

// Hold takes over the files of h.
func (k *Keeper) Hold(h launch.Held) {
	if k.held == nil {
		k.held = map[int][]launch.Held{}
	}
	k.held[h.Attempt] = append(k.held[h.Attempt], h)
}

// Release lets go of a complete attempt.
func (k *Keeper) Release(attempt int) {
	for _, h := range k.held[attempt] {
		for _, f := range h.Files {
			f.Close()
		}
	}
	delete(k.held, attempt)
}

// patience is how long the dying get before their pipes are drained for the
// last time.
const patience = 2 * time.Second

// TakeOver ends the run in dir, whose agent died in the way that how tells. It
// returns what happened, for people.
func (k *Keeper) TakeOver(dir, how string) (string, error) {
	rec, err := runs.Load(dir)
	if err != nil {
		// The agent was killed before it wrote run.json.
		rec = &runs.Record{Version: 1, ID: filepath.Base(dir), Name: filepath.Base(dir), Dir: dir, Started: time.Now()}
	}
	EndProcesses(rec)
	var moved int64
	var firstErr error
	for attempt, hs := range k.held {
		for _, h := range hs {
			for i, f := range h.Files {
				if i >= len(h.Streams) {
					break
				}
				s := h.Streams[i]
				n, err := stream.DrainTo(f, s.Dir, s.Name)
				moved += n
				if err != nil && firstErr == nil {
					firstErr = fmt.Errorf("saving the last output in %s/%s: %w", s.Dir, s.Name, err)
				}
			}
		}
		k.Release(attempt)
	}
	text := fmt.Sprintf("the agent of run %s ended: %s; its workers were ended with it and %d bytes that were still under way are in the logs",
		rec.ID, how, moved)
	if err := MarkLost(rec, text); err != nil && firstErr == nil {
		firstErr = err
	}
	return text, firstErr
}

// EndProcesses kills whatever is left of a run that nobody supervises.
func EndProcesses(rec *runs.Record) (survivors []int) {
	if rec.Cgroup != "" {
		cg := proc.OpenCgroup(rec.Cgroup)
		cg.Kill()
		cg.WaitEmpty(patience)
		cg.Remove()
	}
	// What came to us as the subreaper, and what a look at every process of
	// this user still finds.
	for _, s := range proc.KillTree(proc.KillOptions{Key: "SLUICE_RUN", Value: rec.ID, Timeout: patience}) {
		survivors = append(survivors, s.PID)
	}
	for _, pid := range proc.WithCookie("SLUICE_RUN", rec.ID) {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	return survivors
}

// MarkLost writes the end of a run that nobody saw the end of.
func MarkLost(rec *runs.Record, why string) error {
	now := time.Now()
	res := &job.Result{RunID: rec.ID, Dir: rec.Dir, Verdict: job.Lost, Status: job.StatusInternal, Detail: why,
		Attempts: rec.Attempt + 1, Started: rec.Started, Ended: now}
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

package launch

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
)

// Stop asks the gang to end: the first call is gentle, the second shortens the
// grace, the third kills. status is the run's exit status, 0 for the default;
// sig replaces the spec's stop signal unless 0.
func (h *Handle) Stop(detail string, sig job.Signal, status int) {
	h.do(func() {
		h.beginStop(stopOrder{cause: job.CauseUser, detail: detail, signal: sig, status: status})
	})
}

// Kill ends the gang at once.
func (h *Handle) Kill(detail string, status int) {
	h.do(func() { h.beginKill(stopOrder{cause: job.CauseUser, detail: detail, status: status}) })
}

// StopAll is Stop, or with kill Kill, for the gangs of all nodes.
func (h *Handle) StopAll(detail string, status int, kill bool) {
	h.do(func() {
		h.tellStop(status, detail)
		o := stopOrder{cause: job.CauseUser, detail: detail, status: status}
		if kill {
			h.beginKill(o)
		} else {
			h.beginStop(o)
		}
	})
}

// StopRanks ends some ranks: stop signal, grace, SIGKILL. The gang goes on.
func (h *Handle) StopRanks(set job.RankSet) ([]int, error) {
	var hit []int
	err := h.do(func() {
		for _, w := range h.workers {
			if w == nil || w.ended || !set.Contains(w.rank) {
				continue
			}
			hit = append(hit, w.rank)
			w.cause = job.CauseUser
			h.ask(w, h.spec.Stop.StopSignal())
			if grace := h.spec.Stop.GracePeriod(); grace >= 0 {
				w := w
				time.AfterFunc(grace, func() {
					h.do(func() {
						if !w.gone {
							h.kill(w)
						}
					})
				})
			}
		}
	})
	return hit, noneOf(err, hit, set)
}

// Signal sends sig to the process group of every running rank of set.
func (h *Handle) Signal(set job.RankSet, sig job.Signal) ([]int, error) {
	var hit []int
	var first error
	err := h.do(func() {
		for _, w := range h.workers {
			if w == nil || w.ended || !set.Contains(w.rank) {
				continue
			}
			if err := w.proc.SignalGroup(syscall.Signal(sig)); err != nil {
				if first == nil {
					first = fmt.Errorf("signalling rank %d: %w", w.rank, err)
				}
				continue
			}
			w.killed = w.killed || sig == job.SIGKILL
			w.sent, w.sentWhy = sig, "sluice had sent that signal, as it was asked to"
			hit = append(hit, w.rank)
		}
		h.emit(job.Event{Type: job.EventSignal, Attempt: h.attempt, Signal: sig.String(), Ranks: job.FormatRanks(hit)})
	})
	if err == nil && first != nil {
		err = first
	}
	return hit, noneOf(err, hit, set)
}

func noneOf(err error, hit []int, set job.RankSet) error {
	if err == nil && len(hit) == 0 {
		return &job.UsageError{Field: "RANKS", Value: set.String(), Why: "none of them is running", Hint: "sluice ps shows which are"}
	}
	return err
}

// SetConsole changes whose output is shown.
func (h *Handle) SetConsole(set job.RankSet) error {
	if h.console == nil {
		return errors.New("this run has no console (it was detached); use: sluice logs -f " + h.id)
	}
	var bad error
	err := h.do(func() {
		spec := h.spec
		spec.Console.Show = set
		if bad = spec.Validate(); bad != nil {
			return
		}
		h.spec = spec
		h.console.SetShow(set)
		h.emit(job.Event{Type: job.EventConsole, Ranks: set.String(), Detail: "shown ranks changed"})
	})
	if err == nil {
		err = bad
	}
	return err
}

// EOF ends the input of the worker that reads from a FIFO (or of all, with
// --stdin all).
func (h *Handle) EOF() error {
	var err error
	if e := h.do(func() { err = h.input.eof() }); e != nil {
		return e
	}
	return err
}

// Suspend stops every worker and the console, for ^Z; Continue undoes it.
func (h *Handle) Suspend() {
	h.do(func() {
		if h.console != nil {
			h.console.Pause()
		}
		h.suspended = true
		h.everyGroup(job.SIGSTOP)
	})
}

func (h *Handle) Continue() { h.do(h.unsuspend) }

func (h *Handle) unsuspend() {
	h.everyGroup(job.SIGCONT)
	if h.console != nil {
		h.console.Resume()
	}
	h.suspended = false
	h.lastData.Store(time.Now().UnixNano()) // being stopped is not a stall
}

func (h *Handle) everyGroup(sig job.Signal) {
	for _, w := range h.workers {
		if w != nil && !w.ended {
			w.proc.SignalGroup(syscall.Signal(sig))
		}
	}
}

// LauncherLost tells that the launcher was killed. By the spec the gang stops,
// or goes on without it.
func (h *Handle) LauncherLost() {
	h.do(func() {
		h.emit(job.Event{Type: job.EventLauncherLost, Attempt: h.attempt})
		h.rec.Launcher = nil
		keep := h.spec.OnLauncherDeath == job.DeathKeep
		if keep {
			h.setSinks(nil, nil)
			h.save()
		}
		if h.suspended { // no fg will come, and the end would wait for one
			h.unsuspend()
		}
		if keep {
			return
		}
		h.beginStop(stopOrder{cause: job.CauseLauncher, final: true, detail: "the launcher was killed"})
	})
}

// LauncherLeft tells that the person at the launcher has gone and wants the run
// to go on.
func (h *Handle) LauncherLeft() {
	h.do(func() {
		h.rec.Launcher = nil
		h.setSinks(nil, nil)
		h.save()
	})
}

// Resumed gives the run a new launcher and a new console.
func (h *Handle) Resumed(launcher proc.Identity, stdout, stderr *os.File) error {
	return h.do(func() {
		h.rec.Launcher = &launcher
		h.setSinks(stdout, stderr)
		h.emit(job.Event{Type: job.EventResumed, Attempt: h.attempt, PID: launcher.Pid})
		h.save()
	})
}

// SetGuardian records who guards the run.
func (h *Handle) SetGuardian(g *proc.Identity, guard Guard) {
	h.do(func() {
		h.rec.Guardian = g
		h.opt.Guard = guard
		if guard != nil {
			for _, held := range h.held() {
				if err := guard.Hold(held); err != nil {
					h.note("nobody guards this run against a kill -9: " + err.Error())
					break
				}
			}
		}
		h.save()
	})
}

// held is everything in flight, for a guard that comes late: in batches, as at
// the start, because no message carries thousands of files.
func (h *Handle) held() []Held {
	var all []Held
	for lo := 0; lo < len(h.workers); lo += batch {
		held := Held{RunDir: h.dir, Attempt: h.attempt}
		for _, w := range h.workers[lo:min(lo+batch, len(h.workers))] {
			if w == nil || w.gone {
				continue
			}
			held.add(w)
		}
		if len(held.Files) > 0 {
			all = append(all, held)
		}
	}
	return all
}

// Note puts a remark of sluice's own on the console and among the events. The error
// is that the run has ended, or its console has, and nobody was told.
func (h *Handle) Note(text string) error {
	shown := true
	if err := h.do(func() { shown = h.note(text) }); err != nil {
		return err
	}
	if !shown {
		return ErrEnded
	}
	return nil
}

// Record is a snapshot of the run as run.json has it.
func (h *Handle) Record() runs.Record {
	var rec runs.Record
	if h.do(func() { h.snapshot(); rec = *h.rec; rec.Workers = append([]runs.Worker(nil), rec.Workers...) }) != nil {
		if h.rec == nil { // it was never started
			return runs.Record{Version: 1, ID: h.id, Name: h.spec.Name, Dir: h.dir, Host: h.host, Spec: h.spec}
		}
		rec = *h.rec // the loop has ended; nobody writes any more
	}
	return rec
}

// snapshot brings the record up to date.
func (h *Handle) snapshot() {
	h.rec.Attempt, h.rec.Restarts, h.rec.Spec, h.rec.RankBase = h.attempt, h.restarts, h.spec, h.place.Base
	h.rec.NodeRank, h.rec.WorldSize = h.place.Group, h.place.Size
	h.rec.Workers = h.rec.Workers[:0]
	for _, w := range h.workers {
		if w == nil {
			continue
		}
		rw := runs.Worker{Outcome: w.out, Dir: runs.WorkerDir(w.life, w.local)}
		if !w.ended && w.proc != nil {
			rw.Identity = w.identity()
		}
		h.rec.Workers = append(h.rec.Workers, rw)
	}
}

// saveMeanwhile writes run.json beside other work; the answer waits for it.
func (h *Handle) saveMeanwhile() func() error {
	h.snapshot()
	rec, done := *h.rec, make(chan error, 1)
	rec.Workers = nil
	go func() {
		err := rec.Save()
		rec.Reserve()
		done <- err
	}()
	return sync.OnceValue(func() error { return <-done })
}

// saveDelay is how soon run.json tells of a start. It is not at once because a
// short run would spend a good part of its life on it; until then the agent
// answers, and if that is killed, the directories tell which lives there were.
const saveDelay = 30 * time.Millisecond

func (h *Handle) saveSoon() {
	if h.saveAt.IsZero() {
		h.saveAt = time.Now().Add(saveDelay)
	}
}

func (h *Handle) save() {
	h.saveAt = time.Time{}
	h.snapshot()
	if err := h.rec.Save(); err != nil {
		h.note(err.Error())
	}
}

// diskFull ends the gang, with --on-full stop.
func (h *Handle) diskFull(w *worker, e job.Event) {
	why := fmt.Sprintf("no space for the %s log of rank %d", e.Stream, w.rank)
	h.beginStop(stopOrder{cause: job.CauseFull, final: true, detail: why})
	h.tellEnd(job.StatusInternal, why)
}

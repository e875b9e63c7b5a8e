package launch

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/stream/console"
)

// tick is how often processes that outlive their worker are looked at while
// they are being ended. There is no event for a stranger's death that holds
// with and without cgroups; the window is short and rare.
const tick = 10 * time.Millisecond

// loop owns the run. Every change of state happens here, so there is nothing
// to lock and no two decisions at once.
func (h *Handle) loop() {
	defer close(h.done)
	cancelled := h.ctx.Done()
	for h.phase != phaseEnded {
		if h.phase == phaseRunning && h.attemptOver() {
			h.afterAttempt()
			continue
		}
		timer, stopTimer := h.timer()
		select {
		case w := <-h.exits:
			h.onExit(w)
		case f := <-h.cmds:
			f()
		case <-cancelled:
			cancelled = nil
			h.beginStop(stopOrder{cause: job.CauseUser, detail: "cancelled"})
		case j := <-h.joins:
			h.onJoined(j)
		case c := <-h.changes:
			h.onChange(c)
		case err := <-h.lefts:
			h.onLeft(err)
		case <-timer:
			h.onTime(time.Now())
		}
		stopTimer()
	}
	h.noMore()
	h.finish()
}

// timer is the earliest of the loop's deadlines.
func (h *Handle) timer() (<-chan time.Time, func()) {
	var at time.Time
	for _, t := range h.deadlines() {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	if at.IsZero() {
		return nil, func() {}
	}
	t := time.NewTimer(time.Until(at))
	return t.C, func() { t.Stop() }
}

func (h *Handle) deadlines() []time.Time {
	return []time.Time{h.timeoutAt(), h.stallAt(), h.stop.killAt, h.stop.giveUpAt, h.tickAt, h.backoffAt, h.saveAt}
}

func (h *Handle) timeoutAt() time.Time {
	if h.spec.Timeout <= 0 || h.stop.final {
		return time.Time{}
	}
	return h.started.Add(time.Duration(h.spec.Timeout))
}

// onTime does what is due.
func (h *Handle) onTime(now time.Time) {
	due := func(t time.Time) bool { return !t.IsZero() && !now.Before(t) }
	switch {
	case due(h.timeoutAt()):
		h.beginStop(stopOrder{cause: job.CauseTimeout, final: true})
	case due(h.stallAt()):
		h.onStall(now)
	case due(h.stop.killAt):
		h.killAll()
	case due(h.stop.giveUpAt):
		h.giveUp()
	case due(h.backoffAt):
		h.backoffAt = time.Time{}
		h.attempt++
		h.nextAttempt()
	case due(h.tickAt):
		h.endLeftovers(now)
	case due(h.saveAt):
		h.save()
	}
}

// onExit is called when a worker's leader has ended; it is not reaped yet,
// which keeps its process group's number from being used again.
func (h *Handle) onExit(w *worker) {
	h.describe(w)
	out := w.out
	h.emit(job.Event{Type: job.EventWorkerEnded, Rank: &w.rank, PID: out.PID, Attempt: w.life, Outcome: &out, Time: out.Ended})
	if h.stop.asked && h.spec.Stop.LeaderFirst {
		w.proc.SignalGroup(syscall.Signal(h.stop.signal))
	}
	// The kernel may count the worker itself for a moment longer; the list of
	// processes, which costs more, does not have it.
	if w.session != nil {
		w.session.Exited(out.Status(), describeShort(out))
	}
	if w.cg != nil && (!w.cg.Populated() || len(w.leftovers()) == 0) {
		h.settle(w)
	}
	if out.Failed() && !h.stop.asked {
		h.onFailure(w)
	} else if out.Failed() && h.first == nil {
		h.first = w
	}
}

// describe fills in how a worker ended.
func (h *Handle) describe(w *worker) {
	w.ended = true
	o := &w.out
	o.Ended = time.Now()
	st := w.proc.Status()
	o.Kind, o.Code, o.Signal, o.Core = st.Kind, st.Code, job.Signal(st.Signal), st.Core
	o.Cause, o.Because = w.cause, w.because
	var wrote time.Time
	o.ErrorFile, wrote = w.errorFile()
	if o.Kind == job.KindSignaled && o.Signal == job.SIGKILL && !w.killed {
		if oom, evidence := h.oomKilled(w); oom {
			o.Cause, o.Detail = job.CauseOOM, evidence
		}
	}
	if o.Kind == job.KindSignaled && o.Cause == job.CauseOwn && o.Signal == w.sent {
		o.Detail = w.sentWhy
	}
	// Of --stall-signal or --on-stall, and perhaps just before the stop that follows.
	if o.Cause == job.CauseOwn && h.stalled && o.Failed() && (!h.stop.asked || h.stop.order.cause == job.CauseStall) {
		o.Cause = job.CauseStall
	}
	// A worker that was already failing when its peers' end reached it is
	// told apart by how it ended: the stop signal, or a clean exit, is ours.
	if o.Cause == job.CausePeer && h.first == nil {
		o.Cause, o.Because = job.CauseOwn, nil
	}
	// The end may come long after the exception: interpreters take their time.
	// Each life has a folder of its own, so the file is of this one, though its
	// time may be before the start: the kernel stamps it with that of its last
	// tick, which on a busy machine was long ago.
	switch {
	case o.ErrorFile != "" && wrote.Before(o.Ended):
		o.FailedAt = wrote
		if wrote.Before(o.Started) {
			o.FailedAt = o.Started
		}
	case o.Failed():
		o.FailedAt = o.Ended
	}
}

// settle completes a worker of which nothing is left.
func (h *Handle) settle(w *worker) {
	if w.gone || h.waitsForRoom(w) {
		return
	}
	w.gone = true
	if w.proc != nil {
		if ru, err := w.proc.Reap(); err == nil {
			w.out.MaxRSS, w.out.User, w.out.System = ru.MaxRSS, job.Duration(ru.User), job.Duration(ru.System)
		}
	}
	h.closeTaps(w)
	// Removing a cgroup and starting a worker in another wait for each other in
	// the kernel: it is left to the end of the run, unless a next life needs a
	// new one. (The kernel ends at once what is started in a cgroup that was
	// ever killed.)
	if w.cg != nil && (h.spec.Restart.Max > 0 || h.opt.World != nil) {
		w.cg.Remove()
	}
}

// attemptOver tells whether nothing of the attempt is left.
func (h *Handle) attemptOver() bool {
	if len(h.reborn) > 0 && !h.stop.asked {
		return false // a rank is between two lives
	}
	leaders, gone := true, true
	for _, w := range h.workers {
		if w == nil {
			continue
		}
		leaders = leaders && w.ended
		gone = gone && w.gone
	}
	if !leaders || gone {
		return gone
	}
	if h.tickAt.IsZero() {
		h.endLeftovers(time.Now())
		return h.attemptOver()
	}
	return false
}

// afterAttempt decides what comes after the last worker's end.
func (h *Handle) afterAttempt() {
	if h.gaveUp { // the others may know better
		h.phase = phaseTelling
		return
	}
	h.tickAt = time.Time{}
	h.sweep()
	h.endedByStall()
	h.findRoot()
	if h.opt.Guard != nil {
		h.opt.Guard.Release(h.attempt)
	}
	switch {
	case h.stop.rejoin && !h.stop.final && (h.first == nil || h.pardoned):
		h.first = nil
		h.rejoin()
		return
	case !h.stop.asked && (h.first == nil || h.tolerated()) && (h.place.Groups > 1 || h.spec.Nodes.Elastic()):
		h.leaveWorld()
		return
	case h.first == nil || h.stop.final || h.restarts >= h.spec.Restart.Max || h.scope() == job.RestartWorker:
		h.phase = phaseEnded
		return
	}
	if why, ok := h.startupFailure(h.first); ok {
		h.note(why)
		h.phase = phaseEnded
		return
	}
	h.restarts++
	wait := h.backoff()
	h.emit(job.Event{Type: job.EventGangRestart, Rank: &h.first.rank, Attempt: h.attempt,
		Detail: fmt.Sprintf("restart %d of %d in %v", h.restarts, h.spec.Restart.Max, wait)})
	what := "restarting the gang"
	if h.spec.Nodes.Several() {
		what = "all nodes start again" // as the other nodes say it
	}
	h.note(fmt.Sprintf("rank %d failed (%s): %s (%d of %d)%s", h.first.rank, describeShort(h.first.out), what,
		h.restarts, h.spec.Restart.Max, inTime(wait)))
	h.goOn()
	h.phase = phaseBackoff
	h.backoffAt = time.Now().Add(wait)
}

// finish shows what is still to be shown, and writes the end down.
func (h *Handle) finish() {
	h.input.close()
	h.leaveForGood()
	h.conclude()
	if h.console != nil {
		h.result.Unshown = h.showRest().Unshown
		for _, s := range h.sinks {
			s.Close()
		}
	}
	h.closeLogs()
	h.rec.State = runs.Ended
	h.result.Ended = time.Now()
	h.rec.Result = &h.result
	h.snapshot()
	if err := h.rec.Save(); err != nil {
		h.result.Detail = joinDetail(h.result.Detail, err.Error())
	}
	res := h.result
	h.emit(job.Event{Type: job.EventRunEnded, Result: &res})
	h.unground()
}

// unground gives back what ground made, as far as it came.
func (h *Handle) unground() {
	h.events.close()
	h.input.close()
	if h.noStops != nil {
		h.noStops()
	}
	if h.console != nil {
		h.console.Finish(h.patience)
	}
	// A process of our own ends now anyway, and undoing Notify makes the
	// runtime spin for a while.
	switch {
	case h.reaper == nil:
	case !h.opt.OwnProcess:
		h.reaper.Close()
	case proc.HasDescendants():
		h.reaper.Sweep()
	}
	leave(h)
	if h.spawner != nil {
		h.spawner.Close()
	}
	if h.watcher != nil {
		h.watcher.Close()
	}
	if h.cgroups != nil {
		h.cgroups.Remove()
	}
	h.impatient()
}

// showRest waits for the console, and goes on serving meanwhile: who has waited
// long enough for a stuck screen can still press Ctrl-C, or end the context.
func (h *Handle) showRest() console.Stats {
	var st console.Stats
	if h.ctx.Err() == nil { // a gang that was cancelled may show its last words
		defer context.AfterFunc(h.ctx, h.impatient)()
	}
	shown := make(chan struct{})
	go func() {
		st = h.console.Finish(h.patience)
		close(shown)
	}()
	h.serveUntil(shown)
	return st
}

// sweep ends whatever of the gang escaped its workers. Without cgroups this
// is where a grandchild that called setsid twice is found.
func (h *Handle) sweep() {
	// We are the subreaper: without a child of ours there is no descendant.
	if !proc.HasDescendants() {
		return
	}
	h.askStrays()
	o := proc.KillOptions{Timeout: unkillable}
	if h.opt.OwnProcess {
		if h.opt.Except != nil {
			o.Except = h.opt.Except()
		}
	} else {
		o.Key, o.Value = "SLUICE_RUN", h.id
	}
	for _, s := range proc.KillTree(o) {
		h.result.Survivors = append(h.result.Survivors, s.PID)
		h.result.Detail = joinDetail(h.result.Detail, s.String())
	}
	// Nor shall the next attempt, or our parent, meet their zombies.
	h.reaper.Sweep()
}

// askStrays gives what escaped its workers the same chance that others had: a
// signal and a moment.
func (h *Handle) askStrays() {
	if !h.opt.OwnProcess {
		return
	}
	spared := map[int]bool{}
	if h.opt.Except != nil {
		for _, pid := range h.opt.Except() {
			spared[pid] = true
		}
	}
	for until := time.Now().Add(leftoverGrace); time.Now().Before(until); time.Sleep(tick) {
		strays, err := proc.Descendants("/", os.Getpid())
		if err != nil {
			return
		}
		left := 0
		for _, p := range strays {
			if spared[p.PID] || p.Dead() {
				continue
			}
			left++
			if !h.asked[p.PID] {
				h.asked[p.PID] = true
				syscall.Kill(p.PID, syscall.SIGTERM)
				syscall.Kill(p.PID, syscall.SIGCONT)
			}
		}
		if left == 0 {
			return
		}
	}
}

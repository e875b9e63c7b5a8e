package launch

import (
	"fmt"
	"slices"
	"time"

	"github.com/sluicerun/sluice/job"
)

// onFailure applies the failure policy to a worker that failed by itself.
func (h *Handle) onFailure(w *worker) {
	h.failures++
	if h.first == nil {
		h.first = w
	}
	if h.scope() == job.RestartWorker && h.restartWorker(w) {
		return
	}
	if h.spec.OnFailure.Stops(h.failures, h.spec.Workers) {
		h.tell(h.first)
		h.beginStop(stopOrder{cause: job.CausePeer, because: h.first})
	}
}

// tolerated tells that workers have failed and nothing is to follow from that: the
// others, here and on other nodes, go on to their ends.
func (h *Handle) tolerated() bool {
	return h.first != nil && !h.told && h.restarts >= h.spec.Restart.Max &&
		!h.spec.OnFailure.Stops(h.failures, h.spec.Workers)
}

// findRoot looks, when all have ended, for the failure behind the one that was
// noticed first: a rank that raised its exception earlier and took longer to
// end, by itself or by our signal, is the culprit, and the others its victims.
func (h *Handle) findRoot() {
	switch {
	case h.first == nil && h.stop.order.cause != job.CauseNode:
		return
	case h.first != nil && h.first.out.Kind == job.KindStartFailed:
		return // there never was a whole gang
	}
	root := h.first
	for _, w := range h.workers {
		if w == nil || w.out.FailedAt.IsZero() {
			continue
		}
		wrote := (w.out.Cause == job.CausePeer || w.out.Cause == job.CauseNode) && w.out.ErrorFile != ""
		if (wrote || w.out.Failed()) && (root == nil || w.out.FailedAt.Before(root.out.FailedAt)) {
			root = w
		}
	}
	if root == h.first {
		return
	}
	h.first = root
	if root.out.Cause != job.CauseOwn && root.out.Kind == job.KindSignaled {
		root.out.Detail = joinDetail(root.out.Detail, "it had written its error file before; the signal is sluice's, sent when a peer had failed as well")
	}
	root.out.Cause, root.out.Because = job.CauseOwn, nil
	for _, w := range h.workers {
		if w != nil && w.out.Because != nil {
			w.out.Because = &root.rank
		}
	}
}

func (h *Handle) scope() job.RestartScope {
	if h.spec.Restart.Scope == "" {
		return job.RestartGang
	}
	return h.spec.Restart.Scope
}

// backoff doubles with every restart, up to 60 times the first.
func (h *Handle) backoff() time.Duration {
	d := time.Duration(h.spec.Restart.Backoff)
	most := 60 * d
	for i := 1; i < h.restarts && d < most; i++ {
		d *= 2
	}
	return min(d, most)
}

// startupFailure tells, in words, that a worker failed too soon to be tried
// again: it would fail the same way for ever.
func (h *Handle) startupFailure(w *worker) (string, bool) {
	least := time.Duration(h.spec.Restart.MinUptime)
	up := w.out.Ended.Sub(w.out.Started)
	if least <= 0 || up >= least {
		return "", false
	}
	return fmt.Sprintf("not restarting: rank %d failed after %v, sooner than --min-uptime %v",
		w.rank, up.Round(time.Millisecond), least), true
}

// restartWorker gives one rank its next life, with --restart-scope worker.
func (h *Handle) restartWorker(w *worker) bool {
	if h.restarts >= h.spec.Restart.Max || w.out.Kind == job.KindStartFailed {
		return false
	}
	if why, ok := h.startupFailure(w); ok {
		h.note(why)
		return false
	}
	h.restarts++
	h.failures--
	if h.first == w {
		h.first = nil
	}
	// What the old life left behind must not meet the new one.
	h.kill(w)
	h.settle(w)
	h.reaper.Sweep()
	wait := h.backoff()
	h.emit(job.Event{Type: job.EventGangRestart, Rank: &w.rank, Attempt: w.life,
		Detail: fmt.Sprintf("worker restart %d of %d in %v", h.restarts, h.spec.Restart.Max, wait)})
	h.note(fmt.Sprintf("rank %d failed (%s): restarting it (%d of %d)%s", w.rank, describeShort(w.out),
		h.restarts, h.spec.Restart.Max, inTime(wait)))
	local, life := w.local, w.life+1
	h.reborn[local] = true
	time.AfterFunc(wait, func() { h.do(func() { h.rebirth(local, life) }) })
	return true
}

// Returns tells whether the rank with that local rank, whose worker has ended, will
// be started anew as far as is known by now. Gangs of other nodes may have all start
// again at any time, which counts only once it is known.
func (h *Handle) Returns(local int) bool {
	if h.given.Restart.Max == 0 && !h.given.Nodes.Several() {
		return false // it had its only life
	}
	answer := make(chan bool, 1)
	select {
	case h.cmds <- func() { answer <- h.returns(local) }:
		return <-answer
	case <-h.ending:
		return false
	}
}

func (h *Handle) returns(local int) bool {
	switch h.phase {
	case phaseBackoff, phaseJoining, phaseTelling: // of the last, the others decide
		return true
	case phaseLeaving, phaseEnded:
		return false
	}
	switch {
	case h.reborn[local] && !h.stop.asked, h.gaveUp:
		return true
	case h.stop.final:
		return false
	}
	return h.stop.rejoin || h.first != nil && h.mayRestart(h.first)
}

func (h *Handle) rebirth(local, life int) {
	delete(h.reborn, local)
	if h.stop.asked {
		return
	}
	if err := h.startWorkers([]int{local}, life); err != nil {
		h.startFailed(err)
		if h.spec.OnFailure.Stops(h.failures, h.spec.Workers) {
			h.beginStop(stopOrder{cause: job.CausePeer, because: h.first, final: true})
		}
	}
	h.saveSoon()
}

// silence says that nobody has written for so long.
func (h *Handle) silence(d time.Duration) string {
	where := ""
	if h.spec.Nodes.Several() {
		where = " on this machine" // others may have: each looks after itself
	}
	exact := time.Millisecond
	if d >= time.Second {
		exact = 100 * time.Millisecond
	}
	return fmt.Sprintf("no output from any rank%s for %v", where, d.Round(exact))
}

// onStall is called when no rank has written for the stall timeout.
func (h *Handle) onStall(now time.Time) {
	if !h.stalled && !h.stillSilent(now) {
		return // a worker that writes its file itself has done so
	}
	silent := now.Sub(time.Unix(0, h.lastData.Load()))
	if !h.stalled {
		h.stalled = true
		h.emit(job.Event{Type: job.EventStalled, Attempt: h.attempt, Ranks: job.FormatRanks(h.alive()),
			Detail: h.silence(silent)})
		h.note(h.silence(silent))
		if h.stallAction() {
			h.stallStopAt = now.Add(stallPause)
			return
		}
	}
	h.stallStopAt = time.Time{}
	h.beginStop(stopOrder{cause: job.CauseStall, final: true})
}

// conclude turns outcomes into the verdict and the exit status.
func (h *Handle) conclude() {
	r := &h.result
	r.RunID, r.Dir, r.Host, r.Started, r.Attempts = h.id, h.dir, h.host, h.started, h.attempt+1
	r.WorldSize = h.place.Size
	r.Outcomes = nil
	for _, w := range h.workers {
		if w == nil {
			continue
		}
		if w == h.first && h.stop.order.cause != job.CauseUser {
			i := len(r.Outcomes)
			r.First = &i
		}
		r.Outcomes = append(r.Outcomes, w.out)
	}
	o := h.stop.order
	switch {
	case h.stop.asked && o.cause == job.CauseTimeout:
		r.Verdict, r.Status, r.Detail = job.TimedOut, job.StatusTimeout, o.detail
	case h.stop.asked && o.cause == job.CauseStall:
		r.Verdict, r.Status, r.Detail = job.Stalled, job.StatusTimeout, o.detail
	case h.stop.asked && o.cause == job.CauseUser:
		r.Verdict, r.Status, r.Detail = job.Stopped, o.status, o.detail
		if r.Status == 0 {
			r.Status = 128 + int(job.SIGTERM)
		}
	case h.stop.asked && o.cause == job.CauseLauncher:
		r.Verdict, r.Status, r.Detail = job.Stopped, statusKilled, o.detail
	case h.stop.asked && o.cause == job.CauseNode:
		r.Verdict, r.Status, r.Detail = job.Failed, o.status, o.detail
	case h.stop.asked && o.cause == job.CauseFull:
		r.Verdict, r.Status, r.Detail = job.Failed, job.StatusInternal, o.detail
	case h.first != nil:
		r.Verdict, r.Detail = job.Failed, h.elsewhere
		r.Status = job.ExitStatus(h.spec.ExitCode, r.Outcomes, r.First)
	case h.allStopped():
		r.Verdict, r.Status, r.Detail = job.Stopped, 128+int(job.SIGTERM), "each of its ranks was stopped"
	default:
		r.Verdict, r.Status = job.Succeeded, 0
	}
	// All nodes end alike.
	if r.Verdict == job.Failed && r.Root != nil && r.Root.Status != 0 {
		switch h.spec.ExitCode {
		case job.ExitAny, job.ExitCount:
		case job.ExitMax:
			r.Status = max(r.Status, r.Root.Status)
		default:
			r.Status = r.Root.Status
		}
	}
	if len(r.Survivors) > 0 && r.Status == 0 {
		r.Status = job.StatusInternal
	}
	// To torchrun's users every failure is 1; a time-out is none of torchrun's.
	if h.spec.Torch != nil && h.spec.ExitCode == job.ExitAny && r.Status != 0 && r.Status != job.StatusTimeout {
		r.Status = 1
	}
	h.collectValues()
}

// allStopped tells that nobody came to an end of his own: that is no success. What
// other nodes have done is not known here.
func (h *Handle) allStopped() bool {
	return len(h.result.Outcomes) > 0 && !h.spec.Nodes.Several() &&
		!slices.ContainsFunc(h.result.Outcomes, func(o job.Outcome) bool { return o.Cause != job.CauseUser })
}

// describeShort is an outcome in a few words.
func describeShort(o job.Outcome) string {
	switch o.Kind {
	case job.KindExited:
		return fmt.Sprintf("exit code %d", o.Code)
	case job.KindSignaled:
		if o.Cause == job.CauseOOM {
			return "out of memory"
		}
		return o.Signal.String()
	}
	return string(o.Kind)
}

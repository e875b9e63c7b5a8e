package launch

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
)

const (
	// hurried is what remains of the grace after a second Ctrl-C.
	hurried = 2 * time.Second
	// groupTick is tick for those that have the grace: that may be long.
	groupTick = 50 * time.Millisecond
	// leftoverGrace is what a process gets that outlives its worker.
	leftoverGrace = 500 * time.Millisecond
	// unkillable is how long a SIGKILL may take before we say that it did not
	// work (uninterruptible sleep) and go.
	unkillable = 10 * time.Second
)

// stopState is the end of an attempt: asked, killed, given up, in this order.
type stopState struct {
	asked  bool
	final  bool // no restart after it
	rejoin bool // another node asked for the next attempt
	order  stopOrder
	signal job.Signal
	asks   int // how often a person asked

	signaled uint64       // when the stop signal was sent, in the kernel's clock ticks
	late     map[int]bool // processes that were signalled after it

	killAt   time.Time // zero: not waiting for the grace to end
	killing  bool
	giveUpAt time.Time
}

// stopOrder is why and how a gang is stopped.
type stopOrder struct {
	cause   job.Cause
	because *worker
	signal  job.Signal // zero: the spec's
	status  int        // exit status for a stop by the user
	detail  string
	final   bool
	told    bool // by the other nodes
	kill    bool // at once
}

// beginStop ends the gang. Asked again by a person it hurries, asked a third
// time it kills.
func (h *Handle) beginStop(o stopOrder) {
	if o.cause == job.CauseUser || o.cause == job.CauseLauncher {
		o.final = true
	}
	switch {
	case h.phase == phaseEnded: // only the console still goes on
		h.impatient()
	case h.phase == phaseBackoff, h.phase == phaseJoining, h.phase == phaseTelling, h.phase == phaseLeaving: // nothing runs
		h.stop = stopState{asked: true, final: true, order: o}
		h.phase = phaseEnded
	case h.stop.asked:
		h.stopAgain(o)
	default:
		switch o.cause {
		case job.CauseTimeout:
			h.tellEnd(job.StatusTimeout, "it timed out after "+h.spec.Timeout.String())
		case job.CauseStall:
			h.tellEnd(job.StatusTimeout, "its workers wrote nothing for "+h.spec.Stall.Timeout.String())
		}
		h.stopGang(o)
	}
}

// beginKill ends the gang at once.
func (h *Handle) beginKill(o stopOrder) {
	o.kill = true
	if !h.stop.asked {
		h.beginStop(o)
	}
	h.killAll()
	h.impatient()
}

// stopAgain is for a gang that is being stopped already. Why it was stopped
// stands: a failure stays one when somebody then presses Ctrl-C.
func (h *Handle) stopAgain(o stopOrder) {
	h.stop.final = h.stop.final || o.final
	if o.cause != job.CauseUser || o.told != h.stop.order.told && o.detail == h.stop.order.detail {
		return // what came from the others and directly was asked once
	}
	if was := h.stop.order.cause; was == job.CauseRestart || was == job.CauseNode {
		h.stop.order = o // the others may have been told sooner, and left
	}
	h.stop.asks++
	switch h.stop.asks {
	case 1:
		h.note(stillThere(h.alive()) + ", being stopped already; again to hurry")
	case 2:
		h.hurry()
	default:
		h.killAll()
	}
}

// goOn forgets a stop: another attempt follows.
func (h *Handle) goOn() {
	h.stop, h.left = stopState{}, false
	h.rec.State = runs.Running
}

// stopGang sends the stop signal to every worker that still runs.
func (h *Handle) stopGang(o stopOrder) {
	h.stop.asked, h.stop.final, h.stop.order = true, h.stop.final || o.final, o
	if o.cause == job.CauseUser {
		h.stop.asks = 1
	}
	h.stop.signal = o.signal
	if h.stop.signal == 0 {
		h.stop.signal = h.spec.Stop.StopSignal()
	}
	h.stop.signaled = proc.Ticks()
	var ranks []int
	for _, w := range h.workers {
		if w == nil || w.gone {
			continue
		}
		// One that has ended by itself, unnoticed so far, was not stopped.
		if !w.ended && !w.proc.Ended() {
			ranks = append(ranks, w.rank)
			w.cause = o.cause
			if o.because != nil {
				w.because = &o.because.rank
			}
		}
		h.ask(w, h.stop.signal)
	}
	h.rec.State = runs.Stopping
	grace := h.spec.Stop.GracePeriod()
	if grace >= 0 {
		h.stop.killAt = time.Now().Add(grace)
	}
	h.emit(job.Event{Type: job.EventGangStopping, Attempt: h.attempt, Ranks: job.FormatRanks(ranks),
		Signal: h.stop.signal.String(), Cause: o.cause, Detail: o.detail})
	if len(ranks) > 0 && o.cause == job.CauseUser && !o.kill {
		h.note(fmt.Sprintf("stopping %s (%v, then SIGKILL %s); again to hurry", rankWord(ranks), h.stop.signal, afterGrace(grace)))
	}
}

// ask sends the stop signal to one worker: its group, or the leader alone.
func (h *Handle) ask(w *worker, sig job.Signal) {
	if w.proc == nil {
		return
	}
	if h.spec.Stop.LeaderFirst && !w.ended {
		w.proc.Signal(syscall.Signal(sig))
		w.proc.Signal(syscall.SIGCONT)
		return
	}
	w.proc.Stop(syscall.Signal(sig))
	h.signalEscaped(w, sig)
}

// signalEscaped reaches the processes of a worker that left its group.
func (h *Handle) signalEscaped(w *worker, sig job.Signal) {
	for _, pid := range w.leftovers() {
		if g, err := syscall.Getpgid(pid); err == nil && g != w.proc.Pid() {
			syscall.Kill(pid, syscall.Signal(sig))
			syscall.Kill(pid, syscall.SIGCONT) // a stopped one would not hear it
		}
	}
}

func (h *Handle) hurry() {
	at := time.Now().Add(hurried)
	if h.stop.killing {
		h.killAll()
		return
	}
	if h.stop.killAt.IsZero() || at.Before(h.stop.killAt) {
		h.stop.killAt = at
	}
	alive := h.alive()
	for _, w := range h.workers {
		if w != nil && !w.ended {
			w.proc.Stop(syscall.Signal(h.stop.signal))
		}
	}
	h.note(fmt.Sprintf("hurrying: %s; SIGKILL in %v; again to kill now", stillThere(alive), hurried))
}

// killAll ends what the stop signal did not.
func (h *Handle) killAll() {
	h.stop.killAt = time.Time{}
	alive := h.alive()
	if !h.stop.killing {
		h.stop.killing = true
		h.stop.giveUpAt = time.Now().Add(unkillable)
		h.emit(job.Event{Type: job.EventGangKilling, Attempt: h.attempt, Ranks: job.FormatRanks(alive), Signal: "SIGKILL"})
		if len(alive) > 0 {
			h.note("killing " + rankWord(alive))
		}
	}
	for _, w := range h.workers {
		if w != nil && !w.gone {
			h.kill(w)
		}
	}
}

// kill ends a worker and everything below it at once.
func (h *Handle) kill(w *worker) {
	w.killed = true
	if w.cg != nil && w.cg.Kill() == nil {
		return
	}
	if w.proc != nil && !w.gone {
		w.proc.SignalGroup(syscall.SIGKILL)
	}
}

// giveUp is for processes that survive SIGKILL: they are in the kernel, on a
// dead disk or driver, and no waiting of ours will bring them back.
func (h *Handle) giveUp() {
	h.stop.giveUpAt = time.Time{}
	for _, w := range h.workers {
		if w == nil || w.gone {
			continue
		}
		pids := w.leftovers()
		if !w.ended {
			pids = append(pids, w.proc.Pid())
		}
		for _, pid := range pids {
			h.result.Survivors = append(h.result.Survivors, pid)
			w.out.Detail = joinDetail(w.out.Detail, fmt.Sprintf("process %d did not die of SIGKILL", pid))
		}
		if !w.ended {
			w.ended = true
			w.out.Kind, w.out.Ended = job.KindUnknown, time.Now()
		}
		w.gone = true
		h.closeTaps(w)
	}
}

// endLeftovers is called, once all workers of the attempt have ended, until
// none of their processes is left.
func (h *Handle) endLeftovers(now time.Time) {
	h.tickAt = time.Time{}
	groups := h.groups()
	for _, w := range h.workers {
		if w == nil || w.gone {
			continue
		}
		if groups[w.proc.Pid()] && !h.endedAlone(w) {
			h.tickAt = now.Add(groupTick)
			continue
		}
		if h.lingering(w) {
			h.tickAt = now.Add(tick)
			continue
		}
		h.endLeftover(w, now)
		if !w.gone {
			h.tickAt = now.Add(tick)
		}
	}
}

// groups are the process groups that still have the grace of a stop. What a
// shell started is as much the worker as the shell, which may end at the stop
// signal while its child saves its work. Who has left the group has not.
func (h *Handle) groups() map[int]bool {
	if !h.stop.asked || h.stop.killing || h.stop.killAt.IsZero() && h.spec.Stop.GracePeriod() >= 0 {
		return nil
	}
	below, err := proc.Descendants("/", os.Getpid())
	if err != nil {
		return nil
	}
	live := map[int]bool{}
	for _, p := range below {
		if p.Dead() {
			continue
		}
		if pgid, err := syscall.Getpgid(p.PID); err == nil {
			live[pgid] = true
			h.signalLate(p, pgid)
		}
	}
	return live
}

// signalLate stops a process that a worker was just starting when the stop signal
// came: a shell has signals blocked while it forks, the child has none pending then,
// and the shell dies of its own. A worker that handled the signal has started what is
// left on purpose.
func (h *Handle) signalLate(p proc.Proc, pgid int) {
	if p.PPid != os.Getpid() || p.Start < h.stop.signaled || h.stop.late[p.PID] {
		return
	}
	for _, w := range h.workers {
		if w == nil || w.proc == nil || w.proc.Pid() != pgid || p.PID == pgid {
			continue
		}
		if w.ended && w.out.Kind == job.KindSignaled && w.out.Signal == h.stop.signal {
			if h.stop.late == nil {
				h.stop.late = map[int]bool{}
			}
			h.stop.late[p.PID] = true
			syscall.Kill(p.PID, syscall.Signal(h.stop.signal))
		}
	}
}

func (h *Handle) endLeftover(w *worker, now time.Time) {
	left := w.leftovers()
	if len(left) == 0 {
		h.settle(w)
		return
	}
	switch {
	case w.killAt.IsZero():
		w.killAt = now.Add(leftoverGrace)
		w.cg.Signal(syscall.SIGTERM)
		w.cg.Signal(syscall.SIGCONT)
		w.out.Detail = joinDetail(w.out.Detail, fmt.Sprintf("%d of its processes outlived it and were ended", len(left)))
	case !now.Before(w.killAt):
		w.cg.Kill()
		if h.stop.giveUpAt.IsZero() {
			h.stop.giveUpAt = now.Add(unkillable)
		}
	}
}

// alive are the ranks whose worker, or what it left, is still there.
func (h *Handle) alive() []int {
	var out []int
	for _, w := range h.workers {
		if w != nil && !w.gone && (!w.ended || len(w.leftovers()) > 0) {
			out = append(out, w.rank)
		}
	}
	return out
}

func afterGrace(d time.Duration) string {
	switch {
	case d < 0:
		return "never"
	case d == 0:
		return "at once"
	}
	return "in " + d.String()
}

func inTime(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return " in " + d.String()
}

func stillThere(ranks []int) string {
	if len(ranks) == 1 {
		return rankWord(ranks) + " is still there"
	}
	return rankWord(ranks) + " are still there"
}

func rankWord(ranks []int) string {
	switch len(ranks) {
	case 0:
		return "nobody"
	case 1:
		return "rank " + itoa(ranks[0])
	}
	return "ranks " + job.FormatRanks(ranks)
}

func joinDetail(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return a + "; " + b
}

package launch

import (
	"fmt"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/job"
)

// Has tells whether a process belongs to a worker that runs: it is the worker,
// or in its session. It may be asked from everywhere, at any time.
func (h *Handle) Has(pid int) bool {
	s := h.parent.Load()
	sid, err := unix.Getsid(pid)
	return err == nil && s != nil && s.Owns(sid)
}

// Expired ends a process that did not meet its own deadline, by the signal that
// it chose; 0 only tells. Its worker then counts as failed, with the reason.
func (h *Handle) Expired(pid int, scope string, sig job.Signal) {
	h.do(func() {
		for _, w := range h.workers {
			if w == nil || w.gone || w.out.PID != pid && !slices.Contains(w.leftovers(), pid) && !inSession(pid, w.out.PID) {
				continue
			}
			what := fmt.Sprintf("its timer %q", scope)
			if w.out.PID != pid {
				what = fmt.Sprintf("the timer %q of its process %d", scope, pid)
			}
			if sig <= 0 {
				h.note(fmt.Sprintf("rank %d: %s expired", w.rank, what))
				return
			}
			text := fmt.Sprintf("%s expired and asked for %v", what, sig)
			h.note(fmt.Sprintf("rank %d: %s", w.rank, text))
			if !strings.Contains(w.out.Detail, text) {
				w.out.Detail = joinDetail(w.out.Detail, text)
			}
			w.cause = job.CauseTimer
			syscall.Kill(pid, syscall.Signal(sig))
			if w.out.PID != pid {
				h.endExpired(w)
			}
			return
		}
	})
}

// endExpired is for a worker whose child hung: it may go on without it, which
// nobody could want of a gang.
func (h *Handle) endExpired(w *worker) {
	if !w.ended {
		w.proc.SignalGroup(syscall.SIGTERM)
	}
}

func inSession(pid, leader int) bool {
	sid, err := unix.Getsid(pid)
	return err == nil && sid == leader
}

// Beat waits until the loop of the run answers: whoever supervises us wants to
// know whether we still supervise.
func (h *Handle) Beat() (alive, restarts int, state string) {
	state = "ended"
	h.do(func() {
		alive, restarts, state = len(h.alive()), h.restarts, string(h.rec.State)
	})
	return alive, restarts, state
}

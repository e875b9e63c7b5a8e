package launch

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sluicerun/sluice/job"
)

// stallPause is the time between --on-stall or --stall-signal and the stop:
// stacks need a moment to reach the logs.
const stallPause = 2 * time.Second

// stallAt is when silence becomes a stall. Streams that workers write directly
// are looked at only when the deadline of the others has come.
func (h *Handle) stallAt() time.Time {
	if h.spec.Stall.Timeout <= 0 || h.stop.asked || h.phase != phaseRunning || h.suspended || h.stallPid.Load() != 0 {
		return time.Time{}
	}
	if !h.stallStopAt.IsZero() {
		return h.stallStopAt
	}
	return time.Unix(0, h.lastData.Load()).Add(time.Duration(h.spec.Stall.Timeout))
}

// stillSilent looks at the logs that nobody tells us about.
func (h *Handle) stillSilent(now time.Time) bool {
	latest := h.lastData.Load()
	for _, w := range h.workers {
		if w == nil {
			continue
		}
		for _, t := range w.taps {
			if t.pipe != nil {
				continue
			}
			if fi, err := os.Stat(filepath.Join(w.dir, t.std.String()+".log")); err == nil && fi.Size() > 0 {
				latest = max(latest, fi.ModTime().UnixNano())
			}
		}
	}
	h.lastData.Store(latest)
	return now.Sub(time.Unix(0, latest)) >= time.Duration(h.spec.Stall.Timeout)
}

// endedByStall is for a stalled gang that did not live to be stopped: --stall-signal
// or --on-stall ended the last of it. Where there are restarts left it has another
// life, as it has none after being stopped.
func (h *Handle) endedByStall() {
	if !h.stalled || h.stop.asked {
		return
	}
	i := slices.IndexFunc(h.workers, func(w *worker) bool { return w != nil && w.out.Cause == job.CauseStall })
	switch {
	case i < 0: // they came to a good end
	case h.mayRestart(h.workers[i]):
		if h.first == nil {
			h.first = h.workers[i]
		}
		h.tell(h.first)
	default:
		h.beginStop(stopOrder{cause: job.CauseStall, final: true})
	}
}

// stallAction runs what the user wants to see before a stalled gang is
// stopped. It tells whether there is something to wait for.
func (h *Handle) stallAction() bool {
	did := false
	if sig := h.spec.Stall.Signal; sig != 0 {
		for _, w := range h.workers {
			if w != nil && !w.ended {
				w.proc.Signal(syscall.Signal(sig))
				w.sent, w.sentWhy = sig, "that was --stall-signal, as nothing had been written for "+h.spec.Stall.Timeout.String()
				did, h.stallSignal = true, true
			}
		}
	}
	if h.spec.Stall.Command == "" {
		return did
	}
	var pids, ranks []string
	for _, w := range h.workers {
		if w != nil && !w.ended {
			pids = append(pids, strconv.Itoa(w.proc.Pid()))
			ranks = append(ranks, strconv.Itoa(w.rank))
		}
	}
	log, err := os.OpenFile(filepath.Join(h.dir, "on-stall.log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		h.note("--on-stall: " + err.Error())
		return did
	}
	cmd := exec.Command("/bin/sh", "-c", h.spec.Stall.Command)
	cmd.Env = append(os.Environ(), "SLUICE_RUN="+h.id, "SLUICE_RUN_DIR="+h.dir,
		"SLUICE_PIDS="+strings.Join(pids, " "), "SLUICE_RANKS="+strings.Join(ranks, " "))
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		log.Close()
		h.note("--on-stall: " + err.Error())
		return did
	}
	// The gang is stopped once the command is done; it has as long as it
	// wants, since a person asked for it.
	attempt := h.attempt
	go func() {
		err := cmd.Wait()
		h.stallPid.Store(0)
		log.Close()
		h.do(func() {
			detail := "done"
			if err != nil {
				detail = err.Error()
			}
			h.emit(job.Event{Type: job.EventStalled, Attempt: h.attempt, Detail: "--on-stall: " + detail + ", see on-stall.log"})
			if h.attempt != attempt {
				return // another gang runs
			}
			if now := time.Now(); !h.stallSignal || h.stallStopAt.Before(now) {
				h.stallStopAt = now
			}
		})
	}()
	h.stallPid.Store(int64(cmd.Process.Pid))
	return true
}

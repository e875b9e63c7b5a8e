package launch

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/internal/pty"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/session"
	"github.com/sluicerun/sluice/stream"
	"github.com/sluicerun/sluice/stream/console"
)

// worker is one life of one rank. The loop owns it.
type worker struct {
	rank    int // among the workers of all nodes
	local   int // among those of this gang
	life    int // how many lives this rank had before; names its directory
	dir     string
	proc    *proc.Process
	cg      *proc.Cgroup
	id      proc.Identity
	taps    []*tap
	session *session.Session // of a worker on a terminal
	master  *pty.Master
	out     job.Outcome
	ended   bool // the leader has ended
	gone    bool // nothing of it is left, its streams are complete

	cause   job.Cause // why we signalled it
	because *int
	killed  bool      // we sent SIGKILL
	killAt  time.Time // when what outlives the leader is killed; zero: not asked

	sent    job.Signal // the last that somebody had us send, and the report's words for it
	sentWhy string
}

func (h *Handle) newWorker(local, life int) *worker {
	h.base.Store(int64(h.place.Base))
	w := &worker{rank: h.place.Base + local, local: local, life: life}
	w.dir = filepath.Join(h.dir, runs.WorkerDir(life, local))
	w.out = job.Outcome{Rank: w.rank, LocalRank: local, Attempt: life, Kind: job.KindRunning}
	return w
}

// fields are what a prefix may tell about a worker's stream.
func (h *Handle) fields(w *worker, s job.Stream) job.Fields {
	return job.Fields{Rank: w.rank, LocalRank: w.local, Attempt: w.life, Role: h.spec.Role, Host: h.host, Stream: s}
}

// otherLocal is the local rank, if it is another number than the rank.
func (w *worker) otherLocal() *int {
	if w.local == w.rank {
		return nil
	}
	return &w.local
}

// tap is one output stream of a worker that has a log.
type tap struct {
	std     job.Stream
	log     *stream.Log
	pipe    *os.File // read end; nil for a stream that the worker writes directly
	pump    *stream.Pump
	shown   *console.Input
	dup     *duplicate
	full    *atomic.Bool     // the disk is: the pump waits for room
	session *session.Session // fills the pipe; nil: the worker does
	shared  *sharedLog       // with a session
}

// identity tells the worker's process from a later one with its pid. It is
// looked up when somebody wants to write it down, which short lives are spared.
func (w *worker) identity() proc.Identity {
	if w.id.Pid == 0 {
		w.id, _ = proc.Identify(w.out.PID) // it is not reaped yet
	}
	return w.id
}

// leftovers names the processes that outlive the worker, for people.
func (w *worker) leftovers() []int {
	if w.cg == nil {
		return nil
	}
	pids, err := w.cg.Pids()
	if err != nil {
		return nil
	}
	out := pids[:0]
	for _, p := range pids {
		if w.proc == nil || p != w.proc.Pid() {
			out = append(out, p)
		}
	}
	return out
}

// errorFile is the worker's error.json, if it wrote one, and when it did.
func (w *worker) errorFile() (path string, at time.Time) {
	p := filepath.Join(w.dir, "error.json")
	if fi, err := os.Stat(p); err == nil && fi.Size() > 0 {
		return p, fi.ModTime()
	}
	return "", time.Time{}
}

// openTaps makes the logs of a worker and returns what its descriptors 1 and 2
// are to be. Files in close are the worker's ends: the caller closes them once
// it has started, or not.
func (h *Handle) openTaps(w *worker) (files [3]*os.File, closeAfter []*os.File, err error) {
	redirect, tee := h.spec.Streams(w.local)
	if h.spec.Pty != nil {
		slave, err := h.openTerminal(w)
		if err != nil {
			return files, nil, err
		}
		files = [3]*os.File{slave, slave, slave}
		closeAfter = append(closeAfter, slave)
		tee &^= job.Out
	}
	for _, s := range []job.Stream{job.Stdout, job.Stderr} {
		inherited := h.opt.Stdout
		if s == job.Stderr {
			inherited = h.opt.Stderr
		}
		switch {
		case tee.Has(s):
			t, end, err := h.openTee(w, s, newOutPipe)
			if err != nil {
				return files, closeAfter, err
			}
			w.taps = append(w.taps, t)
			h.logs = append(h.logs, t.log)
			files[s] = end
			closeAfter = append(closeAfter, end)
		case redirect.Has(s):
			l, err := stream.Create(w.dir, s.String()+".log", h.logOptions(w, s, true, new(atomic.Bool)))
			if err != nil {
				return files, closeAfter, err
			}
			w.taps = append(w.taps, &tap{std: s, log: l})
			h.logs = append(h.logs, l)
			end, err := l.WriterFile()
			if err != nil {
				return files, closeAfter, err
			}
			files[s] = end
			closeAfter = append(closeAfter, end)
		case h.spec.Pty != nil:
			// the terminal
		default:
			// nil is /dev/null, for ranks that are not to be seen.
			if h.spec.Console.Shows(w.rank, w.local) {
				files[s] = inherited
			}
		}
	}
	return files, closeAfter, nil
}

func (h *Handle) openTee(w *worker, s job.Stream, pipe func() (r, w *os.File, err error)) (*tap, *os.File, error) {
	r, end, err := pipe()
	if err != nil {
		return nil, nil, explain("making a pipe for rank "+itoa(w.rank), err)
	}
	full := new(atomic.Bool)
	l, err := stream.Create(w.dir, s.String()+".log", h.logOptions(w, s, false, full))
	if err != nil {
		r.Close()
		end.Close()
		return nil, nil, explain("making the logs of rank "+itoa(w.rank), err)
	}
	return &tap{std: s, log: l, pipe: r, full: full}, end, nil
}

func (h *Handle) logOptions(w *worker, s job.Stream, direct bool, full *atomic.Bool) stream.LogOptions {
	return stream.LogOptions{
		Rotate: h.spec.Rotate, OnFull: h.spec.OnFull, Direct: direct, NewDir: true,
		Watcher: h.watcher, CompressLimit: h.packing,
		OnEvent: func(e job.Event) {
			rank := w.rank
			e.Rank, e.Stream, e.Attempt = &rank, s.String(), w.life
			h.emit(e)
			switch e.Type {
			case job.EventLogFull:
				full.Store(true)
				h.tellWait(e)
			case job.EventLogResumed:
				full.Store(false)
			}
			if e.Type == job.EventLogFull && h.spec.OnFull == job.FullStop {
				go h.do(func() { h.diskFull(w, e) })
			}
		},
	}
}

// tellWait says why nothing moves any more, with --on-full block. Once will do:
// the logs of the others are on the same disk.
func (h *Handle) tellWait(e job.Event) {
	if h.given.OnFull != job.FullBlock && h.given.OnFull != "" || h.given.Console.Quiet || h.console == nil {
		return
	}
	if h.fullTold.CompareAndSwap(false, true) {
		h.console.Note(fmt.Sprintf("sluice: rank %d: %s", *e.Rank, e.Detail))
	}
}

// startPumps begins to move the worker's output.
func (h *Handle) startPumps(w *worker) {
	for _, t := range w.taps {
		if t.pipe == nil {
			continue
		}
		switch {
		case h.console == nil || t.session != nil && h.spec.Pty.Shown:
		case t.session != nil:
			t.shared.users.Add(1)
			t.shown = h.console.Add(h.fields(w, t.std), t.shared)
		default:
			t.shown = h.console.Add(h.fields(w, t.std), shownLog{t.log, h})
		}
		var err error
		if t.dup, err = h.duplicateOf(w, t); err != nil {
			h.note(err.Error())
		}
		t.pump = stream.StartPump(t.pipe, t.log, stream.PumpOptions{Limit: h.limit, Manual: t.session != nil, OnData: func(n int64, at time.Time) {
			h.lastData.Store(at.UnixNano())
			if t.session != nil {
				t.session.Grew(n, at)
			}
			if t.shown != nil {
				t.shown.Grew()
			}
			if t.dup != nil {
				t.dup.grew()
			}
		}})
	}
}

// waitsForRoom tells that the worker's last bytes lie in a pipe because the disk
// is full, with --on-full block. Who asks for the end does not wait for room.
func (h *Handle) waitsForRoom(w *worker) bool {
	if h.spec.OnFull != job.FullBlock && h.spec.OnFull != "" || h.stop.asked {
		return false
	}
	for _, t := range w.taps {
		if t.full != nil && t.full.Load() {
			return true
		}
	}
	return false
}

// closeTaps completes the streams of a worker that is gone: what lies in the
// pipes is moved even if somebody outside the gang still holds them.
func (h *Handle) closeTaps(w *worker) {
	for _, t := range w.taps {
		if t.session != nil {
			t.session.Drain()
		}
		if t.pump != nil {
			t.pump.Drain()
			h.result.Dropped += t.pump.Dropped()
		}
		if t.pipe != nil {
			t.pipe.Close()
		}
		if t.dup != nil {
			if err := t.dup.finish(); err != nil {
				h.note(fmt.Sprintf("copying the filtered %v of rank %d: %v", t.std, w.rank, err))
			}
		}
		if t.session != nil {
			h.closeSession(w, t)
		}
		if t.shown != nil {
			t.shown.Done() // the console keeps the log open until it has shown it
		} else if t.session == nil {
			h.closeLog(t.log)
		}
	}
}

// abandonTaps undoes openTaps for a worker that never started.
func (w *worker) abandonTaps() {
	for _, t := range w.taps {
		if t.pipe != nil {
			t.pipe.Close()
		}
		if t.session != nil {
			t.session.Discard()
		}
		t.log.Close()
	}
}

package launch

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/internal/pty"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/session"
)

// openTerminal gives a worker a terminal. Its output is a tee'd stream like any
// other, whose pipe the session fills from the terminal's master.
func (h *Handle) openTerminal(w *worker) (slave *os.File, err error) {
	size := h.ptySize()
	master, slave, err := pty.Open(pty.OpenOptions{Size: size})
	if err != nil {
		return nil, explain("making a terminal for rank "+itoa(w.rank), err)
	}
	t, end, err := h.openTee(w, job.Stdout, newInnerPipe)
	if err != nil {
		master.Close()
		slave.Close()
		return nil, err
	}
	s, err := session.New(session.Options{
		Move:  func() bool { return t.pump.Move() },
		Local: w.local, Dir: w.dir, Master: master, Sink: end, Log: t.log, Size: size, Policy: h.spec.Pty.Policy,
		Scrollback: int(h.spec.Pty.Scrollback), Linger: h.spec.Pty.Linger, Version: "sluice",
		Command: job.Quote(h.argv(w.local)...), Term: h.spec.Pty.Terminal(), Note: func(text string) { go h.Note(text) },
		NoInput:  h.spec.Pty.NoInput,
		Forgets:  h.spec.Rotate.MaxSize > 0 && h.spec.Rotate.Keep > 0,
		Continue: func() { h.do(func() { w.proc.SignalGroup(syscall.SIGCONT) }) },
	})
	if err != nil {
		master.Close()
		slave.Close()
		end.Close()
		t.pipe.Close()
		t.log.Close()
		return nil, err
	}
	w.session, w.master, t.session = s, master, s
	t.shared = &sharedLog{Log: t.log, h: h}
	t.shared.users.Store(1)
	w.taps = append(w.taps, t)
	h.shared = append(h.shared, t.log)
	return slave, nil
}

// ptySize is the size that a terminal begins with.
func (h *Handle) ptySize() pty.Size {
	p := h.spec.Pty
	size := pty.Size{Cols: uint16(p.Cols), Rows: uint16(p.Rows), XPixel: uint16(p.XPixel), YPixel: uint16(p.YPixel)}
	if size.Cols == 0 || size.Rows == 0 {
		return pty.DefaultSize
	}
	return size
}

// sessions is what others ask for the sessions of a run.
type sessions struct {
	byLocal map[int]*session.Session
	changed chan struct{} // closed and made anew when there is a new one
}

// began makes a worker's session known.
func (h *Handle) began(w *worker) {
	w.session.Begin()
	h.sessMu.Lock()
	defer h.sessMu.Unlock()
	if h.sess.byLocal == nil {
		h.sess.byLocal = map[int]*session.Session{}
	}
	h.sess.byLocal[w.local] = w.session
	if h.sess.changed != nil {
		close(h.sess.changed)
		h.sess.changed = nil
	}
}

// Session is the terminal of a rank, the latest one if the worker was started
// anew. It stays, with its last screen, until the run ends.
func (h *Handle) Session(rank int) (*session.Session, error) {
	if h.given.Pty == nil {
		return nil, &job.UsageError{Field: "RUN", Value: h.id, Why: "its workers have no terminals", Hint: "start it with sluice run --pty"}
	}
	h.sessMu.Lock()
	defer h.sessMu.Unlock()
	s := h.sess.byLocal[rank-int(h.base.Load())]
	if s == nil {
		return nil, &job.UsageError{Field: "RUN", Value: fmt.Sprintf("%s/%d", h.id, rank), Why: "there is no such rank", Hint: "sluice ps shows them"}
	}
	return s, nil
}

// NextSession waits for a rank's session that comes after the one given; nil if
// there will be none.
func (h *Handle) NextSession(local int, after *session.Session) *session.Session {
	for {
		h.sessMu.Lock()
		s := h.sess.byLocal[local]
		if h.sess.changed == nil {
			h.sess.changed = make(chan struct{})
		}
		changed := h.sess.changed
		h.sessMu.Unlock()
		if s != nil && s != after {
			return s
		}
		if after != nil && h.given.Restart.Max == 0 && !h.given.Nodes.Several() {
			return nil // it had its only life
		}
		select {
		case <-changed:
		case <-h.ending:
			return nil
		}
	}
}

// lingering tells whether something that outlives the worker may still speak on
// its terminal.
func (h *Handle) lingering(w *worker) bool {
	return h.endedAlone(w) && !w.session.Quiet()
}

// endedAlone tells that a worker on a terminal ended by itself: what it left has
// the time that the linger gives it, and no more, whatever the gang does.
func (h *Handle) endedAlone(w *worker) bool {
	return w.session != nil && w.cause == job.CauseOwn && !w.killed && (!h.stop.asked || h.stop.order.cause == job.CausePeer)
}

// closeSession completes the session of a worker that is gone. Clients that have
// not shown everything yet get the time that a console gets.
func (h *Handle) closeSession(w *worker, t *tap) {
	h.closing.Go(func() {
		w.session.Finish()
		w.session.Unattended(h.patience, h.spec.Console.LingerTime())
		w.session.Close()
		t.shared.Close()
	})
}

// watchStops tells sessions whose program was stopped, or goes on: the kernel
// says so with SIGCHLD.
func (h *Handle) watchStops() (end func()) {
	sigs := make(chan os.Signal, 1)
	quit, done := make(chan struct{}), make(chan struct{})
	signal.Notify(sigs, syscall.SIGCHLD)
	go func() {
		defer close(done)
		for {
			select {
			case <-sigs:
			case <-quit:
				return
			}
			// Not by do: the loop that would have to obey waits for us at its end.
			select {
			case h.cmds <- h.lookForStops:
			case <-quit:
				return
			}
		}
	}()
	return func() {
		signal.Stop(sigs)
		close(quit)
		<-done
	}
}

func (h *Handle) lookForStops() {
	for _, w := range h.workers {
		if w == nil || w.session == nil || w.ended || w.proc == nil {
			continue
		}
		if stopped, changed := w.proc.StopChange(); changed {
			w.session.Stopped(stopped)
		}
	}
}

// terminalMode is what the terminal is to a worker that is about to start on it.
func (h *Handle) terminalMode(slave *os.File) proc.Terminal {
	if h.spec.Pty == nil {
		return proc.NoTerminal
	}
	if h.opt.Jobs && h.spec.Workers == 1 {
		if err := proc.TakeTerminal(slave); err == nil {
			return proc.JobTerminal
		}
	}
	return proc.OwnTerminal
}

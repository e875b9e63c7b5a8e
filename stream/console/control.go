package console

import (
	"errors"
	"fmt"
	"time"

	"github.com/sluicerun/sluice/job"
)

func (m *merger) setShow(s job.RankSet) {
	m.show = s
	for _, in := range m.inputs {
		hide := !m.shows(in)
		switch {
		case hide && !in.hidden:
			in.hidden = true
			m.release(in)
			m.freshLine(in)
		case !hide && in.hidden:
			in.hidden = false
			m.jump(in)
			m.activate(in)
		}
	}
}

func (m *merger) setSinks(out, err Sink) {
	for _, l := range m.lanes {
		m.leave(l)
	}
	tty, errTTY := isTerminal(out, m.cfg.TTY), isTerminal(err, m.cfg.ErrTTY)
	m.makeLanes(out, err, tty, errTTY)
	for _, in := range m.inputs {
		in.lane = m.laneOf(in)
		if in.lane != nil && !in.hidden {
			m.jump(in)
			m.activate(in)
		}
	}
}

func isTerminal(s Sink, known bool) bool {
	if fd, ok := s.(*FDSink); ok {
		return fd.Terminal()
	}
	return s != nil && known
}

// leave lets go of a lane's sink. What it has not taken is nobody's any more:
// the one who would have read it is gone.
func (m *merger) leave(l *lane) {
	m.clearLane(l)
	taken, stuck := l.stop()
	if l.busy() && !stuck {
		l.flying.settle(taken, loseNothing)
		l.flying = nil
	}
	l.fill.settle(0, loseNothing)
	l.dedup.lose(loseNothing)
	l.closed = true
}

// closeLane: the sink takes nothing any more. The run goes on without it.
func (m *merger) closeLane(l *lane, err error) {
	if errors.Is(err, ErrClosed) {
		m.event(fmt.Sprintf("%s is closed: %v; the output is in the logs", l.name, err))
	} else {
		m.sinkFailed(l, err)
	}
	l.fill.settle(0, loseClosed)
	l.dedup.lose(loseClosed)
	l.closed = true
	m.clearLane(l)
}

// sinkFailed tells whom it can: that a file on a full disk lacks the rest of the
// output would be seen by nobody else.
func (m *merger) sinkFailed(l *lane, err error) {
	text := fmt.Sprintf("%s failed and is not used any more: %v; the output is in the logs", l.name, err)
	m.event(text)
	if m.failed == nil {
		m.failed = err
	}
	if l != m.err && !m.cfg.Spec.Quiet {
		m.c.Note("sluice: " + text)
	}
}

// clearLane forgets what is on the screen of a lane.
func (m *merger) clearLane(l *lane) {
	for _, in := range m.inputs {
		if in.lane == l {
			in.mid, in.copy = false, copying{}
			in.esc.reset()
			m.freshLine(in)
		}
	}
	l.live.drawn = l.live.drawn[:0]
	l.fullSince, l.slowTold = time.Time{}, false
	m.requeue(&l.parked)
	m.unlock(l)
}

func (m *merger) pause(quiet chan struct{}) {
	m.paused = true
	m.c.paused.Store(true)
	for _, l := range m.lanes {
		if !l.closed {
			m.eraseLive(l)
		}
	}
	m.quiet = quiet
}

func (m *merger) resume() {
	m.paused = false
	m.c.paused.Store(false)
	m.c.touch() // the time of the pause does not count as linger
	m.timeUp = true
	for _, l := range m.lanes {
		l.live.changed = len(l.live.bars) > 0
	}
}

package console

import "time"

// arm makes sure that the merger wakes at t. There is one timer for everything:
// whoever waits looks again when it fires.
func (m *merger) arm(t time.Time) {
	if !m.due.IsZero() && !t.Before(m.due) {
		return
	}
	m.due = t
	m.timer.Reset(max(0, time.Until(t)))
}

// fired notes that the timer's channel was read.
func (m *merger) fired() { m.due, m.timeUp = time.Time{}, true }

// clock does what the time asks for.
func (m *merger) clock() {
	if !m.timeUp {
		if m.due.IsZero() {
			return
		}
		select {
		case <-m.timer.C:
			m.fired()
		default:
			return
		}
	}
	m.timeUp = false
	if m.paused {
		return // resume looks at the clock again
	}
	now := time.Now()
	for _, l := range m.lanes {
		if !l.closed {
			m.laneClock(l, now)
		}
	}
	for i := len(m.open) - 1; i >= 0; i-- { // closeOpen moves the last into the gap
		in := m.open[i]
		at := m.openDue(in)
		switch {
		case at.IsZero():
		case at.After(now):
			m.arm(at)
		default:
			in.due = true
			m.closeOpen(in)
			m.activate(in)
		}
	}
}

func (m *merger) laneClock(l *lane, now time.Time) {
	if l.holder != nil && !l.breakAt.IsZero() {
		if now.Before(l.breakAt) {
			m.arm(l.breakAt)
		} else {
			m.breakLine(l)
		}
	}
	if !l.fullSince.IsZero() && !l.slowTold {
		since := max(l.fullSince.UnixNano(), l.moved.Load())
		if left := slowAfter - time.Duration(now.UnixNano()-since); left > 0 {
			m.arm(now.Add(left))
		} else {
			l.slowTold = true
			m.event(l.name + " is slow: it takes no output; the workers go on and their output is in the logs")
		}
	}
}

// openLine notes that an input has an unfinished line that has just grown.
func (m *merger) openLine(in *Input) {
	now := time.Now()
	in.grewAt = now
	if in.openSince.IsZero() {
		in.openSince = now
	}
	if in.lane.live.on && in.bar.confirmed {
		m.addBar(in)
		m.closeOpen(in)
		return
	}
	if in.openPlace == 0 {
		m.open = append(m.open, in)
		in.openPlace = len(m.open)
	}
	if at := m.openDue(in); !at.IsZero() {
		m.arm(at)
	}
}

func (m *merger) closeOpen(in *Input) {
	if in.openPlace == 0 {
		return
	}
	last := m.open[len(m.open)-1]
	m.open[in.openPlace-1] = last
	last.openPlace = in.openPlace
	m.open[len(m.open)-1] = nil
	m.open = m.open[:len(m.open)-1]
	in.openPlace = 0
}

// openDue is when an unfinished line is to be shown; zero: not before it grows.
func (m *merger) openDue(in *Input) time.Time {
	idle := idlePlain
	if in.lane.tty {
		idle = idleTTY
	}
	if m.raw || !in.bar.seen || in.lane.live.on {
		return in.grewAt.Add(idle)
	}
	if in.scan == in.stateOff {
		return time.Time{}
	}
	at := in.openSince.Add(idle)
	if next := in.stateAt.Add(stateGap); !in.stateAt.IsZero() && next.After(at) {
		at = next
	}
	return at
}

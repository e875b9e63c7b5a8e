package console

import (
	"bytes"
	"slices"
	"time"
)

// dedupLines puts the lines in b, which lies at in.pos, into the table, and
// returns their length. False: there is no room and the lane is locked.
func (m *merger) dedupLines(in *Input, b []byte) (n int, ok bool) {
	l := in.lane
	now := time.Now()
	for !l.fill.full() {
		j := bytes.IndexByte(b[n:], '\n')
		if j < 0 {
			break
		}
		line := b[n : n+j]
		if l.dedup.full() || j > dedupLine {
			if l.lockedFor(in) {
				if n == 0 {
					m.await(in)
				}
				break
			}
			for l.dedup.len() > 0 && (l.dedup.full() || j > dedupLine) {
				m.dedupShow(l)
			}
		}
		if j > dedupLine {
			k := m.showLines(in, b[n:n+j+1])
			n += k
			continue
		}
		if !m.raw {
			line = lastState(line)
		}
		l.dedup.add(m.seed, in, line, int64(j+1), now)
		n += j + 1
		in.pos += int64(j + 1) // credited when it is shown
	}
	if l.dedup.len() > 0 {
		m.arm(l.dedup.queue[l.dedup.head].at.Add(dedupWindow))
	}
	return n, n > 0 || !in.queued
}

// dedups shows what has been held long enough and tells whether it did.
func (m *merger) dedups() (moved bool) {
	if m.paused {
		return false
	}
	for _, l := range m.lanes {
		d := &l.dedup
		if l.closed || d.len() == 0 {
			continue
		}
		now := time.Now()
		last := m.finishing && len(m.inputs) == 0
		for d.len() > 0 && !l.fill.full() {
			e := d.queue[d.head]
			due := e.at.Add(dedupWindow)
			if !last && due.After(now) && len(e.members) < m.workers {
				m.arm(due)
				break
			}
			if l.holder != nil {
				m.wantLock(l)
				break
			}
			m.dedupShow(l)
			moved = true
		}
	}
	return moved
}

// dedupFlush shows everything held, because a line comes that is not compared.
func (m *merger) dedupFlush(l *lane) {
	for l.dedup.len() > 0 {
		m.dedupShow(l)
	}
}

// dedupShow shows the first entry.
func (m *merger) dedupShow(l *lane) {
	m.eraseLive(l)
	e := l.dedup.pop()
	first := e.members[0].in
	m.groupRanks = m.groupRanks[:0]
	for _, x := range e.members {
		m.groupRanks = append(m.groupRanks, x.in.fields.Rank)
	}
	slices.Sort(m.groupRanks)
	m.groupRanks = slices.Compact(m.groupRanks)
	if len(m.groupRanks) == 1 {
		l.fill.b = append(l.fill.b, m.prefixAt(first, e.at)...)
	} else {
		l.fill.b = m.layout.appendGroup(l.fill.b, m.groupRanks, e.differs, e.at)
	}
	if m.filters(l) {
		var esc escFilter
		l.fill.b = esc.end(esc.append(l.fill.b, e.text))
	} else {
		l.fill.b = append(l.fill.b, e.text...)
	}
	l.fill.b = append(l.fill.b, '\n')
	l.lineStart = true
	for _, x := range e.members {
		l.fill.credit(x.in.tally, x.n)
	}
	l.dedup.drop(e)
}

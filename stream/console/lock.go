package console

import (
	"bytes"
	"time"
)

// The line lock. Its holder has a line on the screen that is not ended. It is
// hard while the rest of the line is in the log and being copied, soft while
// the worker has not written the rest.

func (l *lane) lockedFor(in *Input) bool { return l.holder != nil && l.holder != in }

// await queues an input that wants to print while the lane is locked.
func (m *merger) await(in *Input) {
	l := in.lane
	in.queued = true
	l.waiting = append(l.waiting, in)
	m.wantLock(l)
}

// wantLock starts the clock after which a soft lock is broken.
func (m *merger) wantLock(l *lane) {
	if l.hard || l.holder == nil {
		return
	}
	if l.breakAt.IsZero() {
		l.breakAt = time.Now().Add(lockWait)
		m.arm(l.breakAt)
	}
}

func (m *merger) lock(in *Input, hard bool) {
	l := in.lane
	l.holder, l.hard = in, hard
	if !hard && len(l.waiting) > 0 {
		m.wantLock(l)
	}
}

func (m *merger) unlock(l *lane) {
	l.holder, l.hard, l.breakAt = nil, false, time.Time{}
	m.requeue(&l.waiting)
}

// beginLine puts the beginning of a line on the screen, up to its text.
func (m *merger) beginLine(in *Input) {
	l := in.lane
	if l.dedup.on {
		m.dedupFlush(l)
	}
	m.eraseLive(l)
	l.fill.b = append(l.fill.b, m.prefixOf(in)...)
	if in.cont {
		in.cont = false
		l.fill.b = append(l.fill.b, contMark...)
	}
	l.lineStart = false
}

// endLine ends the line that in has on the screen.
func (m *merger) endLine(in *Input) {
	l := in.lane
	l.fill.b = append(in.esc.end(l.fill.b), '\n')
	l.lineStart = true
	in.mid, in.copy = false, copying{}
	if l.holder == in {
		m.unlock(l)
	}
}

// breakLine ends the holder's line because somebody else wants to print; what
// the holder still says gets the continuation mark.
func (m *merger) breakLine(l *lane) {
	in := l.holder
	m.endLine(in)
	m.freshLine(in)
	in.cont = true
}

// release ends what an input has on the screen, if anything: it ended, or it is
// not shown any more.
func (m *merger) release(in *Input) {
	if in.lane != nil && in.lane.holder == in {
		m.endLine(in)
	}
}

// beginCopy starts a line whose text is copied out of the log from from on.
func (m *merger) beginCopy(in *Input, from int64, c copying) {
	m.beginLine(in)
	m.consume(in, from)
	c.on = true
	in.copy = c
	m.closeOpen(in)
	m.dropBar(in)
	m.lock(in, true)
}

// copyStep copies the next part and returns its size; 0 means it cannot be read.
func (m *merger) copyStep(in *Input) int {
	c := in.copy
	n := 0
	if in.pos < c.to {
		b := m.read(in, in.pos, c.to)
		if n = len(b); n == 0 {
			return 0
		}
		m.lineText(in, b)
		m.consume(in, in.pos+int64(n))
	}
	if in.pos < c.to {
		return n
	}
	if c.open {
		in.copy = copying{}
		in.mid = true
		m.lock(in, false)
	} else {
		m.endLine(in)
	}
	m.consume(in, c.next)
	m.freshLine(in)
	return max(n, 1)
}

// lineText appends part of the line that in has on the screen.
func (m *merger) lineText(in *Input, b []byte) {
	l := in.lane
	if m.filters(l) {
		l.fill.b = in.esc.append(l.fill.b, b)
		return
	}
	l.fill.b = append(l.fill.b, b...)
}

// continueLine shows more of the line that in holds the lock for; b lies at in.pos.
func (m *merger) continueLine(in *Input, b []byte) bool {
	j := bytes.IndexByte(b, '\n')
	part := b
	if j >= 0 {
		part = b[:j]
	}
	if k := bytes.IndexByte(part, '\r'); k >= 0 && !m.raw {
		crlf := len(bytes.Trim(part[k:], "\r")) == 0
		if j < 0 || !crlf {
			// The line turns into a bar. What stands there stays.
			m.lineText(in, part[:k])
			m.endLine(in)
			m.consume(in, in.pos+int64(k)+1)
			m.freshLine(in)
			in.eatNL = true
			return true
		}
	}
	m.lineText(in, part)
	if j >= 0 {
		m.endLine(in)
		m.consume(in, in.pos+int64(j)+1)
	} else {
		m.consume(in, in.pos+int64(len(part)))
	}
	m.freshLine(in)
	return true
}

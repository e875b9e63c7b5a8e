package console

import (
	"bytes"
	"time"
)

// lineTurn shows an input's whole lines.
func (m *merger) lineTurn(in *Input) (moved bool) {
	l := in.lane
	done := in.done.Load() // before Size: nothing comes after it
	for budget := turnMax; budget > 0; {
		if l.fill.full() {
			m.park(in)
			return moved
		}
		if in.copy.on {
			n := m.copyStep(in)
			if n == 0 && !m.missing(in, done) {
				return moved
			}
			budget -= n
			moved = true
			if !in.copy.on && !in.mid {
				break // the others have waited for this line to end
			}
			continue
		}
		size := in.src.Size()
		if in.scan >= size {
			return m.atEnd(in, done) || moved
		}
		b := m.read(in, in.scan, size)
		if len(b) == 0 {
			if !m.missing(in, done) {
				return moved
			}
			continue
		}
		budget -= len(b)
		var ok bool
		switch {
		case in.mid:
			ok = m.continueLine(in, b)
		case in.pos == in.scan:
			ok = m.wholeLines(in, b)
		default:
			ok = m.restOfLine(in, b)
		}
		if !ok {
			return moved
		}
		moved = true
	}
	m.again(in)
	return true
}

// wholeLines shows the lines in b, which lies at in.pos. False: it has to wait.
func (m *merger) wholeLines(in *Input, b []byte) bool {
	l := in.lane
	if in.eatNL {
		in.eatNL = false
		if b[0] == '\n' {
			m.consume(in, in.pos+1)
			m.freshLine(in)
			return true
		}
	}
	if bytes.IndexByte(b, '\n') >= 0 {
		if l.dedup.on && !in.cont {
			n, ok := m.dedupLines(in, b)
			if !ok {
				return false
			}
			b = b[n:]
		} else {
			if l.lockedFor(in) {
				m.await(in)
				return false
			}
			b = b[m.showLines(in, b):]
		}
		m.freshLine(in)
		if bytes.IndexByte(b, '\n') >= 0 {
			return true // no room for the rest now
		}
	}
	in.bar.feed(in.scan, b)
	in.scan += int64(len(b))
	return true
}

// showLines appends the lines in b to the lane and returns their length. It
// stops early if the lane is full.
func (m *merger) showLines(in *Input, b []byte) int {
	l := in.lane
	if l.dedup.on {
		m.dedupFlush(l)
	}
	m.eraseLive(l)
	prefix := m.prefixOf(in)
	plain := (m.raw || bytes.IndexByte(b, '\r') < 0) && !(m.filters(l) && special(b))
	i := 0
	for {
		j := bytes.IndexByte(b[i:], '\n')
		if j < 0 {
			break
		}
		line := b[i : i+j+1]
		i += j + 1
		l.fill.b = append(l.fill.b, prefix...)
		if in.cont {
			in.cont = false
			l.fill.b = append(l.fill.b, contMark...)
		}
		if plain {
			l.fill.b = append(l.fill.b, line...)
		} else {
			l.fill.b = m.appendLine(l, &in.esc, l.fill.b, line[:j])
		}
		if len(l.fill.b) >= bufMax {
			break
		}
	}
	l.lineStart = true
	m.consume(in, in.pos+int64(i))
	return i
}

// appendLine appends one line, given without its newline, as the lane shows it.
func (m *merger) appendLine(l *lane, esc *escFilter, dst, line []byte) []byte {
	if !m.raw {
		line = lastState(line)
	}
	if !m.filters(l) {
		return append(append(dst, line...), '\n')
	}
	dst = esc.append(dst, line)
	return append(esc.end(dst), '\n')
}

// restOfLine looks for the end of a line that was begun earlier; b lies at
// in.scan. False: it has to wait.
func (m *merger) restOfLine(in *Input, b []byte) bool {
	j := bytes.IndexByte(b, '\n')
	if j < 0 {
		in.bar.feed(in.scan, b)
		in.scan += int64(len(b))
		return true
	}
	end := in.scan + int64(j)
	if end+1-in.pos <= turnMax {
		in.scan = in.pos // read it again in one piece
		in.bar.reset(in.pos)
		return true
	}
	if in.lane.lockedFor(in) {
		m.await(in)
		return false
	}
	in.bar.feed(in.scan, b[:j])
	from, to := in.pos, end
	if !m.raw {
		from, to = in.bar.final(end)
	}
	m.beginCopy(in, from, copying{to: to, next: end + 1})
	return true
}

// atEnd: nothing is left to be read. It tells whether it did anything.
func (m *merger) atEnd(in *Input, done bool) bool {
	l := in.lane
	if in.scan == in.pos {
		if done {
			m.release(in)
			m.detach(in)
		}
		return done
	}
	bar := in.bar.seen && !m.raw
	switch {
	case done:
		if l.lockedFor(in) {
			m.await(in)
			return false
		}
		from, to := in.pos, in.scan
		if bar {
			from, to = in.bar.final(in.scan)
		}
		m.beginCopy(in, from, copying{to: to, next: in.scan})
	case in.due && bar && l.live.on:
		in.due, in.bar.confirmed = false, true // a state that ends with \r
		m.openLine(in)
		return false
	case in.due:
		if l.lockedFor(in) {
			m.await(in)
			return false
		}
		in.due = false
		if bar {
			m.showState(in)
			return true
		}
		m.beginCopy(in, in.pos, copying{to: in.scan, next: in.scan, open: true})
	default:
		m.openLine(in)
		return false
	}
	m.again(in)
	return true
}

// freshLine says that a line begins at in.pos.
func (m *merger) freshLine(in *Input) {
	in.scan = in.pos
	in.bar.reset(in.pos)
	in.due, in.openSince, in.stateOff = false, time.Time{}, -1
	m.closeOpen(in)
	m.dropBar(in)
}

// filters tells whether escape sequences of the workers are filtered.
func (m *merger) filters(l *lane) bool { return l.tty && m.workers > 1 && !m.raw }

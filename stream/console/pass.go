package console

import "slices"

// passTurn sends an input's bytes on as they are.
func (m *merger) passTurn(in *Input) (moved bool) {
	l := in.lane
	done := in.done.Load() // before Size: nothing comes after it
	for budget := turnMax; budget > 0; {
		if l.fill.full() {
			m.park(in)
			return moved
		}
		left := in.src.Size() - in.pos
		if left <= 0 {
			if done {
				m.detach(in)
			}
			return moved
		}
		want := int(min(left, turnMax))
		have := len(l.fill.b)
		l.fill.b = slices.Grow(l.fill.b, want)
		n := m.readAt(in, l.fill.b[have:have+want], in.pos)
		if n == 0 {
			if !m.missing(in, done) {
				return moved
			}
			continue
		}
		l.fill.b = l.fill.b[:have+n]
		l.lineStart = l.fill.b[have+n-1] == '\n'
		m.consume(in, in.pos+int64(n))
		budget -= n
		moved = true
	}
	m.again(in)
	return true
}

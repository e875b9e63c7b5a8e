package console

import (
	"bytes"
	"time"
)

// showState shows where a bar stands that cannot be drawn live, as a line of its own.
func (m *merger) showState(in *Input) {
	l := in.lane
	in.stateOff = in.scan
	text := m.stateOf(in)
	if len(bytes.TrimSpace(text)) == 0 {
		return
	}
	in.stateAt = time.Now()
	m.beginLine(in)
	l.fill.b = m.appendLine(l, &in.esc, l.fill.b, text)
	l.lineStart = true
}

// stateOf reads the last state of an open line; it is valid until the next call.
func (m *merger) stateOf(in *Input) []byte {
	from, to := in.bar.state(in.scan)
	if m.row == nil {
		m.row = make([]byte, rowMax)
	}
	return m.row[:m.readAt(in, m.row[:min(to-from, rowMax)], from)]
}

package console

import "fmt"

// noteQueue holds sluice's own lines until the merger takes them.
type noteQueue struct {
	list    []string
	bytes   int
	dropped int
}

func (q *noteQueue) add(text string) {
	if q.bytes+len(text) > noteMax {
		q.dropped++
		return
	}
	q.list = append(q.list, text)
	q.bytes += len(text)
}

func (q *noteQueue) take() []string {
	list := q.list
	if q.dropped > 0 {
		list = append(list, fmt.Sprintf("%d notes were dropped while the console was stuck", q.dropped))
	}
	*q = noteQueue{}
	return list
}

// emitNotes puts notes between lines. A line that is merely unfinished is
// broken for them; one that is being copied ends first.
func (m *merger) emitNotes() {
	l := m.err
	usable := l != nil && !l.closed
	if usable && (m.paused || l.hard || l.fill.full()) {
		return
	}
	m.c.mu.Lock()
	var list []string
	if len(m.c.notes.list) > 0 {
		list = m.c.notes.take()
	}
	m.c.mu.Unlock()
	if !usable {
		return // there is nobody to tell
	}
	for _, text := range list {
		m.note(l, text)
	}
}

func (m *merger) note(l *lane, text string) {
	if l.holder != nil {
		m.breakLine(l)
	}
	m.eraseLive(l)
	if !l.lineStart {
		l.fill.b = append(l.fill.b, '\n')
	}
	l.fill.b = append(append(l.fill.b, text...), '\n')
	l.lineStart = true
}

package console

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// liveArea is the rows below the lines on a terminal: the inputs that have an
// open line which they rewrite with \r. It is erased before any line is printed
// and drawn again in the same write.
type liveArea struct {
	on      bool
	bars    []*Input
	changed bool  // since it was drawn
	drawn   []int // the columns of the rows on the screen
	at      time.Time
}

func (m *merger) addBar(in *Input) {
	v := &in.lane.live
	v.changed = true
	if !in.barred {
		in.barred = true
		v.bars = append(v.bars, in)
	}
}

func (m *merger) dropBar(in *Input) {
	if !in.barred {
		return
	}
	v := &in.lane.live
	in.barred = false
	v.changed = true
	v.bars = slices.DeleteFunc(v.bars, func(x *Input) bool { return x == in })
}

// eraseLive takes the rows off the screen; the cursor is then where the next
// line begins.
func (m *merger) eraseLive(l *lane) {
	v := &l.live
	if len(v.drawn) == 0 {
		return
	}
	// A terminal that was made narrower has wrapped the rows.
	width, lines := m.width(l), 0
	for _, cols := range v.drawn {
		lines += max(1, (cols+width-1)/width)
	}
	b := append(l.fill.b, '\r')
	if lines > 1 {
		b = append(b, "\x1b["...)
		b = strconv.AppendInt(b, int64(lines-1), 10)
		b = append(b, 'A')
	}
	l.fill.b = append(b, "\x1b[J"...)
	l.lineStart = true
	v.drawn = v.drawn[:0]
}

// drawLive draws the rows if they changed or were erased, and it is time.
func (m *merger) drawLive(l *lane) {
	v := &l.live
	if !v.on || m.paused || l.busy() {
		return
	}
	if len(v.bars) == 0 {
		m.eraseLive(l)
		v.changed = false
		return
	}
	erased := len(v.drawn) == 0
	if !v.changed && !erased {
		return
	}
	if l.holder != nil {
		m.wantLock(l)
		return
	}
	now, gap := time.Now(), liveGap
	if erased && !v.changed || !l.fill.empty() {
		gap = redrawGap
	}
	if at := v.at.Add(gap); at.After(now) {
		m.arm(at)
		return
	}
	m.eraseLive(l)
	width := max(m.width(l)-1, 1) // the last column would leave a wrap pending
	room := max(m.height(l)/2, 1)
	sortByRank(v.bars)
	shown := v.bars
	if len(shown) > room {
		shown = shown[:max(room-1, 0)]
	}
	for _, in := range shown {
		m.scratch = append(m.scratch[:0], m.prefixOf(in)...)
		var esc escFilter
		m.scratch = esc.end(esc.append(m.scratch, m.stateOf(in)))
		m.drawRow(l, m.scratch, width)
	}
	if more := len(v.bars) - len(shown); more > 0 {
		m.drawRow(l, fmt.Appendf(m.scratch[:0], "… and %d more", more), width)
	}
	v.changed, v.at = false, now
	l.lineStart = true // for lines: whoever prints erases first
}

func (m *merger) drawRow(l *lane, row []byte, width int) {
	v := &l.live
	if len(v.drawn) > 0 {
		l.fill.b = append(l.fill.b, "\r\n"...)
	}
	var cols int
	l.fill.b, cols = fit(l.fill.b, row, width)
	v.drawn = append(v.drawn, cols)
}

func (m *merger) width(l *lane) int {
	if m.cfg.Width != nil {
		if w := m.cfg.Width(); w > 0 {
			return w
		}
	} else if l.fd != nil {
		if w, _ := l.fd.Size(); w > 0 {
			return w
		}
	}
	return 80
}

func (m *merger) height(l *lane) int {
	if m.cfg.Height != nil {
		if h := m.cfg.Height(); h > 0 {
			return h
		}
	} else if l.fd != nil {
		if _, h := l.fd.Size(); h > 0 {
			return h
		}
	}
	return 24
}

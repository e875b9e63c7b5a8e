package console

import (
	"context"
	"fmt"
	"time"
)

// Finish ends the console once everything is shown: call it when no input will
// grow any more; inputs that are not Done are taken to be. It returns early when
// no sink has taken a byte for the time of Spec.Linger, or when ctx ends; then
// the bytes that were not shown are counted, and told by a note if Err takes one
// at once. Sinks that closed are not waited for. While the console is paused the
// linger does not run.
//
// After Finish the sinks are not used any more, unless one is stuck in a write
// that cannot be interrupted.
func (c *Console) Finish(ctx context.Context) Stats {
	c.finish.Do(func() { c.stats = c.end(ctx) })
	return c.stats
}

func (c *Console) end(ctx context.Context) Stats {
	linger := c.m.cfg.Spec.LingerTime()
	c.touch()
	c.post(c.m.beginFinish)
	var late <-chan time.Time
	var timer *time.Timer
	if linger > 0 {
		timer = time.NewTimer(linger)
		defer timer.Stop()
		late = timer.C
	}
	for {
		select {
		case <-c.stopped:
			return c.m.sum()
		case <-late:
			still := time.Duration(time.Now().UnixNano() - c.moved.Load())
			if c.paused.Load() {
				timer.Reset(linger)
				continue
			}
			if still < linger {
				timer.Reset(linger - still)
				continue
			}
		case <-ctx.Done():
		}
		c.post(c.m.abort)
		<-c.stopped
		return c.m.sum()
	}
}

func (m *merger) beginFinish() {
	m.finishing = true
	for _, in := range m.inputs {
		in.done.Store(true)
		m.activate(in)
	}
}

// allShown: nothing is left anywhere. Nothing is taken any more from then on.
func (m *merger) allShown() bool {
	if len(m.inputs) > 0 || m.c.ready.Load() != nil {
		return false
	}
	for _, l := range m.lanes {
		if !l.closed && (!l.idle() || l.dedup.len() > 0) {
			return false
		}
	}
	m.c.mu.Lock()
	defer m.c.mu.Unlock()
	// In one step: what came between the look and the end would be lost.
	m.c.ended = len(m.c.notes.list) == 0 && len(m.c.cmds) == 0
	return m.c.ended
}

// end stops the writers and the merger.
func (m *merger) end() {
	for _, l := range m.lanes {
		l.stop()
	}
	m.tellUnread()
	m.over()
}

// tellUnread tells of what was skipped because it was gone from the logs before
// its turn came. Without it, nothing would show that the output has a hole.
func (m *merger) tellUnread() {
	stats := m.sum()
	if stats.Unshown == 0 || !m.cfg.TellUnread {
		return
	}
	text := fmt.Sprintf("%d bytes of output were not shown (ranks %s): they could not be read any more; --log-keep deletes archives",
		stats.Unshown, stats.unshownRanks())
	m.event(text)
	if l := m.err; l != nil && !l.closed {
		l.lastNote("sluice: "+text+"\n", true)
	}
}

// over lets nobody wait for the merger any more.
func (m *merger) over() {
	m.c.mu.Lock()
	m.c.ended = true
	m.c.cmds = nil
	m.c.mu.Unlock()
	m.quit = true
}

// abort ends the console although something is left: it counts what is, and
// says so where that is possible without waiting.
func (m *merger) abort() {
	if m.quit {
		return
	}
	free := false  // Err's writer is at rest
	whole := false // ... and all it was given was taken
	for _, l := range m.lanes {
		taken, stuck := l.stop()
		if l == m.err {
			free = !stuck
			whole = l.fill.empty() && (!l.busy() || taken == len(l.flying.b))
		}
		if l.busy() {
			l.flying.settle(taken, loseUnshown)
		}
		l.fill.settle(0, loseUnshown)
		l.dedup.lose(loseUnshown)
	}
	m.takeReady()
	for _, in := range m.inputs {
		switch left := max(0, in.src.Size()-in.pos); {
		case in.hidden || in.lane == nil:
		case in.lane.closed:
			in.tally.closed += left
		default:
			in.tally.unshown += left
		}
	}
	stats := m.sum()
	if stats.Unshown > 0 {
		text := fmt.Sprintf("%d bytes of output were not shown (ranks %s); they are in the logs",
			stats.Unshown, stats.unshownRanks())
		m.event(text)
		if l := m.err; l != nil && !l.closed && free {
			l.lastNote("sluice: "+text+"\n", whole)
		}
	}
	m.over()
}

// lastNote writes a note after the writer has ended, if the sink takes it at
// once. whole tells that the screen shows all that the lane knows of.
func (l *lane) lastNote(text string, whole bool) {
	if !whole || !l.lineStart || len(l.live.drawn) > 0 {
		text = "\n" + text
	}
	if l.fd != nil {
		for p := []byte(text); len(p) > 0; {
			n, err := l.fd.try(p)
			if err != nil || n <= 0 {
				return
			}
			p = p[n:]
		}
		return
	}
	told := make(chan struct{})
	go func() {
		defer close(told)
		l.sink.Write([]byte(text)) // an error has nobody left to be told
	}()
	t := time.NewTimer(tellWait)
	defer t.Stop()
	select {
	case <-told:
	case <-t.C:
	}
}

//go:build linux || darwin

package play

import (
	"fmt"
	"strings"
	"time"
)

// barShown is whether the bar is on the screen for a reason other than room.
func (p *player) barShown() bool {
	_, rows := p.s.Terminal().Size()
	return rows < int(p.size.Rows) || p.deck.paused || p.prompt.open || p.note != "" || !p.barEnd.IsZero()
}

// say shows a note in the place of the bar for a while.
func (p *player) say(text string, now time.Time) {
	p.note, p.noteEnd, p.dirty = text, now.Add(noteTime), true
}

func (p *player) bar(now time.Time) string {
	switch {
	case p.prompt.open:
		return "/" + p.prompt.text
	case p.note != "":
		return " " + p.note + " "
	case !p.barShown():
		return ""
	}
	end, complete := p.o.Index.Duration()
	if p.o.Until < end {
		end, complete = p.o.Until, true
	}
	return status(p.o.Name, p.deck.at(now), end, complete, p.deck.paused, p.deck.speed, int(p.size.Cols))
}

// draw shows a frame, if one is due.
func (p *player) draw(now time.Time) error {
	if p.noteEnd.IsZero() {
		p.note = ""
	}
	clockRuns := !p.deck.paused && p.barShown() && now.Sub(p.drawn) >= 100*time.Millisecond
	if !p.dirty && len(p.st.rest) == 0 && !clockRuns || now.Sub(p.drawn) < frameTime {
		return nil
	}
	p.drawn = now
	if len(p.st.rest) > 0 && p.paint.rows != nil {
		return p.st.flush(slow) // a slow terminal gets the next frame when it has this one
	}
	f := frame{cols: int(p.size.Cols), rows: int(p.size.Rows), snap: p.s.Terminal().Snapshot(false), bar: p.bar(now), prompt: p.prompt.open}
	if p.helping {
		f.panel = help
	}
	if m := p.match; m != nil && strings.Contains(p.s.Terminal().LineText(m.Row), m.Text) {
		f.patches = append(f.patches, patch{m.Row, m.Col, m.Text})
	}
	if text := p.strokes.shown(now); text != "" {
		region := window(f.snap, f.cols, f.rows-1)
		f.patches = append(f.patches, patch{region.Row + min(region.Rows, f.rows-1) - 1, max(min(region.Cols, f.cols)-len([]rune(text)), 0), fit(text, f.cols)})
	}
	p.dirty = false
	return p.st.show(p.paint.draw(f))
}

// shot saves the screen.
func (p *player) shot(now time.Time) {
	base, err := shoot(p.o.Folder, p.o.Name, p.deck.at(now), p.s.Terminal().Snapshot(false))
	if err != nil {
		p.say(err.Error(), now)
		return
	}
	p.say(fmt.Sprintf("saved %s.svg and .txt", base), now)
}

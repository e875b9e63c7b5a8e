//go:build linux || darwin

package play

import (
	"fmt"
	"slices"
	"time"

	"github.com/sluicerun/sluice/keys"
	"github.com/sluicerun/sluice/playback"
)

// speeds are those that + and - go to.
var speeds = []float64{0.1, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 5, 10, 20, 50, 100}

const (
	near = 5 * time.Second
	far  = time.Minute
)

// units obeys what was typed.
func (p *player) units(all []keys.Unit, now time.Time) error {
	for _, u := range all {
		k, ok := keyOf(u)
		if !ok || p.quit {
			continue
		}
		p.dirty = true
		if p.prompt.open {
			if p.prompt.key(u, k) {
				p.search(now)
			}
			continue
		}
		if p.helping {
			p.helping = false
			if k.Code == keys.Escape || k == keys.Char('q') || k == keys.Char('?') {
				continue
			}
		}
		c, digit := commandOf(k)
		if c == doUnknown || c == doNothing {
			continue
		}
		p.note, p.noteEnd = "", time.Time{}
		p.barEnd = now.Add(barTime)
		if err := p.obey(c, digit, now); err != nil {
			return err
		}
	}
	return nil
}

func (p *player) obey(c command, digit int, now time.Time) error {
	d := p.deck
	switch c {
	case doQuit:
		p.quit = true
	case doPause:
		if d.paused {
			return d.resume(now)
		}
		d.pause(now)
	case doStep:
		if !d.step(now) {
			p.say("the end", now)
		}
		p.match = nil
	case doBack:
		p.left()
		return d.back(now)
	case doLeft:
		return p.seek(now, d.at(now)-near)
	case doRight:
		return p.seek(now, d.at(now)+near)
	case doFarLeft:
		return p.seek(now, d.at(now)-far)
	case doFarRight:
		return p.seek(now, d.at(now)+far)
	case doBegin:
		return p.seek(now, d.from)
	case doEnd:
		return p.seek(now, d.until)
	case doPercent:
		return p.percent(now, digit)
	case doMarkerBefore, doMarkerAfter:
		return p.marker(now, c == doMarkerAfter)
	case doSearch:
		p.prompt = prompt{open: true}
	case doNext, doPrevious:
		if p.find == nil {
			p.say("nothing is searched for: / does", now)
			return nil
		}
		p.wanted = 1
		if c == doPrevious {
			p.wanted = -1
		}
		return p.goTo(now)
	case doFaster, doSlower:
		p.speed(now, c == doFaster)
	case doKeys:
		p.strokes.on = !p.strokes.on
		p.say(map[bool]string{true: "keys that were typed are shown", false: "keys that were typed are not shown"}[p.strokes.on], now)
	case doShot:
		p.shot(now)
	case doHelp:
		p.helping = true
	case doRedraw:
		p.size = p.st.size()
		p.paint.forget()
	case doSuspend:
		return p.suspend(now)
	}
	return nil
}

// left is for when the recording will stand somewhere else.
func (p *player) left() {
	p.match = nil
	p.strokes.forget()
	p.dirty = true
}

func (p *player) seek(now time.Time, t time.Duration) error {
	p.left()
	return p.deck.seek(now, t)
}

func (p *player) percent(now time.Time, digit int) error {
	end, complete := p.o.Index.Duration()
	if p.o.Until < end {
		end, complete = p.o.Until, true
	}
	if !complete {
		p.say("the recording is still being read", now)
		return nil
	}
	return p.seek(now, p.deck.from+(end-p.deck.from)*time.Duration(digit)/10)
}

func (p *player) marker(now time.Time, after bool) error {
	at := p.deck.at(now)
	marks := slices.DeleteFunc(p.o.Index.Markers(), func(m playback.Marker) bool {
		return m.Time < p.deck.from || m.Time > p.deck.until || after != (m.Time > at) || m.Time == at
	})
	if len(marks) == 0 {
		p.say(map[bool]string{true: "no marker after this", false: "no marker before this"}[after], now)
		return nil
	}
	m := marks[0]
	if !after {
		m = marks[len(marks)-1]
		// While it plays, the marker that was just passed is not meant.
		if !p.deck.paused && at-m.Time < time.Second && len(marks) > 1 {
			m = marks[len(marks)-2]
		}
	}
	if m.Label != "" {
		p.say("marker: "+m.Label, now)
	}
	return p.seek(now, m.Time)
}

func (p *player) speed(now time.Time, faster bool) {
	i, exact := slices.BinarySearch(speeds, p.deck.speed)
	switch {
	case faster && exact:
		i++
	case !faster:
		i--
	}
	p.deck.setSpeed(now, speeds[min(max(i, 0), len(speeds)-1)])
	p.say("speed "+speedName(p.deck.speed), now)
}

// search begins to search for what was typed; nothing stands for what was searched
// for before.
func (p *player) search(now time.Time) {
	if p.prompt.text == "" && p.find == nil {
		return
	}
	if p.prompt.text != "" {
		p.find.stop()
		p.find = startFinder(p.o, p.prompt.text, pattern(p.prompt.text), p.news)
	}
	p.wanted = 1
	if err := p.goTo(now); err != nil {
		p.say(err.Error(), now)
	}
}

// goTo goes to the match that is wanted, as soon as the search has found it.
func (p *player) goTo(now time.Time) error {
	if p.wanted == 0 || p.find == nil {
		return nil
	}
	at := p.deck.at(now)
	look := p.find.after
	if p.wanted < 0 {
		look = p.find.before
	}
	m, ok, wait := look(at)
	if wait {
		p.say(fmt.Sprintf("searching for %s: at %s", p.find.text, clock(time.Duration(p.find.reached.Load()))), now)
		return nil
	}
	around := ok && (p.wanted > 0) != (m.From > at)
	p.wanted = 0
	if !ok {
		p.say("not found: "+p.find.text, now)
		return nil
	}
	if err := p.seek(now, m.From); err != nil {
		return err
	}
	p.deck.pause(now)
	if m.Row >= 0 {
		p.match = &m
	}
	if around {
		p.say("found beyond the other end: "+m.Line, now)
	} else {
		p.say("found: "+m.Line, now)
	}
	return nil
}

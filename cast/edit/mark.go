package edit

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/cast/edit/internal/automaton"
)

// Marker is a place in a recording.
type Marker struct {
	Time  time.Duration
	Label string
}

func (m Marker) event() cast.Event {
	return cast.Event{Time: m.Time, Code: cast.Marker, Data: []byte(m.Label)}
}

// AddMarkers puts markers in, each after the events of its time. One that lies
// behind the end makes the recording longer.
func AddMarkers(markers ...Marker) Edit {
	markers = slices.Clone(markers)
	slices.SortStableFunc(markers, func(a, b Marker) int { return int(min(max(a.Time-b.Time, -1), 1)) })
	if len(markers) > 0 && markers[0].Time < 0 {
		return wrong(fmt.Errorf("adding markers: %v is before the begin", markers[0].Time))
	}
	return func(h cast.Header, ev cast.Events) (cast.Header, cast.Events) {
		if h.Duration > 0 && len(markers) > 0 {
			h.Duration = max(h.Duration, markers[len(markers)-1].Time)
		}
		return h, func(yield func(cast.Event, error) bool) {
			rest := markers
			for e, err := range ev {
				for err == nil && len(rest) > 0 && rest[0].Time < e.Time {
					if !yield(rest[0].event(), nil) {
						return
					}
					rest = rest[1:]
				}
				if !yield(e, err) || err != nil {
					return
				}
			}
			for _, m := range rest {
				if !yield(m.event(), nil) {
					return
				}
			}
		}
	}
}

// RemoveMarkers takes all markers out.
func RemoveMarkers() Edit { return Without(cast.Marker) }

// MarkMatches puts a marker after each event of output with which a match of re in
// the text is on screen. The marker is called as the match, or as its group called
// secret if it has that. What text re sees is told at [Redactor]; titles and the
// like are not searched.
func MarkMatches(re *regexp.Regexp) Edit {
	if re == nil {
		return wrong(errors.New("marking what matches: there is no expression"))
	}
	if _, err := automaton.Compile([]string{re.String()}); err != nil {
		return wrong(fmt.Errorf("marking what matches: %w", err))
	}
	return func(h cast.Header, ev cast.Events) (cast.Header, cast.Events) {
		return h, func(yield func(cast.Event, error) bool) {
			m := newFinder(re, yield)
			for e, err := range ev {
				if err != nil {
					m.stream.force(true)
					if m.release(true) {
						yield(cast.Event{}, err)
					}
					return
				}
				if !m.feed(e) {
					return
				}
			}
			m.stream.force(true)
			m.release(true)
		}
	}
}

// finder holds events until it is known what matches in them.
type finder struct {
	stream *stream
	queue  []held
	bytes  int
	labels []label // by place
	yield  func(cast.Event, error) bool
}

type label struct {
	at   int64
	text string
}

// mostHeld is how many bytes wait for the end of a line or a match.
const mostHeld = 1 << 20

func newFinder(re *regexp.Regexp, yield func(cast.Event, error) bool) *finder {
	set, _ := automaton.Compile([]string{re.String()})
	f := &finder{stream: newStream([]Rule{{Re: re}}, set, false), yield: yield}
	f.stream.lines, f.stream.found = true, f.found
	return f
}

// found notes a match by the place of what was written last of it; one at the same
// place, as it was found again or has grown, counts once.
func (f *finder) found(x *text, m automaton.Match) {
	l := label{at: -1}
	var b strings.Builder
	for i := range x.part(m) {
		b.WriteRune(x.cells[i].r)
		x.cells[i].each(func(p place) { l.at = max(l.at, p.at) })
	}
	if l.at < f.stream.patches.floor {
		return
	}
	l.text = b.String()
	i, again := slices.BinarySearchFunc(f.labels, l.at, func(o label, at int64) int { return int(min(max(o.at-at, -1), 1)) })
	if again {
		f.labels[i] = l
		return
	}
	f.labels = slices.Insert(f.labels, i, l)
}

func (f *finder) feed(e cast.Event) bool {
	s := f.stream
	h := held{event: e}
	h.event.Data = nil
	h.from = s.end()
	if e.Code == cast.Output {
		s.feed(e.Data)
	} else {
		h.event.Data = bytes.Clone(e.Data)
	}
	h.until = s.end()
	f.queue = append(f.queue, h)
	if f.bytes += size(h); f.bytes > mostHeld {
		s.force(false)
		return f.release(true)
	}
	return f.release(false)
}

func (f *finder) release(all bool) bool {
	s, n := f.stream, 0
	free := s.free()
	for ; n < len(f.queue) && (all || f.queue[n].until <= free); n++ {
		h := f.queue[n]
		f.bytes -= size(h)
		if h.event.Code == cast.Output {
			h.event.Data = s.buf[h.from-s.base : h.until-s.base]
		}
		if !f.yield(h.event, nil) {
			return false
		}
		for ; len(f.labels) > 0 && f.labels[0].at < h.until; f.labels = f.labels[1:] {
			if !f.yield(Marker{h.event.Time, f.labels[0].text}.event(), nil) {
				return false
			}
		}
		s.patches.drop(h.until)
	}
	f.queue = slices.Delete(f.queue, 0, n)
	return true
}

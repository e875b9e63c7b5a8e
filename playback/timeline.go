package playback

import (
	"math"
	"sort"
	"time"
)

// Timeline relates recording time to play time, in which pauses are no longer than
// a limit and everything runs at a speed. It learns the pauses from the events'
// times, in their order, and is right up to the latest that it was told.
type Timeline struct {
	limit time.Duration
	speed float64
	last  time.Duration
	cuts  []cut
}

// cut is a stretch of recording time that is left out.
type cut struct {
	from, to time.Duration
	gone     time.Duration // what was left out before it
}

// NewTimeline returns a timeline without events. A limit of 0 or less is none, a
// speed of 0 or less is 1. The limit is in recording time: the speed comes after.
func NewTimeline(limit time.Duration, speed float64) *Timeline {
	if !(speed > 0) {
		speed = 1
	}
	return &Timeline{limit: limit, speed: speed}
}

// Add tells the time of the next event. One that lies before the latest counts as
// that.
func (l *Timeline) Add(t time.Duration) {
	if l.limit > 0 && t-l.last > l.limit {
		gone := time.Duration(0)
		if n := len(l.cuts); n > 0 {
			c := l.cuts[n-1]
			gone = c.gone + c.to - c.from
		}
		l.cuts = append(l.cuts, cut{l.last + l.limit, t, gone})
	}
	l.last = max(l.last, t)
}

// Play is the play time of a recording time.
func (l *Timeline) Play(t time.Duration) time.Duration {
	n := sort.Search(len(l.cuts), func(i int) bool { return l.cuts[i].from > t })
	if n > 0 {
		c := l.cuts[n-1]
		t -= c.gone + min(t, c.to) - c.from
	}
	return scale(t, 1/l.speed)
}

// Recording is the recording time of a play time. Where a pause was cut it is the
// time of the event that ends it.
func (l *Timeline) Recording(p time.Duration) time.Duration {
	p = scale(p, l.speed)
	n := sort.Search(len(l.cuts), func(i int) bool { return l.cuts[i].from-l.cuts[i].gone > p })
	if n > 0 {
		c := l.cuts[n-1]
		p += c.gone + c.to - c.from
	}
	return p
}

func scale(d time.Duration, by float64) time.Duration {
	if by == 1 {
		return d
	}
	f := math.Round(float64(d) * by)
	if f >= math.MaxInt64 {
		return forever
	}
	return time.Duration(f)
}

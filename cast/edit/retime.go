package edit

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/sluicerun/sluice/cast"
)

// Speed plays the stretch of [from, until) faster by the factor, which may be less
// than 1; until 0 is the recording's end. If that is all of the recording, the
// header's limit for pauses is changed with it, so that it cuts the same pauses.
func Speed(factor float64, from, until time.Duration) Edit {
	if !(factor > 0) || math.IsInf(factor, 0) {
		return wrong(fmt.Errorf("changing the speed: the factor %v is not one: take a number above 0", factor))
	}
	if from < 0 || until < 0 || until > 0 && until <= from {
		return wrong(fmt.Errorf("changing the speed: there is no time from %v until %v", from, until))
	}
	if until == 0 {
		until = math.MaxInt64
	}
	scale := func(d time.Duration) time.Duration {
		return time.Duration(min(math.Round(float64(d)/factor), math.MaxInt64/4))
	}
	at := func(t time.Duration) time.Duration {
		if t <= from {
			return t
		}
		return from + scale(min(t, until)-from) + max(t-until, 0)
	}
	return func(h cast.Header, ev cast.Events) (cast.Header, cast.Events) {
		h.Duration = at(h.Duration)
		if from == 0 && until == math.MaxInt64 {
			h.IdleTimeLimit = scale(h.IdleTimeLimit)
		}
		return h, times(ev, at)
	}
}

// times gives events other times.
func times(ev cast.Events, at func(time.Duration) time.Duration) cast.Events {
	return each(ev, func(e *cast.Event) bool {
		e.Time = at(e.Time)
		return true
	})
}

// IdleLimit makes pauses that are longer than d as long as d, and takes the limit
// for players out of the header.
func IdleLimit(d time.Duration) Edit {
	if d <= 0 {
		return wrong(fmt.Errorf("limiting pauses: %v is no limit: take one above 0", d))
	}
	return func(h cast.Header, ev cast.Events) (cast.Header, cast.Events) {
		h.Duration, h.IdleTimeLimit = 0, 0
		return h, func(yield func(cast.Event, error) bool) {
			var last, cut time.Duration
			times(ev, func(t time.Duration) time.Duration {
				cut += max(t-last-d, 0)
				last = max(last, t)
				return t - cut
			})(yield)
		}
	}
}

// Shift moves all events by d, which may be negative: what would be before the
// begin is at the begin.
func Shift(d time.Duration) Edit {
	at := func(t time.Duration) time.Duration { return max(t+d, 0) }
	return func(h cast.Header, ev cast.Events) (cast.Header, cast.Events) {
		if h.Duration > 0 {
			h.Duration = at(h.Duration)
		}
		return h, times(ev, at)
	}
}

// SetDuration makes a recording that takes now take total, all of it faster or
// slower. A now of 0 is what the header says; see [Duration] where it does not.
func SetDuration(total, now time.Duration) Edit {
	if total <= 0 || now < 0 {
		return wrong(fmt.Errorf("setting the duration: from %v to %v does not go", now, total))
	}
	return func(h cast.Header, ev cast.Events) (cast.Header, cast.Events) {
		is := now
		if is == 0 {
			is = h.Duration
		}
		if is <= 0 {
			return h, failing(errors.New("setting the duration: the recording does not say how long it takes: count it first"))
		}
		h, ev = Speed(float64(is)/float64(total), 0, 0)(h, ev)
		h.Duration = total
		return h, ev
	}
}

// mergePiece is how large an event is made of others.
const mergePiece = 64 << 10

// Merge makes one event of output that follows within d of the first of it, with
// the time of that: files get smaller, and a player has less to do.
func Merge(d time.Duration) Edit {
	if d < 0 {
		return wrong(fmt.Errorf("merging events: %v is no time between them", d))
	}
	return func(h cast.Header, ev cast.Events) (cast.Header, cast.Events) {
		return h, func(yield func(cast.Event, error) bool) {
			var all cast.Event
			var buf []byte
			flush := func() bool {
				if all.Code == "" {
					return true
				}
				all.Data = buf
				ok := yield(all, nil)
				all, buf = cast.Event{}, buf[:0]
				return ok
			}
			for e, err := range ev {
				if err != nil {
					if flush() {
						yield(cast.Event{}, err)
					}
					return
				}
				joins := e.Code == cast.Output && e.Time-all.Time <= d && len(buf)+len(e.Data) <= mergePiece
				if all.Code != "" && !joins && !flush() {
					return
				}
				if e.Code != cast.Output {
					if !yield(e, nil) {
						return
					}
					continue
				}
				if all.Code == "" {
					all = e
				}
				buf = append(buf, e.Data...)
			}
			flush()
		}
	}
}

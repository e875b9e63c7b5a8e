package edit

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/sluicerun/sluice/cast"
)

// Range is a stretch of a recording: the times [From, Until). An Until of 0 is the
// recording's end.
type Range struct{ From, Until time.Duration }

// Screen says what becomes of output in a stretch that is cut.
type Screen uint8

const (
	// Keep: it is there all at once where the cut is, so that what follows has the
	// screen that it was written for.
	Keep Screen = iota
	// Drop: it is gone. What follows may look wrong, and a character or a control
	// sequence that the cut goes through is broken. New sizes are kept.
	Drop
)

// cutPiece is how many bytes of what is cut are put into one event.
const cutPiece = 64 << 10

// Cut takes stretches out; what follows moves up. Markers and input in them are
// gone, the program's end and the sizes of the terminal stay.
func Cut(s Screen, ranges ...Range) Edit {
	r, err := order(ranges)
	if err != nil {
		return wrong(err)
	}
	return func(h cast.Header, ev cast.Events) (cast.Header, cast.Events) {
		if h.Duration > 0 {
			at, _ := without(r, h.Duration)
			h.Duration = at
		}
		return h, func(yield func(cast.Event, error) bool) { cut(s, r, ev, yield) }
	}
}

// Trim leaves one stretch; until 0 is the recording's end. Output before it is kept
// or dropped as s says, what is after it is dropped but for the program's end.
func Trim(from, until time.Duration, s Screen) Edit {
	if from < 0 || until < 0 || until > 0 && until <= from {
		return wrong(fmt.Errorf("trimming: there is no time from %v until %v", from, until))
	}
	begin := Cut(s, Range{0, from})
	if from == 0 {
		begin = Chain()
	}
	if until == 0 {
		return begin
	}
	return Chain(Cut(Drop, Range{until, 0}), func(h cast.Header, ev cast.Events) (cast.Header, cast.Events) {
		// Sizes that come after the end are nobody's any more.
		return h, each(ev, func(e *cast.Event) bool { return e.Time < until || e.Code != cast.Resize })
	}, begin)
}

// order sorts ranges and makes one of those that overlap.
func order(ranges []Range) ([]Range, error) {
	r := slices.Clone(ranges)
	for i := range r {
		if r[i].Until == 0 {
			r[i].Until = math.MaxInt64
		}
		if r[i].From < 0 || r[i].Until <= r[i].From {
			return nil, fmt.Errorf("cutting: there is no time from %v until %v", ranges[i].From, ranges[i].Until)
		}
	}
	slices.SortFunc(r, func(a, b Range) int { return int(min(max(a.From-b.From, -1), 1)) })
	var out []Range
	for _, c := range r {
		if n := len(out); n > 0 && c.From <= out[n-1].Until {
			out[n-1].Until = max(out[n-1].Until, c.Until)
			continue
		}
		out = append(out, c)
	}
	return out, nil
}

// without is where the time t lies when the ranges are gone, and whether it is in
// one.
func without(r []Range, t time.Duration) (at time.Duration, gone bool) {
	at = t
	for _, c := range r {
		if t < c.From {
			break
		}
		at -= min(t, c.Until) - c.From
		gone = t < c.Until
	}
	return at, gone
}

func cut(s Screen, r []Range, ev cast.Events, yield func(cast.Event, error) bool) {
	var kept []byte
	var when time.Duration
	flush := func() bool {
		if len(kept) == 0 {
			return true
		}
		ok := yield(cast.Event{Time: when, Code: cast.Output, Data: kept}, nil)
		kept = kept[:0]
		return ok
	}
	var source cast.Event // whose input follows
	for e, err := range ev {
		if err != nil {
			if flush() {
				yield(cast.Event{}, err)
			}
			return
		}
		at, gone := without(r, e.Time)
		if len(kept) > 0 && (!gone || at != when || e.Code == cast.Resize || e.Code == cast.Exit || len(kept) >= cutPiece) && !flush() {
			return
		}
		e.Time, when = at, at
		switch {
		case !gone:
			if source.Code != "" {
				source.Time = at
				if !yield(source, nil) {
					return
				}
				source = cast.Event{}
			}
		case e.Code == cast.Output && s == Keep:
			kept = append(kept, e.Data...)
			continue
		case e.Code == cast.Source:
			source = e
			source.Data = bytes.Clone(e.Data)
			continue
		case e.Code != cast.Resize && e.Code != cast.Exit:
			continue
		}
		if !yield(e, nil) {
			return
		}
	}
	flush()
}

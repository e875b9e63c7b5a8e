package edit

import (
	"time"

	"github.com/sluicerun/sluice/cast"
)

// Edit makes another recording of one: it changes the header where it has to, and
// returns events that read those it is given as they are read themselves. Events
// can be gone through as often as those it is given.
//
// An edit whose arguments make no sense gives its error in place of the first
// event.
type Edit func(cast.Header, cast.Events) (cast.Header, cast.Events)

// Chain is all edits, one after the other.
func Chain(edits ...Edit) Edit {
	return func(h cast.Header, ev cast.Events) (cast.Header, cast.Events) {
		for _, e := range edits {
			h, ev = e(h, ev)
		}
		return h, ev
	}
}

// failing are events that are nothing but an error.
func failing(err error) cast.Events {
	return func(yield func(cast.Event, error) bool) { yield(cast.Event{}, err) }
}

// wrong is an edit whose arguments make no sense.
func wrong(err error) Edit {
	return func(h cast.Header, _ cast.Events) (cast.Header, cast.Events) { return h, failing(err) }
}

// each changes events one by one; those for which f is false are left out.
func each(ev cast.Events, f func(*cast.Event) bool) cast.Events {
	return func(yield func(cast.Event, error) bool) {
		for e, err := range ev {
			if err != nil {
				yield(cast.Event{}, err)
				return
			}
			if f(&e) && !yield(e, nil) {
				return
			}
		}
	}
}

// Duration reads events to their end, and returns the time of the last.
func Duration(ev cast.Events) (time.Duration, error) {
	var last time.Duration
	for e, err := range ev {
		if err != nil {
			return 0, err
		}
		last = max(last, e.Time)
	}
	return last, nil
}

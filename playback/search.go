package playback

import (
	"errors"
	"io"
	"iter"
	"regexp"
	"time"

	"github.com/sluicerun/sluice/cast"
)

// Match is a stretch of time in which a text that matches stood on the screen.
type Match struct {
	// From and Until are when it appeared and when it was gone again, both to
	// within SearchOptions.Hold: from From to Until it surely stood there. Until
	// of a text that stood to the end is the end.
	From, Until time.Duration
	// Row and Col are where it began on the screen when it was first seen, in
	// cells from 0. A Row of -1 is that of a text which scrolled off so fast that
	// it was seen in the scrollback alone; it stood there some time between From
	// and Until.
	Row, Col int
	// Text is what matches, and Line the whole line, as it was when first seen.
	Text, Line string
}

// DefaultHold is SearchOptions.Hold where nothing is said.
const DefaultHold = 50 * time.Millisecond

// SearchOptions say how a recording is searched. The zero value works.
type SearchOptions struct {
	// Hold is the shortest time, in recording time, for which a text must stand
	// to be found for sure wherever on the screen it was. What stood for less is
	// found if it was there when the search looked or when its line scrolled off.
	// 0 means DefaultHold. Smaller is slower.
	Hold time.Duration
	// Starts yields every match when it begins, without Until, in the order of
	// From. Otherwise they come when they have ended, in the order of Until.
	Starts bool
}

// Search looks in a recording, from where src stands, for the times at which text
// that matches was on the screen. It looks at lines as they were written, so ^ and
// $ match at the ends of lines, and a line that the terminal wrapped is one line.
// Empty matches are none.
//
// An error is what is wrong with the recording; matches of what comes before are
// yielded first, and nothing after it.
func Search(src Source, re *regexp.Regexp, o SearchOptions) iter.Seq2[Match, error] {
	return func(yield func(Match, error) bool) {
		hold := o.Hold
		if hold <= 0 {
			hold = DefaultHold
		}
		r := newReel(src.Header())
		w := newWatch(r, re, o.Starts, func(m Match) bool { return yield(m, nil) })
		var now, seen time.Duration // of the latest event, and of the latest look
		var since time.Duration     // when the screen became what it is
		for !w.stopped {
			e, err := src.Next()
			if err != nil {
				w.look(since, now, nil)
				w.end(now)
				if !w.stopped && !errors.Is(err, io.EOF) {
					yield(Match{}, err)
				}
				return
			}
			e.Time = max(e.Time, now)
			// What stood for hold stood at such a moment: the latest look was at a
			// state that ended hold ago, and this state ends now.
			if e.Time-seen >= hold {
				var next []byte
				if e.Code == cast.Output {
					next = e.Data
				}
				w.look(since, e.Time, next)
				seen = e.Time
			}
			now = e.Time
			gen := r.t.Generation()
			r.feed(e, func(next []byte) { w.look(now, now, next) })
			if r.t.Generation() != gen {
				since = now
			}
		}
	}
}

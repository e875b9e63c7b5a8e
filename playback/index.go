package playback

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/sluicerun/sluice/cast"
)

const (
	// everyBytes and everyTime are how far apart keyframes are at first, whichever
	// comes first: 2 MiB of output take about 30 ms to be played again.
	everyBytes = 2 << 20
	everyTime  = 10 * time.Second
	// maxIndex is the most memory for keyframes. When they need more, every other
	// one goes, and from then on they are made half as often.
	maxIndex = 32 << 20
	// maxMarkers bounds the markers that are kept.
	maxMarkers = 100_000
)

// Marker is a place in a recording that somebody marked.
type Marker struct {
	Time  time.Duration
	Label string
}

// Index is what is known of a recording from a pass over it: the terminal's state
// from time to time, so that a [Screen] need not begin at the start, the markers,
// and how long it is. It grows while a Screen that has it, or Build, goes forward
// beyond what is known. The zero value is empty and ready.
type Index struct {
	mu      sync.Mutex
	frames  []keyframe
	size    int           // bytes of the frames' dumps
	thin    int           // how often they were thinned out
	limit   int           // for size; 0: maxIndex
	count   int64         // events that are known
	last    time.Duration // time of the latest
	since   int64         // bytes of output since the latest keyframe
	markers []Marker
	done    bool // nothing comes after count
}

// Build reads src, which must stand at its begin and is Build's own, up to its
// end, or until ctx ends. What is known already is not read again. The error is
// that of ctx, or what is wrong with the recording; what was learned until then
// stays.
func (x *Index) Build(ctx context.Context, src Source) error {
	if _, done := x.Duration(); done {
		return nil
	}
	s := NewScreen(src, x)
	if err := s.rewind(forever); err != nil {
		return err
	}
	for i := 0; ; i++ {
		if i%64 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := s.Step(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// Duration is the time of the latest event that is known, and whether it is the
// last of the recording.
func (x *Index) Duration() (d time.Duration, complete bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.last, x.done
}

// Markers returns the markers that are known, in their order; of more than 100,000
// the first.
func (x *Index) Markers() []Marker {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.markers)
}

// note learns from a Screen that has just put an event on.
func (x *Index) note(s *Screen, e cast.Event) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if s.count != x.count+1 {
		return // known, or another Screen went ahead
	}
	x.count, x.last = s.count, s.time
	switch e.Code {
	case cast.Output:
		x.since += int64(len(e.Data))
	case cast.Marker:
		if len(x.markers) < maxMarkers {
			x.markers = append(x.markers, Marker{Time: e.Time, Label: string(e.Data)})
		}
	}
	from := time.Duration(0)
	if n := len(x.frames); n > 0 {
		from = x.frames[n-1].Time
	}
	// A pause needs no keyframe: what is dear is the output.
	if x.since < everyBytes<<x.thin && (s.time-from < everyTime<<x.thin || x.since < cheap) {
		return
	}
	k := newKeyframe(s, x.since)
	x.frames, x.since = append(x.frames, k), 0
	x.size += len(k.dump)
	x.thinOut()
}

// cheap is so much output that playing it again costs no more than a keyframe.
const cheap = 32 << 10

func (x *Index) thinOut() {
	limit := x.limit
	if limit == 0 {
		limit = maxIndex
	}
	for x.size > limit && len(x.frames) > 1 {
		kept := x.frames[:0]
		since := int64(0)
		x.size = 0
		for i, k := range x.frames {
			k.Since += since
			since = k.Since
			if i%2 == 1 {
				since = 0
				kept = append(kept, k)
				x.size += len(k.dump)
			}
		}
		clear(x.frames[len(kept):])
		x.since += since // of one at the end that went
		x.frames = kept
		x.thin = min(x.thin+1, 20)
	}
}

// end learns that a Screen has come to the end.
func (x *Index) end(s *Screen) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if s.count == x.count {
		x.done = true
	}
}

// before returns the last keyframe that has no event after t.
func (x *Index) before(t time.Duration) (keyframe, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	n, _ := slices.BinarySearchFunc(x.frames, t, func(k keyframe, t time.Duration) int {
		if k.Time <= t {
			return -1
		}
		return 1
	})
	if n == 0 {
		return keyframe{}, false
	}
	return x.frames[n-1], true
}

package animate

import (
	"fmt"
	"math"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/vt"
)

// reel is what of a recording is shown, with the times of the picture.
type reel struct {
	startCols, startRows int // of the terminal when the recording begins
	cols, rows           int // of the picture
	events               []shown
	end                  time.Duration // of the picture, with the time that its last screen stays
	poster               time.Duration
	colors               *colors
	fps                  int
}

// shown is output or, where cols is not 0, another size.
type shown struct {
	at         time.Duration
	data       []byte
	cols, rows int
}

// load reads a recording; o is filled.
func load(h cast.Header, events cast.Events, o Options) (*reel, error) {
	c, err := newColors(h, o)
	if err != nil {
		return nil, err
	}
	r := &reel{colors: c, fps: o.FPS}
	r.startCols, r.startRows = h.Size()
	// The emulator has limits, to which a size must be brought before it is
	// compared with others.
	t := vt.New(r.startCols, r.startRows, vt.Options{})
	r.startCols, r.startRows = t.Size()
	size := shown{cols: r.startCols, rows: r.startRows}

	clock := clock{from: o.From, limit: o.IdleLimit, poster: o.Poster}
	var block []byte
	last := time.Duration(0)
	for e, err := range events {
		if err != nil {
			return nil, fmt.Errorf("reading the recording: %w", err)
		}
		if o.Until > 0 && e.Time > o.Until {
			last = o.Until
			break
		}
		last = max(last, e.Time)
		switch {
		case e.Code == cast.Output && len(e.Data) > 0:
			block = append(room(block, len(e.Data)), e.Data...)
			r.events = append(r.events, shown{at: clock.tick(e.Time), data: block[len(block)-len(e.Data):]})
		case e.Code == cast.Resize && e.Cols > 0 && e.Rows > 0:
			t.Resize(e.Cols, e.Rows)
			if at := clock.tick(e.Time); at > 0 {
				r.grow(size)
			}
			size.cols, size.rows = t.Size()
			r.events = append(r.events, shown{at: clock.now, cols: size.cols, rows: size.rows})
		}
	}
	if o.From > last {
		return nil, fmt.Errorf("nothing to show from %v on: the recording ends at %v", o.From, last)
	}
	r.grow(size)
	r.end = clock.tick(last)
	r.poster = clock.posterAt
	if o.Poster > last {
		r.poster = r.end
	}
	if o.Cols > 0 {
		r.cols = o.Cols
	}
	if o.Rows > 0 {
		r.rows = o.Rows
	}
	return r, r.retime(o)
}

func (r *reel) grow(s shown) { r.cols, r.rows = max(r.cols, s.cols), max(r.rows, s.rows) }

// retime applies the speed and the time that the last screen stays.
func (r *reel) retime(o Options) error {
	if float64(r.end)/o.Speed > math.MaxInt64/4 {
		return fmt.Errorf("a picture that takes %v at speed %v is not possible", r.end, o.Speed)
	}
	if o.Speed != 1 {
		for i := range r.events {
			r.events[i].at = time.Duration(float64(r.events[i].at) / o.Speed)
		}
		r.end = time.Duration(float64(r.end) / o.Speed)
		r.poster = time.Duration(float64(r.poster) / o.Speed)
	}
	r.end += min(o.Hold, math.MaxInt64/4)
	return nil
}

// room returns a buffer to which n bytes can be appended in place; what the one
// before holds stays where it is.
func room(block []byte, n int) []byte {
	if cap(block)-len(block) >= n {
		return block
	}
	return make([]byte, 0, max(n, 1<<20))
}

// clock turns times of the recording into times of the picture before its speed is
// applied.
type clock struct {
	from, limit      time.Duration
	before, now      time.Duration // of the latest tick, in the recording and in the picture
	poster, posterAt time.Duration
}

// tick returns when in the picture something happens; times do not go back.
func (c *clock) tick(at time.Duration) time.Duration {
	before := max(c.before, c.from)
	gap := max(max(at, c.from)-before, 0)
	if c.poster >= before {
		c.posterAt = c.now + min(c.poster-before, gap, c.limit)
	}
	c.now += min(gap, c.limit)
	c.before = max(c.before, at)
	return c.now
}

package play

import (
	"errors"
	"io"
	"math"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/playback"
)

// deck moves a Screen through its recording as time goes by. It reads no clock:
// whoever has one tells the time.
type deck struct {
	s         *playback.Screen
	speed     float64
	limit     time.Duration // of pauses
	from      time.Duration
	until     time.Duration
	onMarkers bool             // pause there
	seen      func(cast.Event) // told of every event that is played

	paused bool
	ended  bool
	broken error // what is wrong with the recording at its end

	// The recording stood at pos when the clock said anchor; waited is how much of
	// the pause before the next event had passed.
	pos, waited time.Duration
	anchor      time.Time
}

func newDeck(s *playback.Screen, o Options) *deck {
	return &deck{s: s, speed: o.Speed, limit: o.IdleLimit, from: o.From, until: o.Until, onMarkers: o.PauseOnMarkers, seen: func(cast.Event) {}}
}

// gap is how long to wait for the next event, in recording time. end: there is
// none, or it is not to be played.
func (d *deck) gap() (wait time.Duration, end bool) {
	e, err := d.s.Peek()
	at := e.Time
	switch {
	case err != nil:
		if !errors.Is(err, io.EOF) {
			d.broken = err
		}
		return 0, true
	case at > d.until:
		at, end = d.until, true
	}
	return max(min(at-d.pos, d.limit-d.waited), 0), end
}

// elapsed is how much recording time has passed since anchor.
func (d *deck) elapsed(now time.Time) time.Duration {
	if d.paused || d.ended {
		return 0
	}
	f := float64(now.Sub(d.anchor)) * d.speed
	if !(f < math.MaxInt64) { // also 0 times infinity
		return math.MaxInt64
	}
	return max(time.Duration(f), 0)
}

// at is where the recording stands.
func (d *deck) at(now time.Time) time.Duration {
	wait, _ := d.gap()
	return d.pos + min(d.elapsed(now), wait)
}

// settle makes now the anchor.
func (d *deck) settle(now time.Time) {
	wait, _ := d.gap()
	passed := min(d.elapsed(now), wait)
	d.pos += passed
	d.waited += passed
	d.anchor = now
}

// due is when advance has something to do; zero is never.
func (d *deck) due() time.Time {
	if d.paused || d.ended {
		return time.Time{}
	}
	wait, _ := d.gap()
	return d.after(wait)
}

// after is when so much recording time has passed since anchor.
func (d *deck) after(wait time.Duration) time.Time {
	const never = 100 * 365 * 24 * time.Hour
	return d.anchor.Add(time.Duration(min(math.Ceil(float64(wait)/d.speed), float64(never))))
}

// turn bounds what advance does at once, in bytes of output, so that keys are not
// kept waiting.
const turn = 256 << 10

// advance plays what is due, and says whether anything was. When the end has come
// the deck is ended.
func (d *deck) advance(now time.Time) bool {
	any, bytes := false, 0
	for !d.paused && !d.ended && bytes < turn {
		wait, end := d.gap()
		due := d.after(wait)
		if now.Before(due) {
			return any
		}
		d.anchor = due
		if end {
			d.ended = true
			d.pos += wait
			return true
		}
		e, err := d.s.Step()
		if err != nil {
			return any // gap has seen it
		}
		d.pos, d.waited = max(e.Time, d.pos), 0
		any = true
		bytes += len(e.Data) + 64
		d.seen(e)
		if e.Code == cast.Marker && d.onMarkers {
			d.paused = true
		}
	}
	if bytes >= turn && d.anchor.Before(now) && math.IsInf(d.speed, 1) {
		d.anchor = now
	}
	return any
}

func (d *deck) pause(now time.Time) {
	d.settle(now)
	d.paused = true
}

// resume goes on, from the begin if this is the end.
func (d *deck) resume(now time.Time) error {
	if wait, end := d.gap(); end && wait == 0 {
		if err := d.seek(now, d.from); err != nil {
			return err
		}
	}
	d.settle(now)
	d.paused = false
	return nil
}

func (d *deck) setSpeed(now time.Time, speed float64) {
	d.settle(now)
	d.speed = speed
}

// seek goes to a time. Where that is the end the deck stands there, paused.
func (d *deck) seek(now time.Time, t time.Duration) error {
	t = min(max(t, d.from, 0), d.until)
	_, err := d.s.At(t)
	d.anchor, d.waited, d.ended = now, 0, false
	d.pos = t
	if _, perr := d.s.Peek(); perr != nil {
		d.pos = min(t, max(d.s.Time(), d.from))
	}
	if wait, end := d.gap(); end && wait == 0 {
		d.paused = true
	}
	return err
}

// step plays the next event, and pauses. It says whether there was one.
func (d *deck) step(now time.Time) bool {
	d.pause(now)
	if _, end := d.gap(); end {
		d.ended = true
		return false
	}
	e, err := d.s.Step()
	if err != nil {
		return false
	}
	d.pos, d.waited = max(e.Time, d.pos), 0
	d.seen(e)
	return true
}

// back goes to before the latest event, or all events of its time, and pauses.
func (d *deck) back(now time.Time) error {
	d.pause(now)
	t := d.s.Time() - 1
	if t < d.from {
		return d.seek(now, d.from)
	}
	err := d.seek(now, t)
	d.pos = max(d.s.Time(), d.from)
	return err
}

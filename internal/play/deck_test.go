package play

import (
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/playback"
)

func out(at time.Duration, text string) cast.Event {
	return cast.Event{Time: at, Code: cast.Output, Data: []byte(text)}
}

func deckOf(o Options, events ...cast.Event) *deck {
	src := playback.FromEvents(cast.Header{Width: 80, Height: 24}, events)
	o.fill(src)
	d := newDeck(playback.NewScreen(src, nil), o)
	d.anchor = begin
	return d
}

var begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const sec = time.Second

// run lets the clock go from one due time to the next until to.
func (d *deck) run(to time.Time) {
	for {
		due := d.due()
		if due.IsZero() || due.After(to) {
			d.advance(to)
			return
		}
		d.advance(due)
	}
}

func TestDeck(t *testing.T) {
	d := deckOf(Options{Speed: 2, IdleLimit: 4 * sec}, out(2*sec, "a"), out(3*sec, "b"), out(100*sec, "c"), out(101*sec, "d"))
	for _, c := range []struct {
		clock, at time.Duration // in tenths of the clock's seconds, recording time
		text      string
	}{
		{5, 1 * sec, ""},
		{10, 2 * sec, "a"},
		{12, 2400 * time.Millisecond, "a"},
		{15, 3 * sec, "ab"},
		{25, 5 * sec, "ab"},
		{34, 6800 * time.Millisecond, "ab"},
		{35, 100 * sec, "abc"}, // after 4 s of the pause
		{39, 100800 * time.Millisecond, "abc"},
		{40, 101 * sec, "abcd"},
	} {
		now := begin.Add(c.clock * sec / 10)
		d.run(now)
		if got := d.s.Terminal().LineText(0); got != c.text || d.at(now) != c.at {
			t.Errorf("after %v: %q at %v, want %q at %v", c.clock*sec/10, got, d.at(now), c.text, c.at)
		}
	}
	if !d.ended {
		t.Error("it has not ended")
	}
}

func TestDeckPause(t *testing.T) {
	d := deckOf(Options{IdleLimit: 3 * sec}, out(sec, "a"), out(20*sec, "b"), out(21*sec, "c"))
	d.run(begin.Add(2 * sec))
	d.pause(begin.Add(2 * sec))
	d.run(begin.Add(100 * sec))
	if got := d.at(begin.Add(100 * sec)); got != 2*sec {
		t.Errorf("paused at %v", got)
	}
	if err := d.resume(begin.Add(100 * sec)); err != nil {
		t.Fatal(err)
	}
	// One of the three seconds of the pause has passed.
	if d.run(begin.Add(102*sec - 1)); d.s.Terminal().LineText(0) != "a" {
		t.Error("b comes too early")
	}
	if d.run(begin.Add(102 * sec)); d.s.Terminal().LineText(0) != "ab" {
		t.Error("b does not come")
	}
	d.setSpeed(begin.Add(102*sec+sec/2), 0.5)
	if d.run(begin.Add(103*sec + sec/2 - 1)); d.s.Terminal().LineText(0) != "ab" {
		t.Error("c comes too early")
	}
	if d.run(begin.Add(103*sec + sec/2)); d.s.Terminal().LineText(0) != "abc" || !d.ended {
		t.Error("c does not come")
	}
}

func TestDeckSeek(t *testing.T) {
	now := begin
	d := deckOf(Options{From: sec, Until: 8 * sec}, out(0, "0"), out(2*sec, "2"), out(2*sec, "!"), out(5*sec, "5"), out(9*sec, "9"))
	for _, c := range []struct {
		do     func() error
		at     time.Duration
		text   string
		paused bool
	}{
		{func() error { return d.seek(now, 3*sec) }, 3 * sec, "02!", false},
		{func() error { return d.seek(now, 0) }, sec, "0", false},
		{func() error { d.step(now); return nil }, 2 * sec, "02", true},
		{func() error { d.step(now); return nil }, 2 * sec, "02!", true},
		{func() error { return d.back(now) }, sec, "0", true},
		{func() error { return d.back(now) }, sec, "0", true},
		{func() error { return d.seek(now, 100*sec) }, 8 * sec, "02!5", true},
		{func() error { return d.back(now) }, 2 * sec, "02!", true},
		{func() error { d.step(now); d.step(now); d.step(now); return nil }, 5 * sec, "02!5", true},
	} {
		if err := c.do(); err != nil {
			t.Fatal(err)
		}
		if got := d.s.Terminal().LineText(0); got != c.text || d.at(now) != c.at || d.paused != c.paused {
			t.Errorf("%q at %v, paused %v; want %+v", got, d.at(now), d.paused, c)
		}
	}
}

// Whatever the clock does in between, every event comes when the timeline says.
func TestDeckTimes(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for range 20 {
		limit, speed := time.Duration(1+r.Int64N(int64(2*sec))), 0.5+2*r.Float64()
		line := playback.NewTimeline(limit, speed)
		var events []cast.Event
		at := time.Duration(0)
		for range 300 {
			at += time.Duration(r.ExpFloat64() * float64(sec))
			events = append(events, out(at, "x"))
			line.Add(at)
		}
		d := deckOf(Options{IdleLimit: limit, Speed: speed}, events...)
		now := begin
		d.seen = func(e cast.Event) {
			want := begin.Add(line.Play(e.Time))
			if off := now.Sub(want).Abs(); off > time.Microsecond {
				t.Fatalf("the event of %v comes at %v, want %v", e.Time, now.Sub(begin), want.Sub(begin))
			}
		}
		for !d.ended {
			now = d.due()
			d.advance(now)
			if r.IntN(3) == 0 { // a look in between
				d.at(now)
				d.settle(now)
			}
		}
	}
}

func TestDeckFast(t *testing.T) {
	var events []cast.Event
	for i := range 1000 {
		events = append(events, out(time.Duration(i)*time.Hour, "0123456789"))
	}
	d := deckOf(Options{Speed: MaxSpeed, IdleLimit: -1}, events...)
	for n := 0; !d.ended; n++ {
		if d.advance(begin); n > 100 {
			t.Fatal("it does not end")
		}
	}
	if d.s.Time() != 999*time.Hour {
		t.Errorf("it ended at %v", d.s.Time())
	}
	// Slowest, the other way round.
	d = deckOf(Options{Speed: math.SmallestNonzeroFloat64}, events[1:]...)
	if due := d.due(); !due.After(begin) {
		t.Errorf("due at %v", due)
	}
}

type failing struct{ playback.Source }

var errFailing = errors.New("line 3: no event")

func (f failing) Next() (cast.Event, error) {
	e, err := f.Source.Next()
	if errors.Is(err, io.EOF) {
		err = errFailing
	}
	return e, err
}

func TestDeckBroken(t *testing.T) {
	src := failing{playback.FromEvents(cast.Header{}, []cast.Event{out(0, "a")})}
	var o Options
	o.fill(src)
	d := newDeck(playback.NewScreen(src, nil), o)
	d.anchor = begin
	if d.run(begin); !d.ended || !errors.Is(d.broken, errFailing) {
		t.Errorf("ended %v, %v", d.ended, d.broken)
	}
}

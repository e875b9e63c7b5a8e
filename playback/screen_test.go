package playback

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sluicerun/sluice/cast"
)

// Whatever way a Screen went, at a time it shows what playing up to it shows.
func TestAt(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 5))
			events := randomEvents(r, 1000, seed%2 == 0)
			end := events[len(events)-1].Time
			index := &Index{}
			if seed%3 > 0 { // otherwise it is made on the way
				if err := index.Build(context.Background(), FromEvents(header, events)); err != nil {
					t.Fatal(err)
				}
				if len(index.frames) < 2 {
					t.Errorf("only %d keyframes", len(index.frames))
				}
			}
			s := NewScreen(FromEvents(header, events), index)
			for range 10 {
				at := time.Duration(r.Int64N(int64(end + end/10)))
				got, err := s.At(at)
				if err != nil {
					t.Fatal(err)
				}
				if want := play(header, events, at); shown(t, got) != shown(t, want) {
					t.Fatalf("at %v:\n%s\nwant\n%s", at, got.Text(false), want.Text(false))
				}
				if next, err := s.Peek(); err == nil && next.Time <= at || s.Time() > at {
					t.Fatalf("at %v the next event is of %v, the last of %v", at, next.Time, s.Time())
				}
			}
		})
	}
}

func TestStep(t *testing.T) {
	events := []cast.Event{ev(0, "a"), ev(10, "b"), ev(10, "c"), ev(20, "r:10x3"), ev(30, "d")}
	s := NewScreen(FromEvents(cast.Header{}, events), nil)
	if cols, rows := s.Terminal().Size(); cols != 80 || rows != 24 {
		t.Errorf("%dx%d, want 80x24", cols, rows)
	}
	for i, want := range []string{"a", "ab", "abc", "abc", "abcd"} {
		if p, err := s.Peek(); err != nil || p.Time != events[i].Time {
			t.Fatalf("Peek: %v, %v", p, err)
		}
		e, err := s.Step()
		if err != nil || e.Time != events[i].Time || s.Time() != e.Time {
			t.Fatalf("%v %v, want %v", e, err, events[i])
		}
		if got := s.Terminal().LineText(0); got != want {
			t.Errorf("after %d: %q, want %q", i, got, want)
		}
	}
	if cols, rows := s.Terminal().Size(); cols != 10 || rows != 3 {
		t.Errorf("%dx%d, want 10x3", cols, rows)
	}
	for range 2 {
		if _, err := s.Step(); !errors.Is(err, io.EOF) {
			t.Errorf("at the end: %v", err)
		}
	}
	if term, err := s.At(10 * ms); err != nil || term.LineText(0) != "abc" {
		t.Errorf("back: %q, %v", term.LineText(0), err)
	}
}

// broken fails after some events.
type broken struct {
	Source
	left int
}

var errBroken = errors.New("line 7: no event")

func (b *broken) Next() (cast.Event, error) {
	if b.left--; b.left < 0 {
		return cast.Event{}, errBroken
	}
	return b.Source.Next()
}

// A damaged recording is good up to there.
func TestBroken(t *testing.T) {
	events := []cast.Event{ev(0, "a"), ev(10, "b"), ev(20, "c")}
	s := NewScreen(&broken{FromEvents(header, events), 2}, &Index{})
	if term, err := s.At(10 * ms); !errors.Is(err, errBroken) || term.LineText(0) != "ab" {
		t.Errorf("%q, %v", term.LineText(0), err)
	}
	x := &Index{}
	if err := x.Build(context.Background(), &broken{FromEvents(header, events), 2}); !errors.Is(err, errBroken) {
		t.Errorf("Build: %v", err)
	}
	if d, done := x.Duration(); d != 10*ms || done {
		t.Errorf("%v %v, want 10ms and not all", d, done)
	}
}

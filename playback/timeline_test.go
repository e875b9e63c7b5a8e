package playback

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestTimeline(t *testing.T) {
	l := NewTimeline(2*time.Second, 2)
	for _, s := range []int{1, 2, 12, 13, 100, 101} { // pauses of 10 and 87 s
		l.Add(time.Duration(s) * time.Second)
	}
	for _, c := range []struct{ rec, play time.Duration }{
		{0, 0},
		{2 * time.Second, time.Second},
		{3 * time.Second, 1500 * ms},
		{4 * time.Second, 2 * time.Second},
		{8 * time.Second, 2 * time.Second},
		{12 * time.Second, 2 * time.Second},
		{13 * time.Second, 2500 * ms},
		{100 * time.Second, 3500 * ms},
		{101 * time.Second, 4 * time.Second},
	} {
		if got := l.Play(c.rec); got != c.play {
			t.Errorf("Play(%v) = %v, want %v", c.rec, got, c.play)
		}
	}
	for _, c := range []struct{ play, rec time.Duration }{
		{1500 * ms, 3 * time.Second},
		{2 * time.Second, 12 * time.Second}, // the end of the pause
		{2500 * ms, 13 * time.Second},
		{4 * time.Second, 101 * time.Second},
	} {
		if got := l.Recording(c.play); got != c.rec {
			t.Errorf("Recording(%v) = %v, want %v", c.play, got, c.rec)
		}
	}
}

// Both directions agree, and pauses are never longer than the limit.
func TestTimelineBothWays(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		limit := time.Duration(r.Int64N(int64(3*time.Second)) - int64(time.Second))
		l := NewTimeline(limit, 1)
		now, before := time.Duration(0), time.Duration(0)
		for range 200 {
			now += time.Duration(r.ExpFloat64() * float64(time.Second))
			l.Add(now)
			step := l.Play(now) - l.Play(before)
			want := now - before
			if limit > 0 {
				want = min(want, limit)
			}
			if step != want {
				t.Fatalf("limit %v: from %v to %v takes %v, want %v", limit, before, now, step, want)
			}
			if got := l.Recording(l.Play(now)); got != now {
				t.Fatalf("limit %v: %v comes back as %v", limit, now, got)
			}
			before = now
		}
	}
}

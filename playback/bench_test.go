package playback

import (
	"context"
	"io"
	"math/rand/v2"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/sluicerun/sluice/cast"
)

// hour is a recording of 100 MB of typical output in an hour.
var hour = sync.OnceValue(func() []cast.Event { return longEvents(100_000_000, time.Hour) })

func BenchmarkSeek(b *testing.B) {
	events := hour()
	x := &Index{}
	start := time.Now()
	if err := x.Build(context.Background(), FromEvents(header, events)); err != nil {
		b.Fatal(err)
	}
	b.Logf("indexed in %v: %d keyframes, %d bytes", time.Since(start), len(x.frames), x.size)
	s := NewScreen(FromEvents(header, events), x)
	r := rand.New(rand.NewPCG(1, 1))
	worst := time.Duration(0)
	for b.Loop() {
		start := time.Now()
		if _, err := s.At(time.Duration(r.Int64N(int64(time.Hour)))); err != nil {
			b.Fatal(err)
		}
		worst = max(worst, time.Since(start))
	}
	b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms/seek")
	b.ReportMetric(worst.Seconds()*1000, "ms/worst")
}

func BenchmarkSearch(b *testing.B) {
	events := hour()
	for _, re := range []string{"no such text", "(?i)no such text", "loss 0.07919", `\d{7}`} {
		b.Run(re, func(b *testing.B) {
			n := 0
			for b.Loop() {
				n = 0
				for _, err := range Search(FromEvents(header, events), regexp.MustCompile(re), SearchOptions{}) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
			}
			b.SetBytes(100_000_000)
			b.ReportMetric(float64(n), "matches")
		})
	}
}

func BenchmarkText(b *testing.B) {
	events := hour()
	for b.Loop() {
		if err := Text(FromEvents(header, events), io.Discard); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(100_000_000)
}

func BenchmarkFilter(b *testing.B) {
	events := longEvents(4<<20, time.Minute)
	n := 0
	for _, e := range events {
		n += len(e.Data)
	}
	b.SetBytes(int64(n))
	var f Filter
	var dst []byte
	for b.Loop() {
		for _, e := range events {
			dst = f.Harmless(dst[:0], e.Data)
		}
	}
}

// Playing alone, for comparison.
func BenchmarkPlay(b *testing.B) {
	events := hour()
	for b.Loop() {
		s := NewScreen(FromEvents(header, events), nil)
		if _, err := s.At(forever); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(100_000_000)
}

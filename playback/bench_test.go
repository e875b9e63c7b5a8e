//go:build unix

package playback

import (
	"context"
	"io"
	"math/rand/v2"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/sluicerun/sluice/cast"
	"golang.org/x/sys/unix"
)

// cpu makes a benchmark tell what it takes of all cores together, which other work
// on the machine disturbs less than the time on the clock. What it returns is
// called at the end, with the bytes of one round.
func cpu(b *testing.B) func(bytes int64) {
	used := func() time.Duration {
		var u unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	start := used()
	return func(bytes int64) {
		b.SetBytes(bytes)
		b.ReportMetric(float64(bytes)*float64(b.N)/1e6/(used()-start).Seconds(), "MB/cpu-s")
	}
}

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
	for _, re := range []string{"no such text", "(?i)no such text", "loss 0.07919", `\d{7}`, `\bstep [0-9a-f]+x`, `[^\x00-\x7f]`, `\d+`, `[a-z]+\d`, `(?i)(error|panic|fatal).*\d`} {
		b.Run(re, func(b *testing.B) {
			done := cpu(b)
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
			done(100_000_000)
			b.ReportMetric(float64(n), "matches")
		})
	}
}

// As cast grep does it: from a file, whose bytes are what is counted.
func BenchmarkSearchFile(b *testing.B) {
	name := record(b, cast.V3, hour())
	info, err := os.Stat(name)
	if err != nil {
		b.Fatal(err)
	}
	done := cpu(b)
	for b.Loop() {
		for _, err := range Search(open(b, name), regexp.MustCompile(`\d{7}`), SearchOptions{}) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	done(info.Size())
}

func BenchmarkText(b *testing.B) {
	events := hour()
	done := cpu(b)
	for b.Loop() {
		if err := Text(FromEvents(header, events), io.Discard); err != nil {
			b.Fatal(err)
		}
	}
	done(100_000_000)
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
	done := cpu(b)
	for b.Loop() {
		s := NewScreen(FromEvents(header, events), nil)
		if _, err := s.At(forever); err != nil {
			b.Fatal(err)
		}
	}
	done(100_000_000)
}

package console

import (
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sluicerun/sluice/job"
)

// endless is a log of 80-byte lines that is as long as it says.
type endless struct {
	page string
	size atomic.Int64
}

func (e *endless) Size() int64 { return e.size.Load() }

func (e *endless) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) {
		n += copy(p[n:], e.page[(off+int64(n))%int64(len(e.page)):])
	}
	return n, nil
}

func benchmark(b *testing.B, cfg Config, ranks int) {
	const each = 8 << 20 / 80 * 80
	page := strings.Repeat(strings.Repeat("x", 79)+"\n", 1024)
	cfg.Out = nowhere{}
	b.SetBytes(int64(ranks) * each)
	for b.Loop() {
		c := New(cfg)
		for r := range ranks {
			src := &endless{page: page}
			src.size.Store(each)
			c.Add(job.Fields{Rank: r, Stream: job.Stdout}, src).Done()
		}
		if s := c.Finish(b.Context()); s.Shown != int64(ranks)*each {
			b.Fatalf("stats %+v", s)
		}
	}
}

type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }

func BenchmarkPrefix(b *testing.B)      { benchmark(b, Config{Workers: 8}, 8) }
func BenchmarkPrefixColor(b *testing.B) { benchmark(b, Config{Workers: 8, Color: true, TTY: true}, 8) }
func BenchmarkTimestamps(b *testing.B) {
	benchmark(b, Config{Workers: 8, Spec: job.Console{Timestamps: true}}, 8)
}
func BenchmarkPass(b *testing.B) { benchmark(b, Config{Workers: 1}, 1) }
func BenchmarkDedup(b *testing.B) {
	benchmark(b, Config{Workers: 2, Spec: job.Console{Dedup: true}}, 2)
}

// BenchmarkGrew is what a pump pays while the console is behind, and when it is not.
func BenchmarkGrew(b *testing.B) {
	b.Run("busy", func(b *testing.B) {
		in := &Input{c: &Console{wake: make(chan struct{}, 1)}}
		for b.Loop() {
			in.Grew()
		}
	})
	b.Run("idle", func(b *testing.B) {
		c := &Console{wake: make(chan struct{}, 1)}
		in := &Input{c: c}
		for b.Loop() {
			in.Grew()
			<-c.wake
			c.ready.Store(nil)
			in.dirty.Store(false)
		}
	})
}

// BenchmarkLatency is the way of one line from Grew to the sink's Write.
func BenchmarkLatency(b *testing.B) {
	r, w := io.Pipe()
	c := New(Config{Out: w, Workers: 2})
	in := add(c, 0, job.Stdout)
	buf := make([]byte, 100)
	for b.Loop() {
		in.say("hello\n")
		if _, err := r.Read(buf); err != nil {
			b.Fatal(err)
		}
	}
	in.Done()
	c.Finish(b.Context())
}

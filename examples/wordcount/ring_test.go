package main

import (
	"io"
	"maps"
	"net"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// pipeRing links size ranks by synchronous pipes: they hold nothing, so that a
// ring which needs buffers would stop.
func pipeRing(size int) []*ring {
	rings := make([]*ring, size)
	for r := range rings {
		rings[r] = &ring{gang: gang{rank: r, size: size}}
	}
	for r := range rings {
		out, in := net.Pipe()
		rings[r].toNext, rings[(r+1)%size].fromPrev = out, in
	}
	return rings
}

func TestAllReduceAddsUp(t *testing.T) {
	words := rapid.SampledFrom([]string{"a", "b", "c", "ring", "word", "Ä", "zz", "it's", "x1"})
	counts := rapid.MapOfN(words, rapid.Uint64Range(1, 1<<40), 0, -1)
	rapid.Check(t, func(t *rapid.T) {
		shares := rapid.SliceOfN(counts, 1, 9).Draw(t, "shares")
		want := map[string]uint64{}
		for _, share := range shares {
			for w, n := range share {
				want[w] += n
			}
		}
		rings := pipeRing(len(shares))
		got := make([]map[string]uint64, len(shares))
		errs := make([]error, len(shares))
		var wg sync.WaitGroup
		for r, ring := range rings {
			wg.Go(func() {
				parts := buckets(shares[r], len(shares))
				errs[r] = ring.allReduce(parts)
				got[r] = map[string]uint64{}
				for _, e := range newAnswer(parts).words {
					got[r][e.word] += e.count
				}
			})
		}
		wg.Wait()
		for r := range rings {
			rings[r].close()
			if errs[r] != nil {
				t.Fatalf("rank %d: %v", r, errs[r])
			}
			if !maps.Equal(got[r], want) {
				t.Fatalf("rank %d: %s", r, cmp.Diff(want, got[r]))
			}
		}
	})
}

func TestAllReduceRefusesGarbage(t *testing.T) {
	for name, data := range map[string][]byte{
		"out of order": append(bucket{{"b", 1}}.encode(), bucket{{"a", 1}}.encode()...),
		"cut short":    bucket{{"word", 7}}.encode()[:3],
		"nothing":      {1, 'a', 0},
	} {
		t.Run(name, func(t *testing.T) {
			out, in := net.Pipe()
			r := &ring{gang: gang{rank: 0, size: 2}, toNext: out, fromPrev: in}
			done := make(chan error, 1)
			go func() {
				_, err := readFrame(in)
				done <- err
			}()
			back, prev := net.Pipe()
			r.fromPrev = prev
			go writeFrame(back, data)
			err := r.allReduce(make([]bucket, 2))
			if err == nil {
				t.Error("garbage was taken for a bucket")
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
			for _, c := range []io.Closer{out, in, back, prev} {
				c.Close()
			}
		})
	}
}

func TestReadFrameRefusesTheHuge(t *testing.T) {
	out, in := net.Pipe()
	defer out.Close()
	defer in.Close()
	// What a web browser would say.
	go out.Write([]byte("GET "))
	if _, err := readFrame(in); err == nil {
		t.Error("a frame of more than a gigabyte was accepted")
	}
}

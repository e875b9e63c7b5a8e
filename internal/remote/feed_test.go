package remote

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/stream/console"
)

// pour plays a host and the session for one log; it returns when all was taken.
func pour(c *console.Console, exact bool, rank int, text []byte, most *int) {
	credits := make(chan int64, 1)
	f := newFeed(exact, func(to int64) {
		for {
			select {
			case credits <- to:
				return
			default:
			}
			select {
			case old := <-credits:
				to = max(to, old)
			default:
			}
		}
	}, func() {})
	in := c.Add(job.Fields{Rank: rank, Stream: job.Stdout}, f)
	defer in.Done()
	limit := int64(window)
	for sent := int64(0); sent < int64(len(text)); {
		if sent == limit {
			limit = <-credits
			continue
		}
		n := min(limit, int64(len(text)), sent+1+rand.Int64N(maxBytes))
		if !f.add(text[sent:n]) {
			panic("more than was asked for")
		}
		sent = n
		f.mu.Lock()
		*most = max(*most, len(f.buf))
		f.mu.Unlock()
		in.Grew()
	}
}

// slow is a screen that takes its time now and then.
type slow struct{ bytes.Buffer }

func (s *slow) Write(p []byte) (int, error) {
	if rand.IntN(4) == 0 {
		time.Sleep(time.Millisecond)
	}
	return s.Buffer.Write(p)
}

// Whatever the lines are like, the console shows all of them, and no more than a
// window, or a line, is kept here.
func TestFeed(t *testing.T) {
	for name, line := range map[string]int{"short": 30, "longer than a read": 100 << 10, "longer than a window": 3 * window, "as long as a window": -1} {
		t.Run(name, func(t *testing.T) {
			var out slow
			c := console.New(console.Config{Out: &out, Workers: 2})
			done := make(chan int, 2)
			var texts [2][]byte
			for rank := range texts {
				var b bytes.Buffer
				for b.Len() < 3<<20 {
					n := window - 1
					if line > 0 {
						n = rand.IntN(line)
					}
					b.WriteString(strings.Repeat("x", n) + "\n")
				}
				texts[rank] = b.Bytes()
				go func() {
					most := 0
					pour(c, false, rank, texts[rank], &most)
					done <- most
				}()
			}
			for range texts {
				if most := <-done; most > max(2*window, 4*line) {
					t.Errorf("%d bytes were kept", most)
				}
			}
			if st := c.Finish(t.Context()); st.Unshown != 0 {
				t.Errorf("%+v", st)
			}
			var got [2]bytes.Buffer
			for l := range bytes.Lines(out.Bytes()) {
				got[l[1]-'0'].Write(l[4:])
			}
			for rank := range texts {
				if !bytes.Equal(got[rank].Bytes(), texts[rank]) {
					t.Errorf("rank %d: %d bytes came, of %d", rank, got[rank].Len(), len(texts[rank]))
				}
			}
		})
	}
}

// One worker's bytes go through as they are, with no line end at all.
func TestFeedExact(t *testing.T) {
	var out slow
	c := console.New(console.Config{Out: &out, Workers: 1})
	text := bytes.Repeat([]byte{0, 1, 2, 3, 254}, 1<<20)
	most := 0
	pour(c, true, 0, text, &most)
	c.Finish(t.Context())
	if !bytes.Equal(out.Bytes(), text) || most > 2*window {
		t.Errorf("%d bytes, of %d; %d were kept", out.Len(), len(text), most)
	}
}

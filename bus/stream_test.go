package bus_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluicerun/sluice/bus"
)

// noise is n bytes that its seed tells.
func noise(seed byte, n int64) io.Reader {
	return io.LimitReader(rand.NewChaCha8([32]byte{seed}), n)
}

func sum(t *testing.T, r io.Reader) string {
	h := sha256.New()
	n, err := io.Copy(h, r)
	if err != nil {
		t.Error(err)
	}
	return fmt.Sprintf("%d bytes, %x", n, h.Sum(nil))
}

func closeWrite(c net.Conn) error { return c.(interface{ CloseWrite() error }).CloseWrite() }

// pair is a stream between a and b, and stops what listens with the test.
func pair(t testing.TB, a, b bus.Bus) (dialed, accepted net.Conn) {
	t.Helper()
	conns := make(chan net.Conn, 1)
	stop, err := bus.Listen(b, "x", func(c net.Conn) { conns <- c })
	if err != nil {
		t.Fatal(err)
	}
	dialed, err = bus.Dial(context.Background(), a, "x")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		dialed.Close()
		stop()
	})
	return dialed, <-conns
}

func TestStreamLarge(t *testing.T) {
	const size = 64 << 20
	l := bus.NewLocal()
	a, b := pair(t, connect(t, l, "a"), connect(t, l, "b"))
	var wg sync.WaitGroup
	for i, c := range []net.Conn{a, b} {
		wg.Go(func() {
			if _, err := io.Copy(c, noise(byte(i), size)); err != nil {
				t.Error(err)
			}
			if err := closeWrite(c); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if got, want := sum(t, c), sum(t, noise(byte(1-i), size)); got != want {
				t.Errorf("read %s, not %s", got, want)
			}
		})
	}
	wg.Wait()
}

// TestStreamIsExactOrBreaks has streams on a bus that loses, doubles and delays
// messages: what is read is what was written, up to an error.
func TestStreamIsExactOrBreaks(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault func(*rand.Rand) bus.Fault
		whole bool // whether streams must survive
	}{
		{"duplicate", func(r *rand.Rand) bus.Fault { return bus.Fault{Duplicate: r.IntN(2) == 0} }, true},
		{"delay", func(r *rand.Rand) bus.Fault { return bus.Fault{Delay: 10 * time.Millisecond} }, true},
		{"drop", func(r *rand.Rand) bus.Fault { return bus.Fault{Drop: r.IntN(30) == 0} }, false},
		{"drop many", func(r *rand.Rand) bus.Fault { return bus.Fault{Drop: r.IntN(3) == 0} }, false},
		{"reorder", func(r *rand.Rand) bus.Fault {
			return bus.Fault{Delay: time.Duration(r.IntN(30)/29) * time.Millisecond}
		}, false},
		{"all", func(r *rand.Rand) bus.Fault {
			return bus.Fault{Drop: r.IntN(200) == 0, Duplicate: r.IntN(3) == 0, Delay: time.Duration(r.IntN(50)/49) * time.Second}
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			const streams = 10
			whole := 0
			for seed := range uint64(streams) {
				synctest.Test(t, func(t *testing.T) {
					if faulty(t, seed, c.fault) {
						whole++
					}
				})
			}
			t.Logf("%d of %d streams had all bytes", whole, streams)
			if c.whole != (whole == streams) {
				t.Errorf("%d of %d streams had all bytes", whole, streams)
			}
		})
	}
}

// faulty sends both ways under faults and tells whether all came.
func faulty(t *testing.T, seed uint64, fault func(*rand.Rand) bus.Fault) (whole bool) {
	l := bus.NewLocal()
	conns := make(chan net.Conn, 100)
	stop, err := bus.Listen(connect(t, l, "b"), "x", func(c net.Conn) { conns <- c })
	ok(t, err)
	defer stop()
	one := connect(t, l, "a")

	r := rand.New(rand.NewPCG(seed, 1))
	var mu sync.Mutex
	l.SetFaults(func(string, string, string) bus.Fault {
		mu.Lock()
		defer mu.Unlock()
		return fault(r)
	})
	a, err := bus.Dial(t.Context(), one, "x")
	if err != nil {
		is(t, err, context.DeadlineExceeded) // the answer was lost
		return false
	}
	defer a.Close()
	var b net.Conn
	select {
	case b = <-conns:
	case <-time.After(time.Minute): // the last word of the opening was lost
		_, err := a.Read(make([]byte, 1))
		is(t, err, bus.ErrBroken)
		return false
	}
	var wg sync.WaitGroup
	var data [2][]byte
	for i := range data {
		data[i], _ = io.ReadAll(noise(byte(seed)+byte(i), 1<<20))
	}
	var complete [2]bool
	for i, c := range []net.Conn{a, b} {
		wg.Go(func() {
			for rest := data[i]; len(rest) > 0; {
				n, err := c.Write(rest[:min(len(rest), 50_000)])
				if err != nil {
					if !errors.Is(err, bus.ErrBroken) {
						t.Error(err)
					}
					return
				}
				rest = rest[n:]
			}
			_ = closeWrite(c)
		})
		wg.Go(func() {
			got, err := io.ReadAll(c)
			if err != nil && !errors.Is(err, bus.ErrBroken) {
				t.Error(err)
			}
			if want := data[1-i]; !bytes.HasPrefix(want, got) || err == nil && len(got) != len(want) {
				t.Errorf("seed %d: %d bytes were read that are not those that were written, error %v", seed, len(got), err)
			}
			complete[i] = err == nil
		})
	}
	wg.Wait()
	ok(t, errors.Join(ignore(a.Close()), ignore(b.Close())))
	return complete[0] && complete[1]
}

// ignore is for errors that a stream that breaks has.
func ignore(err error) error {
	if errors.Is(err, bus.ErrBroken) {
		return nil
	}
	return err
}

// TestStreamLastFrameLost loses bytes that no others follow.
func TestStreamLastFrameLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := bus.NewLocal()
		a, b := pair(t, connect(t, l, "a"), connect(t, l, "b"))
		l.SetFaults(func(string, string, string) bus.Fault { return bus.Fault{Drop: true} })
		_, err := a.Write([]byte("lost"))
		ok(t, err)
		l.SetFaults(nil)
		for _, c := range []net.Conn{b, a} {
			_, err = c.Read(make([]byte, 1))
			is(t, err, bus.ErrBroken)
		}
	})
}

// TestStreamWindowLost loses what lets a writer go on.
func TestStreamWindowLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := bus.NewLocal()
		a, b := pair(t, connect(t, l, "a"), connect(t, l, "b"))
		_, err := a.Write(make([]byte, 256<<10))
		ok(t, err)
		l.SetFaults(func(from, _, _ string) bus.Fault { return bus.Fault{Drop: from == "b"} })
		_, err = io.ReadFull(b, make([]byte, 256<<10))
		ok(t, err)
		l.SetFaults(nil)
		_, err = a.Write(make([]byte, 256<<10))
		ok(t, err)
	})
}

func TestStreamPeerKilled(t *testing.T) {
	for _, victim := range []string{"a", "b"} {
		synctest.Test(t, func(t *testing.T) {
			l := bus.NewLocal()
			a, b := pair(t, connect(t, l, "a"), connect(t, l, "b"))
			live, died := a, b
			if victim == "a" {
				live, died = b, a
			}
			_, err := died.Write([]byte("last words"))
			ok(t, err)
			start := time.Now()
			l.Kill(victim)
			got, err := io.ReadAll(live)
			is(t, err, bus.ErrBroken)
			if string(got) != "last words" || time.Since(start) > 5*time.Second {
				t.Errorf("read %q in %v", got, time.Since(start))
			}
			_, err = live.Write([]byte("x"))
			is(t, err, bus.ErrBroken)
			_, err = died.Write([]byte("x"))
			is(t, err, bus.ErrBroken)
			_, err = died.Read(make([]byte, 1))
			is(t, err, bus.ErrBroken)
		})
	}
}

// TestStreamLinkCut cuts the network for a short and for a long time.
func TestStreamLinkCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := bus.NewLocal()
		a, b := pair(t, connect(t, l, "a"), connect(t, l, "b"))
		l.Cut("b", true)
		time.Sleep(7 * time.Second)
		l.Cut("b", false)
		for _, c := range []net.Conn{a, b} { // as good as before
			_, err := c.Write([]byte("x"))
			ok(t, err)
		}
		for _, c := range []net.Conn{a, b} {
			_, err := io.ReadFull(c, make([]byte, 1))
			ok(t, err)
		}
		l.Cut("b", true)
		var wg sync.WaitGroup
		for _, c := range []net.Conn{a, b} {
			wg.Go(func() {
				start := time.Now()
				_, err := c.Read(make([]byte, 1))
				if took := time.Since(start); !errors.Is(err, bus.ErrBroken) || took > 20*time.Second {
					t.Errorf("read error %v after %v", err, took)
				}
			})
		}
		wg.Wait()
	})
}

func TestStreamWriteThroughCutLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := bus.NewLocal()
		a, b := pair(t, connect(t, l, "a"), connect(t, l, "b"))
		l.Cut("a", true)
		_, err := a.Write([]byte("x"))
		is(t, err, bus.ErrBroken)
		for _, part := range []string{"write bus x.s.", "->x: the stream broke: publishing on x.s.", ": the link is down"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q is not in: %v", part, err)
			}
		}
		l.Cut("a", false)
		_, err = b.Read(make([]byte, 1))
		is(t, err, bus.ErrBroken)
	})
}

// TestStreamReaderOfMuch has a reader far behind a writer that closes: nothing is
// lost, however late the reader comes.
func TestStreamReaderOfMuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := bus.NewLocal()
		a, b := pair(t, connect(t, l, "a"), connect(t, l, "b"))
		want, _ := io.ReadAll(noise(1, 200_000))
		for rest := want; len(rest) > 0; rest = rest[1000:] {
			_, err := a.Write(rest[:1000])
			ok(t, err)
		}
		ok(t, a.Close())
		l.Kill("a")
		time.Sleep(time.Minute)
		got, err := io.ReadAll(b)
		if ok(t, err); !bytes.Equal(got, want) {
			t.Errorf("%d bytes were read, not what was written", len(got))
		}
		_, err = b.Write([]byte("x"))
		is(t, err, bus.ErrBroken)
	})
}

func TestStreamCloseEndsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := bus.NewLocal()
		a, b := pair(t, connect(t, l, "a"), connect(t, l, "b"))
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				_, err := a.Read(make([]byte, 1))
				if !errors.Is(err, net.ErrClosed) {
					t.Error(err)
				}
			})
			wg.Go(func() {
				_, err := a.Write(make([]byte, 1<<20)) // b does not read
				if !errors.Is(err, net.ErrClosed) {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		ok(t, a.Close())
		ok(t, a.Close())
		wg.Wait()
		is(t, a.SetDeadline(time.Time{}), net.ErrClosed)
		is(t, closeWrite(a), net.ErrClosed)
		if got, err := io.ReadAll(b); err != nil || len(got) != 256<<10 {
			t.Errorf("%d bytes came, %v", len(got), err)
		}
	})
}

// TestDialEnds has a Dial that gives up: its other end is never handed out.
func TestDialEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := bus.NewLocal()
		a, b := connect(t, l, "a"), connect(t, l, "b")
		stop, err := bus.Listen(b, "x", func(net.Conn) { t.Error("a stream was handed out") })
		ok(t, err)
		defer stop()
		l.SetFaults(func(from, _, _ string) bus.Fault { return bus.Fault{Drop: from == "b"} })
		_, err = bus.Dial(within(t, time.Second), a, "x")
		is(t, err, context.DeadlineExceeded)
		_, err = bus.Dial(t.Context(), a, "x") // has a bound of its own
		is(t, err, context.DeadlineExceeded)
		l.SetFaults(nil)
		time.Sleep(time.Minute)
		_, err = a.Call(t.Context(), "x", []byte("\x07rubbish"))
		ok(t, err)
		ok(t, a.Publish("x", nil))
	})
}

// TestDialOtherVersion dials one who speaks a version that is not yet.
func TestDialOtherVersion(t *testing.T) {
	l := bus.NewLocal()
	a, b := connect(t, l, "a"), connect(t, l, "b")
	serve(t, b, "x", func(m bus.Message) { _ = m.Answer([]byte{7}) })
	if _, err := bus.Dial(t.Context(), a, "x"); err == nil || !strings.Contains(err.Error(), "version 7") {
		t.Errorf("dialed another version: %v", err)
	}
}

func BenchmarkStream(b *testing.B) {
	for _, size := range []int{512, 32 << 10, 1 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			l := bus.NewLocal()
			one, two := l.Connect("a"), l.Connect("b")
			b.Cleanup(func() { one.Close(); two.Close() })
			from, to := pair(b, one, two)
			read := make(chan error, 1)
			go func() {
				_, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, to, make([]byte, 128<<10))
				read <- err
			}()
			data := make([]byte, size)
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, err := from.Write(data); err != nil {
					b.Fatal(err)
				}
			}
			from.Close()
			if err := <-read; err != nil {
				b.Fatal(err)
			}
		})
	}
}

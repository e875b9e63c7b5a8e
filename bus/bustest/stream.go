package bustest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluicerun/sluice/bus"
)

// halfCloser is what the conns of streams are.
type halfCloser interface {
	net.Conn
	CloseWrite() error
}

// listen hands streams to handle until the test ends, and closes them.
func (s *suite) listen(b bus.Bus, subject string, handle func(halfCloser)) (stop func()) {
	s.Helper()
	stop, err := bus.Listen(b, subject, func(c net.Conn) {
		defer c.Close()
		handle(c.(halfCloser))
	})
	s.ok(err)
	stop = sync.OnceFunc(stop)
	s.Cleanup(stop)
	return stop
}

func (s *suite) dial(b bus.Bus, subject string) halfCloser {
	s.Helper()
	c, err := bus.Dial(s.ctx, b, subject)
	s.ok(err)
	s.Cleanup(func() { c.Close() })
	deadline, _ := s.ctx.Deadline()
	s.ok(c.SetDeadline(deadline))
	return c.(halfCloser)
}

// noise is n bytes that its seed tells.
func noise(seed uint64, n int64) io.Reader {
	return io.LimitReader(rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}), n)
}

func sum(r io.Reader) (string, error) {
	h := sha256.New()
	n, err := io.Copy(h, r)
	return fmt.Sprintf("%d bytes, %x", n, h.Sum(nil)), err
}

// exchange sends n bytes of noise and reads as many of the other side's.
func exchange(c halfCloser, mine, theirs uint64, n int64) error {
	sent := make(chan error, 1)
	go func() {
		_, err := io.CopyBuffer(struct{ io.Writer }{c}, noise(mine, n), make([]byte, 100_000))
		sent <- errors.Join(err, c.CloseWrite())
	}()
	got, err := sum(c)
	want, _ := sum(noise(theirs, n))
	if err == nil && got != want {
		err = fmt.Errorf("read %s, not %s", got, want)
	}
	return errors.Join(err, <-sent)
}

func streamBothWays(s *suite) {
	const size = 8 << 20
	one, two := s.connect("one"), s.connect("two")
	ended := make(chan error, 1)
	s.listen(two, "sluice.test.stream", func(c halfCloser) { ended <- exchange(c, 2, 1, size) })
	c := s.dial(one, "sluice.test.stream")
	s.ok(exchange(c, 1, 2, size))
	s.ok(wait(s, ended, "the end of the stream"))
	if c.RemoteAddr().Network() != "bus" || c.RemoteAddr().String() != "sluice.test.stream" || c.LocalAddr().String() == "" {
		s.Errorf("addresses %v and %v", c.LocalAddr(), c.RemoteAddr())
	}
	s.ok(c.Close())
	_, err := c.Write([]byte("x"))
	s.is(err, net.ErrClosed)
	_, err = c.Read(make([]byte, 1))
	s.is(err, net.ErrClosed)
}

func streamNobody(s *suite) {
	one, two := s.connect("one"), s.connect("two")
	_, err := bus.Dial(s.ctx, one, "sluice.test.stream")
	s.is(err, bus.ErrNobody)
	stop := s.listen(two, "sluice.test.stream", func(halfCloser) {})
	s.dial(one, "sluice.test.stream")
	stop()
	s.nobody(one, "sluice.test.stream")
	_, err = bus.Dial(s.ctx, one, "sluice.test.stream")
	s.is(err, bus.ErrNobody)
	// Who serves no streams there answers something else, or nothing.
	s.serve(two, "sluice.test.echo", echo)
	if _, err = bus.Dial(s.ctx, one, "sluice.test.echo"); err == nil {
		s.Error("dialed what is no stream")
	}
	s.serve(two, "sluice.test.silent", func(bus.Message) {})
	ctx, cancel := context.WithTimeout(s.ctx, 20*time.Millisecond)
	defer cancel()
	_, err = bus.Dial(ctx, one, "sluice.test.silent")
	s.is(err, context.DeadlineExceeded)
}

func streamHalfClose(s *suite) {
	one, two := s.connect("one"), s.connect("two")
	s.listen(two, "sluice.test.stream", func(c halfCloser) {
		got, err := io.ReadAll(c) // up to the end that the dialer tells
		if err != nil {
			s.Error(err)
		}
		fmt.Fprintf(c, "%d bytes", len(got))
	})
	c := s.dial(one, "sluice.test.stream")
	for range 3 {
		_, err := c.Write(make([]byte, 100_000))
		s.ok(err)
	}
	s.ok(c.CloseWrite())
	s.ok(c.CloseWrite())
	_, err := c.Write([]byte("x"))
	s.is(err, io.ErrClosedPipe)
	got, err := io.ReadAll(c)
	if s.ok(err); string(got) != "300000 bytes" {
		s.Fatalf("answer %q", got)
	}
	// It is the same when the other end is gone as well.
	_, err = c.Write([]byte("x"))
	s.is(err, io.ErrClosedPipe)
	s.ok(c.CloseWrite())
}

// streamSlowReader has a writer whose reader reads nothing for a while, beside
// one that is read.
func streamSlowReader(s *suite) {
	one, two := s.connect("one"), s.connect("two")
	read := make(chan bool)
	ended := make(chan error, 3)
	s.listen(two, "sluice.test.slow", func(c halfCloser) {
		<-read
		ended <- exchange(c, 2, 1, 3<<20)
	})
	s.listen(two, "sluice.test.quick", func(c halfCloser) { ended <- exchange(c, 2, 1, 3<<20) })
	var written atomic.Int64
	slow := s.dial(one, "sluice.test.slow")
	go func() {
		_, err := io.Copy(slow, io.TeeReader(noise(1, 3<<20), counter{&written}))
		ended <- errors.Join(err, slow.CloseWrite())
	}()
	s.ok(exchange(s.dial(one, "sluice.test.quick"), 1, 2, 3<<20))
	if n := written.Load(); n > 1<<20+64<<10 {
		s.Errorf("%d bytes were taken from the writer of a reader that does not read", n)
	}
	close(read)
	got, err := sum(slow)
	s.ok(err)
	if want, _ := sum(noise(2, 3<<20)); got != want {
		s.Errorf("read %s, not %s", got, want)
	}
	for range cap(ended) {
		s.ok(wait(s, ended, "the end of a stream"))
	}
}

// counter adds up what is written to it.
type counter struct{ n *atomic.Int64 }

func (c counter) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return len(p), nil
}

func streamMany(s *suite) {
	const streams, size = 64, 100_000
	one, two := s.connect("one"), s.connect("two")
	s.listen(two, "sluice.test.stream", func(c halfCloser) {
		// Short writes and large ones.
		if _, err := io.CopyBuffer(struct{ io.Writer }{c}, struct{ io.Reader }{c}, make([]byte, 777)); err != nil {
			s.Error(err)
		}
	})
	var wg sync.WaitGroup
	for i := range uint64(streams) {
		wg.Go(func() {
			c, err := bus.Dial(s.ctx, one, "sluice.test.stream")
			if err != nil {
				s.Error(err)
				return
			}
			defer c.Close()
			if err := exchange(c.(halfCloser), i, i, size); err != nil {
				s.Error(err)
			}
		})
	}
	wg.Wait()
}

func streamDeadlines(s *suite) {
	one, two := s.connect("one"), s.connect("two")
	s.listen(two, "sluice.test.stream", func(c halfCloser) {
		b := make([]byte, 1)
		_, _ = c.Read(b)
		_, _ = c.Write(b)
		<-s.ctx.Done()
	})
	c := s.dial(one, "sluice.test.stream")
	soon := func() time.Time { return time.Now().Add(20 * time.Millisecond) }
	s.ok(c.SetReadDeadline(soon()))
	_, err := c.Read(make([]byte, 1))
	s.timeout(err)
	_, err = c.Read(make([]byte, 1)) // until it is set anew
	s.timeout(err)
	s.ok(c.SetWriteDeadline(soon()))
	n, err := c.Write(make([]byte, 2<<20))
	s.timeout(err)
	if n < 64<<10 || n > 1<<20+1 {
		s.Errorf("%d bytes were written to a reader that does not read", n)
	}
	s.ok(c.SetDeadline(time.Time{}))
	_, err = io.ReadFull(c, make([]byte, 1))
	s.ok(err)
	// A deadline that is set while a Read waits.
	ended := make(chan error, 1)
	go func() {
		_, err := c.Read(make([]byte, 1))
		ended <- err
	}()
	time.Sleep(20 * time.Millisecond)
	s.ok(c.SetReadDeadline(time.Now()))
	s.timeout(wait(s, ended, "the end of the read"))
}

func (s *suite) timeout(err error) {
	s.Helper()
	s.is(err, os.ErrDeadlineExceeded)
	if e := net.Error(nil); !errors.As(err, &e) || !e.Timeout() {
		s.Fatalf("%v is no timeout", err)
	}
}

func streamListenerStops(s *suite) {
	one, two := s.connect("one"), s.connect("two")
	var running atomic.Int32
	stop := s.listen(two, "sluice.test.stream", func(c halfCloser) {
		running.Add(1)
		defer running.Add(-1)
		_, _ = c.Write([]byte("x"))
		_, _ = io.Copy(io.Discard, c)
	})
	var conns []halfCloser
	for range 3 {
		c := s.dial(one, "sluice.test.stream")
		_, err := io.ReadFull(c, make([]byte, 1))
		s.ok(err)
		conns = append(conns, c)
	}
	stop()
	if n := running.Load(); n != 0 {
		s.Errorf("%d handlers run after stop", n)
	}
	for _, c := range conns {
		if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			s.Errorf("read %d bytes, %v", n, err)
		}
		for { // until the word is here
			if _, err := c.Write([]byte("x")); err != nil {
				s.is(err, bus.ErrBroken)
				break
			}
		}
	}
}

// streamSeveralListeners checks that one of them has the stream.
func streamSeveralListeners(s *suite) {
	one := s.connect("one")
	ended := make(chan error, 100)
	for i := range 3 {
		s.listen(s.connect(fmt.Sprint("server", i)), "sluice.test.stream", func(c halfCloser) {
			ended <- exchange(c, 2, 1, 1<<20)
		})
	}
	for range 5 {
		s.ok(exchange(s.dial(one, "sluice.test.stream"), 1, 2, 1<<20))
		s.ok(wait(s, ended, "the end of the stream"))
	}
	if n := len(ended); n != 0 {
		s.Errorf("5 streams were handled %d times more", n)
	}
}

// streamPeerGone has the connection of the other end closed: that the stream is
// over must not need a Write to be noticed.
func streamPeerGone(s *suite) {
	one, two := s.connect("one"), s.connect("two")
	ended := make(chan error, 1)
	s.listen(two, "sluice.test.stream", func(c halfCloser) {
		_, _ = c.Write([]byte("hello"))
		_, err := c.Read(make([]byte, 1))
		ended <- err
	})
	c := s.dial(one, "sluice.test.stream")
	_, err := io.ReadFull(c, make([]byte, 1))
	s.ok(err)
	s.ok(two.Close())
	got, err := io.ReadAll(c)
	s.is(err, bus.ErrBroken)
	if string(got) != "ello" {
		s.Errorf("read %q before the end", got)
	}
	s.is(wait(s, ended, "the end at the closed connection"), bus.ErrBroken)
}

package bustest

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/sluicerun/sluice/bus"
)

func serveIsSerial(s *suite) {
	sender, server := s.connect("sender"), s.connect("server")
	var running, heard atomic.Int32
	s.serve(server, "sluice.test.a", func(bus.Message) {
		if running.Add(1) > 1 {
			s.Error("two handlers of one Serve run at once")
		}
		time.Sleep(100 * time.Microsecond)
		running.Add(-1)
		heard.Add(1)
	})
	for range 100 {
		s.ok(sender.Publish("sluice.test.a", nil))
	}
	for heard.Load() < 100 {
		if s.ctx.Err() != nil {
			s.Fatalf("%d of 100 came", heard.Load())
		}
		time.Sleep(time.Millisecond)
	}
}

func stopWaits(s *suite) {
	sender, server := s.connect("sender"), s.connect("server")
	entered, leave := make(chan bool, 10), make(chan bool)
	var stopped atomic.Bool
	stop := s.serve(server, "sluice.test.a", func(bus.Message) {
		if stopped.Load() {
			s.Error("the handler ran after stop")
		}
		entered <- true
		<-leave
	})
	for range 3 { // one is handled, the others wait
		s.ok(sender.Publish("sluice.test.a", nil))
	}
	s.ok(sender.Flush(s.ctx))
	wait(s, entered, "the message")
	returned := make(chan bool)
	go func() {
		stop()
		stopped.Store(true)
		close(returned)
	}()
	select {
	case <-returned:
		s.Error("stop did not wait for the handler")
	case <-time.After(50 * time.Millisecond):
	}
	close(leave)
	wait(s, returned, "the end of stop")
	s.ok(sender.Publish("sluice.test.a", nil))
	s.ok(sender.Flush(s.ctx))
	time.Sleep(20 * time.Millisecond) // for a handler that must not run
}

func stopIsForOne(s *suite) {
	sender, server := s.connect("sender"), s.connect("server")
	stop := s.serve(server, "sluice.test.a", func(bus.Message) {})
	heard := s.collect(server, "sluice.test.a")
	stop()
	s.ok(sender.Publish("sluice.test.a", []byte("x")))
	s.next(heard)
}

func flush(s *suite) {
	sender, server := s.connect("sender"), s.connect("server")
	heard := s.collect(server, "sluice.test.a")
	for i := range 100 {
		s.ok(sender.Publish("sluice.test.a", count(i)))
	}
	s.ok(sender.Flush(s.ctx))
	s.ok(sender.Close()) // loses nothing of that
	for range 100 {
		s.next(heard)
	}
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	s.is(server.Flush(ctx), context.Canceled)
}

func link(s *suite) {
	before := time.Now()
	b := s.connect("one")
	if l := b.Link(); !l.Up || l.Refused || l.Err != nil || l.Since.Before(before) || l.Since.After(time.Now()) {
		s.Errorf("a new link: %+v", l)
	}
	s.ok(b.Close())
	if l := b.Link(); l.Up || l.Err == nil || l.Since.Before(before) {
		s.Errorf("a closed link: %+v", l)
	}
}

// closeEndsCalls has a call under way that nobody answers.
func closeEndsCalls(s *suite) {
	caller, server := s.connect("caller"), s.connect("server")
	heard := s.collect(server, "sluice.test.a")
	ended := make(chan error, 1)
	go func() {
		_, err := caller.Call(s.ctx, "sluice.test.a", nil)
		ended <- err
	}()
	s.next(heard)
	s.ok(caller.Close())
	s.is(wait(s, ended, "the end of the call"), bus.ErrClosed)
}

// closeWaits has a handler and a call under way that end soon.
func closeWaits(s *suite) {
	one, two := s.connect("one"), s.connect("two")
	entered := make(chan bool, 2)
	slow := func(m bus.Message) {
		entered <- true
		time.Sleep(50 * time.Millisecond)
		echo(m)
	}
	s.serve(one, "sluice.test.one", slow)
	s.serve(two, "sluice.test.two", slow)
	ended := make(chan error, 2)
	go func() {
		_, err := two.Call(s.ctx, "sluice.test.one", nil)
		ended <- err
	}()
	go func() {
		_, err := one.Call(s.ctx, "sluice.test.two", nil)
		ended <- err
	}()
	for range 2 {
		wait(s, entered, "the call")
	}
	s.ok(one.Close())
	for range 2 {
		s.ok(wait(s, ended, "the end of the call"))
	}
}

func closeEndsAll(s *suite) {
	b := s.connect("one")
	stop := s.serve(b, "sluice.test.a", echo)
	s.ok(b.Close())
	s.is(b.Publish("sluice.test.a", nil), bus.ErrClosed)
	_, err := b.Call(s.ctx, "sluice.test.a", nil)
	s.is(err, bus.ErrClosed)
	_, err = b.Serve("sluice.test.a", echo)
	s.is(err, bus.ErrClosed)
	s.is(b.Flush(s.ctx), bus.ErrClosed)
	_ = b.Close()
	stop()
	_, err = bus.Dial(s.ctx, b, "sluice.test.a")
	s.is(err, bus.ErrClosed)
	_, err = bus.Listen(b, "sluice.test.a", nil)
	s.is(err, bus.ErrClosed)
}

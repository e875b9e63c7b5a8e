package bustest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluicerun/sluice/bus"
)

func callAnswer(s *suite) {
	caller, server := s.connect("caller"), s.connect("server")
	s.serve(server, "sluice.test.echo.*", func(m bus.Message) {
		if !m.Call() {
			s.Error("the message is no call")
		}
		if err := m.Answer(append([]byte(m.Subject+" "), m.Data...)); err != nil {
			s.Error(err)
		}
	})
	data := []byte("hello")
	got, err := caller.Call(s.ctx, "sluice.test.echo.a", data)
	if s.ok(err); string(got) != "sluice.test.echo.a hello" {
		s.Fatalf("answer %q", got)
	}
}

func callNobody(s *suite) {
	caller, server := s.connect("caller"), s.connect("server")
	_, err := caller.Call(s.ctx, "sluice.test.a", nil)
	s.is(err, bus.ErrNobody)
	stop := s.serve(server, "sluice.test.a", echo)
	_, err = caller.Call(s.ctx, "sluice.test.a", nil)
	s.ok(err)
	_, err = caller.Call(s.ctx, "sluice.test.b", nil)
	s.is(err, bus.ErrNobody)
	stop()
	s.nobody(caller, "sluice.test.a")
	s.serve(server, "sluice.test.a", echo)
	s.ok(server.Close())
	s.nobody(caller, "sluice.test.a")
}

// nobody waits until nobody serves the subject any more: in a cluster the word
// of it takes its time.
func (s *suite) nobody(caller bus.Bus, subject string) {
	s.Helper()
	for {
		ctx, cancel := context.WithTimeout(s.ctx, time.Second)
		_, err := caller.Call(ctx, subject, nil)
		ended := ctx.Err() != nil
		cancel()
		if err != nil && !ended {
			s.is(err, bus.ErrNobody)
			return
		}
		if s.ctx.Err() != nil {
			s.Fatalf("somebody still serves %s", subject)
		}
	}
}

func callContext(s *suite) {
	caller, server := s.connect("caller"), s.connect("server")
	came := make(chan bus.Message, 2)
	s.serve(server, "sluice.test.silent", func(m bus.Message) { came <- m })
	ctx, cancel := context.WithCancel(s.ctx)
	ended := make(chan error, 1)
	go func() {
		_, err := caller.Call(ctx, "sluice.test.silent", nil)
		ended <- err
	}()
	m := wait(s, came, "the call")
	cancel()
	s.is(wait(s, ended, "the end of the call"), context.Canceled)
	_ = m.Answer([]byte("too late")) // and of no consequence

	ctx, cancel = context.WithTimeout(s.ctx, 20*time.Millisecond)
	defer cancel()
	_, err := caller.Call(ctx, "sluice.test.silent", nil)
	s.is(err, context.DeadlineExceeded)
}

func callEndedContext(s *suite) {
	caller, server := s.connect("caller"), s.connect("server")
	s.serve(server, "sluice.test.echo", echo)
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	_, err := caller.Call(ctx, "sluice.test.echo", nil)
	s.is(err, context.Canceled)
}

func callHasOneAnswer(s *suite) {
	caller := s.connect("caller")
	var heard atomic.Int32
	for i := range 3 {
		s.serve(s.connect(fmt.Sprint("server", i)), "sluice.test.a", func(m bus.Message) {
			heard.Add(1)
			echo(m)
		})
	}
	for i := range 20 {
		got, err := caller.Call(s.ctx, "sluice.test.a", count(i))
		if s.ok(err); string(got) != string(count(i)) {
			s.Fatalf("call %d has the answer %q", i, got)
		}
	}
	for heard.Load() < 60 {
		if s.ctx.Err() != nil {
			s.Fatalf("the three heard %d calls of 20", heard.Load())
		}
		time.Sleep(time.Millisecond)
	}
}

func answerLater(s *suite) {
	caller, server := s.connect("caller"), s.connect("server")
	var wg sync.WaitGroup
	defer wg.Wait()
	held := make(chan bus.Message, 10)
	s.serve(server, "sluice.test.a", func(m bus.Message) { held <- m })
	var answers [10]string
	for i := range answers {
		wg.Go(func() {
			got, err := caller.Call(s.ctx, "sluice.test.a", count(i))
			if err != nil {
				s.Error(err)
			}
			answers[i] = string(got)
		})
	}
	var all []bus.Message
	for range answers {
		all = append(all, wait(s, held, "a call"))
	}
	for i := len(all) - 1; i >= 0; i-- { // the last first
		s.ok(all[i].Answer(all[i].Data))
	}
	wg.Wait()
	for i, got := range answers {
		if got != string(count(i)) {
			s.Errorf("call %d has the answer %q", i, got)
		}
	}
}

func answerToPublication(s *suite) {
	sender, server := s.connect("sender"), s.connect("server")
	heard := s.collect(server, "sluice.test.a")
	s.ok(sender.Publish("sluice.test.a", nil))
	s.ok(s.next(heard).Answer([]byte("to nobody")))
}

// handlerCalls has a chain of handlers that call each other through connections
// that are all busy with a handler.
func handlerCalls(s *suite) {
	const n = 5
	var all []bus.Bus
	for i := range n {
		all = append(all, s.connect(fmt.Sprint("server", i)))
	}
	for i, b := range all {
		s.serve(b, fmt.Sprintf("sluice.test.%d", i), func(m bus.Message) {
			if i == 0 {
				echo(m)
				return
			}
			got, err := b.Call(s.ctx, fmt.Sprintf("sluice.test.%d", i-1), m.Data)
			if err != nil {
				s.Error(err)
			}
			_ = m.Answer(append(got, '.'))
		})
	}
	// The same connection calls, serves and is called.
	got, err := all[0].Call(s.ctx, fmt.Sprintf("sluice.test.%d", n-1), []byte("x"))
	if s.ok(err); string(got) != "x...." {
		s.Fatalf("answer %q", got)
	}
}

func manyGoroutines(s *suite) {
	one, two := s.connect("one"), s.connect("two")
	for _, b := range []bus.Bus{one, two} {
		s.serve(b, "sluice.test.echo.>", func(m bus.Message) { go echo(m) })
	}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			b := []bus.Bus{one, two}[i%2]
			for n := range 50 {
				want := fmt.Sprint(i, " ", n)
				got, err := b.Call(s.ctx, fmt.Sprintf("sluice.test.echo.%d", i), []byte(want))
				if err != nil || string(got) != want {
					s.Errorf("answer %q, %v", got, err)
					return
				}
				heard := make(chan bus.Message, 1)
				stop, err := b.Serve(fmt.Sprintf("sluice.test.own.%d", i), func(m bus.Message) { heard <- m })
				if err != nil {
					s.Error(err)
					return
				}
				if err := b.Publish(fmt.Sprintf("sluice.test.own.%d", i), []byte(want)); err != nil {
					s.Error(err)
				} else {
					select {
					case <-heard:
					case <-s.ctx.Done():
						s.Error("a publication did not come")
					}
				}
				stop()
				b.Link()
			}
		})
	}
	wg.Wait()
}

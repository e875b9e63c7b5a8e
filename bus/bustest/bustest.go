// Package bustest is the conformance suite of bus.Bus and of the streams over it.
//
//	func TestConformance(t *testing.T) {
//		bustest.Run(t, func(t *testing.T) func(name string) bus.Bus {
//			server := serve(t)
//			return func(name string) bus.Bus { return dial(t, server, name) }
//		})
//	}
package bustest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/sluicerun/sluice/bus"
)

// Run checks every promise of the interface. open makes an empty bus and returns
// what connects to it; the suite closes the connections. It is called once for
// each subtest. Subjects are below "sluice.test".
func Run(t *testing.T, open func(t *testing.T) func(name string) bus.Bus) {
	for _, c := range []struct {
		name string
		run  func(*suite)
	}{
		{"PublishReachesAll", publishReachesAll},
		{"PublishToNobody", publishToNobody},
		{"PublishCopies", publishCopies},
		{"HearsItself", hearsItself},
		{"Order", order},
		{"OrderOfCalls", orderOfCalls},
		{"Wildcards", wildcards},
		{"BadSubjects", badSubjects},
		{"Sizes", sizes},
		{"TooLarge", tooLarge},
		{"CallAnswer", callAnswer},
		{"CallNobody", callNobody},
		{"CallContext", callContext},
		{"CallEndedContext", callEndedContext},
		{"CallHasOneAnswer", callHasOneAnswer},
		{"AnswerLater", answerLater},
		{"AnswerToPublication", answerToPublication},
		{"HandlerCalls", handlerCalls},
		{"ServeIsSerial", serveIsSerial},
		{"StopWaits", stopWaits},
		{"StopIsForOne", stopIsForOne},
		{"ManyGoroutines", manyGoroutines},
		{"Flush", flush},
		{"Link", link},
		{"CloseEndsCalls", closeEndsCalls},
		{"CloseWaits", closeWaits},
		{"CloseEndsAll", closeEndsAll},
		{"StreamBothWays", streamBothWays},
		{"StreamNobody", streamNobody},
		{"StreamHalfClose", streamHalfClose},
		{"StreamSlowReader", streamSlowReader},
		{"StreamMany", streamMany},
		{"StreamDeadlines", streamDeadlines},
		{"StreamListenerStops", streamListenerStops},
		{"StreamSeveralListeners", streamSeveralListeners},
		{"StreamPeerGone", streamPeerGone},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			c.run(&suite{T: t, ctx: ctx, open: open(t)})
		})
	}
}

// suite is one subtest: a bus, and a bound for everything that could hang.
type suite struct {
	*testing.T
	ctx  context.Context
	open func(name string) bus.Bus
}

// connect opens one more connection.
func (s *suite) connect(name string) bus.Bus {
	s.Helper()
	b := s.open(name)
	s.Cleanup(func() { _ = b.Close() })
	return b
}

func (s *suite) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// is checks an error and that it says something.
func (s *suite) is(err, want error) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Fatalf("error %v, want %v", err, want)
	}
}

// serve hears subject until the test ends.
func (s *suite) serve(b bus.Bus, subject string, handle func(bus.Message)) (stop func()) {
	s.Helper()
	stop, err := b.Serve(subject, handle)
	s.ok(err)
	return stop
}

// collect hears subject and passes on what it hears.
func (s *suite) collect(b bus.Bus, subject string) <-chan bus.Message {
	s.Helper()
	heard := make(chan bus.Message, 1<<16)
	s.serve(b, subject, func(m bus.Message) { heard <- m })
	return heard
}

// next is the next message that was heard.
func (s *suite) next(heard <-chan bus.Message) bus.Message {
	s.Helper()
	return wait(s, heard, "a message")
}

// wait receives from c.
func wait[T any](s *suite, c <-chan T, what string) T {
	s.Helper()
	select {
	case v := <-c:
		return v
	case <-s.ctx.Done():
		s.Fatalf("%s did not come", what)
	}
	panic("not reached")
}

// echo answers calls with what they brought.
func echo(m bus.Message) { _ = m.Answer(m.Data) }

// count is the data of the i-th message.
func count(i int) []byte { return fmt.Appendf(nil, "%d", i) }

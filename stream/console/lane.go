package console

import (
	"io"
	"sync/atomic"
	"time"
)

// lane is one place that output goes to. The merger fills one buffer while the
// lane's writer, the only goroutine that calls the sink, empties the other.
type lane struct {
	c    *Console
	name string // for events: stdout, stderr, or output for both
	sink Sink
	fd   *FDSink // the sink, if it is one
	tty  bool

	work   chan *outbuf
	result chan writeResult // room for one: the writer never waits for the merger
	gone   chan struct{}
	moved  atomic.Int64 // when the sink last took bytes, unix ns

	// Everything below belongs to the merger.

	fill, spare *outbuf // spare is nil while the writer has the other
	flying      *outbuf // the one the writer has
	closed      bool    // the sink is not written to any more
	lineStart   bool    // the last byte ended a line
	fullSince   time.Time
	slowTold    bool
	parked      []*Input // have data, wait for room

	// holder has an unfinished line on the screen; hard if the rest of it is in
	// the log already. waiting want to print; at breakAt a soft lock is broken.
	holder  *Input
	hard    bool
	waiting []*Input
	breakAt time.Time

	live  liveArea
	dedup dedup
}

type writeResult struct {
	n   int
	err error
}

func newLane(c *Console, name string, sink Sink, tty bool) *lane {
	l := &lane{
		c: c, name: name, sink: sink, tty: tty,
		work: make(chan *outbuf, 1), result: make(chan writeResult, 1), gone: make(chan struct{}),
		fill: &outbuf{}, spare: &outbuf{}, lineStart: true,
	}
	if fd, ok := sink.(*FDSink); ok {
		l.fd = fd
		fd.took = func(int) { l.touch() }
	}
	go l.write()
	return l
}

func (l *lane) touch() {
	now := time.Now().UnixNano()
	l.moved.Store(now)
	l.c.moved.Store(now)
}

// write is the writer's goroutine.
func (l *lane) write() {
	defer close(l.gone)
	for o := range l.work {
		n, err := l.writeAll(o.b)
		l.result <- writeResult{n, err}
		l.c.poke()
	}
}

func (l *lane) writeAll(p []byte) (n int, err error) {
	if l.fd != nil {
		return l.fd.Write(p)
	}
	for n < len(p) {
		part := p[n:min(n+portion, len(p))]
		k, err := l.sink.Write(part)
		n += max(0, min(k, len(part)))
		if k > 0 {
			l.touch()
		}
		if err != nil {
			return n, err
		}
		if k < len(part) {
			return n, io.ErrShortWrite
		}
	}
	return n, nil
}

func (l *lane) busy() bool { return l.flying != nil }
func (l *lane) idle() bool { return !l.busy() && l.fill.empty() }

// handOver gives the filled buffer to the writer if that has nothing to do.
func (l *lane) handOver() {
	if l.busy() || l.fill.empty() || l.closed {
		return
	}
	l.flying, l.fill, l.spare = l.fill, l.spare, nil
	l.work <- l.flying
}

// stop ends the writer, taking back what it had. stuck means it is in a write
// that cannot be interrupted; it ends when that returns.
func (l *lane) stop() (taken int, stuck bool) {
	close(l.work)
	if l.busy() {
		var r writeResult
		select {
		case r = <-l.result:
		default:
			if l.fd == nil {
				return 0, true
			}
			l.fd.interrupt()
			t := time.NewTimer(stuckWait)
			defer t.Stop()
			select {
			case r = <-l.result:
			case <-t.C:
				return 0, true
			}
		}
		taken = r.n
	}
	<-l.gone
	if l.fd != nil {
		l.fd.release()
	}
	return taken, false
}

package console

import (
	"bytes"
	"context"
	"io"
	"sync"
	"testing"

	"github.com/sluicerun/sluice/job"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memLog is a log in memory.
type memLog struct {
	mu sync.Mutex
	b  []byte
}

func (l *memLog) ReadAt(p []byte, off int64) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if off >= int64(len(l.b)) {
		return 0, io.EOF
	}
	n := copy(p, l.b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (l *memLog) Size() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int64(len(l.b))
}

// worker is one stream of a worker: what it says lands in the log and the
// console hears of it.
type worker struct {
	*Input
	log memLog
}

func (w *worker) say(s string) {
	w.log.mu.Lock()
	w.log.b = append(w.log.b, s...)
	w.log.mu.Unlock()
	w.Grew()
}

func add(c *Console, rank int, stream job.Stream) *worker {
	w := &worker{}
	w.Input = c.Add(job.Fields{Rank: rank, LocalRank: rank, Stream: stream}, &w.log)
	return w
}

func gang(c *Console, n int) []*worker {
	var ws []*worker
	for r := range n {
		ws = append(ws, add(c, r, job.Stdout))
	}
	return ws
}

// memSink keeps what it is given.
type memSink struct {
	mu     sync.Mutex
	b      bytes.Buffer
	writes int
}

func (s *memSink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	return s.b.Write(p)
}

func (s *memSink) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (s *memSink) take() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.b.Reset()
	return s.b.String()
}

// gate is a sink that takes nothing until it is opened.
type gate struct {
	memSink
	open chan struct{}
}

func newGate() *gate { return &gate{open: make(chan struct{})} }

func (g *gate) Write(p []byte) (int, error) {
	<-g.open
	return g.memSink.Write(p)
}

// failing is a sink whose writes fail.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func finish(t *testing.T, c *Console, ws ...*worker) Stats {
	t.Helper()
	for _, w := range ws {
		w.Done()
	}
	return c.Finish(context.Background())
}

func want(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

// events collects what a console tells.
type events struct {
	mu   sync.Mutex
	list []string
}

func (e *events) add(ev job.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, ev.Detail)
}

func (e *events) all() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string(nil), e.list...)
}

package attach

import (
	"bytes"
	"io"
	"sync"
	"syscall"
	"time"

	"github.com/sluicerun/sluice/internal/nowait"
	"github.com/sluicerun/sluice/session"
)

// queueLimit bounds what waits for a session that does not read, in bytes. The
// keyboard is read that far ahead, so that the detach key is seen behind a paste
// that the program does not take.
const queueLimit = 1 << 20

// queue carries frames to the session. Putting one in never waits.
type queue struct {
	w      io.Writer
	mu     sync.Mutex
	frames []frame
	size   int
	busy   bool            // run has frames in its hands
	raw    syscall.RawConn // of w; nil if it is no socket
	rest   []byte          // of a frame that put began
	ended  bool
	more   chan struct{} // holds a value when the writer has something to look at
	room   chan struct{} // holds a value when the queue has come below its limit
	done   chan struct{} // closed when the writer has ended
	err    error         // why; read it after done
}

type frame struct {
	kind    session.FrameKind
	payload []byte
}

func newQueue(w io.Writer) *queue {
	q := &queue{w: w, more: make(chan struct{}, 1), room: make(chan struct{}, 1), done: make(chan struct{})}
	q.raw = nowait.Raw(w)
	go q.run()
	return q
}

// put adds a frame and takes payload over. A key that nothing is before goes out
// at once, without another goroutine's waking up.
func (q *queue) put(kind session.FrameKind, payload []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended || q.now(kind, payload) {
		return
	}
	q.frames = append(q.frames, frame{kind, payload})
	q.size += len(payload)
	signal1(q.more)
}

// nowMax is how long a frame may be that is written by who puts it.
const nowMax = 4096

// now writes a frame if nothing is before it and that needs no wait. The caller
// holds mu.
func (q *queue) now(kind session.FrameKind, payload []byte) bool {
	if q.raw == nil || q.busy || len(q.frames) > 0 || len(q.rest) > 0 || len(payload) > nowMax {
		return false
	}
	var b bytes.Buffer
	if session.WriteFrame(&b, kind, payload) != nil {
		return false
	}
	n := nowait.Some(q.raw, b.Bytes())
	if n == 0 {
		return false // whoever writes next meets the error, and tells
	}
	if n < b.Len() {
		q.rest = b.Bytes()[n:]
		signal1(q.more)
	}
	return true
}

// full tells that nothing more should be read for the session; room says when
// that is over.
func (q *queue) full() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.size >= queueLimit
}

// end lets what was put in go out, for as long as grace. The connection must be
// closed afterwards, which ends a write that hangs.
func (q *queue) end(grace time.Duration) {
	q.mu.Lock()
	q.ended = true
	q.mu.Unlock()
	signal1(q.more)
	t := time.NewTimer(grace)
	defer t.Stop()
	select {
	case <-q.done:
	case <-t.C:
	}
}

func (q *queue) run() {
	defer close(q.done)
	for {
		q.mu.Lock()
		frames, rest, ended := q.frames, q.rest, q.ended
		q.frames, q.rest = nil, nil
		q.busy = len(frames)+len(rest) > 0
		q.mu.Unlock()
		if len(rest) > 0 {
			if _, q.err = q.w.Write(rest); q.err != nil {
				return
			}
		}
		for _, f := range frames {
			if q.err = session.WriteFrame(q.w, f.kind, f.payload); q.err != nil {
				return
			}
			q.mu.Lock()
			was := q.size
			q.size -= len(f.payload)
			now := q.size
			q.mu.Unlock()
			if was >= queueLimit && now < queueLimit {
				signal1(q.room)
			}
		}
		if len(frames)+len(rest) > 0 {
			continue
		}
		if ended {
			return
		}
		<-q.more
	}
}

// signal1 leaves a value in c, a channel of one, unless one is there.
func signal1(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

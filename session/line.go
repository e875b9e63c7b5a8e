package session

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/sluicerun/sluice/internal/nowait"
)

// A Line is the connection to a client. It outlives an attachment: when a worker
// is started anew its client is attached to the new session.
type Line struct {
	conn net.Conn
	raw  syscall.RawConn // nil if conn is no socket
	wmu  sync.Mutex      // of writes: a frame is whole
	gone chan struct{}   // closed when the client has hung up

	mu     sync.Mutex
	turn   sync.Cond
	take   func(frame) // nil: frames wait
	busy   bool        // take is being called
	closed bool
}

// frame is one of a client's; the payload is good until it was dealt with.
type frame struct {
	kind    FrameKind
	payload []byte
}

// NewLine begins to read what the client sends.
func NewLine(conn net.Conn) *Line {
	l := &Line{conn: conn, gone: make(chan struct{})}
	l.turn.L = &l.mu
	l.raw = nowait.Raw(conn)
	go l.read()
	return l
}

func (l *Line) read() {
	defer close(l.gone)
	r := NewFrameReader(bufio.NewReaderSize(nowait.ReaderOf(l.conn), 4<<10))
	for {
		kind, p, err := r.Read()
		if err != nil || !l.deliver(frame{kind, p}) {
			return
		}
	}
}

// deliver has a frame dealt with on this very goroutine: a key on its way to the
// program waits for no other.
func (l *Line) deliver(f frame) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.take == nil && !l.closed {
		l.turn.Wait()
	}
	if l.closed {
		return false
	}
	take := l.take
	l.busy = true
	l.mu.Unlock()
	take(f)
	l.mu.Lock()
	l.busy = false
	l.turn.Broadcast()
	return true
}

// hand gives the client's frames to somebody.
func (l *Line) hand(take func(frame)) {
	l.mu.Lock()
	l.take = take
	l.turn.Broadcast()
	l.mu.Unlock()
}

// let takes them away again, and waits for the one that is being dealt with.
func (l *Line) let() {
	l.mu.Lock()
	l.take = nil
	for l.busy {
		l.turn.Wait()
	}
	l.mu.Unlock()
}

func (l *Line) write(kind FrameKind, p []byte) error {
	l.wmu.Lock()
	defer l.wmu.Unlock()
	return WriteFrame(l.conn, kind, p)
}

// try writes a frame if that needs no wait. What of it found no room is the rest,
// which has to be written before anything else; ok is false if none of it was.
func (l *Line) try(kind FrameKind, p []byte) (rest []byte, ok bool) {
	if l.raw == nil || !l.wmu.TryLock() {
		return nil, false
	}
	defer l.wmu.Unlock()
	b := make([]byte, 5, 5+len(p))
	b[0] = byte(kind)
	binary.BigEndian.PutUint32(b[1:], uint32(len(p)))
	b = append(b, p...)
	n := nowait.Some(l.raw, b)
	return b[n:], n > 0
}

// finish writes the rest of a frame.
func (l *Line) finish(rest []byte) error {
	l.wmu.Lock()
	defer l.wmu.Unlock()
	_, err := l.conn.Write(rest)
	return err
}

// Notice sends a line of text for the person at the client.
func (l *Line) Notice(text string) error { return l.write(FrameNotice, []byte(text)) }

// End sends the last frame. The client hangs up when it has taken its leave:
// Gone tells.
func (l *Line) End(e End) error {
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return l.write(FrameEnd, b)
}

// Gone waits for the client to hang up, at most for limit. What it sends until
// then is dropped.
func (l *Line) Gone(limit time.Duration) bool {
	l.hand(func(frame) {})
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-l.gone:
		return true
	case <-t.C:
		return false
	}
}

// Close hangs up, and waits until nothing more is read.
func (l *Line) Close() error {
	l.mu.Lock()
	l.closed = true
	l.turn.Broadcast()
	l.mu.Unlock()
	err := l.conn.Close()
	<-l.gone
	return err
}

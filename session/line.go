package session

import (
	"bufio"
	"encoding/json"
	"net"
	"sync"
	"time"
)

// A Line is the connection to a client. It outlives an attachment: when a worker
// is started anew its client is attached to the new session.
type Line struct {
	conn   net.Conn
	frames chan frame
	done   chan struct{} // closed when nobody takes frames any more
	wmu    sync.Mutex
	once   sync.Once
}

type frame struct {
	kind    FrameKind
	payload []byte
}

// NewLine begins to read what the client sends.
func NewLine(conn net.Conn) *Line {
	l := &Line{conn: conn, frames: make(chan frame), done: make(chan struct{})}
	go l.read()
	return l
}

func (l *Line) read() {
	defer close(l.frames)
	r := NewFrameReader(bufio.NewReaderSize(l.conn, 4<<10))
	for {
		kind, p, err := r.Read()
		if err != nil {
			return
		}
		select {
		case l.frames <- frame{kind, append([]byte(nil), p...)}:
		case <-l.done:
			return
		}
	}
}

func (l *Line) write(kind FrameKind, p []byte) error {
	l.wmu.Lock()
	defer l.wmu.Unlock()
	return WriteFrame(l.conn, kind, p)
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

// Gone waits for the client to hang up, at most for limit.
func (l *Line) Gone(limit time.Duration) bool {
	t := time.NewTimer(limit)
	defer t.Stop()
	for {
		select {
		case _, more := <-l.frames:
			if !more {
				return true
			}
		case <-t.C:
			return false
		}
	}
}

// Close hangs up.
func (l *Line) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.conn.Close()
}

package bus

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// ErrBroken means that a stream has lost bytes or its other end: what was read
// until then is right, and more will not come.
var ErrBroken = errors.New("the stream broke")

// openWait bounds each step of the opening of a stream.
const openWait = 10 * time.Second

// Dial opens a byte stream to whoever Listens on subject; ErrNobody if nobody
// does. ctx is for the opening only. The net.Conn has CloseWrite too.
//
// A stream lives as long as both connections to the bus: it gives every byte in
// order, or ErrBroken. Who has died is noticed within seconds, also by a Read
// that waits.
func Dial(ctx context.Context, b Bus, subject string) (net.Conn, error) {
	c, err := dial(ctx, b, subject)
	if err != nil {
		return nil, fmt.Errorf("opening a stream to %s: %w", subject, err)
	}
	return c, nil
}

// The opening of a stream:
//
//	dialer    Serve    <subject>.s.<dialer's id>.c
//	dialer    Call     <subject>                      open, dialer's id
//	listener  Serve    <subject>.s.<listener's id>.s
//	listener  Answer                                  accept, listener's id
//	dialer    Publish  <subject>.s.<listener's id>.s  window
//	listener  calls handle
//
// The last step chooses one where several have heard the call, or one has heard
// it twice: the others hear nothing and forget the stream.
func dial(ctx context.Context, b Bus, subject string) (*conn, error) {
	if err := CheckMessage(subject, nil); err != nil {
		return nil, err
	}
	id := rand.Text()
	c := newConn(b, dialerSubject(subject, id))
	c.local, c.remote = addr(c.own), addr(subject)
	if err := c.serve(); err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, openWait)
	defer cancel()
	open := frame{kind: kindOpen, limit: startWindow, payload: []byte(id)}
	answer, err := b.Call(wait, subject, open.append(nil))
	var f frame
	if err == nil {
		f, err = parseFrame(answer)
	}
	switch {
	case err != nil:
	case f.kind == kindReset:
		err = fmt.Errorf("it ends just now: %w", ErrNobody)
	case f.kind != kindAccept:
		err = errFrame
	default:
		c.accepted(listenerSubject(subject, string(f.payload)), f.limit)
		err = c.tell(kindWindow)
	}
	if err != nil {
		c.abandon()
		return nil, err
	}
	return c, nil
}

func dialerSubject(subject, id string) string   { return subject + ".s." + id + ".c" }
func listenerSubject(subject, id string) string { return subject + ".s." + id + ".s" }

// Listen hands each stream that is dialed to subject to handle, in a goroutine of
// its own; handle closes it. stop refuses new streams, closes those that are open
// and waits until every handle has returned.
func Listen(b Bus, subject string, handle func(net.Conn)) (stop func(), err error) {
	l := &listener{bus: b, subject: subject, handle: handle, conns: map[*conn]bool{}}
	if err := CheckMessage(subject, nil); err != nil {
		return nil, fmt.Errorf("listening on %s: %w", subject, err)
	}
	unserve, err := b.Serve(subject, l.hear)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", subject, err)
	}
	return func() {
		unserve()
		l.stop()
	}, nil
}

type listener struct {
	bus     Bus
	subject string
	handle  func(net.Conn)
	wg      sync.WaitGroup

	mu      sync.Mutex
	conns   map[*conn]bool
	stopped bool
}

// hear must not wait: others may be dialing.
func (l *listener) hear(m Message) {
	if !m.Call() {
		return
	}
	f, err := parseFrame(m.Data)
	if err != nil || f.kind != kindOpen {
		l.refuse(m)
		return
	}
	id := rand.Text()
	c := newConn(l.bus, listenerSubject(l.subject, id))
	c.peer, c.out.limit = dialerSubject(l.subject, string(f.payload)), f.limit
	c.local, c.remote = addr(l.subject), addr(c.peer)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		l.refuse(m)
		return
	}
	l.conns[c] = true
	l.wg.Go(func() {
		l.accept(c, id, m)
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.conns, c)
	})
}

// refuse says no. A dialer of another version is told ours by it.
func (l *listener) refuse(m Message) {
	_ = m.Answer(frame{kind: kindReset}.append(nil)) // a lost answer is a Dial that takes longer to fail
}

func (l *listener) accept(c *conn, id string, m Message) {
	if c.serve() != nil {
		l.refuse(m)
		return
	}
	// An answer that fails is one that did not come: nobody confirms.
	_ = m.Answer(frame{kind: kindAccept, limit: startWindow, payload: []byte(id)}.append(nil))
	wait := time.NewTimer(openWait)
	defer wait.Stop()
	select {
	case <-c.heard:
		l.handle(c)
		<-c.over.Done() // for stop to close it if nobody else does
	case <-c.over.Done():
	case <-wait.C:
		c.abandon()
	}
}

func (l *listener) stop() {
	l.mu.Lock()
	l.stopped = true
	for c := range l.conns {
		l.wg.Go(func() { _ = c.Close() }) // the other end that does not hear of it asks soon
	}
	l.mu.Unlock()
	l.wg.Wait()
}

package web

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/sluicerun/sluice/internal/web/alis"
)

// watch is one viewer.
func (s *server) watch(w http.ResponseWriter, r *http.Request) {
	select {
	case s.seats <- struct{}{}:
		defer func() { <-s.seats }()
	default:
		http.Error(w, "too many are watching already", http.StatusServiceUnavailable)
		return
	}
	conn, _ := r.Context().Value(connKey{}).(net.Conn)
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols:       []string{alis.Protocol},
		InsecureSkipVerify: true, // the guard has looked at the origin
	})
	if err != nil {
		return // Accept has answered
	}
	defer ws.CloseNow()
	if ws.Subprotocol() != alis.Protocol {
		hangUp(ws, conn, websocket.StatusProtocolError, "this stream is "+alis.Protocol)
		return
	}
	ctx, cancel := context.WithCancelCause(s.ctx)
	defer cancel(nil)
	heard := make(chan struct{})
	// Reads, so that pongs are seen. Not below ctx, which would close the connection
	// without a word.
	go func() {
		defer close(heard)
		_, _, err := ws.Reader(context.Background())
		if err == nil {
			err = errSaid
		}
		cancel(err)
	}()
	link := &link{ws: ws, ping: s.ping, pong: s.pong, send: s.send}
	v := s.hub.join(true)
	err = link.stream(ctx, v)
	v.leave()
	switch {
	case err == nil:
		hangUp(ws, conn, websocket.StatusNormalClosure, "ended")
	case errors.Is(err, errSaid):
		<-heard // else the rest of what it says is in the way
		hangUp(ws, conn, websocket.StatusPolicyViolation, "viewers only look")
	case s.ctx.Err() != nil:
		hangUp(ws, conn, websocket.StatusGoingAway, "the server closes")
	}
	ws.CloseNow()
	<-heard
}

var errSaid = errors.New("the viewer said something")

// hangUp closes a connection in an orderly way, but not at any price: a viewer
// that does not answer may be there no more.
func hangUp(ws *websocket.Conn, conn net.Conn, code websocket.StatusCode, reason string) {
	if conn != nil {
		defer time.AfterFunc(time.Second, func() { conn.Close() }).Stop()
	}
	ws.Close(code, reason)
}

// link sends a viewer's stream over a connection whose messages somebody reads.
type link struct {
	ws *websocket.Conn
	// A ping goes out every ping and must be answered within pong; a message must
	// be out within send.
	ping, pong, send time.Duration
	sent             atomic.Uint64 // messages
}

// stream returns nil after the end of the stream, or why it was cut.
func (l *link) stream(ctx context.Context, v *viewer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	pinged := make(chan struct{})
	go func() {
		defer close(pinged)
		if err := l.pings(ctx); err != nil {
			cancel(err)
		}
	}()
	err := l.events(ctx, v)
	if cause := context.Cause(ctx); cause != nil && err != nil {
		err = cause
	}
	cancel(nil)
	<-pinged
	return err
}

func (l *link) events(ctx context.Context, v *viewer) error {
	if err := l.write(ctx, []byte(alis.Magic)); err != nil {
		return err
	}
	var enc alis.Encoder
	var buf []byte
	for {
		e, err := v.next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		buf = enc.Append(buf[:0], e)
		if err := l.write(ctx, buf); err != nil {
			return err
		}
		if cap(buf) > 2*maxText {
			buf = nil
		}
	}
}

func (l *link) write(ctx context.Context, msg []byte) error {
	// A write that is cut short closes the connection without a word, so what is
	// under way when ctx ends gets a moment.
	wctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.send)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(time.Second, cancel) })()
	defer l.sent.Add(1)
	return l.ws.Write(wctx, websocket.MessageBinary, msg)
}

// pings finds peers that are gone without a word, and keeps the connection alive
// through boxes that forget quiet ones.
func (l *link) pings(ctx context.Context) error {
	t := time.NewTicker(l.ping)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		if !l.answers(ctx) {
			return errNoPong
		}
	}
}

var errNoPong = errors.New("the peer does not answer pings")

// answers tells whether the peer is there. A ping that waits its turn behind a
// message on a slow line says nothing, as long as messages go out.
func (l *link) answers(ctx context.Context) bool {
	before := l.sent.Load()
	pctx, cancel := context.WithTimeout(ctx, l.pong)
	defer cancel()
	return l.ws.Ping(pctx) == nil || ctx.Err() != nil || l.sent.Load() != before
}

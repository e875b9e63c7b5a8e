package nodes

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/bus"
)

// Forward passes a request on to the node req.Via and what comes on both ways,
// with the ends of both, until both have come. It owns conn.
func (p *Peers) Forward(req api.Request, conn net.Conn) {
	defer conn.Close()
	id := req.Via
	if err := p.enter(); err != nil {
		api.Answer(conn, api.Response{Error: err.Error()})
		return
	}
	defer p.wg.Done()
	stream, err := p.dial(req)
	if err != nil {
		api.Answer(conn, p.unreached(id, err))
		return
	}
	defer stream.Close()
	stop := context.AfterFunc(p.over, func() {
		stream.Close()
		conn.Close()
	})
	defer stop()
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		_, err := io.Copy(stream, conn)
		closeWrite(stream)
		if err != nil {
			stream.Close() // the asker has gone, or the stream
		}
	}()
	n, err := io.Copy(conn, stream)
	if errors.Is(err, bus.ErrBroken) || p.over.Err() != nil {
		// An answer that stops in the middle is seen by its end.
		if n == 0 {
			api.Answer(conn, p.unreached(id, err))
		}
		conn.Close()
	} else if err != nil {
		stream.Close() // nobody reads the answer
		conn.Close()
	} else {
		closeWrite(conn)
	}
	<-asked
}

// enter counts who serves somebody; who does calls wg.Done. Nobody comes after
// Close.
func (p *Peers) enter() error {
	if p == nil || p.w == nil {
		return errors.New("this run has one machine only")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errEnding
	}
	p.wg.Add(1)
	return nil
}

// dial opens a stream to req.Via, and asks there.
func (p *Peers) dial(req api.Request) (net.Conn, error) {
	select {
	case <-p.w.Ready():
	default:
		return nil, errors.New("this node is still looking for the others")
	}
	subject := p.w.Subject(req.Via, "api")
	if err := bus.CheckMessage(subject, nil); err != nil {
		return nil, errors.New("there is no such node")
	}
	ctx, cancel := context.WithTimeout(p.over, dialWait)
	defer cancel()
	stream, err := bus.Dial(ctx, p.w.Bus(), subject)
	if err != nil {
		return nil, err
	}
	req.Via = ""
	b, err := json.Marshal(req)
	if err != nil {
		stream.Close()
		return nil, err
	}
	// An end that has heard enough may have answered and gone: what there is to
	// read tells.
	_, _ = stream.Write(append(b, '\n'))
	return stream, nil
}

// unreached is the answer in the place of a node's.
func (p *Peers) unreached(id string, err error) api.Response {
	why := "its agent has gone"
	switch {
	case p.over.Err() != nil:
		why = errEndingHere.Error()
	case errors.Is(err, context.DeadlineExceeded):
		why = "its agent does not answer"
	case errors.Is(err, bus.ErrNobody):
	case errors.Is(err, bus.ErrBroken):
		why = "the connection broke; its agent has gone, or the network between"
	case err != nil:
		why = err.Error()
	}
	e := &api.NodeError{ID: id, Name: p.name(id), Why: why}
	return api.Response{Error: e.Error(), Node: e}
}

// closeWrite tells the other end that no more comes.
func closeWrite(c net.Conn) {
	if h, ok := c.(interface{ CloseWrite() error }); ok {
		h.CloseWrite() // an end that cannot be told has gone
	}
}

package tcpstore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
)

// maxReply bounds a value that the client takes: APPEND can make one longer than
// any request.
const maxReply = 1 << 30

// call is one request and what reads its reply.
type call struct {
	req  []byte
	read func(r *bufio.Reader) error // an error of its own means that the stream is broken
	done chan struct{}
}

func readFull(nc net.Conn, b []byte) (int, error) {
	n, err := io.ReadFull(nc, b)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return n, err
}

// do sends req and returns when read has read the reply. If ctx ends before, the
// reply is read all the same, so read may write only to what its caller no longer
// looks at after an error.
func (c *Client) do(ctx context.Context, req []byte, read func(r *bufio.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	k := &call{req: req, read: read, done: make(chan struct{})}
	select {
	case c.reqs <- k:
	case <-c.ended:
		return c.lost()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case <-k.done:
		return nil
	case <-c.ended:
		select {
		case <-k.done: // read before the connection was lost
			return nil
		default:
			return c.lost()
		}
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (c *Client) write() {
	defer c.wg.Done()
	for {
		var k *call
		select {
		case k = <-c.reqs:
		case <-c.ended:
			return
		}
		// Before the bytes, so that the reply cannot be first.
		select {
		case c.sent <- k:
		case <-c.ended:
			return
		}
		req := k.req
		k.req = nil
		if _, err := c.nc.Write(req); err != nil {
			c.fail(fmt.Errorf("the connection was lost: %w", err))
			return
		}
	}
}

// read reads replies. Nothing may come that nobody asked for, and the end of the
// stream is noticed also while nobody asks.
func (c *Client) read(r *bufio.Reader) {
	defer c.wg.Done()
	for {
		_, err := r.Peek(1)
		if err == nil {
			select {
			case k := <-c.sent:
				if err = k.read(r); err == nil {
					close(k.done)
					continue
				}
			default:
				err = errors.New("it sent an answer to no question")
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the server hung up: it has ended or begun a new attempt, or a request broke one of its limits")
		}
		c.fail(fmt.Errorf("the connection was lost: %w", err))
		return
	}
}

// onEnd calls f once the client has ended, unless stop is called before. stop
// returns when f cannot be running any more.
func (c *Client) onEnd(f func()) (stop func()) {
	quit, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		select {
		case <-c.ended:
			f()
		case <-quit:
		}
	}()
	return func() { close(quit); <-gone }
}

func readI64(r *bufio.Reader, into *int64) error {
	v, err := readU64(r)
	*into = int64(v)
	return err
}

func readValue(r *bufio.Reader) ([]byte, error) {
	return readBlob(r, maxReply, "value", func(int64) error { return nil })
}

// readByte reads an answer that is 0 or 1.
func readByte(r *bufio.Reader) (byte, error) {
	b, err := r.ReadByte()
	if err == nil && b > 1 {
		err = fmt.Errorf("the answer is %d instead of 0 or 1", b)
	}
	return b, err
}

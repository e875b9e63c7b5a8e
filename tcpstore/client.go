package tcpstore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"time"
)

// Client talks to a store in the modern protocol (torch 2.2 or later, or ours).
// Keys are sent as they are. Several goroutines may use it at once; their requests
// go out in one stream and nobody waits for anybody else's. When the connection is
// lost, every call fails at once, those of [Client.Wait] included, and a new client
// is needed.
//
// Keys and values longer than DefaultMaxKey and DefaultMaxValue are refused before
// anything is sent: a server would hang up.
type Client struct {
	addr  string
	nc    net.Conn
	reqs  chan *call
	sent  chan *call    // in the order of their replies
	ended chan struct{} // closed when the connection is lost or closed
	wg    sync.WaitGroup

	mu  sync.Mutex
	err error // why it ended; nil before
}

// errClosed is what calls after Close get.
var errClosed = errors.New("the client is closed")

// Dial connects to the store at addr (host:port). While the connection is refused
// it tries again until ctx ends: the store's host may be about to start it.
func Dial(ctx context.Context, addr string) (*Client, error) {
	pause := 10 * time.Millisecond
	for {
		nc, err := dial(ctx, addr)
		if err == nil {
			return newClient(addr, nc), nil
		}
		if !errors.Is(err, syscall.ECONNREFUSED) {
			return nil, fmt.Errorf("connecting to the store at %s: %w", addr, err)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("connecting to the store at %s: %w; the last answer: %w", addr, context.Cause(ctx), err)
		case <-time.After(pause):
		}
		pause = min(2*pause, 500*time.Millisecond)
	}
}

// dial makes one connection that has been greeted.
func dial(ctx context.Context, addr string) (net.Conn, error) {
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if err := greet(ctx, nc); err != nil {
		nc.Close()
		return nil, err
	}
	return nc, nil
}

// greet says what we speak and finds out whether it is understood.
func greet(ctx context.Context, nc net.Conn) error {
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	defer stop()
	nonce := rand.Uint32()
	hello := order.AppendUint32([]byte{byte(cmdValidate)}, magic)
	_, err := nc.Write(order.AppendUint32(append(hello, byte(cmdPing)), nonce))
	answer := make([]byte, 4)
	if err == nil {
		_, err = readFull(nc, answer)
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return fmt.Errorf("it hung up instead of answering a PING (%w): it is no TCPStore, or one before torch 2.2, or takes no more connections", err)
	case order.Uint32(answer) != nonce:
		return fmt.Errorf("it answered a PING with %x instead of %x: it is no TCPStore", order.Uint32(answer), nonce)
	}
	return nil
}

func newClient(addr string, nc net.Conn) *Client {
	c := &Client{addr: addr, nc: nc, reqs: make(chan *call), sent: make(chan *call, 1024),
		ended: make(chan struct{})}
	c.wg.Add(2)
	go c.write()
	go c.read(bufio.NewReaderSize(nc, 16<<10))
	return c
}

// Close hangs up and returns when all goroutines have ended. Calls under way fail.
func (c *Client) Close() error {
	c.fail(errClosed)
	c.wg.Wait()
	return nil
}

// fail ends the client; only the first reason counts.
func (c *Client) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return
	}
	c.err = err
	c.nc.Close()
	close(c.ended)
}

// lost is the error of a client that has ended.
func (c *Client) lost() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Wait returns once all keys are there. It uses a connection of its own, which is
// closed when ctx ends, so that the server forgets the wait.
func (c *Client) Wait(ctx context.Context, keys ...string) error {
	if err := c.wait(ctx, keys); err != nil {
		return fmt.Errorf("waiting for %s in the store at %s: %w", name(keys...), c.addr, err)
	}
	return nil
}

func (c *Client) wait(ctx context.Context, keys []string) error {
	if err := checkKeys(keys); err != nil {
		return err
	}
	// Losing the main connection ends this one too, also while it is made.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := c.onEnd(func() { cancel(c.lost()) })
	defer stop()
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", c.addr)
	if err == nil {
		defer nc.Close()
		defer context.AfterFunc(ctx, func() { nc.Close() })()
		req := order.AppendUint32([]byte{byte(cmdValidate)}, magic)
		_, err = nc.Write(appendKeys(append(req, byte(cmdWait)), keys))
	}
	answer := make([]byte, 1)
	if err == nil {
		_, err = readFull(nc, answer)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && c.lost() != nil:
		return c.lost()
	case err != nil:
		return fmt.Errorf("the connection was lost: %w", err)
	case answer[0] != replyReady:
		return fmt.Errorf("the answer is %d instead of %d: it is no TCPStore", answer[0], replyReady)
	}
	return nil
}

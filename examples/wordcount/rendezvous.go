package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// hello is what a rank says first on any connection.
type hello struct {
	Rank int `json:"rank"`
	Size int `json:"size"`
	// Addr is where the rank waits for its predecessor in the ring.
	Addr string `json:"addr,omitempty"`
}

// meet gathers the gang at the master's address and closes the ring. Rank 0
// collects where everybody listens and hands the list out once it is complete;
// each rank then connects to the next. ctx must have a deadline.
func meet(ctx context.Context, g gang) (*ring, error) {
	if g.size == 1 {
		return &ring{gang: g}, nil
	}
	gather := join
	if g.rank == 0 {
		gather = host
	}
	ln, addrs, err := gather(ctx, g)
	if err != nil {
		return nil, fmt.Errorf("meeting the gang at %s: %w", g.master, err)
	}
	defer ln.Close()
	r, err := closeRing(ctx, g, ln, addrs)
	if err != nil {
		return nil, fmt.Errorf("closing the ring: %w", err)
	}
	return r, nil
}

// join reports to rank 0 and returns everybody's address.
func join(ctx context.Context, g gang) (net.Listener, []string, error) {
	conn, err := dialMaster(ctx, g.master)
	if err != nil {
		return nil, nil, err
	}
	defer conn.Close()
	// The ring goes over the interface that leads to rank 0.
	ln, err := listenBeside(ctx, conn.LocalAddr())
	if err != nil {
		return nil, nil, err
	}
	var addrs []string
	err = writeJSON(conn, hello{g.rank, g.size, ln.Addr().String()})
	if err == nil {
		err = readJSON(conn, &addrs)
	}
	if err == nil && len(addrs) != g.size {
		err = fmt.Errorf("rank 0 told of %d ranks, not %d", len(addrs), g.size)
	}
	if err != nil {
		ln.Close()
		return nil, nil, fmt.Errorf("waiting for rank 0 to have everybody: %w", err)
	}
	return ln, addrs, nil
}

// dialMaster tries until rank 0 listens: ranks start in any order. TCP has no
// event for "somebody listens now", so this is the one place with a timer.
func dialMaster(ctx context.Context, addr string) (net.Conn, error) {
	var d net.Dialer
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, 250*time.Millisecond) {
		conn, err := d.DialContext(ctx, "tcp", addr)
		if err == nil {
			deadline, _ := ctx.Deadline()
			return conn, conn.SetDeadline(deadline)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, fmt.Errorf("rank 0 did not answer in time: %w", err)
		}
	}
}

// host is rank 0's side: it returns when every other rank has reported and been
// given the list.
func host(ctx context.Context, g gang) (net.Listener, []string, error) {
	var lc net.ListenConfig
	door, err := lc.Listen(ctx, "tcp", g.master)
	if err != nil {
		return nil, nil, err
	}
	defer door.Close()
	ln, err := listenBeside(ctx, door.Addr())
	if err != nil {
		return nil, nil, err
	}
	addrs := make([]string, g.size)
	addrs[0] = ln.Addr().String()
	guests, err := greet(ctx, g, door, addrs)
	defer func() {
		for _, c := range guests {
			c.Close()
		}
	}()
	for _, c := range guests {
		if err == nil {
			err = writeJSON(c, addrs)
		}
	}
	if err != nil {
		ln.Close()
		return nil, nil, err
	}
	return ln, addrs, nil
}

// greet accepts until every address is known.
func greet(ctx context.Context, g gang, door net.Listener, addrs []string) ([]net.Conn, error) {
	var guests []net.Conn
	for len(guests) < g.size-1 {
		conn, err := acceptBefore(ctx, door)
		if err != nil {
			return guests, fmt.Errorf("waiting for %s: %w", missing(addrs), err)
		}
		guests = append(guests, conn)
		var h hello
		if err := readJSON(conn, &h); err != nil {
			return guests, fmt.Errorf("listening to %s: %w", conn.RemoteAddr(), err)
		}
		if h.Size != g.size || h.Rank < 1 || h.Rank >= g.size || addrs[h.Rank] != "" {
			return guests, fmt.Errorf("%s says it is rank %d of %d, which this gang of %d has no place for: is another job using this address?",
				conn.RemoteAddr(), h.Rank, h.Size, g.size)
		}
		addrs[h.Rank] = h.Addr
	}
	return guests, nil
}

// missing names the ranks that have not reported.
func missing(addrs []string) string {
	var out []string
	for rank, a := range addrs {
		if a == "" {
			out = append(out, fmt.Sprint(rank))
		}
	}
	return "rank " + strings.Join(out, ", ")
}

// closeRing connects to the next rank, whose listener is open since before the
// list went out, and accepts the previous one.
func closeRing(ctx context.Context, g gang, ln net.Listener, addrs []string) (_ *ring, err error) {
	var d net.Dialer
	next, err := d.DialContext(ctx, "tcp", addrs[g.next()])
	if err != nil {
		return nil, &lostPeer{g.next(), err}
	}
	defer closeUnless(&err, next)
	if err = writeJSON(next, hello{Rank: g.rank, Size: g.size}); err != nil {
		return nil, &lostPeer{g.next(), err}
	}
	prev, err := acceptBefore(ctx, ln)
	if err != nil {
		return nil, fmt.Errorf("waiting for rank %d: %w", g.prev(), err)
	}
	defer closeUnless(&err, prev)
	var h hello
	if err = readJSON(prev, &h); err != nil {
		return nil, &lostPeer{g.prev(), err}
	}
	if h.Rank != g.prev() {
		err = fmt.Errorf("rank %d called where rank %d was expected", h.Rank, g.prev())
		return nil, err
	}
	// From here on a rank may take as long as it likes for its share.
	err = prev.SetDeadline(time.Time{})
	return &ring{gang: g, toNext: next, fromPrev: prev}, err
}

func closeUnless(err *error, c io.Closer) {
	if *err != nil {
		c.Close()
	}
}

// listenBeside opens a listener of the kernel's choice on addr's host.
func listenBeside(ctx context.Context, addr net.Addr) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr.String())
	if err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	return lc.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
}

// acceptBefore accepts one connection within ctx's deadline, which then holds
// for the connection too.
func acceptBefore(ctx context.Context, ln net.Listener) (net.Conn, error) {
	deadline, _ := ctx.Deadline()
	if err := ln.(*net.TCPListener).SetDeadline(deadline); err != nil {
		return nil, err
	}
	conn, err := ln.Accept()
	if err != nil {
		return nil, err
	}
	return conn, conn.SetDeadline(deadline)
}
